/* SPDX-License-Identifier: MIT
 * The table of settings as its own files (settings*.c) see it. Everybody else uses settings.h. */
#ifndef SYNC_SETTINGS_PRIVATE_H
#define SYNC_SETTINGS_PRIVATE_H

#include "sync/settings.h"

/* Longest name of a table row with its side digit, with the final NUL. */
#define SETTING_NAME_SIZE 64

enum setting_state {
    SETTING_BUILT,
    SETTING_REFUSED,  /* never will be; `help` says why and what to use instead */
    SETTING_ACCEPTED, /* taken and without effect: a knob of imapsync's own implementation */
};

enum setting_type {
    SETTING_FLAG,    /* bool, --x */
    SETTING_BOOL,    /* bool, --x and --nox */
    SETTING_CHOICE,  /* enum choice, --x and --nox */
    SETTING_INTEGER, /* int64_t in [min, max] */
    SETTING_SIZE,    /* int64_t in [min, max], with k, M, G */
    SETTING_NUMBER,  /* double, not negative */
    SETTING_RATE,    /* double, not negative, with k, M, G */
    SETTING_STRING,  /* char *, taken as it is */
    SETTING_PATH,    /* char *, a file's name */
    SETTING_HOST,    /* char *, one line, blanks and "/" cut */
    SETTING_LOGIN,   /* char *, one line, outer blanks cut */
    SETTING_SECRET,  /* char *, one line, never shown */
    SETTING_TIME,    /* char *, a time of day, "HH:MM" */
    SETTING_WORD,    /* char *, one of `words` */
    SETTING_LIST,    /* struct str_list; given again it adds */
    SETTING_PAIRS,   /* as SETTING_LIST, each "a=b" */
};

enum setting_sides {
    SETTING_UNSIDED,     /* x: a field of struct settings */
    SETTING_SIDED,       /* x1, x2: fields of struct settings_side */
    SETTING_BOTH_OR_ONE, /* as SETTING_SIDED, and x sets the sides that were not named */
};

/* One half of a switch may be accepted where the other is not built: it asks for what the program
   does anyway. */
enum setting_accepts {
    SETTING_ACCEPTS_NONE,
    SETTING_ACCEPTS_ON,
    SETTING_ACCEPTS_OFF,
};

enum setting_group {
    SETTING_GROUP_NONE,
    SETTING_GROUP_CONNECTION,
    SETTING_GROUP_SIGN_IN,
    SETTING_GROUP_PRESETS,
    SETTING_GROUP_FOLDERS,
    SETTING_GROUP_MESSAGES,
    SETTING_GROUP_FLAGS,
    SETTING_GROUP_DELETING,
    SETTING_GROUP_LIMITS,
    SETTING_GROUP_RUN,
    SETTING_GROUP_OUTPUT,
    SETTING_GROUP_COUNT,
};

struct setting {
    const char *name; /* lower case, "-" between words, without the side's digit */
    enum setting_state state;
    enum setting_type type;
    enum setting_sides sides;
    size_t offset;     /* in struct settings_side when it has sides, else in struct settings */
    unsigned commands; /* of enum settings_command; those that know it */
    bool may_row;      /* a manifest row may set it */
    bool is_secret;    /* a list that may hold secrets; SETTING_SECRET is one anyway */
    enum setting_accepts accepts;
    enum setting_group group;
    int64_t min;
    int64_t max;
    const char *words;    /* "a|b|c" */
    const char *alone;    /* of SETTING_WORD: what it means if none of the words follows */
    const char *preset;   /* the default, as one would type it; NULL: unset */
    const char *alias;    /* imapsync's second spelling */
    const char *argument; /* what --help calls the value */
    const char *help; /* what it does; of a refused one: the reason; of one that is not built and
                         is not imapsync's: why not */
};

extern const struct setting settings_table[];
extern const size_t settings_table_count;
/* What --help calls the groups. */
extern const char *const settings_group_titles[SETTING_GROUP_COUNT];

/* Who set a value. A later level wins; "BOTH" is a name without side digit, which never touches a
   side that the same source named itself. Kept in settings.is_set. */
enum settings_level {
    SETTINGS_LEVEL_DEFAULT,
    SETTINGS_LEVEL_PRESET,
    SETTINGS_LEVEL_CONFIG, /* a host profile */
    SETTINGS_LEVEL_COMMAND_BOTH,
    SETTINGS_LEVEL_COMMAND,
    SETTINGS_LEVEL_ROW_BOTH,
    SETTINGS_LEVEL_ROW,
};

/* True if a NULL-terminated name matches the row's name with this side's digit (0: none), any
   case, "_" like "-". With may_abbreviate a beginning is enough. Pure. */
bool setting_name_matches(const struct setting *row, int side, const char *name, size_t size,
                          bool may_abbreviate);
bool setting_alias_matches(const struct setting *row, const char *name, size_t size,
                           bool may_abbreviate);
/* Exactly this name, whatever its state; NULL if there is none. */
const struct setting *setting_find(const char *name, int *side_r);
/* "host" and side 1 to "host1". */
void setting_name(const struct setting *row, int side, char name_r[SETTING_NAME_SIZE]);
/* The lowest and highest side that a name of this row can carry; 0 is "no digit". */
int setting_first_side(const struct setting *row);
int setting_last_side(const struct setting *row);
bool setting_is_switch(const struct setting *row);
/* True if a section [host:NAME] may hold it: it is of a server alone; who signs in, and with what,
   is another matter. */
bool setting_may_stand_in_profile(const struct setting *row);

/* The field of a row; side is 1 or 2 for a row with sides. */
void *settings_field(struct settings *settings, const struct setting *row, int side);
const void *settings_field_const(const struct settings *settings, const struct setting *row,
                                 int side);
unsigned char *settings_level_at(const struct settings *settings, const struct setting *row,
                                 int side);
/* Parses `value` and sets the field (side 0 of a row with sides: both) as `level`. Lists that
   stem from a lower level are emptied first. False and a sentence that begins with the setting's
   name and never repeats the value. */
bool settings_apply(struct settings *settings, const struct setting *row, int side,
                    enum settings_level level, const char *value, struct buffer *fault);
/* Appends the sentence that refuses a setting that is not built. */
void settings_append_refusal(struct buffer *fault, const struct setting *row, const char *name);

#endif
