/* SPDX-License-Identifier: MIT
 * What settings must hold before a pair can start. Pure. */
#include "sync/settings.h"

#include <string.h>

#include "sync/auth/clouds.h"
#include "sync/auth/mechanism.h"
#include "sync/delete.h"
#include "sync/folders/plan.h"
#include "sync/messages/criteria.h"
#include "sync/messages/flag_rules.h"
#include "sync/messages/identity_maker.h"
#include "sync/messages/transform.h"
#include "sync/ssl_args.h"

struct check {
    const struct settings *settings;
    const struct settings_side *side;
    int number;
    struct credential credential;
    struct buffer *faults;
    bool has_failed;
};

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static void check_fail(struct check *check, const char *name, const char *sentence)
{
    buffer_printf(check->faults, "%s%d %s\n", name, check->number, sentence);
    check->has_failed = true;
}

static void check_presence(struct check *check)
{
    const struct settings_side *side = check->side;
    if (!is_given(side->host))
        check_fail(check, "host", "is missing: the name of the server");
    else if (strncmp(side->host, "host:", 5) == 0)
        check_fail(check, "host",
                   "names a host profile that is not there: the --config file has no such section "
                   "[host:NAME]");
    if (check->settings->justconnect)
        return;
    if (!is_given(side->user))
        check_fail(check, "user", "is missing: the login name of the mailbox");
    if (check->credential.kind == CREDENTIAL_NONE &&
        !ssl_args_have_certificate(check->settings, check->number))
        check_fail(check, "password", "is missing (a passfile or a token serves as well)");
}

/* A password that Microsoft would refuse is not even sent: each refusal counts against the user. */
static void check_password_is_taken(struct check *check)
{
    enum credential_kind kind = check->credential.kind;
    if ((kind == CREDENTIAL_PASSWORD || kind == CREDENTIAL_PASSFILE) &&
        !check->settings->justconnect && is_given(check->side->host) &&
        cloud_host_takes_no_passwords(check->side->host))
        check_fail(check, check->credential.name,
                   "can't work: Microsoft takes no passwords over IMAP any more (since January "
                   "2023), app passwords neither; sign in with OAuth2: a profile (auth1/2) or "
                   "oauthaccesstoken1/2");
}

static void check_combinations(struct check *check)
{
    const struct settings_side *side = check->side;
    if (side->ssl == CHOICE_YES && side->tls == CHOICE_YES)
        check_fail(check, "ssl",
                   "and tls are both asked for: choose TLS from the first byte "
                   "(ssl) or STARTTLS (tls)");
    if (is_given(side->shared) && is_given(side->authuser))
        check_fail(check, "shared",
                   "and authuser are both given: an administrator signs in "
                   "for the mailbox itself, so put its name into user");
}

static bool check_flag_rules(const struct settings *settings, struct buffer *faults)
{
    struct flag_rules rules;
    bool is_good = flag_rules_init(&rules, settings, faults);
    flag_rules_deinit(&rules);
    return is_good;
}

/* Tokens and passwords each have their own ways. */
static void check_mechanism_fits(struct check *check, enum auth_mechanism mechanism)
{
    bool is_oauth = credential_is_oauth(&check->credential);
    if (mechanism == AUTH_MECHANISM_EXTERNAL &&
        !ssl_args_have_certificate(check->settings, check->number))
        check_fail(check, "authmech", "EXTERNAL wants a certificate: tlscert1/2");
    if (check->credential.kind == CREDENTIAL_NONE && is_given(check->side->user) &&
        (check->side->authmd5 ||
         (mechanism != AUTH_MECHANISM_ANY && mechanism != AUTH_MECHANISM_EXTERNAL)))
        check_fail(check, "authmech",
                   "asks for a way that takes a password or a token, and there is none");
    if (check->credential.kind != CREDENTIAL_NONE && auth_mechanism_is_oauth(mechanism) &&
        !is_oauth)
        check_fail(check, "authmech",
                   "wants an OAuth2 token, not a password: give it by a profile (auth1/2) or "
                   "oauthaccesstoken1/2");
    if (is_oauth && ((mechanism != AUTH_MECHANISM_ANY && !auth_mechanism_is_oauth(mechanism)) ||
                     check->side->authmd5))
        check_fail(check, "authmech", "asks for a way that takes passwords, but there is a token");
    if (is_oauth && check->side->proxyauth)
        check_fail(check, "proxyauth", "goes with a password, not with a token");
}

static void check_sign_in(struct check *check)
{
    const struct settings_side *side = check->side;
    enum auth_mechanism mechanism;
    const char *reason;
    if (!auth_mechanism_find(side->authmech, &mechanism, &reason))
        check_fail(check, "authmech", reason);
    else if (side->authmd5 && mechanism != AUTH_MECHANISM_ANY &&
             mechanism != AUTH_MECHANISM_CRAM_MD5)
        check_fail(check, "authmech", "and authmd5 ask for two ways to sign in; choose one");
    check_mechanism_fits(check, mechanism);
    if (side->proxyauth && !is_given(side->authuser))
        check_fail(check, "proxyauth", "wants the administrator's login in authuser");
    if (is_given(side->authuser) && !side->proxyauth &&
        (side->authmd5 || mechanism == AUTH_MECHANISM_LOGIN ||
         mechanism == AUTH_MECHANISM_CRAM_MD5))
        check_fail(check, "authuser",
                   "signs in for somebody else by PLAIN or SCRAM, or by proxyauth");
}

static bool check_connection(const struct settings *settings, struct buffer *faults)
{
    struct tls_options options;
    bool is_fine = ssl_args_read(settings, 1, &options, faults);
    is_fine = ssl_args_read(settings, 2, &options, faults) && is_fine;
    if (settings->inet4 && settings->inet6) {
        buffer_append_str(faults, "inet4 and inet6 are both asked for: choose one, or none\n");
        is_fine = false;
    }
    return is_fine;
}

static bool check_identities(const struct settings *settings, struct buffer *faults)
{
    struct identity_maker *maker = identity_maker_init(settings, faults);
    bool is_fine = maker != NULL;
    identity_maker_deinit(&maker);
    if (settings->skipcrossduplicates && (settings->usecache || settings->useuid)) {
        buffer_printf(faults,
                      "skipcrossduplicates and %s can't be used together: leave %s out, which "
                      "changes nothing\n",
                      settings->usecache ? "usecache" : "useuid",
                      settings->usecache ? "usecache" : "useuid");
        is_fine = false;
    }
    return is_fine;
}

/* An option under which nothing is looked at that --preflight or --verify-only want to see, or
   something is changed; NULL: none. */
static const char *other_wish(const struct settings *settings)
{
    return settings->justlogin         ? "justlogin"
           : settings->justconnect     ? "justconnect"
           : settings->justfolders     ? "justfolders"
           : settings->justfolderlists ? "justfolderlists"
           : settings->justautomap     ? "justautomap"
           : settings->justfoldersizes ? "justfoldersizes"
           : settings->dry             ? "dry"
           : settings->retry_problems  ? "retry-problems"
                                       : NULL;
}

static bool check_preflight(const struct settings *settings, struct buffer *faults)
{
    const char *other = settings->verify_only ? "verify-only" : other_wish(settings);
    if (!settings->preflight || other == NULL)
        return true;
    buffer_printf(faults, "preflight looks at everything and changes nothing: leave out --%s\n",
                  other);
    return false;
}

static bool check_verify(const struct settings *settings, struct buffer *faults)
{
    const char *other = delete_is_wanted(settings) ? "delete1, --delete2 and their like"
                                                   : other_wish(settings);
    if (!settings->verify_only || other == NULL)
        return true;
    buffer_printf(faults, "verify-only compares everything and changes nothing: leave out --%s\n",
                  other);
    return false;
}

bool settings_check_pair(const struct settings *settings, struct buffer *faults)
{
    bool is_fine = true;
    for (int i = 0; i < 2; i++) {
        struct check check = {settings, &settings->side[i], i + 1, {0}, faults, false};
        settings_credential(settings, i + 1, &check.credential);
        check_presence(&check);
        check_password_is_taken(&check);
        check_combinations(&check);
        check_sign_in(&check);
        is_fine = is_fine && !check.has_failed;
    }
    if (settings->minsize >= 0 && settings->maxsize >= 0 &&
        settings->minsize >= settings->maxsize) {
        buffer_append_str(faults, "minsize must be smaller than maxsize, or nothing is copied\n");
        is_fine = false;
    }
    is_fine = check_preflight(settings, faults) && is_fine;
    is_fine = check_verify(settings, faults) && is_fine;
    is_fine = check_connection(settings, faults) && is_fine;
    is_fine = check_flag_rules(settings, faults) && is_fine;
    is_fine = delete_check_settings(settings, faults) && is_fine;
    is_fine = criteria_check_settings(settings, faults) && is_fine;
    is_fine = check_identities(settings, faults) && is_fine;
    is_fine = transform_check_settings(settings, faults) && is_fine;
    return folder_plan_check_settings(settings, faults) && is_fine;
}
