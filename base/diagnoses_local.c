/* SPDX-License-Identifier: MIT
 * What no server says: faults that mailconvoy finds itself, and what other programs print. The last
 * row for a code is the one for its faults. */
#include "base/diagnoses_private.h"

const struct diagnosis diagnoses_local[] = {
    {
        .id = "outage",
        .codes = "",
        .patterns = "*signed in but none of them can be opened",
        .code = FAULT_THROTTLED,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_WAIT,
        .wait_msecs = 300000,
        .title = "Many mailboxes are refused alike: the server is out of order",
        .explanation = "Exchange signs users in and can't open the mailboxes of many of them at "
                       "the same time. That is no question of rights; Microsoft had such "
                       "outages. The mailboxes wait and are tried again.",
        .steps = "Look at the provider's status page (Microsoft 365: admin center, Health, "
                 "Service health)\n"
                 "Run the same command again later\n"
                 "If it is the first run with this account: check that it has FullAccess on the "
                 "mailboxes at all (mailconvoy explain not-connected)",
    },
    {
        .id = "placeholder",
        .codes = "",
        .patterns = "*Retrieval using the IMAP4 protocol failed|*The server couldn't retrieve "
                    "the following message|*The server could not retrieve the following "
                    "message|*placeholder instead of the message",
        .code = FAULT_FETCH,
        .scope = FAULT_SCOPE_MESSAGE,
        .advice = FAULT_ADVICE_NEVER,
        .title = "Exchange gave an invented message instead of the real one",
        .explanation = "For an item it can't render Exchange delivers a message \"Retrieval "
                       "using the IMAP4 protocol failed\" that it made up. It is no copy and is "
                       "not counted as one: the message is listed as unreadable.",
        .steps = "Open the message in Outlook or webmail and save it from there; problems.csv "
                 "says which it is\n"
                 "Run again with --retry-problems: it sometimes passes\n"
                 "Set-CASMailbox -Identity USER -ImapForceICalForCalendarRetrievalOption $true "
                 "-ImapUseProtocolDefaults $false mends meeting requests, the usual cause",
    },
    {
        .id = "over-maxsize",
        .is_last = true,
        .codes = "",
        .patterns = "*over --maxsize|*larger than --maxsize|*--maxsize",
        .code = FAULT_TOO_BIG,
        .scope = FAULT_SCOPE_MESSAGE,
        .advice = FAULT_ADVICE_NEVER,
        .title = "Left out by your own size limit",
        .explanation = "--maxsize leaves larger messages out. It is counted as too big, so that "
                       "nobody takes the mailbox for complete.",
        .steps = "Raise --maxsize and run again: the next run brings what was left out\n"
                 "Or save these messages by hand; problems.csv lists them",
    },
    {
        .id = "flags-not-added",
        .codes = "",
        .patterns = "*could not add flags",
        .title = "imapsync could not set flags on the destination",
        .explanation = "The messages are there, their flags are not all.",
        .steps = "Run mailconvoy on this mailbox: flags are compared and set again "
                 "(--resyncflags)",
    },
    {
        .id = "append-refused",
        .codes = "",
        .patterns = "*could not append",
        .title = "imapsync could not store a message",
        .explanation = "imapsync prints this for any refusal; the server's own words behind it "
                       "say why, and these are not known here.",
        .steps = "Ask again with the words behind NO or BAD\n"
                 "Run mailconvoy on this mailbox: problems.csv names each message with its reason",
    },
    {
        .id = "change-failed",
        .codes = "",
        .patterns = "*--pipemess: the command|*--maxlinelengthcmd: the command|*--regexmess:",
        .title = "Your own change to the message failed",
        .explanation = "An option that changes messages (--regexmess, --pipemess, "
                       "--maxlinelengthcmd, ...) could not do so. A message is never copied half "
                       "changed or unchanged instead: it is left behind.",
        .steps = "Read the reason in problems.csv; what the command said stands in the user's "
                 "log\n"
                 "Try the command by hand on this message\n"
                 "Run without the option to copy it as it is",
    },
    {
        .id = "verify",
        .is_last = true,
        .codes = "",
        .patterns = "",
        .code = FAULT_VERIFY,
        .scope = FAULT_SCOPE_MESSAGE,
        .advice = FAULT_ADVICE_NEVER,
        .title = "The two sides are not the same",
        .explanation =
            "--verify found messages that are missing, were taken away since, or are not "
            "what they were.",
        .steps = "Read them in problems.csv: each stands there with its reason",
    },
    {
        .id = "copy-missing",
        .codes = "",
        .patterns = "*it is not on the destination|*the destination holds fewer",
        .title = "A message was not found on the destination",
        .explanation =
            "--verify looked for it in the destination folder and found neither the copy "
            "that is on record nor one that is the same message.",
        .steps =
            "Run mailconvoy on this mailbox without --verify-only: it copies what is new\n"
            "Is it still missing then, look whether the plan in the user's log takes the folder "
            "to where --verify looked",
    },
    {
        .id = "copy-gone",
        .codes = "",
        .patterns = "*it was copied, and is not there any more",
        .title = "A copy was deleted or moved after it had arrived",
        .explanation =
            "The message was confirmed by the destination, and its user, a rule or a "
            "retention policy there took it away since. It is not brought back by itself, "
            "or everything that people delete would come again.",
        .steps = "Ask the user, and look into Trash and the other folders of the destination\n"
                 "To bring it again, move it to another folder on the source and run mailconvoy",
    },
    {
        .id = "copy-different",
        .codes = "",
        .patterns = "*differs in the field|*differs in part|*differs in how its parts",
        .title = "A copy is not the same message",
        .explanation = "--verify read both and found another text, attachment or header. What "
                       "servers add or rewrite, and what this run's own options change, is not "
                       "counted.",
        .steps =
            "Run --verify with the options that the mailbox was copied with: those that change "
            "messages (--regexmess, --repair, ...) must be the same\n"
            "Look at both messages; the UIDs stand in problems.csv and in the user's log\n"
            "To copy it again, delete the copy and move the message to another folder on the "
            "source",
    },
    {
        .id = "copy-unread",
        .codes = "",
        .patterns = "*can't be read as a MIME message",
        .title = "A message could not be compared",
        .explanation =
            "It is on the destination, but one of the two servers did not give its body, "
            "or it is so malformed that two spellings of it can't be told apart.",
        .steps = "Run --verify-only again\n"
                 "Look at both messages by hand if it stays so",
    },
    {
        .id = "usage",
        .is_last = true,
        .codes = "",
        .patterns = "",
        .code = FAULT_USAGE,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_NEVER,
        .title = "The settings can't work as they are",
        .explanation = "An option contradicts another one, or a command that it names does not "
                       "work.",
        .steps = "Change what the sentence names, and run again",
    },
    {
        .id = "connect",
        .is_last = true,
        .codes = "",
        .patterns = "*can not open imap connection|*can't connect|*Connection refused|*No route "
                    "to host|*Network is unreachable",
        .code = FAULT_CONNECT,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_RECONNECT,
        .title = "The server can't be reached",
        .explanation = "Nobody answers at this name and port, or a firewall is in between.",
        .steps = "Check host and port (993 for TLS, 143 for STARTTLS) from this machine: openssl "
                 "s_client -connect HOST:993\n"
                 "Ask whoever keeps the firewall to let port 993 out\n"
                 "Run the same command again",
    },
    {
        .id = "resolve",
        .is_last = true,
        .codes = "",
        .patterns = "*Name or service not known|*Temporary failure in name resolution|*can't be "
                    "resolved|*nodename nor servname",
        .code = FAULT_RESOLVE,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_RECONNECT,
        .title = "The server's name is not known",
        .explanation = "The name system knows no address for it.",
        .steps = "Check the spelling of host1 and host2 (Microsoft 365: outlook.office365.com)\n"
                 "Check this machine's name server: getent hosts HOST",
    },
    {
        .id = "tls",
        .is_last = true,
        .codes = "",
        .patterns = "*SSL read error|*SSL write error|*SSL read or write error|*SSL connect "
                    "attempt failed|*certificate verify failed|*SSL_ERROR|*TLS handshake|*wrong "
                    "version number",
        .code = FAULT_TLS,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_RECONNECT,
        .title = "The encrypted connection could not be made, or broke",
        .explanation = "In the middle of a run it is the network or the server that broke the "
                       "connection: it is opened again and the work goes on. At the start the "
                       "certificate may not fit: mailconvoy always checks certificates and names.",
        .steps = "In the middle of a run: nothing, or run the same command again\n"
                 "At the start: use the name that is in the certificate; --cafile1 FILE or "
                 "--cafile2 FILE trusts an authority of your own\n"
                 "A port that begins in clear text: --tls1 or --tls2 (STARTTLS)",
    },
    {
        .id = "timeout",
        .is_last = true,
        .codes = "",
        .patterns = "*timed out|*timeout",
        .code = FAULT_TIMEOUT,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_RECONNECT,
        .title = "The server fell silent",
        .explanation = "No byte came for as long as --timeout allows. The connection is opened "
                       "again and the work goes on.",
        .steps = "Run the same command again\n"
                 "Slow server or huge folders: --timeout1 600 --timeout2 600",
    },
    {
        .id = "connection-lost",
        .is_last = true,
        .codes = "",
        .patterns = "*NOT connected!|*Connection reset|*Broken pipe|*socket closed|*connection "
                    "closed|*unexpected EOF",
        .code = FAULT_CLOSED,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_RECONNECT,
        .title = "The connection was lost",
        .explanation = "The connection ended without a word, or the last words of the server are "
                       "known better under another name. It is opened again and the work goes on "
                       "where it stopped. imapsync's \"Trying command when NOT connected!\" is "
                       "the echo of such a loss, mostly after a throttle.",
        .steps = "Run the same command again: it goes on where it stopped\n"
                 "If it happens all the time, look for the server's last line with --debugimap1 "
                 "--debugimap2, and explain that\n"
                 "Let it try more often: --reconnectretry1 10 --reconnectretry2 10",
    },
    {
        .id = "no-imap",
        .is_last = true,
        .codes = "",
        .patterns = "*something that is no IMAP",
        .code = FAULT_PROTOCOL,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_RECONNECT,
        .title = "The server sent something that is no IMAP",
        .explanation = "Another service answers at this port, something in between changes the "
                       "bytes, or the server has a bug.",
        .steps = "Check host and port\n"
                 "Run with --debugimap1 --debugimap2 and look at the last lines",
    },
    {
        .id = "no-subfolder",
        .is_last = true,
        .codes = "",
        .patterns = "",
        .code = FAULT_NO_SUBFOLDER,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_NEVER,
        .title = "The folder to start at is not there",
        .explanation = "--subfolder1 (or UserRoot) names a folder that the source does not have.",
        .steps = "Look how the source calls it: --justfolders --dry lists its folders in the "
                 "user's log",
    },
    {
        .id = "delete-held-back",
        .is_last = true,
        .codes = "",
        .patterns = "*--maxdelete",
        .code = FAULT_DELETE,
        .scope = FAULT_SCOPE_FOLDER,
        .advice = FAULT_ADVICE_NEVER,
        .title = "Nothing was deleted in a folder, for safety",
        .explanation = "Deletes happen only where everything is proven: complete listings of "
                       "both sides, confirmed copies, and at most a tenth of a folder "
                       "(--maxdelete). Where that is not so nothing is deleted. No message is "
                       "lost by it.",
        .steps = "Read the sentence: it says what is not proven, or how many messages would go\n"
                 "If so many are right to go: --maxdelete N or --maxdelete all\n"
                 "Else run again",
    },
    {
        .id = "errors-max",
        .is_last = true,
        .codes = "",
        .patterns = "",
        .code = FAULT_ERRORS_MAX,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_NEVER,
        .title = "Too many errors in one mailbox",
        .explanation = "--errorsmax ended the mailbox after so many errors, so that a systematic "
                       "fault does not go on for hours.",
        .steps = "Look at the errors in the user's log, the most frequent one first; mailconvoy "
                 "explain 'TEXT' says what they mean\n"
                 "Run again; raise --errorsmax if they are harmless",
    },
    {
        .id = "transfer-limit",
        .is_last = true,
        .codes = "",
        .patterns = "*Maximum bytes transferred reached|*bytes transferred reached",
        .code = FAULT_TRANSFER_LIMIT,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_WAIT,
        .title = "Your own transfer limit is reached",
        .explanation = "--exitwhenover or --daily-bytes paused the mailbox in good order.",
        .steps = "Run the same command again (with --daily-bytes: tomorrow): it goes on where it "
                 "stopped",
    },
    {
        .id = "stopped",
        .is_last = true,
        .codes = "",
        .patterns = "",
        .code = FAULT_STOPPED,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_WAIT,
        .title = "The run was stopped",
        .explanation = "A signal or the end of the time window stopped it in good order.",
        .steps = "Run the same command again: it goes on where it stopped",
    },
    {
        .id = "busy",
        .is_last = true,
        .codes = "",
        .patterns = "",
        .code = FAULT_BUSY,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_WAIT,
        .title = "Another run is at this mailbox",
        .explanation = "Two runs never copy the same pair at the same time.",
        .steps = "Wait for the other run, or end it; the sentence says which it is",
    },
    {
        .id = "secret",
        .is_last = true,
        .codes = "",
        .patterns = "",
        .code = FAULT_SECRET,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_NEVER,
        .title = "The password could not be had",
        .explanation = "The file, variable or command that should give the password gives none.",
        .steps = "Check passfile1, env:NAME or cmd:COMMAND of this row as the user who runs "
                 "mailconvoy",
    },
    {
        .id = "store",
        .is_last = true,
        .codes = "",
        .patterns = "",
        .code = FAULT_STORE,
        .scope = FAULT_SCOPE_RUN,
        .advice = FAULT_ADVICE_NEVER,
        .title = "The work directory's database can't be written or read",
        .explanation = "What can't be recorded is not copied: the run ends. Mostly the disk is "
                       "full.",
        .steps = "Make room on the disk of the work directory, check its owner, and run the same "
                 "command again",
    },
    {
        .id = "file",
        .is_last = true,
        .codes = "",
        .patterns = "",
        .code = FAULT_FILE,
        .scope = FAULT_SCOPE_RUN,
        .advice = FAULT_ADVICE_NEVER,
        .title = "A file can't be written or read",
        .explanation = "A log, a report or a file that an option names.",
        .steps = "Make room on the disk, check owner and rights of the file that the sentence "
                 "names, and run again",
    },
    {
        .id = "internal",
        .is_last = true,
        .codes = "",
        .patterns = "",
        .code = FAULT_INTERNAL,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_RETRY,
        .title = "mailconvoy can't go on",
        .explanation = "Something failed that should not.",
        .steps = "Run the same command again; if it comes back, report the sentence and the "
                 "user's log",
    },
};

const size_t diagnoses_local_count = sizeof(diagnoses_local) / sizeof(diagnoses_local[0]);
