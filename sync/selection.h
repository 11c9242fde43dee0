/* SPDX-License-Identifier: MIT
 * Which messages of a folder the user wants (--search, --maxage, --minage): a UID SEARCH that goes
 * along with the folder's listing. The listing still tells all messages, so what is left out is
 * counted, and known to be there.
 *
 * A search that does not end OK, or brings no result, is a fault of the folder and never an empty
 * selection. There are servers whose SEARCH finds less than there is: SEARCH ALL shows that. There
 * ages are compared with dates of arrival, which FETCH tells. Belongs to the pair's thread. */
#ifndef SYNC_SELECTION_H
#define SYNC_SELECTION_H

#include "base/fault.h"
#include "sync/imap/loop.h"
#include "sync/messages/criteria.h"
#include "sync/uid_ranges.h"

struct session;

/* Of one side of a pair; made once, so that all folders have the same day. */
struct selection_rules {
    char *criterion; /* behind UID SEARCH; NULL: everything is selected */
    struct criteria_ages ages;
    bool is_of_ages; /* and of nothing else: dates of arrival will do */
    bool may_search; /* else by dates of arrival alone */
    bool with_check; /* whether the server can search */
    bool may_grow;   /* messages may become selected while nothing changes in the folder */
};

/* with_ages: else what --search1 or --search2 asks for alone. */
void selection_rules_init(struct selection_rules *rules, const struct settings *settings, int side,
                          bool with_ages, int64_t now_secs);
void selection_rules_deinit(struct selection_rules *rules);
bool selection_rules_are_given(const struct selection_rules *rules);

/* One UID SEARCH. */
struct selection_search {
    struct imap_answer answer;
    struct uid_ranges found;
    uint64_t count; /* of UIDs, where only that was asked for */
    bool is_sent;
    bool has_result;
};

struct selection {
    const struct selection_rules *rules;
    struct selection_search all; /* the check */
    struct selection_search chosen;
    uint32_t first_uid;
    struct uid_ranges by_date; /* arrived at such a date */
    bool is_by_date;           /* decided by selection_finish() */
};

void selection_init(struct selection *selection, const struct selection_rules *rules);
void selection_deinit(struct selection *selection);
/* Sends what there is to be searched for, behind SELECT or EXAMINE and before the listing; UIDs
   below first_uid don't matter. The selection must stay where it is until all is answered. */
void selection_send(struct selection *selection, struct imap_client *client, uint32_t first_uid);
/* The listing has to ask for INTERNALDATE, and to give it to selection_take_date(). */
bool selection_wants_dates(const struct selection *selection);
/* A SEARCH or ESEARCH response; others are passed over. */
void selection_take(struct selection *selection, const struct imap_response *response);
/* seconds: 0 for an unknown date. */
void selection_take_date(struct selection *selection, uint32_t uid, int64_t seconds);

/* Waits for the answers, so that nothing points here any more. False: the connection is lost. */
bool selection_await(struct selection *selection, struct session *session, struct fault *fault_r);
/* Waits; asks what could not be asked at once, while responses still come here. */
bool selection_complete(struct selection *selection, struct session *session,
                        struct fault *fault_r);
/* After that. `listed`: as many messages the finished listing has, of all the folder or, with
   first_uid, of its end. `name` is for the sentence. Of an end the fault may mean no more than that
   mail came meanwhile: then all has to be listed. */
bool selection_finish(struct selection *selection, struct session *session, uint64_t listed,
                      const char *name, struct fault *fault_r);
/* After that. */
bool selection_holds(const struct selection *selection, uint32_t uid);

#endif
