/* SPDX-License-Identifier: MIT
 * What is about a whole session: throttles, outages, sessions that end, sign-in. What passes by
 * itself comes first, so that it is never taken for something that would not. */
#include "base/diagnoses_private.h"

#define WAIT_MSECS 30000

const struct diagnosis diagnoses_session[] = {
    /* -- messages too big: before [LIMIT], which some servers say of them -- */

    {
        .id = "too-big",
        .commands = APPEND,
        .codes = "TOOBIG",
        .patterns = "Maximum size of appendable message|*exceeds the maximum|*larger than the "
                    "maximum|*maximum message size|Data length exceeds limit|Message too "
                    "long|Message too large|*message is too big|*size limit",
        .code = FAULT_TOO_BIG,
        .scope = FAULT_SCOPE_MESSAGE,
        .advice = FAULT_ADVICE_NEVER,
        .sentence = "a message for the folder {name} is larger than the {side} server accepts",
        .title = "The message is larger than the destination accepts",
        .explanation = "The destination takes no message of this size. Only this message is left "
                       "behind. At Microsoft 365 the limit is 35 MB unless it was raised, and "
                       "with a service account it is the limit of the account that signs in, not "
                       "of the target mailbox.",
        .steps = "Microsoft 365: Set-Mailbox -Identity USER -MaxReceiveSize 150MB -MaxSendSize "
                 "150MB (for the account that signs in and for the target), then run again\n"
                 "Else raise the message size limit of the destination, and run again\n"
                 "Or leave such messages out knowingly: --maxsize 35M",
    },

    /* -- what passes by itself -- */

    {
        .id = "bandwidth",
        .commands = ANY,
        .codes = "",
        .patterns = "Account exceeded command or bandwidth limits|*command or bandwidth limits",
        .code = FAULT_THROTTLED,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_WAIT,
        .wait_msecs = WAIT_MSECS,
        .sentence = "the {side} server asks to slow down. Run the same command again later to go "
                    "on",
        .title = "The provider's daily bandwidth is used up",
        .explanation = "Gmail lets about 2500 MB a day out of an account over IMAP and 500 MB "
                       "in. Beyond that it locks the account out of IMAP for up to a day. No "
                       "message is charged for it; the mailbox is paused.",
        .steps = "Run the same command again tomorrow: it goes on where it stopped\n"
                 "Stay below the limit: --daily-bytes1 2_250M (reading from Gmail) or "
                 "--daily-bytes2 450M (writing to it)\n"
                 "Google Workspace: an administrator can reset the limit a few times",
    },
    {
        .id = "connection-limit",
        .commands = ANY,
        .codes = "",
        .patterns = "Too many simultaneous connections|*Maximum number of connections|*Too many "
                    "connections|*Too many open connections|*too many logins",
        .code = FAULT_THROTTLED,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_WAIT,
        .wait_msecs = WAIT_MSECS,
        .sentence = "the {side} server has too many connections of this user or address open. "
                    "Run the same command again later to go on",
        .title = "Too many connections at the same time",
        .explanation = "The server counts the connections of a user or of an address, and other "
                       "programs of the user count too (Gmail: 15 for an account, Dovecot: 10 "
                       "for a user and address). The mailbox waits and goes on.",
        .steps = "Use fewer connections: --maxconnections1 2 --maxconnections2 2 for a mailbox, "
                 "--maxconnectionsperhost 10 for all\n"
                 "Close other mail programs of this user\n"
                 "Own Dovecot: raise mail_max_userip_connections",
    },
    {
        .id = "throttled",
        .commands = ANY,
        .codes = "THROTTLED",
        .patterns = "Request is throttled|*Suggested Backoff Time:",
        .code = FAULT_THROTTLED,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_WAIT,
        .wait_msecs = WAIT_MSECS,
        .sentence = "the {side} server asks to slow down. Run the same command again later to go "
                    "on",
        .title = "The server asks to slow down",
        .explanation = "The mailbox used up what its server grants in a while. mailconvoy waits "
                       "as long as the server suggests, works on other mailboxes meanwhile, and "
                       "goes on; no message is charged for it. Microsoft counts for each "
                       "mailbox, so many mailboxes at once are faster than one mailbox driven "
                       "harder.",
        .steps = "Nothing: mailconvoy waits and goes on; if the run ended paused, run the same "
                 "command again\n"
                 "If it happens all the time, go slower: --maxmessagespersecond 2 or "
                 "--maxbytespersecond 100_000\n"
                 "Microsoft 365: ask Microsoft's support (or the admin center's diagnostics) to "
                 "lift the IMAP throttling of the tenant for 90 days",
    },
    {
        .id = "rate-limit",
        .commands = ANY & ~CREATE, /* there it is the number of folders */
        .commands_by_words = CREATE,
        .codes = "LIMIT",
        .patterns = "*Rate limit",
        .code = FAULT_THROTTLED,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_WAIT,
        .wait_msecs = WAIT_MSECS,
        .sentence = "the {side} server asks to slow down. Run the same command again later to go "
                    "on",
        .title = "The server's rate limit is reached",
        .explanation = "The server takes only so many commands or bytes in a while (Yahoo says "
                       "so often). The mailbox waits and goes on; no message is charged for it.",
        .steps = "Nothing: mailconvoy waits and goes on; if the run ended paused, run the same "
                 "command again\n"
                 "If it happens all the time, go slower: --maxmessagespersecond 2 "
                 "--maxconnections1 1 --maxconnections2 1",
    },
    {
        .id = "in-use",
        .commands = ANY,
        .codes = "INUSE",
        .patterns = "Mailbox is locked|*mailbox is in use",
        .code = FAULT_THROTTLED,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_WAIT,
        .wait_msecs = WAIT_MSECS,
        .sentence = "another program keeps the mailbox on the {side} locked. Run the same "
                    "command again later to go on",
        .title = "Another program keeps the mailbox locked",
        .explanation = "Somebody else works on the mailbox in a way that shuts others out. The "
                       "mailbox waits and goes on.",
        .steps = "Nothing: mailconvoy waits and goes on\n"
                 "If it lasts, end other mail programs and migrations of this user",
    },
    {
        .id = "server-unavailable",
        .commands = ANY,
        .codes = "UNAVAILABLE",
        .patterns = "Server Unavailable|Server Busy|*try again later|Temporary System "
                    "Error|System Error (|*temporarily unavailable|*Service Unavailable",
        .code = FAULT_THROTTLED,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_WAIT,
        .wait_msecs = WAIT_MSECS,
        .sentence = "the {side} server is overloaded or out of order. Run the same command again "
                    "later to go on",
        .title = "The server is overloaded or out of order",
        .explanation = "The server can't work at the moment: its back end is gone, restarted or "
                       "overloaded. It is no statement about a folder or a message. The mailbox "
                       "waits and goes on. Microsoft also says so after 30 to 40 folders were "
                       "opened quickly.",
        .steps = "Nothing: mailconvoy waits and goes on; if the run ended paused, run the same "
                 "command again\n"
                 "If it lasts, look at the provider's status page (Microsoft 365: admin center, "
                 "Health, Service health)\n"
                 "Many folders: --maxconnections1 1 --maxconnections2 1",
    },

    /* -- sessions that ended -- */

    {
        .id = "token-expired",
        .commands = SIGNED_IN,
        .codes = "EXPIRED",
        .patterns = "Session invalidated|*AccessTokenExpired|Session expired",
        .code = FAULT_CLOSED,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_RECONNECT,
        .sentence = "the {side} server ended the session. Run the same command again to go on",
        .title = "The session ran out, as access tokens do",
        .explanation = "Access tokens live for about an hour, and Microsoft ends the session "
                       "with them; Gmail ends sessions after some hours. A new session is opened "
                       "and the work goes on; no message is charged for it.",
        .steps = "Nothing: mailconvoy signs in again and goes on\n"
                 "If the run ended with it, run the same command again",
    },
    {
        .id = "invalid-state",
        .commands = SIGNED_IN,
        .codes = "",
        .patterns = "Command received in Invalid state|*not authenticated|*no mailbox selected",
        .code = FAULT_CLOSED,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_RECONNECT,
        .sentence = "the {side} server ended the session. Run the same command again to go on",
        .title = "The server forgot the session",
        .explanation = "The server no longer knows that this connection is signed in, or which "
                       "folder is open. A new connection is opened and the work goes on.",
        .steps = "Nothing: mailconvoy connects again and goes on\n"
                 "If it comes back each time, run with --debugimap1 --debugimap2 and look at the "
                 "line before it",
    },
    {
        .id = "not-connected",
        .commands = ANY,
        .codes = "",
        .patterns = "User is authenticated but not connected",
        .code = FAULT_SELECT,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_RECONNECT,
        .sentence = "the {side} server signed the user in but can't open the mailbox. Check that "
                    "it exists, has a licence, and that this user may open it",
        .title = "Signed in, but not allowed into this mailbox",
        .explanation = "Exchange accepts the sign-in first and looks for the mailbox afterwards. "
                       "If this happens to this mailbox only, then the account that signs in has "
                       "no right on it, or the mailbox has no licence, is blocked or does not "
                       "exist (with passwords: the password is wrong). If it happens to many "
                       "mailboxes at once it is an outage, and they are paused instead.",
        .steps = "Give the account that signs in the right on this mailbox: "
                 "Add-MailboxPermission -Identity MAILBOX -User ACCOUNT -AccessRights FullAccess "
                 "-InheritanceType All (it may take an hour)\n"
                 "App-only sign-in: the right belongs to the service principal, made with "
                 "New-ServicePrincipal -AppId APP -ObjectId (the object id of the ENTERPRISE "
                 "APPLICATION, not of the app registration)\n"
                 "Check that the mailbox exists and has a licence: Get-Mailbox -Identity "
                 "MAILBOX\n"
                 "Check that IMAP is on: Set-CASMailbox -Identity MAILBOX -ImapEnabled $true",
    },
    {
        .id = "connection-closed",
        .commands = ANY,
        .is_bye_only = true,
        .is_last = true,
        .codes = "",
        .patterns = "Connection closed|*server closing connection|*Autologout|*shutting "
                    "down|*Logging out|*for inactivity|*idle for too long",
        .code = FAULT_CLOSED,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_RECONNECT,
        .sentence = "the {side} server ended the session. Run the same command again to go on",
        .title = "The server ended the connection",
        .explanation = "The server said goodbye on its own. Exchange does so (\"Connection "
                       "closed. 14\") after about ten errors in a session or after a throttle: "
                       "the reason is the line before it. A new connection is opened and the "
                       "work goes on.",
        .steps = "Nothing: mailconvoy connects again and goes on; if the run ended with it, run "
                 "the same command again\n"
                 "If it comes back each time, run with --debugimap1 --debugimap2: the server's "
                 "line before the BYE says why",
    },

    /* -- signing in -- */

    {
        .id = "app-password",
        .commands = LOGIN,
        .codes = "WEBALERT",
        .patterns = "*Application-specific password required|*Please log in via your web "
                    "browser|*web login required",
        .code = FAULT_AUTH,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_NEVER,
        .sentence = "the {side} server refused the sign-in of {name}. Check user and password, "
                    "and that IMAP is allowed for this user",
        .title = "The provider wants an app password or OAuth2",
        .explanation = "Google takes no ordinary password over IMAP. Personal accounts with "
                       "two-step verification can make an app password; Workspace accounts need "
                       "OAuth2.",
        .steps = "Make an app password (Google account, Security, 2-Step Verification, App "
                 "passwords) and use it as password1 or password2\n"
                 "Google Workspace: use OAuth2; passwords over IMAP were ended in 2025",
    },
    {
        .id = "imap-disabled",
        .commands = LOGIN,
        .codes = "",
        .patterns = "*IMAP access is disabled|*IMAP is disabled|*IMAP access is not allowed|*not "
                    "enabled for IMAP|*account is not enabled|*IMAP access disabled|*POP and IMAP",
        .code = FAULT_AUTH,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_NEVER,
        .sentence = "the {side} server refused the sign-in of {name}. Check user and password, "
                    "and that IMAP is allowed for this user",
        .title = "IMAP is switched off for this user",
        .explanation = "The account exists, but its owner or administrator does not allow IMAP.",
        .steps = "Microsoft 365: Set-CASMailbox -Identity USER -ImapEnabled $true\n"
                 "Gmail: Settings, Forwarding and POP/IMAP, Enable IMAP (Workspace: Admin "
                 "console, Gmail, End User Access)\n"
                 "Other providers: allow IMAP in the user's settings",
    },
    {
        .id = "no-right",
        .commands = LOGIN,
        .codes = "AUTHORIZATIONFAILED",
        .patterns = "*not authorized to|*Authorization failed|*may not log in as|*proxy "
                    "authentication",
        .code = FAULT_AUTH,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_NEVER,
        .sentence = "the {side} server refused the sign-in of {name}. Check user and password, "
                    "and that IMAP is allowed for this user",
        .title = "The administrator may not open this user's mailbox",
        .explanation = "The sign-in itself is right, but it has no right to act for this user.",
        .steps = "Exchange and Microsoft 365: Add-MailboxPermission -Identity MAILBOX -User "
                 "ADMIN -AccessRights FullAccess -InheritanceType All\n"
                 "Other servers: let the administrator act for others (Dovecot: a master user; "
                 "Cyrus: proxyservers; Zimbra: an admin account)\n"
                 "Some servers want user1 without its domain when authuser1 is given",
    },
    {
        .id = "password-expired",
        .commands = LOGIN,
        .codes = "EXPIRED",
        .patterns = "*password has expired|*password is expired|*account has expired",
        .code = FAULT_AUTH,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_NEVER,
        .sentence = "the {side} server refused the sign-in of {name}. Check user and password, "
                    "and that IMAP is allowed for this user",
        .title = "The password has expired",
        .explanation = "The server knows the password but takes it no longer.",
        .steps = "Set a new password for this user, put it into the manifest and run again",
    },
    {
        .id = "tls-required",
        .commands = LOGIN,
        .codes = "PRIVACYREQUIRED",
        .patterns = "*encryption is required|*TLS is required|*secure connection is required",
        .code = FAULT_AUTH,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_NEVER,
        .sentence = "the {side} server refused the sign-in of {name}. Check user and password, "
                    "and that IMAP is allowed for this user",
        .title = "The server takes passwords only over TLS",
        .explanation = "This connection is in clear text, and the server refuses a password on "
                       "it.",
        .steps = "Leave --nossl1 --notls1 (or --nossl2 --notls2) away: TLS is the default",
    },
    {
        .id = "sign-in-refused",
        .commands = LOGIN,
        .is_last = true,
        .codes = "AUTHENTICATIONFAILED",
        .patterns = "AUTHENTICATE failed|LOGIN failed|*Authentication failed|Invalid "
                    "credentials|Invalid login|*Logon failure|*bad username or password|*login "
                    "failure",
        .code = FAULT_AUTH,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_NEVER,
        .sentence = "the {side} server refused the sign-in of {name}. Check user and password, "
                    "and that IMAP is allowed for this user",
        .title = "The sign-in was refused",
        .explanation = "User name, password or token are wrong, or this way of signing in is not "
                       "allowed. Microsoft 365 takes OAuth2 tokens only: neither passwords nor "
                       "app passwords have worked since 2023, and it says just \"failed\" for a "
                       "bad token, a wrong audience or scope, a missing service principal, IMAP "
                       "switched off, security defaults, and too many connections alike.",
        .steps = "Check user name and password by hand, in another mail program; mind blanks and "
                 "special characters (put the password into a file: --passfile1)\n"
                 "Microsoft 365: a password can't work; sign in with OAuth2, and check "
                 "Set-CASMailbox -Identity USER -ImapEnabled $true\n"
                 "Microsoft 365, app-only: New-ServicePrincipal -AppId APP -ObjectId (object id "
                 "of the ENTERPRISE APPLICATION), then Add-MailboxPermission -Identity USER "
                 "-User PRINCIPAL -AccessRights FullAccess\n"
                 "Gmail: use an app password or OAuth2\n"
                 "Check the host: outlook.office365.com, imap.gmail.com, ...",
    },
    {
        .id = "password-off",
        .codes = "",
        .patterns = "*takes no passwords (LOGINDISABLED|*LOGINDISABLED|*BasicAuthBlocked|*basic "
                    "authentication is disabled",
        .code = FAULT_AUTH,
        .scope = FAULT_SCOPE_MAILBOX,
        .advice = FAULT_ADVICE_NEVER,
        .title = "The server takes no passwords",
        .explanation = "Microsoft switched passwords (basic authentication, app passwords too) "
                       "off for IMAP in 2022 and has not allowed them back since January 2023; "
                       "Google Workspace followed in 2025. Administrators' accounts are no "
                       "exception.",
        .steps = "Sign in with OAuth2: a sign-in profile (auth1 or auth2), or a token "
                 "(oauthaccesstoken1 or 2)\n"
                 "Microsoft 365: register an app with the permission IMAP.AccessAsApp (Office "
                 "365 Exchange Online, Application), grant admin consent, New-ServicePrincipal, "
                 "then Add-MailboxPermission for each mailbox",
    },
};

const size_t diagnoses_session_count = sizeof(diagnoses_session) / sizeof(diagnoses_session[0]);
