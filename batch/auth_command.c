/* SPDX-License-Identifier: MIT
 * `mailconvoy auth`: signs people in for profiles, and shows how the profiles stand. */
#include <string.h>

#include "base/clock.h"
#include "base/diagnoses.h"
#include "base/mem.h"
#include "base/str.h"
#include "batch/command_private.h"
#include "batch/tally.h"
#include "sync/auth/assertion.h"
#include "sync/auth/login.h"
#include "sync/auth/token_check.h"
#include "sync/auth/tokens.h"

#define LINE_MAX_BYTES ((size_t)64 * 1024)

static const struct profile *profile_of(struct command *command, const char *name)
{
    const struct profile *profile = profiles_find(command->profiles, name);
    if (profile != NULL)
        return profile;
    buffer_append_str(&command->faults, "there is no profile \"");
    str_append_printable(&command->faults, name, strlen(name));
    buffer_printf(&command->faults, "\" in %s\n", profiles_path(command->profiles));
    return NULL;
}

/* With the next step, where it is known. */
static void tell_fault(struct buffer *line, const struct fault *fault)
{
    str_append_printable(line, fault->text, strlen(fault->text));
    if (fault->server[0] != '\0') {
        buffer_append_str(line, " [");
        str_append_printable(line, fault->server, strlen(fault->server));
        buffer_append_byte(line, ']');
    }
    if (fault->diagnosis == NULL)
        return;
    buffer_append_str(line, "; ");
    diagnosis_append_first_step(fault->diagnosis, line);
}

/* -- login -- */

static int auth_login(struct command *command)
{
    const struct settings *settings = &command->settings;
    struct fault fault;
    if (command->rest.count != 2 || settings->device == settings->browser) {
        buffer_append_str(&command->faults, "name the profile and the way: mailconvoy auth login "
                                            "PROFILE --device, or --browser\n");
        return EXIT_CODE_USAGE;
    }
    const struct profile *profile = profile_of(command, command->rest.items[1]);
    if (profile == NULL)
        return EXIT_CODE_USAGE;
    if (settings->device ? login_by_device(profile, stdout, &fault)
                         : login_by_browser(profile, stdout, &fault))
        return EXIT_CODE_COMPLETE;
    tell_fault(&command->faults, &fault);
    buffer_append_byte(&command->faults, '\n');
    return EXIT_CODE_FAILED;
}

/* -- status -- */

static const char *flow_name(const struct profile *profile)
{
    switch (profile->flow) {
    case PROFILE_APP:
        return profile->certificate != NULL ? "app, certificate" : "app, secret";
    case PROFILE_USER:
        return "user";
    case PROFILE_SERVICE_ACCOUNT:
        return "service account";
    }
    return "";
}

/* A service account's tokens are for one mailbox each, so there the key alone is tried. */
static bool check_service_account(const struct profile *profile, struct buffer *line)
{
    struct fault fault;
    struct buffer jwt;
    buffer_init_secret(&jwt, LINE_MAX_BYTES);
    bool is_good = assertion_of_service_account(profile, "nobody", clock_wall_msecs() / 1000, &jwt,
                                                &fault);
    buffer_deinit(&jwt);
    if (is_good)
        buffer_append_str(line,
                          "its key can sign; whether it may act for a user, --justlogin shows");
    else
        tell_fault(line, &fault);
    return is_good;
}

static bool describe_token(const struct profile *profile, const struct oauth_token *token,
                           struct buffer *line)
{
    struct buffer words;
    bool is_microsoft = profile->cloud != NULL && profile->cloud->is_microsoft;
    enum token_verdict verdict = TOKEN_UNREADABLE;
    buffer_init(&words, LINE_MAX_BYTES);
    if (is_microsoft)
        verdict = token_check(token->access, profile->tenant, clock_wall_msecs() / 1000, &words);
    if (verdict == TOKEN_BAD)
        buffer_printf(line, "gets a token that Exchange won't take: %s", buffer_str(&words));
    else
        buffer_printf(line, "gets tokens, good for %lld min%s%s",
                      (long long)(token->lifetime_secs / 60), words.used > 0 ? ", " : "",
                      buffer_str(&words));
    buffer_deinit(&words);
    return verdict != TOKEN_BAD;
}

static bool check_by_token(const struct profile *profile, struct buffer *line)
{
    struct oauth_token token;
    struct fault fault;
    if (!tokens_fetch(profile, "", NULL, &token, &fault)) {
        tell_fault(line, &fault);
        return false;
    }
    bool is_good = describe_token(profile, &token, line);
    oauth_token_deinit(&token);
    return is_good;
}

static bool show_profile(const struct profile *profile)
{
    struct buffer line;
    buffer_init(&line, LINE_MAX_BYTES);
    str_append_printable(&line, profile->name, strlen(profile->name));
    buffer_printf(&line, " (%s", flow_name(profile));
    if (profile->tenant != NULL) {
        buffer_append_str(&line, ", ");
        str_append_printable(&line, profile->tenant, strlen(profile->tenant));
    }
    buffer_append_str(&line, "): ");
    bool is_good = profile->flow == PROFILE_SERVICE_ACCOUNT ? check_service_account(profile, &line)
                                                            : check_by_token(profile, &line);
    bool is_shown = fprintf(stdout, "%s\n", buffer_str(&line)) > 0 && fflush(stdout) == 0;
    buffer_deinit(&line);
    return is_good && is_shown;
}

static int auth_status(struct command *command)
{
    const struct profile *profile;
    bool is_good = true;
    if (command->rest.count > 2) {
        buffer_append_str(&command->faults, "name one profile, or none for all\n");
        return EXIT_CODE_USAGE;
    }
    if (command->rest.count == 2) {
        profile = profile_of(command, command->rest.items[1]);
        if (profile == NULL)
            return EXIT_CODE_USAGE;
        return show_profile(profile) ? EXIT_CODE_COMPLETE : EXIT_CODE_FAILED;
    }
    for (size_t i = 0; (profile = profiles_at(command->profiles, i)) != NULL; i++)
        is_good = show_profile(profile) && is_good;
    return is_good ? EXIT_CODE_COMPLETE : EXIT_CODE_FAILED;
}

static int auth_work(struct command *command)
{
    const char *what = command->rest.count > 0 ? command->rest.items[0] : "";
    bool is_login = strcmp(what, "login") == 0;
    if (!is_login && strcmp(what, "status") != 0) {
        buffer_append_str(&command->faults, "say what to do: mailconvoy auth status, or mailconvoy "
                                            "auth login PROFILE --device\n");
        return EXIT_CODE_USAGE;
    }
    if (!command_read_profiles(command))
        return EXIT_CODE_USAGE;
    if (command->profiles == NULL) {
        buffer_append_str(&command->faults,
                          "there is no file of sign-in profiles: write mailconvoy.conf into the "
                          "work directory, or name one by --config\n");
        return EXIT_CODE_USAGE;
    }
    return is_login ? auth_login(command) : auth_status(command);
}

int command_auth(int argc, char **argv)
{
    struct command command;
    int exit_code;
    if (command_init(&command, SETTINGS_AUTH, argc, argv, &exit_code))
        exit_code = auth_work(&command);
    return command_end(&command, exit_code);
}
