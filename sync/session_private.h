/* SPDX-License-Identifier: MIT
 * Shared by session.c (the steps), session_sign_in.c (one of them) and session_oauth.c (one of its
 * ways). */
#ifndef SYNC_SESSION_PRIVATE_H
#define SYNC_SESSION_PRIVATE_H

#include "sync/session.h"

#define SESSION_INITIAL_MAX_BYTES ((size_t)256 * 1024)

/* session.c */
/* The only way to change the step; does what the step begins with. */
void session_enter(struct session *session, enum session_step step);
void session_fail(struct session *session, const struct fault *fault);
/* It ends because of what the server is or does: "... server HOST `what`". */
void session_refuse(struct session *session, enum fault_code code, const char *what);
/* It ends because of the answer, which is not OK. */
void session_refused(struct session *session, int verdict_command, const char *subject);

/* session_sign_in.c */
void session_sign_in(struct session *session);
void session_look_at_sign_in(struct session *session);
void session_look_at_proxyauth(struct session *session);
/* The secret must not travel on in the server's words, which may repeat it. */
void session_hide_secret(struct session *session, char *words);
void session_forget_secret(struct session *session);

/* session_scram.c */
void session_scram_send(struct session *session, const char *authzid, const char *authcid);
/* Or it is another way that wants no proof. */
bool session_scram_is_proved(const struct session *session);

/* session_oauth.c */
/* How a token is to be given to this server. */
enum auth_mechanism session_oauth_mechanism(const struct session *session);
/* Why it can't be; NULL if it can. */
const char *session_oauth_obstacle(const struct session *session);
/* After a refusal: appends what the token says of itself, if that tells anything. */
void session_oauth_explain_refusal(struct session *session, struct buffer *words);
/* Sends the session's secret, which is a token or the ready message. */
void session_oauth_send(struct session *session);

#endif
