/* SPDX-License-Identifier: MIT */
#include "sync/messages/transform.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sync/messages/expression.h"
#include "sync/messages/header.h"
#include "sync/messages/identity.h"
#include "sync/messages/lines.h"
#include "sync/messages/repair.h"

/* So much of the scratch is kept from message to message. */
#define KEEP_BYTES ((size_t)256 * 1024)
/* The shortest lines that --longlines encode may be asked for. */
#define ENCODED_LENGTH_MIN 100

/* A --regexmess. */
struct edit {
    struct expression *expression; /* NULL: the wrap rule */
    size_t wrap_bytes;
};

struct transform {
    const struct settings *settings;
    struct expression **skips; /* of --skipmess */
    size_t skip_count;
    struct edit *edits;
    size_t edit_count;
};

/* One message on its way. */
struct work {
    struct transform *transform;
    const struct transform_message *message;
    const struct transform_pipe *pipe;
    struct transform_scratch *scratch;
    struct transform_result *result;
    size_t next; /* the text of the scratch that is free */
};

/* -- memory -- */

void transform_scratch_init(struct transform_scratch *scratch)
{
    buffer_init(&scratch->texts[0], TRANSFORM_MAX_BYTES);
    buffer_init(&scratch->texts[1], TRANSFORM_MAX_BYTES);
}

void transform_scratch_deinit(struct transform_scratch *scratch)
{
    buffer_deinit(&scratch->texts[0]);
    buffer_deinit(&scratch->texts[1]);
}

void transform_scratch_release(struct transform_scratch *scratch)
{
    buffer_shrink(&scratch->texts[0], KEEP_BYTES);
    buffer_shrink(&scratch->texts[1], KEEP_BYTES);
}

/* -- settings -- */

unsigned int transform_repairs(void)
{
    return 1u << CHANGE_LINES_ENDED | 1u << CHANGE_NULS_REPLACED | 1u << CHANGE_HEADER_ENCODED |
           1u << CHANGE_HEADER_FOLDED | 1u << CHANGE_HEADER_MENDED | 1u << CHANGE_PART_ENCODED |
           1u << CHANGE_LAST_LINE_ENDED;
}

static bool is_word(const char *setting, const char *word)
{
    return setting != NULL && str_iequals(setting, word);
}

bool transform_is_wanted_for_refused(const struct settings *settings)
{
    return is_word(settings->repair, "auto");
}

/* --longlines encode */
static bool encodes_lines(const struct settings *settings)
{
    return is_word(settings->longlines, "encode");
}

bool transform_needs_mime(const struct settings *settings)
{
    return is_word(settings->repair, "all") || encodes_lines(settings);
}

bool transform_is_wanted(const struct settings *settings)
{
    return is_word(settings->repair, "all") || settings->skipmess.count > 0 ||
           settings->regexmess.count > 0 || settings->pipemess.count > 0 ||
           settings->disarmreadreceipts || settings->truncmess >= 0 ||
           settings->maxlinelength >= 0 || settings->minmaxlinelength >= 0 ||
           settings->debugcontent || settings->debugmaxlinelength;
}

static struct expression *compile(const char *name, const char *text, enum expression_use use,
                                  struct buffer *error)
{
    struct buffer why;
    buffer_init(&why, 64 * 1024);
    struct expression *expression = expression_init(text, use, &why);
    if (expression == NULL)
        buffer_printf(error, "%s can't be used: %s\n", name, buffer_str(&why));
    buffer_deinit(&why);
    return expression;
}

static bool compile_skips(struct transform *transform, struct buffer *error)
{
    const struct str_list *texts = &transform->settings->skipmess;
    bool is_fine = true;
    transform->skips = mem_alloc_array(texts->count, sizeof(struct expression *));
    transform->skip_count = texts->count;
    for (size_t i = 0; i < texts->count; i++) {
        transform->skips[i] = compile("skipmess", texts->items[i], EXPRESSION_TEST, error);
        is_fine = is_fine && transform->skips[i] != NULL;
    }
    return is_fine;
}

static bool refuse_forgetful(const char *text, struct buffer *error)
{
    if (!expression_forgets_group(text))
        return true;
    buffer_printf(error,
                  "regexmess: %.200s would throw away what it catches: inside double quotes the "
                  "shell puts nothing in place of $1. Put the expression into single quotes, as in "
                  "'s,(.{10239}),$1\\r\\n,g'; if it is meant, write (?:...) in place of (...)\n",
                  text);
    return false;
}

/* Encoded lines have up to 76 bytes and their end. */
static bool check_encoded_length(const struct settings *settings, const char *name, uint64_t length,
                                 struct buffer *faults)
{
    if (!encodes_lines(settings) || length >= ENCODED_LENGTH_MIN)
        return true;
    buffer_printf(
        faults,
        "longlines encode can't make lines that short: give %s a length of %d or more, or "
        "choose --longlines cut\n",
        name, ENCODED_LENGTH_MIN);
    return false;
}

static bool compile_edits(struct transform *transform, struct buffer *error)
{
    const struct str_list *texts = &transform->settings->regexmess;
    bool is_fine = true;
    transform->edits = mem_alloc_array(texts->count, sizeof(*transform->edits));
    transform->edit_count = texts->count;
    for (size_t i = 0; i < texts->count; i++) {
        struct edit *edit = &transform->edits[i];
        if (lines_wrap_rule(texts->items[i], &edit->wrap_bytes)) {
            is_fine = check_encoded_length(transform->settings, "regexmess", edit->wrap_bytes,
                                           error) &&
                      is_fine;
            continue;
        }
        edit->expression = compile("regexmess", texts->items[i], EXPRESSION_EDIT, error);
        is_fine = is_fine && edit->expression != NULL && refuse_forgetful(texts->items[i], error);
    }
    return is_fine;
}

struct transform *transform_init(const struct settings *settings, struct buffer *error)
{
    struct transform *transform = mem_alloc(sizeof(*transform));
    transform->settings = settings;
    bool is_fine = compile_skips(transform, error);
    is_fine = compile_edits(transform, error) && is_fine;
    if (!is_fine)
        transform_deinit(&transform);
    return transform;
}

void transform_deinit(struct transform **transform_p)
{
    struct transform *transform = *transform_p;
    if (transform == NULL)
        return;
    *transform_p = NULL;
    for (size_t i = 0; i < transform->skip_count; i++)
        expression_deinit(&transform->skips[i]);
    for (size_t i = 0; i < transform->edit_count; i++)
        expression_deinit(&transform->edits[i].expression);
    mem_free(transform->skips);
    mem_free(transform->edits);
    mem_free(transform);
}

static bool check_command(const char *name, const char *command, struct buffer *faults)
{
    if (command[strspn(command, " \t\r\n")] != '\0')
        return true;
    buffer_printf(faults, "%s is empty: it wants a shell command\n", name);
    return false;
}

static bool check_commands(const struct settings *settings, struct buffer *faults)
{
    bool is_fine = true;
    for (size_t i = 0; i < settings->pipemess.count; i++)
        is_fine = check_command("pipemess", settings->pipemess.items[i], faults) && is_fine;
    if (settings->maxlinelength >= 0)
        is_fine = check_encoded_length(settings, "maxlinelength", (uint64_t)settings->maxlinelength,
                                       faults) &&
                  is_fine;
    if (settings->maxlinelengthcmd == NULL)
        return is_fine;
    if (encodes_lines(settings)) {
        buffer_append_str(faults,
                          "maxlinelengthcmd and longlines encode are both asked for: choose "
                          "one way to deal with long lines\n");
        is_fine = false;
    }
    if (settings->maxlinelength < 0) {
        buffer_append_str(faults, "maxlinelengthcmd is without effect: give --maxlinelength too, "
                                  "the length from which on it is used\n");
        is_fine = false;
    }
    return check_command("maxlinelengthcmd", settings->maxlinelengthcmd, faults) && is_fine;
}

bool transform_check_settings(const struct settings *settings, struct buffer *faults)
{
    struct transform *transform = transform_init(settings, faults);
    bool is_fine = transform != NULL;
    transform_deinit(&transform);
    return check_commands(settings, faults) && is_fine;
}

/* -- steps; each returns false when the message ends there -- */

__attribute__((format(printf, 3, 4))) static bool
end(const struct work *work, enum transform_outcome outcome, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(work->result->reason, sizeof(work->result->reason), format, args);
    va_end(args);
    work->result->outcome = outcome;
    return false;
}

static void change(const struct work *work, enum change_kind kind)
{
    work->result->changes |= 1u << kind;
}

static struct buffer *free_text(const struct work *work)
{
    struct buffer *text = &work->scratch->texts[work->next];
    buffer_clear(text);
    return text;
}

/* The free text is the message from now on. */
static void turn(struct work *work)
{
    const struct buffer *text = &work->scratch->texts[work->next];
    work->result->data = text->data;
    work->result->size = text->used;
    work->result->is_own = true;
    work->next = 1 - work->next;
}

static bool end_too_large(const struct work *work, const char *what)
{
    return end(work, TRANSFORM_FAILED,
               "%s makes it larger than %zu bytes, the most a changed "
               "message may have",
               what, TRANSFORM_MAX_BYTES);
}

static bool end_too_hard(const struct work *work, const char *name, const char *text)
{
    return end(work, TRANSFORM_FAILED,
               "--%s %.200s needs too many steps on this message; write it simpler", name, text);
}

static bool skip(struct work *work)
{
    const struct transform *transform = work->transform;
    for (size_t i = 0; i < transform->skip_count; i++) {
        const char *text = transform->settings->skipmess.items[i];
        enum expression_result result = expression_match(transform->skips[i], work->result->data,
                                                         work->result->size);
        if (result == EXPRESSION_HIT)
            return end(work, TRANSFORM_EXCLUDED, "rule: --skipmess %.200s", text);
        if (result != EXPRESSION_MISS)
            return end_too_hard(work, "skipmess", text);
    }
    return true;
}

static bool end_without_mime(const struct work *work, const char *what)
{
    return end(work, TRANSFORM_FAILED,
               "%s needs the library GMime, which is not installed (Debian: libgmime-3.0-0)", what);
}

static bool repair_by(struct work *work, const struct repair_order *order, const char *what)
{
    unsigned int changes;
    struct transform_result *result = work->result;
    switch (repair_message(order, result->data, result->size, free_text(work), &changes)) {
    case REPAIR_NOTHING:
        break;
    case REPAIR_DONE:
        turn(work);
        result->changes |= changes;
        break;
    case REPAIR_FULL:
        return end_too_large(work, what);
    case REPAIR_UNABLE:
        return end_without_mime(work, what);
    }
    return true;
}

/* What comes of it is taken by any server, so it is as the settings' own edits expect it. */
static bool repair(struct work *work)
{
    const struct repair_order order = {REPAIR_LINE_MAX_BYTES, false};
    const struct settings *settings = work->transform->settings;
    bool is_retried = work->message->was_refused && transform_is_wanted_for_refused(settings);
    if (!is_retried && !is_word(settings->repair, "all"))
        return true;
    if (!repair_by(work, &order, "--repair"))
        return false;
    return !is_retried || work->result->changes != 0 ||
           end(work, TRANSFORM_HOPELESS, "nothing is wrong with it that can be repaired");
}

/* `length`: with a line end of two bytes. */
static bool encode_lines(struct work *work, size_t length)
{
    const struct repair_order order = {length - 2, true};
    return repair_by(work, &order, "--longlines encode");
}

static bool wrap(struct work *work, size_t length)
{
    struct transform_result *result = work->result;
    uint64_t lines;
    if (!lines_need_wrap(result->data, result->size, length))
        return true;
    if (encodes_lines(work->transform->settings) && !encode_lines(work, length))
        return false;
    /* Where there was no way to encode it, it is cut. */
    if (!lines_need_wrap(result->data, result->size, length))
        return true;
    if (!lines_wrap(result->data, result->size, length, free_text(work), &lines))
        return end_too_large(work, "--regexmess");
    turn(work);
    result->wrapped_lines += lines;
    change(work, CHANGE_WRAPPED);
    return true;
}

static bool edit(struct work *work)
{
    const struct transform *transform = work->transform;
    for (size_t i = 0; i < transform->edit_count; i++) {
        const struct edit *own = &transform->edits[i];
        if (own->expression == NULL) {
            if (!wrap(work, own->wrap_bytes))
                return false;
            continue;
        }
        switch (expression_edit(own->expression, work->result->data, work->result->size,
                                TRANSFORM_MAX_BYTES, free_text(work))) {
        case EXPRESSION_MISS:
            break;
        case EXPRESSION_HIT:
            turn(work);
            change(work, CHANGE_EDITED);
            break;
        case EXPRESSION_TOO_HARD:
            return end_too_hard(work, "regexmess", transform->settings->regexmess.items[i]);
        case EXPRESSION_TOO_LARGE:
            return end_too_large(work, "--regexmess");
        }
    }
    return true;
}

/* Such fields of the header block get a name that asks for nothing: all of them, since a client
   that finds one answers. */
static bool disarm(struct work *work)
{
    static const char armed[] = "Disposition-Notification-To";
    const struct transform_result *result = work->result;
    struct header_field field;
    size_t position = 0;
    size_t done = 0;
    if (!work->transform->settings->disarmreadreceipts ||
        !header_find(result->data, result->size, armed, &field))
        return true;
    struct buffer *text = free_text(work);
    bool is_fine = true;
    while (is_fine && header_next(result->data, result->size, &position, &field)) {
        if (!header_field_is(&field, armed))
            continue;
        size_t at = (size_t)(field.name - (const char *)result->data);
        is_fine = buffer_append(text, result->data + done, at - done) &&
                  buffer_append(text, "X-", 2);
        done = at;
    }
    if (!is_fine || !buffer_append(text, result->data + done, result->size - done))
        return end_too_large(work, "--disarmreadreceipts");
    turn(work);
    change(work, CHANGE_DISARMED);
    return true;
}

static bool pipe_through(struct work *work, const char *name, const char *command,
                         enum change_kind kind)
{
    char reason[PIPE_REASON_SIZE];
    struct transform_result *result = work->result;
    switch (work->pipe->run(work->pipe->context, command, result->data, result->size,
                            free_text(work), reason)) {
    case PIPE_DONE:
        turn(work);
        change(work, kind);
        return true;
    case PIPE_STOPPED:
        return end(work, TRANSFORM_STOPPED, "the run was stopped");
    case PIPE_FAILED:
        break;
    }
    return end(work, TRANSFORM_FAILED, "--%s: the command \"%.120s\" %s", name, command, reason);
}

static bool pipe_all(struct work *work)
{
    const struct str_list *commands = &work->transform->settings->pipemess;
    for (size_t i = 0; i < commands->count; i++) {
        if (!pipe_through(work, "pipemess", commands->items[i], CHANGE_PIPED))
            return false;
    }
    return true;
}

/* --addheader: the original has neither Message-ID nor Received. */
static bool add_header(struct work *work)
{
    struct transform_result *result = work->result;
    char added[IDENTITY_ADDED_FIELD_SIZE];
    if (!work->transform->settings->addheader ||
        !identity_needs_added_field(work->message->data, work->message->size))
        return true;
    struct buffer *text = free_text(work);
    if (!buffer_append(text, added, identity_added_field(work->message->uid, added)) ||
        !buffer_append(text, result->data, result->size))
        return end_too_large(work, "--addheader");
    turn(work);
    change(work, CHANGE_HEADER_ADDED);
    return true;
}

static void cut(const struct work *work)
{
    int64_t limit = work->transform->settings->truncmess;
    if (limit < 0 || work->result->size <= (uint64_t)limit)
        return;
    work->result->size = (size_t)limit;
    change(work, CHANGE_TRUNCATED);
}

static bool measure_lines(struct work *work)
{
    const struct settings *settings = work->transform->settings;
    struct transform_result *result = work->result;
    if (settings->maxlinelength < 0 && settings->minmaxlinelength < 0 &&
        !settings->debugmaxlinelength)
        return true;
    result->longest_line = lines_longest(result->data, result->size);
    if (settings->minmaxlinelength >= 0 &&
        result->longest_line <= (uint64_t)settings->minmaxlinelength)
        return end(work, TRANSFORM_EXCLUDED, "rule: no line longer than --minmaxlinelength %lld",
                   (long long)settings->minmaxlinelength);
    if (settings->maxlinelength < 0 || result->longest_line <= (uint64_t)settings->maxlinelength)
        return true;
    if (encodes_lines(settings)) {
        if (!encode_lines(work, (size_t)settings->maxlinelength))
            return false;
        result->longest_line = lines_longest(result->data, result->size);
        if (result->longest_line <= (uint64_t)settings->maxlinelength)
            return true;
    }
    if (settings->maxlinelengthcmd != NULL)
        return pipe_through(work, "maxlinelengthcmd", settings->maxlinelengthcmd,
                            CHANGE_LINES_FILTERED);
    return end(work, TRANSFORM_EXCLUDED, "rule: a line is longer than --maxlinelength %lld",
               (long long)settings->maxlinelength);
}

static bool end_lines(struct work *work)
{
    const unsigned int may_have_brought = 1u << CHANGE_EDITED | 1u << CHANGE_WRAPPED |
                                          1u << CHANGE_PIPED | 1u << CHANGE_LINES_FILTERED;
    const struct transform_result *result = work->result;
    if ((result->changes & may_have_brought) == 0 ||
        !lines_have_bare_lf(result->data, result->size))
        return true;
    if (!lines_append_crlf(result->data, result->size, free_text(work)))
        return end_too_large(work, "CR LF at the end of each line");
    turn(work);
    return true;
}

bool transform_is_for_all(const struct transform *transform)
{
    return transform_is_wanted(transform->settings);
}

void transform_run(struct transform *transform, const struct transform_message *message,
                   const struct transform_pipe *pipe, struct transform_scratch *scratch,
                   struct transform_result *result_r)
{
    struct work work = {transform, message, pipe, scratch, result_r, 0};
    memset(result_r, 0, sizeof(*result_r));
    result_r->outcome = TRANSFORM_APPEND;
    result_r->data = message->data;
    result_r->size = message->size;
    if (message->size > TRANSFORM_MAX_BYTES) {
        (void)end(&work, TRANSFORM_FAILED,
                  "it is larger than %zu bytes, the most a message may have to be looked through",
                  TRANSFORM_MAX_BYTES);
        return;
    }
    if (!skip(&work) || !repair(&work) || !edit(&work) || !disarm(&work) || !pipe_all(&work) ||
        !add_header(&work))
        return;
    cut(&work);
    if (measure_lines(&work) && end_lines(&work) && result_r->size == 0)
        (void)end(&work, TRANSFORM_FAILED, "nothing is left of it after what was to be changed");
}

/* -- words -- */

void transform_append_changes(const struct transform_result *result, struct buffer *text)
{
    static const char *const words[CHANGE_KIND_COUNT] = {
        [CHANGE_EDITED] = "edited",
        [CHANGE_DISARMED] = "read receipt disarmed",
        [CHANGE_PIPED] = "piped",
        [CHANGE_HEADER_ADDED] = "Message-Id added",
        [CHANGE_TRUNCATED] = "truncated",
        [CHANGE_LINES_FILTERED] = "long lines piped",
        [CHANGE_LINES_ENDED] = "line ends repaired",
        [CHANGE_NULS_REPLACED] = "NUL bytes repaired",
        [CHANGE_HEADER_ENCODED] = "header encoded",
        [CHANGE_HEADER_FOLDED] = "header folded",
        [CHANGE_HEADER_MENDED] = "header mended",
        [CHANGE_PART_ENCODED] = "long lines encoded",
        [CHANGE_LAST_LINE_ENDED] = "last line ended",
    };
    size_t before = text->used;
    if ((result->changes & 1u << CHANGE_WRAPPED) != 0)
        buffer_printf(text, "%llu lines wrapped", (unsigned long long)result->wrapped_lines);
    for (size_t i = 0; i < CHANGE_KIND_COUNT; i++) {
        if (words[i] != NULL && (result->changes & 1u << i) != 0)
            buffer_printf(text, "%s%s", text->used > before ? ", " : "", words[i]);
    }
}
