/* SPDX-License-Identifier: MIT
 * What is about a mailbox, a folder or a message; for every command a last row takes what nothing
 * else knows. */
#include "base/diagnoses_private.h"

#define QUOTA_TEXTS                                                                            \
    .sentence = "the mailbox on the {side} is full. Raise its quota and run the same command " \
                "again",                                                                       \
    .title = "The mailbox is full",                                                            \
    .explanation = "The destination stores nothing more for this user. The mailbox stops "     \
                   "here; what is copied stays copied.",                                       \
    .steps = "Raise the quota of this user (Microsoft 365: a larger licence; Exchange: "       \
             "Set-Mailbox -Identity USER -ProhibitSendReceiveQuota 100GB -ProhibitSendQuota "  \
             "99GB -UseDatabaseQuotaDefaults $false), then run the same command again\n"       \
             "Or empty the destination's trash, or leave folders out with --exclude"

const struct diagnosis diagnoses_mail[] = {
    /* -- mailboxes and folders -- */

    {
        .id = "quota",
        .commands = ANY,
        .codes = "OVERQUOTA",
        .patterns = "",
        .code = FAULT_QUOTA,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_NEVER,
        QUOTA_TEXTS,
    },
    {
        .id = "quota-words",
        .commands = APPEND,
        .codes = "",
        .patterns = "Over quota|*quota exceeded|*exceeded the quota|*mailbox is full|*mailbox*is "
                    "full|*is full: it is time|*QuotaExceeded|Quota limit will be exceeded",
        .code = FAULT_QUOTA,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_NEVER,
        QUOTA_TEXTS,
    },
    {
        .id = "folder-limit",
        .commands = CREATE,
        .codes = "LIMIT",
        .patterns = "*too many mailboxes|*too many folders|*maximum number of mailboxes|*maximum "
                    "number of folders",
        .title = "The destination allows no more folders",
        .explanation = "The destination counts a user's folders and takes no further one. Its "
                       "messages are not copied; all other folders are.",
        .steps = "Raise the number of folders the destination allows, and run again\n"
                 "Or merge folders: --f1f2 OLD=NEW, or --regextrans2; or leave some out with "
                 "--exclude",
    },
    {
        .id = "folder-reserved",
        .commands = CREATE,
        .codes = "",
        .patterns = "Folder name is reserved|*name is reserved|*is a reserved name",
        .title = "The destination keeps this folder name for itself",
        .explanation = "Exchange has folders of its own that nobody may create. \"Files\" is "
                       "one: it holds attachments of other messages, without headers, is "
                       "normally hidden and is no mail.",
        .steps = "Folder Files, coming from Microsoft 365: leave it out with --exclude "
                 "\"^Files$\" (--office1 does it)\n"
                 "A folder of the user's own: give it another name with --f1f2 "
                 "\"Files=Files_renamed_by_imapsync\" (--office2 does it)\n"
                 "If the destination is an Exchange: leave --nofixnames away, and behind a gateway "
                 "add --exchange2; then such folders are renamed by themselves",
    },
    {
        .id = "folder-exists",
        .commands = CREATE,
        .codes = "ALREADYEXISTS",
        .patterns = "Mailbox already exists|*already exists",
        .title = "The folder is there already, maybe in other letters",
        .explanation = "The destination does not tell upper from lower case: trash and Trash are "
                       "one folder there. If the folder can be opened this is no error.",
        .steps = "Nothing, if the messages are there: both source folders go into that one\n"
                 "Name the target: --regextrans2 's/^trash$/Trash/', or --f1f2 trash=Trash\n"
                 "Keep folders apart that differ only in case: --nomixfolders",
    },
    {
        .id = "folder-name",
        .commands = CREATE,
        .codes = "CANNOT",
        .patterns = "*excess whitespace|*Label name is not allowed|*Invalid mailbox "
                    "name|*Invalid folder name|*Character not allowed|*invalid character",
        .title = "The destination does not allow this folder name",
        .explanation = "Blanks at an end, doubled separators, ^ \\ or quotes, or names that the "
                       "provider keeps for itself can't be created there. The folder's messages "
                       "are not copied; all other folders are.",
        .steps = "Give it another name: --f1f2 \"OLD=NEW\", or --regextrans2 for many\n"
                 "Or leave it out with --exclude",
    },
    {
        .id = "namespace",
        .commands = LIST | SELECT | CREATE | OTHER,
        .codes = "",
        .patterns = "*nonexistent namespace|*should probably be prefixed with",
        .title = "Folder names need a prefix on this server",
        .explanation = "All folders of this server live below a prefix, mostly INBOX. and the "
                       "name that was used is outside of it.",
        .steps = "Write the name with the prefix that the server's words show, in --f1f2, "
                 "--subfolder2 or --regextrans2\n"
                 "Tell the prefix if the server does not: --prefix2 INBOX.",
    },
    {
        .id = "folder-gone",
        .commands = APPEND,
        .codes = "TRYCREATE NONEXISTENT",
        .patterns = "",
        .code = FAULT_APPEND,
        .scope = FAULT_SCOPE_FOLDER,
        .advice = FAULT_ADVICE_NEVER,
        .sentence = "the folder {name} on the {side} is not there any more",
        .title = "The folder vanished from the destination during the run",
        .explanation = "Somebody deleted or renamed it on the destination while messages were on "
                       "their way.",
        .steps = "Run the same command again: the folder is made anew with what is missing",
    },
    {
        .id = "folder-missing",
        .commands = SELECT | LIST | OTHER,
        .codes = "NONEXISTENT",
        .patterns = "Unknown Mailbox|*doesn't exist|*does not exist|*not found|*no such "
                    "mailbox|*no such folder",
        .title = "The folder is listed but not there",
        .explanation = "Servers list folders that can't be opened: deleted ones that are still "
                       "subscribed, and Gmail's [Gmail], which only holds others.",
        .steps = "If it held mail, look for it in webmail under another name\n"
                 "Else leave it out with --exclude",
    },
    {
        .id = "no-permission",
        .commands = ANY,
        .codes = "NOPERM",
        .patterns = "Permission denied|*not permitted|*READ-ONLY|*Access denied|*no permission",
        .title = "The server gives no permission",
        .explanation = "The user (or the administrator who signs in) may not read or write this "
                       "folder. Shared folders of other users are often like this.",
        .steps = "Give the right on this folder, or FullAccess on the mailbox: "
                 "Add-MailboxPermission -Identity MAILBOX -User ACCOUNT -AccessRights FullAccess "
                 "-InheritanceType All\n"
                 "Shared folders of others: leave them out with --exclude, and move them with "
                 "their owner's mailbox",
    },

    /* -- messages the destination refuses -- */

    {
        .id = "argument-error",
        .commands = APPEND,
        .codes = "",
        .patterns = "Command Argument Error",
        .code = FAULT_APPEND,
        .scope = FAULT_SCOPE_MESSAGE,
        .advice = FAULT_ADVICE_NEVER,
        .sentence = "the {side} server refused a message for the folder {name}",
        .title = "Exchange refuses the message without saying why",
        .explanation = "\"Command Argument Error. 11\" at a message means, in this order: a line "
                       "is longer than about 10,000 characters, the message is larger than "
                       "allowed (35 to 45 MB), its header is broken, or the mailbox is full. "
                       "Only this message is left behind; after ten such errors Exchange also "
                       "ends the connection, which is opened again.",
        .steps = "Run again with --repair auto: what is refused is repaired and tried once more "
                 "(--office2 has it)\n"
                 "Wrap long lines: --regexmess 's,(.{10239}),$1\\r\\n,g' (--office2 does it), or "
                 "leave such messages out: --maxlinelength 10500\n"
                 "Leave large messages out (--maxsize 45000000), or raise the limit: Set-Mailbox "
                 "-Identity USER -MaxReceiveSize 150MB -MaxSendSize 150MB\n"
                 "If every message is refused, the mailbox is full: raise its quota\n"
                 "Between Gmail and Exchange: leave --synclabels and --resynclabels away\n"
                 "Else send the message through a filter that mends it: --pipemess COMMAND",
    },
    {
        .id = "broken-message",
        .commands = APPEND,
        .codes = "CLIENTBUG",
        .patterns = "*NUL character|*invalid header|*bare newline|*bare LF|*bare CR|*8bit data "
                    "in header|*Additional arguments found after last expected|*line too "
                    "long|*invalid message",
        .code = FAULT_APPEND,
        .scope = FAULT_SCOPE_MESSAGE,
        .advice = FAULT_ADVICE_NEVER,
        .sentence = "the {side} server refused a message for the folder {name}",
        .title = "The destination is stricter than the source was",
        .explanation = "The message breaks a rule of mail that this server checks: NUL bytes, a "
                       "header line that is none, bare line feeds, no line end at its end, too "
                       "long lines. Only this message is left behind.",
        .steps = "Run again with --repair auto: what is refused is repaired and tried once more\n"
                 "Send such messages through a filter of your own: --pipemess COMMAND\n"
                 "Cyrus: such checks can't be switched off; or save the message by hand, "
                 "problems.csv says where it is",
    },
    {
        .id = "virus",
        .commands = APPEND,
        .codes = "",
        .patterns = "*virus|*malware|*infected|*spam message",
        .code = FAULT_VIRUS,
        .scope = FAULT_SCOPE_MESSAGE,
        .advice = FAULT_ADVICE_NEVER,
        .sentence = "the {side} server refused a message for the folder {name}",
        .title = "The destination's scanner refuses the message",
        .explanation = "The destination looks into messages as they are stored and takes this "
                       "one for a virus or spam. Only this message is left behind.",
        .steps = "Look at the message on the source; leave it behind, or delete it there\n"
                 "If it is wanted, switch the destination's scanner off during the migration",
    },
    {
        .id = "message-refused",
        .commands = APPEND,
        .is_last = true,
        .codes = "",
        .patterns = "",
        .code = FAULT_APPEND,
        .scope = FAULT_SCOPE_MESSAGE,
        .advice = FAULT_ADVICE_NEVER,
        .sentence = "the {side} server refused a message for the folder {name}",
        .title = "The destination refused the message",
        .explanation = "The server did not say why in words that are known. Only this message is "
                       "left behind; each run tries it again.",
        .steps = "Read the server's words in problems.csv, and look at the message on the "
                 "source\n"
                 "Run again with --retry-problems, which tries only such messages\n"
                 "See what was said: --debugimap2",
    },

    /* -- messages the source does not give -- */

    {
        .id = "message-gone",
        .commands = FETCH,
        .codes = "EXPUNGEISSUED",
        .patterns = "The specified message set is invalid|No matching messages|*No longer "
                    "exists|*have been expunged|*has been expunged",
        .title = "Messages were deleted on the source meanwhile",
        .explanation = "What was listed a moment ago is not there any more: somebody deletes or "
                       "moves mail in this folder while it is copied. Those that are still there "
                       "are asked for again.",
        .steps = "Nothing: it is counted as vanished if it is really gone\n"
                 "Run again when the folder is quiet",
    },
    {
        .id = "some-not-given",
        .commands = FETCH,
        .codes = "",
        .patterns = "Some messages could not be FETCHed|*could not be fetched|*some of the "
                    "requested messages",
        .title = "The source could not read some messages",
        .explanation = "The server gave some messages of the command and not others. Each is "
                       "asked for once more on its own; what still does not come is listed as "
                       "unreadable.",
        .steps = "Run again with --retry-problems in some hours: it often passes\n"
                 "Open the message in webmail; move it to another folder there and back, and run "
                 "again",
    },
    {
        .id = "server-bug",
        .commands = SIGNED_IN,
        .codes = "SERVERBUG CORRUPTION CONTACTADMIN",
        .patterns = "Internal error|*Refer to server log|*is corrupt|*Fatal error",
        .title = "The server has an error of its own",
        .explanation = "The server says that something broke inside it. Often it is one damaged "
                       "message or folder.",
        .steps = "Ask the server's administrator to look into its log at this time (Dovecot: "
                 "doveadm force-resync -u USER MAILBOX often mends it)\n"
                 "Run again with --retry-problems",
    },
    {
        .id = "fetch-argument-error",
        .commands = SIGNED_IN & ~APPEND,
        .codes = "",
        .patterns = "Command Argument Error",
        .title = "Exchange can't do what was asked here",
        .explanation = "\"Command Argument Error. 11\" at something else than a message: a "
                       "search or an item it does not know, or a folder it can't open. It is "
                       "what Exchange says for most errors.",
        .steps = "Run again: it may pass\n"
                 "If you use --search1 or --search2, keep to plain criteria: Exchange knows no "
                 "keywords and no other charset than US-ASCII\n"
                 "Else run with --debugimap1 --debugimap2 and report the command",
    },
    {
        .id = "command-error",
        .commands = SIGNED_IN,
        .codes = "",
        .patterns = "Command Error",
        .title = "Exchange refuses the command",
        .explanation = "\"Command Error. 10\" and \"12\" mean that the command is unknown or not "
                       "allowed now. 12 also comes in answer to SELECT when connections are "
                       "opened too quickly, and then passes.",
        .steps = "Run again: it often passes\n"
                 "Go slower: --maxconnections1 1 --maxconnections2 1\n"
                 "If it comes back each time, run with --debugimap1 --debugimap2 and report the "
                 "command",
    },
    {
        .id = "message-not-given",
        .commands = FETCH,
        .is_last = true,
        .codes = "",
        .patterns = "",
        .code = FAULT_FETCH,
        .scope = FAULT_SCOPE_MESSAGE,
        .advice = FAULT_ADVICE_RETRY,
        .sentence = "the {side} server did not give a message of the folder {name}",
        .title = "The source does not give the message",
        .explanation = "The server lists the message but does not deliver it, even when it is "
                       "asked for alone: Exchange says OK without any data for items it can't "
                       "render, often meeting requests. It is listed as unreadable, never as "
                       "copied.",
        .steps = "Open it in webmail and save it from there; problems.csv says which it is\n"
                 "Run again with --retry-problems: it sometimes passes\n"
                 "Microsoft 365 as source: Set-CASMailbox -Identity USER "
                 "-ImapForceICalForCalendarRetrievalOption $true -ImapUseProtocolDefaults $false "
                 "mends meeting requests",
    },

    /* -- refusals nothing else knows -- */

    {
        .id = "listing-refused",
        .commands = LIST,
        .is_last = true,
        .codes = "",
        .patterns = "",
        .code = FAULT_LISTING,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_RECONNECT,
        .sentence = "the {side} server did not list its folders",
        .title = "The server did not list its folders",
        .explanation = "Without a complete list nothing is done: a short list must never look "
                       "like an empty mailbox.",
        .steps = "Run the same command again\n"
                 "If it comes back each time, run with --debugimap1 --debugimap2 and look at the "
                 "server's words",
    },
    {
        .id = "folder-refused",
        .commands = SELECT,
        .is_last = true,
        .codes = "",
        .patterns = "",
        .code = FAULT_SELECT,
        .scope = FAULT_SCOPE_FOLDER,
        .advice = FAULT_ADVICE_NEVER,
        .sentence = "the folder {name} on the {side} can't be opened",
        .title = "A folder can't be opened",
        .explanation = "The server lists the folder but does not open it. Its messages are "
                       "counted as failed, all other folders are copied.",
        .steps = "Open it in webmail or another mail program with the same account\n"
                 "Run again: it may pass\n"
                 "Or leave it out with --exclude",
    },
    {
        .id = "create-refused",
        .commands = CREATE,
        .is_last = true,
        .codes = "",
        .patterns = "",
        .code = FAULT_CREATE,
        .scope = FAULT_SCOPE_FOLDER,
        .advice = FAULT_ADVICE_NEVER,
        .sentence = "the folder {name} can't be created on the {side}. Choose another name with "
                    "--f1f2 OLD=NEW, or leave it out with --exclude",
        .title = "A folder can't be created on the destination",
        .explanation = "The server does not say why in words that are known. The folder's "
                       "messages are counted as failed, all other folders are copied.",
        .steps = "Give it another name: --f1f2 \"OLD=NEW\"\n"
                 "Or make the folder by hand, and run again\n"
                 "Or leave it out with --exclude",
    },
    {
        .id = "delete-refused",
        .commands = DELETE,
        .is_last = true,
        .codes = "",
        .patterns = "",
        .code = FAULT_DELETE,
        .scope = FAULT_SCOPE_FOLDER,
        .advice = FAULT_ADVICE_RETRY,
        .sentence = "the {side} server refused to delete in {name}",
        .title = "The server refused to delete",
        .explanation = "What should have been deleted is still there. Nothing is lost.",
        .steps = "Check that the account may delete there\n"
                 "Run the same command again",
    },
    {
        .id = "flags-refused",
        .commands = STORE,
        .is_last = true,
        .codes = "",
        .patterns = "",
        .code = FAULT_FLAGS,
        .scope = FAULT_SCOPE_FOLDER,
        .advice = FAULT_ADVICE_RETRY,
        .sentence = "the {side} server refused flags of messages in {name}. Leave out those it "
                    "does not know with --regexflag, or all but the usual ones with "
                    "--systemflagsonly",
        .title = "Flags could not be set on the destination",
        .explanation = "The messages are there, their flags are not all. Servers without "
                       "keywords of users (Exchange) keep only the system flags.",
        .steps = "Run again: flags are compared and set again\n"
                 "Leave a flag out: --regexflag 's/\\$MDNSent//g' (quote it like this), or all "
                 "but the usual ones: --systemflagsonly",
    },
    {
        .id = "command-refused",
        .commands = OTHER,
        .is_last = true,
        .codes = "",
        .patterns = "",
        .code = FAULT_PROTOCOL,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_RECONNECT,
        .sentence = "the {side} server refused a command ({name})",
        .title = "The server refused a command",
        .explanation = "The server does not do something that every IMAP server should.",
        .steps = "Run the same command again\n"
                 "If it comes back each time, run with --debugimap1 --debugimap2 and report it",
    },
};

const size_t diagnoses_mail_count = sizeof(diagnoses_mail) / sizeof(diagnoses_mail[0]);
