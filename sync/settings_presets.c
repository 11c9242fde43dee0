/* SPDX-License-Identifier: MIT */
#include "sync/settings_presets.h"

#include <string.h>

#include "sync/settings_private.h"

#define VALUES_MAX 14

/* Microsoft breaks lines of more than 10,239 bytes. */
#define WRAP_LINES "s,(.{10239}),$1\\r\\n,g"

/* A list gets one more item; anything else is set if nobody set it. */
struct preset_value {
    const char *name;
    const char *value;
    const char *unless; /* a switch that cancels it */
};

struct preset {
    const char *title;
    const char *switches[2];                /* all of these are on */
    const char *unless;                     /* and this one is off */
    struct preset_value values[VALUES_MAX]; /* up to the first without a name */
};

/* In imapsync's order. Gmail's both sides together are a preset of their own, not the sum. */
static const struct preset presets[] = {
    {"gmail1 and gmail2",
     {"gmail1", "gmail2"},
     NULL,
     {{"host1", "imap.gmail.com", NULL},
      {"ssl1", "1", "tls1"},
      {"host2", "imap.gmail.com", NULL},
      {"ssl2", "1", "tls2"},
      {"maxbytespersecond", "20000", NULL},
      {"maxbytesafter", "1000000000", NULL},
      {"automap", "1", NULL},
      {"skipcrossduplicates", "0", NULL},
      {"synclabels", "1", NULL},
      {"resynclabels", "1", NULL},
      {"useheader", "X-Gmail-Received", NULL},
      {"useheader", "Message-Id", NULL},
      {"exclude", "\\[Gmail\\]$", NULL},
      {"folderlast", "[Gmail]/All Mail", NULL}}},
    {"gmail1",
     {"gmail1", NULL},
     "gmail2",
     {{"host1", "imap.gmail.com", NULL},
      {"ssl1", "1", "tls1"},
      {"maxbytespersecond", "40000", NULL},
      {"maxbytesafter", "3000000000", NULL},
      {"automap", "1", NULL},
      {"skipcrossduplicates", "1", NULL},
      {"useheader", "X-Gmail-Received", NULL},
      {"useheader", "Message-Id", NULL},
      {"regextrans2", "s,\\[Gmail\\].,,", NULL},
      {"folderlast", "[Gmail]/All Mail", NULL}}},
    /* imapsync's expunge1 is left out: what empties the source is asked for by its own name. */
    {"gmail2",
     {"gmail2", NULL},
     "gmail1",
     {{"host2", "imap.gmail.com", NULL},
      {"ssl2", "1", "tls2"},
      {"maxbytespersecond", "20000", NULL},
      {"maxbytesafter", "1000000000", NULL},
      {"automap", "1", NULL},
      {"addheader", "1", NULL},
      {"exclude", "\\[Gmail\\]$", "noexclude"},
      {"useheader", "Message-Id", NULL},
      {"regextrans2", "s,\\[Gmail\\].,,", NULL},
      {"regextrans2", "s,^ +| +$,,g", NULL},
      {"regextrans2", "s,/ +| +/,/,g", NULL},
      {"regextrans2", "s/['^\"]/_/g", NULL},
      {"folderlast", "[Gmail]/All Mail", NULL}}},
    {"office1",
     {"office1", NULL},
     NULL,
     {{"host1", "outlook.office365.com", NULL},
      {"ssl1", "1", "tls1"},
      {"exclude", "^Files$", "noexclude"}}},
    {"office2",
     {"office2", NULL},
     NULL,
     {{"host2", "outlook.office365.com", NULL},
      {"ssl2", "1", "tls2"},
      {"maxsize", "45000000", NULL},
      {"maxmessagespersecond", "4", NULL},
      {"disarmreadreceipts", "1", NULL},
      {"regexmess", WRAP_LINES, "noregexmess"},
      {"repair", "auto", NULL},
      {"f1f2", "Files=Files_renamed_by_imapsync", "nof1f2"}}},
    {"exchange1", {"exchange1", NULL}, NULL, {{NULL, NULL, NULL}}},
    {"exchange2",
     {"exchange2", NULL},
     NULL,
     {{"maxsize", "10000000", NULL},
      {"maxmessagespersecond", "4", NULL},
      {"disarmreadreceipts", "1", NULL},
      {"regexflag", "s/\\\\Flagged//g", "noregexflag"},
      {"regexmess", WRAP_LINES, "noregexmess"},
      {"repair", "auto", NULL}}},
    {"domino1",
     {"domino1", NULL},
     NULL,
     {{"sep1", "\\", NULL}, {"prefix1", "", NULL}, {"messageidnodomain", "1", NULL}}},
    {"domino2",
     {"domino2", NULL},
     NULL,
     {{"sep2", "\\", NULL},
      {"prefix2", "", NULL},
      {"messageidnodomain", "1", NULL},
      {"regextrans2", "s,^Inbox\\\\(.*),$1,i", NULL}}},
};

static bool is_on(const struct settings *settings, const char *name)
{
    int side = 0;
    const struct setting *row = name == NULL ? NULL : setting_find(name, &side);
    if (row == NULL || row->state != SETTING_BUILT)
        return false;
    const void *field = settings_field_const(settings, row, side);
    return row->type == SETTING_CHOICE ? *(const enum choice *)field == CHOICE_YES
                                       : *(const bool *)field;
}

static bool preset_is_on(const struct settings *settings, const struct preset *preset)
{
    return is_on(settings, preset->switches[0]) &&
           (preset->switches[1] == NULL || is_on(settings, preset->switches[1])) &&
           !is_on(settings, preset->unless);
}

static bool is_list(const struct setting *row)
{
    return row->type == SETTING_LIST || row->type == SETTING_PAIRS;
}

static void apply_value(struct settings *settings, const struct preset_value *value)
{
    int side = 0;
    const struct setting *row = setting_find(value->name, &side);
    if (row == NULL || row->state != SETTING_BUILT || is_on(settings, value->unless))
        return;
    unsigned char *level = settings_level_at(settings, row, side);
    if (is_list(row)) {
        str_list_add(settings_field(settings, row, side), value->value);
        if (*level < SETTINGS_LEVEL_PRESET)
            *level = SETTINGS_LEVEL_PRESET;
    } else if (*level == SETTINGS_LEVEL_DEFAULT) {
        (void)settings_apply(settings, row, side, SETTINGS_LEVEL_PRESET, value->value, NULL);
    }
}

void settings_apply_presets(struct settings *settings)
{
    for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
        const struct preset_value *value = presets[i].values;
        if (!preset_is_on(settings, &presets[i]))
            continue;
        for (size_t k = 0; k < VALUES_MAX && value[k].name != NULL; k++)
            apply_value(settings, &value[k]);
    }
}

/* Whether it came to that, or somebody else set it. */
static bool value_is_set(const struct settings *settings, const struct preset_value *value)
{
    int side = 0;
    const struct setting *row = setting_find(value->name, &side);
    if (row == NULL || row->state != SETTING_BUILT || is_on(settings, value->unless))
        return false;
    return is_list(row) || *settings_level_at(settings, row, side) == SETTINGS_LEVEL_PRESET;
}

static void append_value(struct buffer *text, const struct preset_value *value)
{
    int side = 0;
    const struct setting *row = setting_find(value->name, &side);
    bool is_yes = strcmp(value->value, "1") == 0;
    buffer_printf(text, "%s = %s", value->name,
                  !setting_is_switch(row) ? value->value
                  : is_yes                ? "yes"
                                          : "no");
}

void settings_append_presets(const struct settings *settings, struct buffer *text)
{
    for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
        const struct preset_value *value = presets[i].values;
        size_t told = 0;
        if (!preset_is_on(settings, &presets[i]))
            continue;
        buffer_printf(text, "%s:", presets[i].title);
        for (size_t k = 0; k < VALUES_MAX && value[k].name != NULL; k++) {
            if (!value_is_set(settings, &value[k]))
                continue;
            buffer_append_str(text, told++ == 0 ? " " : ", ");
            append_value(text, &value[k]);
        }
        buffer_append_str(text, told == 0 ? " sets nothing\n" : "\n");
    }
}

bool settings_preset_says(const struct settings *settings, const char *name, const char *value)
{
    for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
        const struct preset_value *said = presets[i].values;
        if (!preset_is_on(settings, &presets[i]))
            continue;
        for (size_t k = 0; k < VALUES_MAX && said[k].name != NULL; k++)
            if (strcmp(said[k].name, name) == 0 && strcmp(said[k].value, value) == 0)
                return true;
    }
    return false;
}
