/* SPDX-License-Identifier: MIT
 * Which of the settings signs in, and as whom. */
#include "sync/settings.h"

#include <string.h>

#include "base/mem.h"
#include "sync/settings_private.h"

/* In the order in which they win over each other. */
static const struct source {
    const char *name;
    enum credential_kind kind;
    size_t offset; /* in struct settings_side */
} sources[] = {
    {"auth", CREDENTIAL_PROFILE, offsetof(struct settings_side, auth)},
    {"oauthdirect", CREDENTIAL_MESSAGE, offsetof(struct settings_side, oauthdirect)},
    {"oauthaccesstoken", CREDENTIAL_TOKEN, offsetof(struct settings_side, oauthaccesstoken)},
    {"passfile", CREDENTIAL_PASSFILE, offsetof(struct settings_side, passfile)},
    {"password", CREDENTIAL_PASSWORD, offsetof(struct settings_side, password)},
};

static const char *source_value(const struct settings *settings, int side,
                                const struct source *from)
{
    const char *own = (const char *)&settings->side[side - 1];
    const char *value = *(char *const *)(own + from->offset);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* By its place, not by its name: manifests of many thousand rows are checked. */
static const struct setting *source_row(const struct source *from)
{
    size_t i = 0;
    while (settings_table[i].offset != from->offset || settings_table[i].sides != SETTING_SIDED)
        i++;
    return &settings_table[i];
}

static bool source_is_of_row(const struct settings *settings, int side, const struct source *from)
{
    return *settings_level_at(settings, source_row(from), side) >= SETTINGS_LEVEL_ROW_BOTH;
}

void settings_credential(const struct settings *settings, int side, struct credential *credential_r)
{
    const struct source *chosen = NULL;
    bool is_of_row = false;
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]) && !is_of_row; i++) {
        if (source_value(settings, side, &sources[i]) == NULL)
            continue;
        is_of_row = source_is_of_row(settings, side, &sources[i]);
        if (chosen == NULL || is_of_row)
            chosen = &sources[i];
    }
    memset(credential_r, 0, sizeof(*credential_r));
    if (chosen == NULL)
        return;
    credential_r->kind = chosen->kind;
    credential_r->name = chosen->name;
    credential_r->value = source_value(settings, side, chosen);
    if (chosen->kind == CREDENTIAL_PASSWORD && secret_kind(credential_r->value) == SECRET_OAUTH) {
        credential_r->kind = CREDENTIAL_PROFILE;
        credential_r->value += strlen("oauth:");
    }
}

const char *settings_credential_name(size_t i)
{
    return i < sizeof(sources) / sizeof(sources[0]) ? sources[i].name : NULL;
}

bool credential_is_oauth(const struct credential *credential)
{
    return credential->kind == CREDENTIAL_PROFILE || credential->kind == CREDENTIAL_TOKEN ||
           credential->kind == CREDENTIAL_MESSAGE;
}

/* A token opens a mailbox by its address alone: of "user\shared" that is what was shared. */
static char *oauth_login_name(const struct settings_side *mine)
{
    const char *user = mine->user == NULL ? "" : mine->user;
    const char *shared = strrchr(user, '\\');
    if (mine->shared != NULL && mine->shared[0] != '\0')
        return mem_strdup(mine->shared);
    return mem_strdup(shared == NULL ? user : shared + 1);
}

char *settings_login_name(const struct settings *settings, int side)
{
    const struct settings_side *mine = &settings->side[side - 1];
    const char *user = mine->user == NULL ? "" : mine->user;
    struct credential credential;
    settings_credential(settings, side, &credential);
    if (credential_is_oauth(&credential))
        return oauth_login_name(mine);
    if (mine->shared == NULL || mine->shared[0] == '\0')
        return mem_strdup(user);
    return mem_printf("%s\\%s", user, mine->shared);
}
