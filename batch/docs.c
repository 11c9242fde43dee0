/* SPDX-License-Identifier: MIT */
#include "batch/docs.h"

#include <string.h>

#include "sync/settings_docs.h"
#include "sync/settings_imapsync.h"

struct man_page {
    const char *name; /* of the page */
    char section;
    const char *about;    /* one line */
    const char *synopsis; /* man(7), as is what follows */
    const char *description;
    unsigned int command; /* whose options and exit codes it shows; 0: none */
    const char *rest;
    const char *see_also;
};

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
    "\\fBauth login\\fR \\fIPROFILE\\fR, \\fBauth status\\fR\n"
    "signs a user in for an OAuth2 profile; says how the profiles stand.\n"
    ".TP\n"
    "\\fBexplain\\fR \\(aq\\fITEXT\\fR\\(aq\n"
    "says what a server\\(aqs words mean, and what to do.\n"
    ".TP\n"
    "\\fBhelp\\fR [\\fICOMMAND\\fR], \\fBversion\\fR\n"
    "the options of a command; the version.\n";

static const char main_files[] =
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
    "the newest of \\fIruns/\\fR: run.log, users/*.log, summary.txt, summary.csv, summary.json,\n"
    "problems.csv.\n"
    ".TP\n"
    "\\fImailconvoy.conf\\fR\n"
    "sign\\-in profiles.\n";

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
    ".SH EXAMPLE\n"
    ".nf\n"
    "host1,user1,passfile1,host2,user2,passfile2,label\n"
    "imap.old.example,ann,/srv/pw/ann1,imap.new.example,ann,/srv/pw/ann2,Ann\n"
    "imap.old.example,bob,/srv/pw/bob1,imap.new.example,bob,/srv/pw/bob2,Bob\n"
    ".fi\n"
    ".SH COLUMNS\n";

static const struct man_page pages[] = {
    {.name = "mailconvoy",
     .section = '1',
     .about = "move mailboxes in bulk over IMAP",
     .synopsis = ".B mailconvoy\n\\fICOMMAND\\fR [\\fIOPTION\\fR ...]\n",
     .description =
         "Copies mailboxes from one IMAP server to another: one, or all of a list at the "
         "same time under\n"
         "limits for all of them together. A run that was interrupted goes on where it "
         "was when the same\n"
         "command is given again; nothing is copied twice and nothing is left out "
         "unsaid.\n",
     .rest = main_commands,
     .see_also = "\\fBmailconvoy\\-batch\\fR(1), \\fBmailconvoy\\-sync\\fR(1),\n"
                 "\\fBmailconvoy\\-report\\fR(1), \\fBmailconvoy\\-manifest\\fR(5)\n"},
    {.name = "mailconvoy-sync",
     .section = '1',
     .about = "move one mailbox over IMAP",
     .synopsis = ".B mailconvoy sync\n"
                 "\\fB\\-\\-host1\\fR \\fIH\\fR \\fB\\-\\-user1\\fR \\fIU\\fR "
                 "\\fB\\-\\-passfile1\\fR \\fIFILE\\fR\n"
                 "\\fB\\-\\-host2\\fR \\fIH\\fR \\fB\\-\\-user2\\fR \\fIU\\fR "
                 "\\fB\\-\\-passfile2\\fR \\fIFILE\\fR [\\fIOPTION\\fR ...]\n",
     .description = "Copies one mailbox: 1 is the source, 2 the destination. The options are those "
                    "of imapsync. They may\n"
                    "be abbreviated; sizes and rates take k, M and G (powers of 1000).\n",
     .command = SETTINGS_SYNC,
     .see_also = "\\fBmailconvoy\\fR(1), \\fBmailconvoy\\-batch\\fR(1)\n"},
    {.name = "mailconvoy-batch",
     .section = '1',
     .about = "move the mailboxes of a manifest over IMAP",
     .synopsis = ".B mailconvoy batch\n\\fIMANIFEST\\fR [\\fIOPTION\\fR ...]\n",
     .description = "Copies the mailboxes that the manifest lists, a pair in each row, several at "
                    "the same time. Options\n"
                    "are the rows\\(aq defaults; the columns of the manifest have the same names. "
                    "Sizes and rates take k,\n"
                    "M and G (powers of 1000).\n",
     .command = SETTINGS_BATCH,
     .see_also = "\\fBmailconvoy\\fR(1), \\fBmailconvoy\\-manifest\\fR(5), "
                 "\\fBmailconvoy\\-report\\fR(1)\n"},
    {.name = "mailconvoy-report",
     .section = '1',
     .about = "show what a run of mailconvoy did",
     .synopsis = ".B mailconvoy report\n[\\fIOPTION\\fR ...]\n",
     .description = "Shows what a past run did, from the work directory.\n",
     .command = SETTINGS_REPORT,
     .see_also = "\\fBmailconvoy\\fR(1), \\fBmailconvoy\\-batch\\fR(1)\n"},
    {.name = "mailconvoy-manifest",
     .section = '5',
     .about = "the list of mailboxes that mailconvoy moves",
     .description = "A manifest is a CSV file in UTF\\-8 that lists pairs of mailboxes for\n"
                    "\\fBmailconvoy\\-batch\\fR(1).\n",
     .rest = manifest_rest,
     .see_also = "\\fBmailconvoy\\-batch\\fR(1)\n"},
};

/* "man-mailconvoy", "man-sync" */
static bool is_called(const struct man_page *page, const char *name)
{
    const char *dash = strchr(page->name, '-');
    return strncmp(name, "man-", 4) == 0 &&
           strcmp(name + 4, dash != NULL ? dash + 1 : page->name) == 0;
}

static void append_title(struct buffer *text, const struct man_page *page)
{
    buffer_append_str(text, ".\\\" made by `mailconvoy docs`, from the table of settings\n.TH ");
    for (const char *c = page->name; *c != '\0'; c++)
        buffer_append_byte(text, *c >= 'a' && *c <= 'z' ? (unsigned char)(*c - 'a' + 'A')
                                                        : (unsigned char)*c);
    buffer_printf(text, " %c \"\" mailconvoy \"%s\"\n.SH NAME\n", page->section,
                  page->section == '1' ? "User Commands" : "File Formats");
    settings_append_roff(text, page->name);
    buffer_append_str(text, " \\- ");
    settings_append_roff(text, page->about);
    buffer_append_byte(text, '\n');
}

/* The codes as --help has them, without their title. */
static void append_exit_codes(struct buffer *text, enum settings_command command)
{
    const char *codes = strchr(settings_exit_codes(command), '\n');
    buffer_append_str(text, ".SH EXIT STATUS\n.nf\n");
    if (codes != NULL)
        settings_append_roff(text, codes + 1);
    buffer_append_str(text, ".fi\n");
}

static void append_page(struct buffer *text, const struct man_page *page)
{
    append_title(text, page);
    if (page->synopsis != NULL)
        buffer_printf(text, ".SH SYNOPSIS\n%s", page->synopsis);
    buffer_printf(text, ".SH DESCRIPTION\n%s", page->description);
    if (page->rest != NULL)
        buffer_append_str(text, page->rest);
    if (page->rest == manifest_rest)
        settings_append_man_columns(text);
    if (page->rest == main_commands)
        buffer_append_str(text, main_files);
    if (page->command != 0) {
        buffer_append_str(text, ".SH OPTIONS\n");
        settings_append_man_options(text, (enum settings_command)page->command);
        append_exit_codes(text, (enum settings_command)page->command);
    }
    buffer_printf(text, ".SH SEE ALSO\n%s", page->see_also);
}

static const struct {
    const char *name;
    void (*append)(struct buffer *text);
} others[] = {
    {"imapsync-options", settings_append_imapsync_options},
    {"completion-bash", settings_append_completion_bash},
    {"completion-zsh", settings_append_completion_zsh},
};

bool docs_append(const char *name, struct buffer *text)
{
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (is_called(&pages[i], name)) {
            append_page(text, &pages[i]);
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (strcmp(name, others[i].name) == 0) {
            others[i].append(text);
            return true;
        }
    }
    return false;
}

void docs_append_names(struct buffer *text)
{
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        buffer_printf(text, "%s ", others[i].name);
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        const char *dash = strchr(pages[i].name, '-');
        buffer_printf(text, "%sman-%s", i > 0 ? " " : "", dash != NULL ? dash + 1 : pages[i].name);
    }
}
