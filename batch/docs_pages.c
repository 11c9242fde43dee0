/* SPDX-License-Identifier: MIT */
#include "batch/docs_pages.h"

#include "sync/auth/profiles.h"
#include "sync/settings_docs.h"

static const char main_commands[] =
    ".SH COMMANDS\n"
    ".TP\n"
    "\\fBbatch\\fR \\fIMANIFEST\\fR\n"
    "moves every mailbox pair of a manifest; see \\fBmailconvoy\\-batch\\fR(1).\n"
    ".TP\n"
    "\\fBsync\\fR\n"
    "moves one mailbox, with the options of imapsync; see \\fBmailconvoy\\-sync\\fR(1).\n"
    ".TP\n"
    "\\fBstatus\\fR [\\fB\\-\\-workdir\\fR \\fIDIR\\fR] [\\fB\\-\\-watch\\fR] "
    "[\\fB\\-\\-json\\fR]\n"
    "shows what the run in a work directory is at, without disturbing it.\n"
    ".TP\n"
    "\\fBreport\\fR\n"
    "shows what a past run did; see \\fBmailconvoy\\-report\\fR(1).\n"
    ".TP\n"
    "\\fBauth login\\fR \\fIPROFILE\\fR [\\fB\\-\\-device\\fR|\\fB\\-\\-browser\\fR], "
    "\\fBauth status\\fR\n"
    "signs a user in for an OAuth2 profile of \\fBmailconvoy.conf\\fR(5); says how the profiles "
    "stand.\n"
    ".TP\n"
    "\\fBexplain\\fR \\(aq\\fITEXT\\fR\\(aq\n"
    "says what a server\\(aqs words mean, and what to do.\n"
    ".TP\n"
    "\\fBhelp\\fR [\\fICOMMAND\\fR], \\fBversion\\fR\n"
    "the options of a command; the version.\n"
    ".SH FILES\n"
    "In the work directory (\\fI./mailconvoy\\-data\\fR, or that of \\fB\\-\\-workdir\\fR):\n"
    ".TP\n"
    "\\fIstate.db\\fR\n"
    "what is remembered from run to run.\n"
    ".TP\n"
    "\\fIstatus.json\\fR\n"
    "what the run is at, replaced every two seconds.\n"
    ".TP\n"
    "\\fIlatest/\\fR\n"
    "the newest of \\fIruns/\\fR: report.html, summary.txt, summary.csv, summary.json, "
    "folders.csv, "
    "problems.csv, run.log, users/*.log.\n"
    ".TP\n"
    "\\fImailconvoy.conf\\fR\n"
    "sign\\-in profiles and servers, see \\fBmailconvoy.conf\\fR(5); else in "
    "\\fI$XDG_CONFIG_HOME/mailconvoy\\fR, by default \\fI~/.config/mailconvoy\\fR.\n";

static const char manifest_rest[] =
    ".SH FORMAT\n"
    "The first line names the columns, in any order; each further line is a mailbox pair. Fields\n"
    "are separated by commas, semicolons or tabs and may be quoted; lines that begin with # and\n"
    "blank lines are passed over. An empty field leaves what the command line says.\n"
    ".PP\n"
    "Without a header, lines are read as imapsync users write them:\n"
    ".PP\n"
    ".nf\n"
    "host1;user1;password1;host2;user2;password2[;more options]\n"
    ".fi\n"
    ".PP\n"
    "The headers of Microsoft\\(aqs, MigrationWiz\\(aqs and MailFerry\\(aqs lists are understood.\n"
    ".PP\n"
    "The whole file is checked before anything starts, and all faults are listed with line and\n"
    "column. A manifest that holds plain passwords and may be read by others is refused; give\n"
    "passwords by passfile1/passfile2, env:NAME, cmd:COMMAND or oauth:PROFILE.\n"
    ".SH COLUMNS\n";

static const char conf_rest[] =
    ".SH FORMAT\n"
    "Sections with lines \\fIsetting\\fR = \\fIvalue\\fR of at most 198 characters; comments begin "
    "with ; or #. "
    "Paths are seen from the directory of the file. Every fault is told with its line before "
    "anything starts.\n"
    ".PP\n"
    "A file that others may write is refused, and so is one that others may read and that holds a "
    "secret in plain text.\n"
    ".PP\n"
    "The first of these that is there is read: the file of \\fB\\-\\-config\\fR; "
    "\\fImailconvoy.conf\\fR in the work directory; the same in "
    "\\fI$XDG_CONFIG_HOME/mailconvoy\\fR, by default \\fI~/.config/mailconvoy\\fR.\n";

/* Both kinds of sections, from the tables that read them. */
static void append_conf_settings(struct buffer *text)
{
    const char *help;
    const char *name;
    buffer_append_str(text, ".SH SIGN\\-IN PROFILES\n"
                            "A section [\\fINAME\\fR] says how to get OAuth2 tokens. auth1 = "
                            "\\fINAME\\fR, or oauth:\\fINAME\\fR as password1, names it; so with "
                            "2.\n");
    for (size_t i = 0; (name = profiles_key_at(i, &help)) != NULL; i++) {
        buffer_printf(text, ".TP\n\\fB%s\\fR\n", name);
        settings_append_roff(text, help);
        buffer_append_str(text, ".\n");
    }
    buffer_append_str(text, ".SH SERVERS\n"
                            "A section [host:\\fINAME\\fR] says how a server is reached. host1 = "
                            "host:\\fINAME\\fR names it; so with 2. What the command line or a row "
                            "gives wins. host must be given.\n");
    settings_append_man_host_values(text);
}

static const struct man_page pages[] = {
    {.name = "mailconvoy",
     .section = '1',
     .about = "move mailboxes in bulk over IMAP",
     .synopsis = ".B mailconvoy\n\\fICOMMAND\\fR [\\fIOPTION\\fR ...]\n",
     .description =
         "Copies mailboxes from one IMAP server to another: one, or all of a list at the same "
         "time under limits for all of them together. A run that was interrupted goes on where it "
         "was when the same command is given again; nothing is copied twice and nothing is left "
         "out unsaid.\n",
     .rest = main_commands,
     .see_also = "\\fBmailconvoy\\-batch\\fR(1), \\fBmailconvoy\\-sync\\fR(1), "
                 "\\fBmailconvoy\\-report\\fR(1), \\fBmailconvoy\\-manifest\\fR(5), "
                 "\\fBmailconvoy.conf\\fR(5)\n"},
    {.name = "mailconvoy-sync",
     .section = '1',
     .about = "move one mailbox over IMAP",
     .synopsis = ".B mailconvoy sync\n"
                 "\\fB\\-\\-host1\\fR \\fIH\\fR \\fB\\-\\-user1\\fR \\fIU\\fR "
                 "\\fB\\-\\-passfile1\\fR \\fIFILE\\fR\n"
                 "\\fB\\-\\-host2\\fR \\fIH\\fR \\fB\\-\\-user2\\fR \\fIU\\fR "
                 "\\fB\\-\\-passfile2\\fR \\fIFILE\\fR [\\fIOPTION\\fR ...]\n",
     .description = "Copies one mailbox: 1 is the source, 2 the destination. The options are those "
                    "of imapsync. They may be abbreviated; sizes and rates take k, M and G (powers "
                    "of 1000).\n",
     .command = SETTINGS_SYNC,
     .examples =
         "mailconvoy sync \\-\\-host1 imap.old.example \\-\\-user1 ada \\-\\-passfile1 "
         "ada.old \\e\n"
         "    \\-\\-host2 imap.new.example \\-\\-user2 ada \\-\\-passfile2 ada.new \\-\\-dry\n",
     .see_also = "\\fBmailconvoy\\fR(1), \\fBmailconvoy\\-batch\\fR(1), "
                 "\\fBmailconvoy.conf\\fR(5)\n"},
    {.name = "mailconvoy-batch",
     .section = '1',
     .about = "move the mailboxes of a manifest over IMAP",
     .synopsis = ".B mailconvoy batch\n\\fIMANIFEST\\fR [\\fIOPTION\\fR ...]\n",
     .description = "Copies the mailboxes that the manifest lists, a pair in each row, several at "
                    "the same time. Options are the rows\\(aq defaults; the columns of the "
                    "manifest have the same names. Sizes and rates take k, M and G (powers of "
                    "1000).\n",
     .command = SETTINGS_BATCH,
     .examples =
         "mailconvoy batch users.csv \\-\\-preflight\n"
         "mailconvoy batch users.csv \\-\\-budget\\-messages 100 \\-\\-budget\\-bytes 20M\n",
     .see_also = "\\fBmailconvoy\\fR(1), \\fBmailconvoy\\-manifest\\fR(5), "
                 "\\fBmailconvoy.conf\\fR(5), \\fBmailconvoy\\-report\\fR(1)\n"},
    {.name = "mailconvoy-report",
     .section = '1',
     .about = "show what a run of mailconvoy did",
     .synopsis = ".B mailconvoy report\n[\\fIOPTION\\fR ...]\n",
     .description = "Shows what a past run did, from the work directory.\n",
     .command = SETTINGS_REPORT,
     .examples =
         "mailconvoy report \\-\\-format csv \\-\\-run 20261122T234238.365Z\\-a8c0\n"
         "mailconvoy report \\-\\-format html \\-\\-customer \"Contoso Ltd\" > report.html\n",
     .see_also = "\\fBmailconvoy\\fR(1), \\fBmailconvoy\\-batch\\fR(1)\n"},
    {.name = "mailconvoy-manifest",
     .section = '5',
     .about = "the list of mailboxes that mailconvoy moves",
     .description = "A manifest is a CSV file in UTF\\-8 that lists pairs of mailboxes for "
                    "\\fBmailconvoy\\-batch\\fR(1).\n",
     .rest = manifest_rest,
     .append_more = settings_append_man_columns,
     .examples = "host1,user1,passfile1,host2,user2,passfile2,label\n"
                 "imap.old.example,ann,/srv/pw/ann1,imap.new.example,ann,/srv/pw/ann2,Ann\n"
                 "imap.old.example,bob,/srv/pw/bob1,imap.new.example,bob,/srv/pw/bob2,Bob\n",
     .see_also = "\\fBmailconvoy\\-batch\\fR(1), \\fBmailconvoy.conf\\fR(5)\n"},
    {.name = "mailconvoy.conf",
     .section = '5',
     .about = "sign-in profiles and servers of mailconvoy",
     .description = "What many rows of a manifest have in common stands here once: how to get "
                    "OAuth2 tokens, and how servers are reached.\n",
     .rest = conf_rest,
     .append_more = append_conf_settings,
     .examples = "[contoso]\n"
                 "cloud = microsoft\n"
                 "tenant = contoso.onmicrosoft.com\n"
                 "client_id = 11111111\\-2222\\-3333\\-4444\\-555555555555\n"
                 "client_secret = env:CONTOSO_SECRET\n"
                 "\n"
                 "[host:old]\n"
                 "host = mail.old.example\n"
                 "maxconnections = 4\n",
     .see_also = "\\fBmailconvoy\\fR(1), \\fBmailconvoy\\-manifest\\fR(5)\n"},
};

const struct man_page *docs_page_at(size_t i)
{
    return i < sizeof(pages) / sizeof(pages[0]) ? &pages[i] : NULL;
}
