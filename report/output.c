/* SPDX-License-Identifier: MIT */
#include "report/output.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>

#define REPORT_CHUNK_BYTES (64 * 1024)
/* One record is far smaller; this only keeps a damaged store from taking all memory. */
#define REPORT_RECORD_MAX_BYTES (64 * 1024 * 1024)

void report_output_init(struct report_output *output, FILE *stream)
{
    output->stream = stream;
    buffer_init(&output->text, REPORT_RECORD_MAX_BYTES);
}

static bool report_output_drain(struct report_output *output)
{
    struct buffer *text = &output->text;
    if (text->has_failed)
        return false;
    if (text->used > 0 && fwrite(text->data, 1, text->used, output->stream) != text->used) {
        text->has_failed = true;
        return false;
    }
    buffer_clear(text);
    return true;
}

bool report_output_step(struct report_output *output)
{
    return output->text.used < REPORT_CHUNK_BYTES ? !output->text.has_failed
                                                  : report_output_drain(output);
}

bool report_output_end(struct report_output *output, bool is_ok, struct fault *fault_r)
{
    errno = 0;
    if (is_ok &&
        (!report_output_drain(output) || fflush(output->stream) != 0 || ferror(output->stream))) {
        int error = errno;
        char words[STR_ERROR_SIZE];
        fault_set(fault_r, FAULT_FILE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "can't write the report: %s",
                  error == 0 ? "write error" : str_error(error, words));
        is_ok = false;
    }
    buffer_deinit(&output->text);
    return is_ok;
}
