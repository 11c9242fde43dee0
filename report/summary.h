/* SPDX-License-Identifier: MIT
 * The reports of one run, made from the store alone and written to a stream record by record:
 * 10,000 mailboxes need no more memory than one. All words from outside are escaped for where they
 * go. Each returns false with a fault: FAULT_USAGE when there is no such run, FAULT_STORE when the
 * store can't be read, FAULT_FILE when the stream can't be written. The stream is flushed, not
 * closed. Rows that other threads add meanwhile may or may not be in it. */
#ifndef REPORT_SUMMARY_H
#define REPORT_SUMMARY_H

#include <stdbool.h>
#include <stdio.h>

#include "base/fault.h"
#include "store/store.h"

typedef bool report_writer(struct store *store, const char *run_id, FILE *stream,
                           struct fault *fault_r);

/* For people: a header, a line for each mailbox, totals, a sentence for each error. */
report_writer report_write_text;

#define REPORT_CSV_HEADER                                                      \
    "row,label,host1,user1,host2,user2,status,folders,source_messages,copied," \
    "already,excluded,too_big,failed,unreadable,vanished,difference,"          \
    "bytes_copied,started,ended,seconds,error_code,error,"                     \
    "safe_to_switch,safe_to_switch_why,deleted_source,deleted_destination,"    \
    "not_selected,grade\n"
/* grade is "" or a name of report/grade.h. The two about the switch are empty unless the run was a
   final pass (report/cutover.h). REPORT_CSV_HEADER, then a row for each mailbox (base/csv.h says
   how cells are made harmless). Times are ISO 8601 UTC; a time that is not known yet is empty. */
report_writer report_write_csv;

#define REPORT_FOLDERS_HEADER                                            \
    "row,user1,source,destination,is_renamed,is_merged,is_failed,"       \
    "source_messages,copied,already,excluded,too_big,failed,unreadable," \
    "vanished,not_selected,difference,bytes_copied,error\n"
/* REPORT_FOLDERS_HEADER, then a row for each source folder. */
report_writer report_write_folders;

#define REPORT_VERIFICATIONS_HEADER                                              \
    "row,user1,source,destination,level,source_messages,found,different,unread," \
    "missing,gone,excepted,later,extra,read,bytes_read,differences\n"
/* REPORT_VERIFICATIONS_HEADER, then a row for each source folder that --verify compared. */
report_writer report_write_verifications;

/* One object, schema_version 1: run, mailboxes (with their folders), totals. */
report_writer report_write_json;

#define REPORT_PROBLEMS_HEADER \
    "row,user1,folder,uid,message_id,date,size,reason,server_text,advice\n"
/* A folder whose messages are not known one by one gets a line for each of them, but at most so
   many: their number is only what a server claimed. The last line then says what is missing. */
#define REPORT_UNKNOWN_MAX_LINES 1000000
/* REPORT_PROBLEMS_HEADER, then one row for each message that is not on the destination; `advice` is
   what to do first (report/advice.h), empty where nothing needs to be done. */
report_writer report_write_problems;

#endif
