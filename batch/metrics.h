/* SPDX-License-Identifier: MIT
 * A snapshot for Prometheus, as its text format has it, to be read by node_exporter's textfile
 * collector. Pure. */
#ifndef BATCH_METRICS_H
#define BATCH_METRICS_H

#include "base/buffer.h"
#include "batch/snapshot.h"

#define METRICS_MAX_BYTES ((size_t)256 * 1024)

void metrics_append(const struct snapshot *snapshot, struct buffer *text);

#endif
