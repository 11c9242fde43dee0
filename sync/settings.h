/* SPDX-License-Identifier: MIT
 * Every setting of the program, in ONE table (settings_table.c). From it come the parser of the
 * command line, the legal manifest columns, --help and the echo of settings in the logs. Names are
 * imapsync's where imapsync has one; what imapsync knows and we don't do (yet) is in the table too,
 * so that it is refused by name and never ignored. Precedence: default < preset < command line
 * < manifest row. A struct settings belongs to one thread; it may be read by many once nobody
 * changes it. */
#ifndef SYNC_SETTINGS_H
#define SYNC_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/str.h"
#include "sync/secret.h"

struct profiles;

/* A switch that may be left to the program: unset, --x, --nox. */
enum choice {
    CHOICE_AUTO,
    CHOICE_YES,
    CHOICE_NO,
};

struct settings_side {
    char *host;      /* all strings owned, NULL when unset */
    int64_t port;    /* 0: by the kind of TLS */
    enum choice ssl; /* TLS from the first byte */
    enum choice tls; /* STARTTLS */
    char *cafile;
    char *tlscert;           /* a certificate of our own, in PEM */
    char *tlskey;            /* its key; NULL: it is in tlscert */
    struct str_list tlspin;  /* see tls_pin_read() */
    struct str_list sslargs; /* "SSL_key=value", see ssl_args.h */
    char *ssl_version;       /* as SSL_version; NULL unset */
    char *user;
    char *shared;   /* shared mailbox opened with the login of `user` */
    char *password; /* secret: literal, "env:NAME" or "cmd:..." ; never printed */
    char *passfile;
    char *auth;             /* a sign-in profile's name */
    char *oauthaccesstoken; /* secret: an OAuth2 access token, or a file's name, "env:", "cmd:" */
    char *oauthdirect;      /* secret: a ready SASL message in base64, or as above */
    char *authuser;         /* signs in for `user` (SASL authorization identity) */
    char *authmech;         /* see auth_mechanism_find(); NULL: what the server offers */
    bool authmd5;
    bool proxyauth; /* signs in as authuser, then PROXYAUTH */
    double timeout_secs;
    enum choice compress;
    int64_t split; /* UID sets of commands have up to ten times as many characters */
    bool keepalive;
    char *sep;    /* NULL: ask the server */
    char *prefix; /* NULL: ask the server; "" is a value */
    char *subfolder;
    int64_t maxconnections; /* for one mailbox on this side */
    int64_t reconnectretry; /* connections that may be lost in a row */
    int64_t daily_bytes;    /* of the account and UTC day; 0: no limit */
    bool debugimap;
    char *search; /* behind UID SEARCH; NULL or "": all */
    bool abletosearch;
};

struct settings {
    struct settings_side side[2]; /* [0] source, [1] destination */
    char *label;

    bool office1; /* presets, see settings_presets.h */
    bool office2;
    bool exchange1;
    bool exchange2;
    bool gmail1;
    bool gmail2;
    bool domino1;
    bool domino2;
    bool noregexflag;

    bool sslcheck; /* port 993 unless something else was said */
    bool inet4;
    bool inet6;
    bool id;
    bool trylogin;

    struct str_list folder;
    struct str_list folderrec;
    struct str_list include; /* PCRE, bare */
    struct str_list exclude;
    struct str_list folderfirst;
    struct str_list folderlast;
    struct str_list f1f2;        /* "a=b" */
    struct str_list regextrans2; /* Perl expressions that edit names */
    bool subscribed;
    bool subscribe;
    bool subscribeall;
    bool automap;
    bool mixfolders; /* a folder that the destination has under another case is that folder */
    bool skipemptyfolders;
    bool fixslash2;
    bool fixnames; /* names that Exchange refuses are written otherwise there */
    bool checkfoldersexist;
    bool noexclude; /* the presets' own --exclude and --f1f2 are not wanted */
    bool nof1f2;

    int64_t minsize; /* copied only if larger; -1 unset */
    int64_t maxsize; /* copied only if not larger; -1 unset */
    double maxage;   /* days; -1 unset */
    double minage;
    bool checknoabletosearch;
    bool debuglist;
    bool addheader;
    struct str_list useheader; /* names of fields, or ALL */
    char *skipheader;          /* an expression without delimiters, modifiers x and i */
    bool wholeheaderifneeded;
    bool messageidnodomain;
    bool skipsize;
    bool allowsizemismatch;
    bool skipcrossduplicates;
    bool debugcrossduplicates;
    bool useuid;
    bool usecache;
    int64_t appendlimit; /* bytes; -1: what the server says */
    bool syncduplicates;
    bool syncinternaldates;
    bool copy_placeholders;
    struct str_list regexflag; /* Perl expressions */
    bool filterflags;
    bool filterbuggyflags;
    bool systemflagsonly;
    bool syncflagsaftercopy;
    bool resyncflags;
    bool debugflags;
    bool synclabels;
    bool resynclabels;
    bool idatefromheader;

    struct str_list skipmess;  /* m/.../ */
    struct str_list regexmess; /* s/.../.../ */
    bool noregexmess;          /* no preset adds to regexmess */
    bool disarmreadreceipts;
    struct str_list pipemess; /* shell commands */
    bool pipemesscheck;
    int64_t truncmess; /* this and the next two in bytes; -1 unset */
    int64_t maxlinelength;
    int64_t minmaxlinelength;
    char *maxlinelengthcmd;
    char *longlines; /* "cut" or "encode" */
    char *repair;    /* "off", "auto" or "all" */
    bool debugcontent;
    bool debugmaxlinelength;

    bool delete1;
    bool expunge1;
    bool expungeaftereach;
    bool delete1emptyfolders;
    bool delete2;
    bool delete2duplicates;
    bool delete2folders;
    char *delete2foldersonly;   /* expressions with delimiters; NULL unset */
    char *delete2foldersbutnot; /* either asks for delete2folders too */
    bool uidexpunge2;
    bool expunge2;
    char *maxdelete; /* see removal_limit() */

    double settle_secs;
    bool dry;
    bool justconnect;
    bool justlogin;
    bool justfolders;
    bool justfoldersizes;
    bool debuglabels;
    bool errorsdump;
    bool justfolderlists;
    bool justautomap;
    enum choice foldersizes;      /* AUTO: what the server tells at no cost */
    enum choice foldersizesatend; /* AUTO: as foldersizes */
    bool debugfolders;

    int64_t lanes; /* connections to each side for one mailbox; 0: auto */
    int64_t errorsmax;
    int64_t exitwhenover;        /* bytes; 0 unset */
    double maxmessagespersecond; /* 0: no limit */
    int64_t maxbytespersecond;
    int64_t maxbytesafter; /* bytes that it does not count */

    /* of the command, not of a mailbox */
    char *workdir;
    char *config; /* the file of sign-in profiles; NULL: see profiles_default_path() */
    int64_t parallel;
    double budget_messages; /* a second, all mailboxes together; 0: no limit */
    int64_t budget_bytes;
    int64_t maxconnectionsperhost; /* of all mailboxes together; 0: no limit */
    bool insecure_manifest;        /* plain passwords in a file that others may read are accepted */
    char *until;                   /* a time of day, "HH:MM", or NULL */
    bool retry_failed;
    bool skip_complete;
    bool retry_problems;
    bool final;
    bool quiet;
    char *progress; /* a word, see batch/progress.h */
    char *metrics;  /* NULL: none */
    struct str_list notify;
    char *notify_on; /* "always" or "trouble" */
    bool watch;      /* of `status`, as the next */
    bool json;
    int64_t keep_runs; /* 0: all */
    char *lockdir;     /* NULL: one of this user's */
    char *pidfile;     /* NULL or "": none */
    bool pidfilelocking;
    bool abort;
    bool abortbyfile;
    struct str_list sigexit; /* names of signals */
    struct str_list sigignore;
    char *tmpdir;         /* NULL: the system's */
    char *keep_originals; /* a directory, or NULL */
    bool preflight;
    char *verify; /* "off", "counts", "headers" or "full" */
    bool verify_only;
    bool justbanner;
    bool log;
    char *logdir;  /* of the mailbox's log; NULL: in the work directory */
    char *logfile; /* in logdir */
    bool device;   /* of `auth login` */
    bool browser;
    char *report_run;
    char *report_format;
    bool report_across;
    bool report_per_user;
    bool report_subjects;
    char *report_title;
    char *report_customer;
    char *report_logo;     /* a file */
    char *report_language; /* NULL: en */
    bool help;
    bool version;

    const struct profiles *profiles; /* of the file that config names; not owned; NULL: none */

    unsigned char *is_set; /* one byte per table row and side: who set it, 0 nobody */
};

/* Which command line is being read; a setting says which of them know it. */
enum settings_command {
    SETTINGS_SYNC = 1,
    SETTINGS_BATCH = 2,
    SETTINGS_REPORT = 4,
    SETTINGS_AUTH = 8,
    SETTINGS_STATUS = 16,
};

/* Defaults; deinit wipes secrets. */
void settings_init(struct settings *settings);
void settings_copy(struct settings *to, const struct settings *from);
void settings_deinit(struct settings *settings);

/* Reads a command line (argv without program and command name), imapsync's grammar: any case,
   unique abbreviations, "-x" = "--x", "--x=v", "--x v", "--nox", "--no-x", "--" ends options, "_"
   in numbers. Everything that is no option goes to `rest` (NULL: left-overs are faults).
   All faults are appended to `faults`, one sentence per line, secrets never repeated; false if
   there was any. Each secret found in argv is overwritten there with 'x' once it is copied, when
   argv is writable, so that `ps` does not show it. */
bool settings_parse_argv(struct settings *settings, enum settings_command command, int argc,
                         char **argv, struct str_list *rest, struct buffer *faults);
/* Reads options as they stand in a manifest row (imapsync's seventh column): the same grammar, only
   settings that a row may set, stronger than the command line. Secrets as above. */
bool settings_parse_row_options(struct settings *settings, int argc, char **argv,
                                struct buffer *faults);

/* The columns a manifest may have are the table's names with their side digit ("host1"), any case.
   A column is found once and then set by its number for every row. */
bool settings_column_is_known(const char *name);
/* Its number (>= 0), or -1 and a sentence why not: not built yet, not for a row, unknown (then the
   nearest name is suggested; the unknown name itself is quoted). */
int settings_column_find(const char *name, struct buffer *fault);
/* The name that a column number stands for, e.g. "host1". */
#define SETTINGS_COLUMN_NAME_SIZE 64
void settings_column_name(int column, char name_r[SETTINGS_COLUMN_NAME_SIZE]);
/* Sets one value from a manifest cell, stronger than the command line. An empty cell leaves the
   setting alone. A list has one value per line of the cell and replaces the command line's. On
   failure one sentence (newline-ended, begins with the setting's name, never repeats the value) is
   appended to `fault`, false is returned. */
bool settings_set_column_number(struct settings *settings, int column, const char *value,
                                struct buffer *fault);
bool settings_set_column(struct settings *settings, const char *name, const char *value,
                         struct buffer *fault);
/* True if a manifest row (column or row options) gave this setting. */
bool settings_column_was_set(const struct settings *settings, int column);

/* -- named servers, sections [host:NAME] of the file of profiles -- */

struct profiles;
/* Whether what they say are settings of a server: no logins, no secrets. Appends sentences with
   file and line. */
bool settings_check_host_profiles(const struct profiles *profiles, struct buffer *faults);
/* A host "host:NAME" becomes what settings->profiles says of it; what the command line or a row
   gave stays. A name that is not there is left to settings_check_pair(). */
void settings_apply_host_profiles(struct settings *settings);

/* What a pair needs before it can start (hosts, users, a secret per side; combinations that make
   no sense); appends sentences, one per line, each beginning with the setting it is about. */
bool settings_check_pair(const struct settings *settings, struct buffer *faults);

/* What a side signs in with, of all that was given: what the manifest row gave wins over what the
   command line gave, then the order below, from its end. Pure. */
enum credential_kind {
    CREDENTIAL_NONE,
    CREDENTIAL_PASSWORD,
    CREDENTIAL_PASSFILE,
    CREDENTIAL_PROFILE, /* auth, or password "oauth:NAME": see sync/auth/profiles.h */
    CREDENTIAL_TOKEN,   /* oauthaccesstoken */
    CREDENTIAL_MESSAGE, /* oauthdirect */
};
struct credential {
    enum credential_kind kind;
    const char *name;  /* of the setting, without its digit */
    const char *value; /* belongs to the settings; a profile's is its name */
};
void settings_credential(const struct settings *settings, int side,
                         struct credential *credential_r);
/* The settings that may hold it, without their digit: number i, NULL behind the last. */
const char *settings_credential_name(size_t i);
/* Whether it is OAuth2: no password is sent. */
bool credential_is_oauth(const struct credential *credential);

/* The secret of a side's (1 or 2) credential, unless that is a profile: a file's first line,
   "env:NAME" and "cmd:..." are resolved, each time anew, since tokens change. Allocates *secret_r
   (free with mem_free_secret()). May run a command (at most 60 s), so it may block; called by the
   worker that needs it. FAULT_SECRET on failure. */
struct fault;
bool settings_resolve_secret(const struct settings *settings, int side, char **secret_r,
                             struct fault *fault_r);
/* The cheap part of it, for the check before anything starts: the file is readable, the
   environment variable exists. Appends sentences as settings_check_pair() does. */
bool settings_check_secret(const struct settings *settings, int side, struct buffer *faults);

/* The TCP port of a side: as given, else 143 with tls, nossl or nosslcheck, else 993. */
int64_t settings_port(const struct settings *settings, int side);

/* The login name sent to the server: user, or user\shared; with OAuth2 the mailbox alone, which is
   the shared one if there is one. Owned by the caller. */
char *settings_login_name(const struct settings *settings, int side);

/* Copies have the INTERNALDATE of their originals. */
bool settings_dates_are_kept(const struct settings *settings);

/* --help of a command, and the end of it: a title, and a line for each code or two. */
void settings_append_help(struct buffer *text, enum settings_command command);
const char *settings_exit_codes(enum settings_command command);
/* One "name = value" line for each setting that was given explicitly; secrets as "MASKED". */
void settings_append_echo(const struct settings *settings, struct buffer *text);
/* The same for those alone that say which folders go where, or which messages are taken and how. */
enum settings_rules {
    SETTINGS_RULES_FOLDERS,
    SETTINGS_RULES_MESSAGES,
};
void settings_append_rules(const struct settings *settings, enum settings_rules which,
                           struct buffer *text);

#endif
