/* SPDX-License-Identifier: MIT
 * The subcommands: each reads its command line (argv without program and command name), says what
 * is wrong with it on stderr (exit 64), and does its work. They return what the program exits
 * with. For the main thread. */
#ifndef BATCH_COMMAND_H
#define BATCH_COMMAND_H

int command_batch(int argc, char **argv);
int command_sync(int argc, char **argv);
int command_report(int argc, char **argv);
/* What the run in a work directory is at; 66 if there never was one. */
int command_status(int argc, char **argv);
/* "login PROFILE", "status". */
int command_auth(int argc, char **argv);
/* A page of the documentation (batch/docs.h) on stdout. */
int command_docs(int argc, char **argv);
/* The program's version on stdout. */
int command_version(void);

#endif
