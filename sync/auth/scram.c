/* SPDX-License-Identifier: MIT */
#include "sync/auth/scram.h"

#include <gsasl.h>
#include <string.h>

#include "base/mem.h"

#define CHALLENGE_MAX_BYTES ((size_t)16 * 1024)

struct scram {
    Gsasl *library;
    Gsasl_session *session;
    bool is_proved;
};

static bool set_up(struct scram *scram, const char *name, const char *authzid, const char *authcid,
                   const char *password)
{
    return gsasl_init(&scram->library) == GSASL_OK &&
           gsasl_client_start(scram->library, name, &scram->session) == GSASL_OK &&
           gsasl_property_set(scram->session, GSASL_AUTHID, authcid) == GSASL_OK &&
           gsasl_property_set(scram->session, GSASL_PASSWORD, password) == GSASL_OK &&
           (authzid[0] == '\0' ||
            gsasl_property_set(scram->session, GSASL_AUTHZID, authzid) == GSASL_OK);
}

struct scram *scram_init(const char *name, const char *authzid, const char *authcid,
                         const char *password)
{
    struct scram *scram = mem_alloc(sizeof(*scram));
    if (!set_up(scram, name, authzid, authcid, password))
        scram_deinit(&scram);
    return scram;
}

void scram_deinit(struct scram **scram)
{
    if (*scram == NULL)
        return;
    if ((*scram)->session != NULL)
        gsasl_finish((*scram)->session);
    if ((*scram)->library != NULL)
        gsasl_done((*scram)->library);
    mem_free(*scram);
    *scram = NULL;
}

bool scram_step(struct scram *scram, const char *challenge, size_t size, struct buffer *base64)
{
    char *answer = NULL;
    if (size > CHALLENGE_MAX_BYTES || scram->is_proved)
        return false;
    char *text = mem_strndup(challenge, size);
    int outcome = gsasl_step64(scram->session, text, &answer);
    mem_free(text);
    if (outcome != GSASL_OK && outcome != GSASL_NEEDS_MORE)
        return false;
    scram->is_proved = outcome == GSASL_OK;
    buffer_append_str(base64, answer);
    mem_wipe(answer, strlen(answer));
    gsasl_free(answer);
    return !base64->has_failed;
}

bool scram_is_proved(const struct scram *scram)
{
    return scram->is_proved;
}
