/* SPDX-License-Identifier: MIT
 * Between the subcommands: a command line being read. */
#ifndef BATCH_COMMAND_PRIVATE_H
#define BATCH_COMMAND_PRIVATE_H

#include "base/buffer.h"
#include "batch/command.h"
#include "sync/auth/profiles.h"
#include "sync/settings.h"

struct command {
    enum settings_command kind;
    struct settings settings;
    struct str_list rest;
    struct profiles *profiles; /* NULL: none */
    struct buffer faults;      /* one sentence per line */
};

/* True if there is work to do; else *exit_code_r says how it ended. */
bool command_init(struct command *command, enum settings_command kind, int argc, char **argv,
                  int *exit_code_r);
/* Prints what is wrong if anything is; returns the code. */
int command_end(struct command *command, int exit_code);
/* --config, or the file in one of its usual places, if there is one. False if it is wrong. */
bool command_read_profiles(struct command *command);

#endif
