/* SPDX-License-Identifier: MIT */
#include "sync/auth/profiles.h"

#include <assert.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "sync/secret.h"

#define PROFILES_MAX 10000

struct profiles {
    char *path;
    struct profile *items;
    size_t count;
    size_t alloc;
    struct host_profile *hosts;
    size_t hosts_count;
    size_t hosts_alloc;
};

#define HOST_PREFIX     "host:"
#define HOST_VALUES_MAX 100

/* What a section may say. */
enum key_kind {
    KEY_TEXT,
    KEY_URL,
    KEY_PATH, /* seen from the file's directory */
    KEY_SECRET,
};

#define FIELD(name) offsetof(struct profile, name)
static const struct key {
    const char *name;
    enum key_kind kind;
    size_t offset;
    const char *help;
} keys[] = {
    {"cloud", KEY_TEXT, FIELD(cloud_name),
     "microsoft, gcchigh, dod, china or google: sets the addresses and scopes below"},
    {"flow", KEY_TEXT, FIELD(flow_name),
     "app: as itself, for every mailbox that lets it in; user: in the name of a user who agreed; "
     "service-account: Google's, for all users of a domain (default: seen from what else is "
     "given)"},
    {"tenant", KEY_TEXT, FIELD(tenant), "Entra's tenant, its id or domain"},
    {"client_id", KEY_TEXT, FIELD(client_id), "the application's id"},
    {"client_secret", KEY_SECRET, FIELD(client_secret),
     "the application's secret: env:NAME, cmd:COMMAND, file:NAME, or itself"},
    {"certificate", KEY_PATH, FIELD(certificate), "a PEM file that signs instead of a secret"},
    {"key", KEY_PATH, FIELD(key), "its key, if it is not in the same file"},
    {"algorithm", KEY_TEXT, FIELD(algorithm), "PS256 or RS256 (default PS256)"},
    {"service_account", KEY_PATH, FIELD(service_account), "the JSON key file that Google gave"},
    {"user", KEY_TEXT, FIELD(user), "who agrees; suggested to the page that asks"},
    {"refresh_token", KEY_SECRET, FIELD(refresh_token),
     "what renews the tokens, where somebody else keeps it: cmd:COMMAND, env:NAME, file:NAME"},
    {"refresh_token_file", KEY_PATH, FIELD(refresh_token_file),
     "where mailconvoy keeps it, with mode 600 (default: NAME.refresh-token beside this file)"},
    {"scope", KEY_TEXT, FIELD(scope), "in place of the cloud's"},
    {"token_url", KEY_URL, FIELD(token_url), "in place of the cloud's"},
    {"authorize_url", KEY_URL, FIELD(authorize_url), "in place of the cloud's"},
    {"device_url", KEY_URL, FIELD(device_url), "in place of the cloud's"},
    {"cafile", KEY_PATH, FIELD(cafile),
     "trust these certificate authorities for these addresses, instead of the system's"},
};
#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

const char *profiles_key_at(size_t i, const char **help_r)
{
    *help_r = i < KEY_COUNT ? keys[i].help : NULL;
    return i < KEY_COUNT ? keys[i].name : NULL;
}

static char **key_field(struct profile *profile, const struct key *key)
{
    return (char **)((char *)profile + key->offset);
}

/* -- reading -- */

struct reading {
    struct profiles *profiles;
    struct buffer *faults;
    FILE *file;
    size_t line; /* that was read last */
    bool may_others_read;
    bool has_failed;
};

static void fail(struct reading *reading, size_t line, const char *before, const char *name,
                 const char *after)
{
    str_append_printable(reading->faults, reading->profiles->path, strlen(reading->profiles->path));
    buffer_printf(reading->faults, ":%zu: %s", line, before);
    str_append_printable(reading->faults, name, strlen(name));
    buffer_printf(reading->faults, "%s\n", after);
    reading->has_failed = true;
}

/* For the library: as fgets(), but it knows the line's number, which the library keeps to itself.
 */
static char *read_line(char *line, int size, void *context)
{
    struct reading *reading = context;
    if (fgets(line, size, reading->file) == NULL)
        return NULL;
    reading->line++;
    if (strchr(line, '\n') == NULL && !feof(reading->file)) {
        fail(reading, reading->line, "the line is too long: ", "",
             "put the secret into a file (file:NAME)");
        return NULL;
    }
    return line;
}

static struct profile *section_of(struct reading *reading, const char *name)
{
    struct profiles *profiles = reading->profiles;
    struct profile *last = profiles->count == 0 ? NULL : &profiles->items[profiles->count - 1];
    if (last != NULL && strcmp(last->name, name) == 0)
        return last;
    if (profiles_find(profiles, name) != NULL)
        fail(reading, reading->line, "there is a second profile [", name, "]");
    if (profiles->count >= PROFILES_MAX) {
        fail(reading, reading->line, "there are too many profiles", "", "");
        return NULL;
    }
    MEM_GROW(profiles->items, profiles->count, profiles->alloc);
    last = &profiles->items[profiles->count++];
    memset(last, 0, sizeof(*last));
    last->name = mem_strdup(name);
    last->line = reading->line;
    return last;
}

static const struct key *key_find(const char *name)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    }
    return NULL;
}

static bool is_plain_secret(const char *value)
{
    return secret_kind(value) == SECRET_LITERAL && strncmp(value, "file:", 5) != 0;
}

static void set_key(struct reading *reading, struct profile *profile, const struct key *key,
                    const char *value)
{
    char **field = key_field(profile, key);
    if (*field != NULL)
        fail(reading, reading->line, "", key->name, " is given twice in this profile");
    else if (value[0] == '\0')
        fail(reading, reading->line, "", key->name, " has no value");
    else if (key->kind == KEY_URL && strncmp(value, "https://", 8) != 0)
        fail(reading, reading->line, "", key->name, " must begin with https://");
    else if (key->kind == KEY_SECRET && is_plain_secret(value) && reading->may_others_read)
        fail(reading, reading->line, "", key->name,
             " stands here in plain text, and others may read the file: chmod 600 it, or write "
             "env:NAME, cmd:COMMAND or file:NAME");
    else
        *field = mem_strdup(value);
}

/* -- servers -- */

static struct host_profile *host_of(struct reading *reading, const char *name)
{
    struct profiles *profiles = reading->profiles;
    struct host_profile *last = profiles->hosts_count == 0
                                    ? NULL
                                    : &profiles->hosts[profiles->hosts_count - 1];
    if (last != NULL && strcmp(last->name, name) == 0)
        return last;
    if (profiles_find_host(profiles, name) != NULL)
        fail(reading, reading->line, "there is a second profile [host:", name, "]");
    if (profiles->hosts_count >= PROFILES_MAX) {
        fail(reading, reading->line, "there are too many profiles", "", "");
        return NULL;
    }
    MEM_GROW(profiles->hosts, profiles->hosts_count, profiles->hosts_alloc);
    last = &profiles->hosts[profiles->hosts_count++];
    memset(last, 0, sizeof(*last));
    last->name = mem_strdup(name);
    last->line = reading->line;
    return last;
}

static void take_host_value(struct reading *reading, const char *section, const char *name,
                            const char *value)
{
    struct host_profile *host = host_of(reading, section);
    if (host == NULL)
        return;
    if (host->count >= HOST_VALUES_MAX) {
        fail(reading, reading->line, "the profile has too many values", "", "");
        return;
    }
    MEM_GROW(host->values, host->count, host->alloc);
    host->values[host->count++] = (struct host_value){
        .name = mem_strdup(name),
        .value = mem_strdup(value),
        .line = reading->line,
    };
}

static void host_deinit(struct host_profile *host)
{
    for (size_t i = 0; i < host->count; i++) {
        mem_free(host->values[i].name);
        mem_free(host->values[i].value);
    }
    mem_free(host->values);
    mem_free(host->name);
}

/* For the library: one "name = value". Faults are all told, so it always goes on. */
static int take_value(void *context, const char *section, const char *name, const char *value)
{
    struct reading *reading = context;
    const struct key *key = key_find(name);
    if (section[0] == '\0') {
        fail(reading, reading->line, "", name, " stands before the first [profile]");
        return 1;
    }
    if (strncmp(section, HOST_PREFIX, strlen(HOST_PREFIX)) == 0) {
        take_host_value(reading, section + strlen(HOST_PREFIX), name, value);
        return 1;
    }
    struct profile *profile = section_of(reading, section);
    if (key == NULL)
        fail(reading, reading->line, "a profile has no setting \"", name, "\"");
    else if (profile != NULL)
        set_key(reading, profile, key, value);
    return 1;
}

/* -- what was not said -- */

/* Replaces {tenant}. */
static char *url_of(const char *pattern, const char *tenant)
{
    const char *mark = strstr(pattern, "{tenant}");
    if (mark == NULL)
        return mem_strdup(pattern);
    return mem_printf("%.*s%s%s", (int)(mark - pattern), pattern, tenant,
                      mark + strlen("{tenant}"));
}

static void settle_url(struct profile *profile, char **field, const char *pattern)
{
    const char *tenant = profile->tenant != NULL ? profile->tenant : "organizations";
    const char *from = *field != NULL ? *field : pattern;
    if (from == NULL)
        return;
    char *url = url_of(from, tenant);
    mem_free(*field);
    *field = url;
}

/* A relative path is seen from the directory of the file that names it. */
static char *path_beside(const char *config_path, const char *name)
{
    const char *slash = strrchr(config_path, '/');
    if (name[0] == '/' || slash == NULL)
        return mem_strdup(name);
    return mem_printf("%.*s/%s", (int)(slash - config_path), config_path, name);
}

static void settle_path(const char *config_path, char **field, bool is_secret)
{
    size_t prefix = is_secret ? strlen("file:") : 0;
    if (*field == NULL || (is_secret && strncmp(*field, "file:", prefix) != 0))
        return;
    char *path = path_beside(config_path, *field + prefix);
    mem_free_secret(field);
    *field = is_secret ? mem_printf("file:%s", path) : mem_strdup(path);
    mem_free(path);
}

static void settle_paths(const char *config_path, struct profile *profile)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (keys[i].kind == KEY_PATH || keys[i].kind == KEY_SECRET)
            settle_path(config_path, key_field(profile, &keys[i]), keys[i].kind == KEY_SECRET);
    }
    if (profile->flow != PROFILE_USER || profile->refresh_token != NULL ||
        profile->refresh_token_file != NULL)
        return;
    struct buffer name;
    buffer_init(&name, 1024);
    (void)file_safe_name(profile->name, &name);
    buffer_append_str(&name, ".refresh-token");
    profile->refresh_token_file = path_beside(config_path, buffer_str(&name));
    buffer_deinit(&name);
}

static bool settle_flow(struct reading *reading, struct profile *profile)
{
    static const char *const names[] = {
        [PROFILE_APP] = "app",
        [PROFILE_USER] = "user",
        [PROFILE_SERVICE_ACCOUNT] = "service-account",
    };
    bool is_google = profile->cloud != NULL && !profile->cloud->is_microsoft;
    bool is_app = !is_google && profile->refresh_token == NULL &&
                  profile->refresh_token_file == NULL && profile->user == NULL &&
                  (profile->client_secret != NULL || profile->certificate != NULL);
    profile->flow = profile->service_account != NULL ? PROFILE_SERVICE_ACCOUNT
                    : is_app                         ? PROFILE_APP
                                                     : PROFILE_USER;
    if (profile->flow_name == NULL)
        return true;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(profile->flow_name, names[i]) == 0) {
            profile->flow = (enum profile_flow)i;
            return true;
        }
    }
    fail(reading, profile->line, "[", profile->name,
         "]: flow is one of app, user, service-account");
    return false;
}

static void want(struct reading *reading, const struct profile *profile, const void *given,
                 const char *sentence)
{
    if (given != NULL)
        return;
    char *after = mem_printf("] %s", sentence);
    fail(reading, profile->line, "[", profile->name, after);
    mem_free(after);
}

static void check_profile(struct reading *reading, const struct profile *profile)
{
    bool is_app = profile->flow == PROFILE_APP;
    want(reading, profile, profile->token_url, "wants a cloud, or a token_url");
    if (profile->flow == PROFILE_SERVICE_ACCOUNT) {
        want(reading, profile, profile->service_account,
             "wants service_account, the key file that Google gave");
    } else {
        want(reading, profile, profile->client_id,
             "wants client_id, the application's id (Entra: \"Application (client) ID\")");
    }
    if (is_app && profile->client_secret == NULL)
        want(reading, profile, profile->certificate, "wants client_secret or certificate");
    if (is_app && profile->cloud != NULL && profile->cloud->is_microsoft)
        want(reading, profile, profile->tenant,
             "wants tenant, since an application signs in at one tenant (its id, or its domain)");
    if (profile->certificate != NULL && profile->client_secret != NULL)
        want(reading, profile, NULL, "has client_secret and certificate: choose one");
    if (profile->algorithm != NULL && strcmp(profile->algorithm, "RS256") != 0 &&
        strcmp(profile->algorithm, "PS256") != 0)
        want(reading, profile, NULL, "has an algorithm that is neither PS256 nor RS256");
    want(reading, profile, profile->scope, "wants a scope");
}

static void settle_profile(struct reading *reading, struct profile *profile)
{
    const char *path = reading->profiles->path;
    if (profile->cloud_name != NULL) {
        profile->cloud = cloud_find(profile->cloud_name);
        if (profile->cloud == NULL) {
            char *after = mem_printf("]: there is no such cloud; known are %s", cloud_names);
            fail(reading, profile->line, "[", profile->name, after);
            mem_free(after);
            return;
        }
    }
    if (!settle_flow(reading, profile))
        return;
    settle_paths(path, profile);
    const struct cloud *cloud = profile->cloud;
    settle_url(profile, &profile->token_url, cloud != NULL ? cloud->token_url : NULL);
    settle_url(profile, &profile->authorize_url, cloud != NULL ? cloud->authorize_url : NULL);
    settle_url(profile, &profile->device_url, cloud != NULL ? cloud->device_url : NULL);
    if (profile->scope == NULL && cloud != NULL)
        profile->scope = mem_strdup(profile->flow == PROFILE_USER ? cloud->delegated_scope
                                                                  : cloud->app_scope);
    check_profile(reading, profile);
}

/* -- the doors -- */

/* A file that others may write could have them run commands, one that they read gives secrets. */
static bool check_mode(struct reading *reading)
{
    struct stat info;
    if (fstat(fileno(reading->file), &info) != 0)
        return false;
    reading->may_others_read = (info.st_mode & (S_IRGRP | S_IROTH)) != 0;
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        fail(reading, 1, "others may write this file: chmod 600 it", "", "");
    return true;
}

static void read_all(struct reading *reading)
{
    struct profiles *profiles = reading->profiles;
    int bad_line = ini_parse_stream(read_line, reading, take_value, reading);
    if (bad_line > 0 && !reading->has_failed)
        fail(reading, (size_t)bad_line, "this is no [profile], no name = value, no ; comment", "",
             "");
    for (size_t i = 0; i < profiles->count && !reading->has_failed; i++)
        settle_profile(reading, &profiles->items[i]);
}

struct profiles *profiles_read(const char *path, struct buffer *faults)
{
    struct profiles *profiles = mem_alloc(sizeof(*profiles));
    struct reading reading = {.profiles = profiles, .faults = faults};
    char words[STR_ERROR_SIZE];
    profiles->path = mem_strdup(path);
    reading.file = fopen(path, "re");
    if (reading.file == NULL || !check_mode(&reading)) {
        buffer_append_str(faults, "config \"");
        str_append_printable(faults, path, strlen(path));
        buffer_printf(faults, "\" can't be read: %s\n", str_error(errno, words));
        reading.has_failed = true;
    } else {
        read_all(&reading);
    }
    if (reading.file != NULL)
        (void)fclose(reading.file);
    if (reading.has_failed)
        profiles_deinit(&profiles);
    return profiles;
}

void profiles_deinit(struct profiles **profiles)
{
    if (*profiles == NULL)
        return;
    for (size_t i = 0; i < (*profiles)->count; i++) {
        struct profile *profile = &(*profiles)->items[i];
        for (size_t k = 0; k < KEY_COUNT; k++)
            mem_free_secret(key_field(profile, &keys[k]));
        mem_free(profile->name);
    }
    for (size_t i = 0; i < (*profiles)->hosts_count; i++)
        host_deinit(&(*profiles)->hosts[i]);
    mem_free((*profiles)->hosts);
    mem_free((*profiles)->items);
    mem_free((*profiles)->path);
    mem_free(*profiles);
    *profiles = NULL;
}

static char *path_if_there(char *path)
{
    if (access(path, F_OK) == 0)
        return path;
    mem_free(path);
    return NULL;
}

char *profiles_default_path(const char *workdir)
{
    const char *config_home = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    char *path = path_if_there(mem_printf("%s/mailconvoy.conf", workdir));
    if (path != NULL)
        return path;
    if (config_home != NULL && config_home[0] == '/')
        return path_if_there(mem_printf("%s/mailconvoy/mailconvoy.conf", config_home));
    if (home == NULL || home[0] == '\0')
        return NULL;
    return path_if_there(mem_printf("%s/.config/mailconvoy/mailconvoy.conf", home));
}

const struct profile *profiles_find(const struct profiles *profiles, const char *name)
{
    assert(profiles->count == 0 || profiles->items != NULL);
    for (size_t i = 0; i < profiles->count; i++) {
        if (strcmp(profiles->items[i].name, name) == 0)
            return &profiles->items[i];
    }
    return NULL;
}

const struct profile *profiles_at(const struct profiles *profiles, size_t i)
{
    return i < profiles->count ? &profiles->items[i] : NULL;
}

const struct host_profile *profiles_find_host(const struct profiles *profiles, const char *name)
{
    assert(profiles->hosts_count == 0 || profiles->hosts != NULL);
    for (size_t i = 0; i < profiles->hosts_count; i++) {
        if (strcmp(profiles->hosts[i].name, name) == 0)
            return &profiles->hosts[i];
    }
    return NULL;
}

const struct host_profile *profiles_host_at(const struct profiles *profiles, size_t i)
{
    return i < profiles->hosts_count ? &profiles->hosts[i] : NULL;
}

char *profiles_path_beside(const struct profiles *profiles, const char *name)
{
    return path_beside(profiles->path, name);
}

const char *profiles_path(const struct profiles *profiles)
{
    return profiles->path;
}
