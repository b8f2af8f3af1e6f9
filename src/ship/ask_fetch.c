/* ship/ask_fetch.c: see ask.h: pages are asked for until the range is read, and their entries put
 * out as lines. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/analyzer/translate/lines.h"
#include "src/analyzer/translate/documents/document.h"
#include "src/ship/ask.h"
#include "src/ship/files.h"

#define TIMEOUT_MS 60000u
#define GIVE_UP_MS 60000u
#define RANGE_LEAST_NS (10 * SPANLOG_ASK_SECOND_NS)
#define CALM 8
#define SAID_SIZE 200
#define OUT_SIZE (1u << 20)
#define TEXT_MAX (8u << 20) /* of one entry: what the analyzer takes as a line, wrapped */

/* ---- entries ------------------------------------------------------------------------------ */

enum { SERVICE, TRACE_ID, SLOTS };
static const struct spanlog_pick_key keys[] = {
    SPANLOG_PICK("service_name", SERVICE), SPANLOG_PICK("trace_id", TRACE_ID),
    SPANLOG_PICK("traceID", TRACE_ID), SPANLOG_PICK("traceId", TRACE_ID), SPANLOG_PICK_END};

/* The text as a line, with what its readers want behind it: 0, or -ENOMEM. */
static int take_text(struct spanlog_ask *ask, const struct spanlog_json_value *text) {
    struct spanlog_output *line = &ask->line;
    size_t size = (size_t)(text->end - text->begin);
    line->size = 0;
    char *to = spanlog_output_reserve(line, size + 1 + SPANLOG_JSON_PADDING);
    if (!to)
        return -ENOMEM;
    ssize_t used = spanlog_json_unescape(text->begin, size, to);
    size = used < 0 ? 0 : (size_t)used;
    while (size && (to[size - 1] == '\n' || to[size - 1] == '\r'))
        size--;
    to[size] = '\n';
    memset(to + size + 1, 0, SPANLOG_JSON_PADDING);
    line->size = size;
    return 0;
}

/* Whether the line says all that the labels and metadata around it could. */
static bool stands_alone(struct spanlog_ask *ask, bool has_ids, bool *ret_is_span) {
    struct spanlog_record record;
    const char *line = ask->line.data;
    *ret_is_span = false;
    if (memchr(line, '\n', ask->line.size) || spanlog_record_read(&ask->reader, line, &record) ||
        !spanlog_record_is_own(&record))
        return false;
    *ret_is_span = record.line_kind != SPANLOG_LINE_LOG;
    return record.service.size && (record.has_trace || !has_ids);
}

static void put_value(struct spanlog_output *out, const struct spanlog_json_value *value) {
    bool is_string = value->type == SPANLOG_JSON_STRING;
    if (value->type != SPANLOG_JSON_ABSENT)
        spanlog_put_bytes(out, value->begin - is_string,
                          (size_t)(value->end - value->begin) + 2 * is_string);
    else
        spanlog_put(out, "{}");
}

/* An answer of Loki's of its own, in one line: the analyzer's dialects know it. */
static void put_wrapped(struct spanlog_output *out, const struct spanlog_ask_entry *entry) {
    spanlog_put(out, "{\"status\":\"success\",\"data\":{\"resultType\":\"streams\",\"result\":["
                     "{\"stream\":");
    put_value(out, &entry->stream);
    spanlog_put(out, ",\"values\":[[");
    put_value(out, &entry->time);
    spanlog_put(out, ",");
    put_value(out, &entry->text);
    spanlog_put(out, ",");
    put_value(out, &entry->metadata);
    spanlog_put(out, "]]}]}}\n");
}

static int note_service(struct spanlog_ask *ask, const struct spanlog_json_value *service,
                        bool is_span) {
    size_t size = (size_t)(service->end - service->begin);
    if (service->type != SPANLOG_JSON_STRING || service->escaped ||
        ask->services.count >= SPANLOG_ASK_SERVICES_MAX)
        return 0;
    bool failed =
        spanlog_strings_add(&ask->services, service->begin, size) == SPANLOG_STRING_NONE ||
        (is_span &&
         spanlog_strings_add(&ask->writers, service->begin, size) == SPANLOG_STRING_NONE);
    return failed ? -ENOMEM : 0;
}

static int put_entry(struct spanlog_ask *ask, const struct spanlog_ask_entry *entry) {
    struct spanlog_json_value slot[SLOTS] = {{0}};
    bool is_span;
    if (entry->text.end - entry->text.begin > TEXT_MAX) {
        ask->question->say(ask->question->argument, "an entry of over 8 MB is left out");
        return 0;
    }
    spanlog_pick(&entry->stream, keys, slot);
    spanlog_pick(&entry->metadata, keys, slot);
    if (take_text(ask, &entry->text) < 0)
        return -ENOMEM;
    bool alone = stands_alone(ask, slot[TRACE_ID].type == SPANLOG_JSON_STRING, &is_span);
    if (alone || ask->question->as_they_are)
        spanlog_put_bytes(&ask->out, ask->line.data, ask->line.size + 1);
    else
        put_wrapped(&ask->out, entry);
    if (ask->lines++ == 0 || entry->time_ns < ask->first_ns)
        ask->first_ns = entry->time_ns;
    if (entry->time_ns > ask->last_ns)
        ask->last_ns = entry->time_ns;
    if (ask->out.size > OUT_SIZE)
        spanlog_output_flush(&ask->out);
    return note_service(ask, &slot[SERVICE], is_span);
}

int spanlog_ask_put(struct spanlog_ask *ask, uint32_t count) {
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < count; i++)
        rc = put_entry(ask, &ask->page.entries[i]);
    if (rc < 0)
        return spanlog_ask_fail(ask, rc, "%s", strerror(-rc));
    if (ask->out.error)
        return spanlog_ask_fail(ask, ask->out.error, "the temporary file: %s",
                                strerror(-ask->out.error));
    return 0;
}

/* ---- requests ----------------------------------------------------------------------------- */

int spanlog_ask_fail(struct spanlog_ask *ask, int rc, const char *form, ...) {
    va_list arguments;
    va_start(arguments, form);
    vsnprintf(ask->problem, SPANLOG_SHIP_PROBLEM, form, arguments);
    va_end(arguments);
    return rc;
}

/* The first line of the answer, cut; of {"error":"..."} as it is. */
static void first_line(const struct spanlog_ship_answer *answer, char *ret, size_t room) {
    size_t size = 0;
    const char *text = answer->text;
    for (; size + 1 < room && size < answer->text_size && text[size] != '\n'; size++)
        ret[size] = text[size];
    ret[size] = 0;
}

static int fail_with_answer(struct spanlog_ask *ask, const struct spanlog_ship_answer *answer) {
    char said[SAID_SIZE];
    long status = answer->status;
    first_line(answer, said, sizeof said);
    if (status == 0)
        return spanlog_ask_fail(ask, -EHOSTUNREACH, "cannot be asked: %s", ask->http.problem);
    if (status == 401 || status == 403)
        return spanlog_ask_fail(ask, -EACCES,
                                "it answers %ld%s%s (--tenant, --user and --bearer say who asks)",
                                status, *said ? ": " : "", said);
    if (status == 404 || status == 405 || (status >= 300 && status < 400))
        return spanlog_ask_fail(ask, -EPROTO,
                                "it answers %ld to %s: no Loki is there; give the URL that its "
                                "/loki/api begins with",
                                status, "query_range");
    return spanlog_ask_fail(ask, -EIO, "it answers %ld%s%s", status, *said ? ": " : "", said);
}

/* Said once an episode. */
static void say_trouble(struct spanlog_ask *ask, const struct spanlog_ship_answer *answer) {
    char said[SAID_SIZE], text[SAID_SIZE + 64];
    if (ask->is_troubled)
        return;
    ask->is_troubled = true;
    first_line(answer, said, sizeof said);
    if (answer->status)
        snprintf(text, sizeof text, "it answers %ld%s%s: asked again", answer->status,
                 *said ? ": " : "", said);
    else
        snprintf(text, sizeof text, "%.200s: asked again", ask->http.problem);
    ask->question->say(ask->question->argument, text);
}

/* -EAGAIN after a while, or the failure when that has gone on for long. Who has never answered is
 * most likely not there at all. */
static int wait_a_while(struct spanlog_ask *ask, const struct spanlog_ship_answer *answer) {
    uint64_t now_ms = spanlog_ship_now_ms();
    ask->random = ask->random * 6364136223846793005u + 1442695040888963407u;
    uint64_t wait_ms =
        spanlog_ship_backoff_next(&ask->backoff, ask->random >> 33, answer->retry_after_ms);
    if ((answer->status == 0 && !ask->has_answered) ||
        now_ms + wait_ms > ask->success_ms + GIVE_UP_MS)
        return fail_with_answer(ask, answer);
    say_trouble(ask, answer);
    poll(NULL, 0, (int)wait_ms);
    return -EAGAIN;
}

static int take_less(struct spanlog_ask *ask, const struct spanlog_ship_answer *answer) {
    uint64_t allowed = answer->status == 200 ? 0 : spanlog_ask_allowed(answer);
    if (ask->limit == 1)
        return fail_with_answer(ask, answer);
    if (allowed && allowed < ask->limit)
        ask->limit = ask->limit_max = allowed;
    else
        ask->limit /= 2;
    return -EAGAIN;
}

static int take_page(struct spanlog_ask *ask, const struct spanlog_ship_answer *answer) {
    struct spanlog_output *text = &ask->http.text;
    if (ask->http.is_cut && ask->limit == 1)
        return spanlog_ask_fail(ask, -EFBIG, "one entry is larger than 64 MB");
    if (ask->http.is_cut)
        return take_less(ask, answer);
    ask->bytes += text->size;
    spanlog_put_bytes(text, "\n", 1);
    char *padding = spanlog_output_reserve(text, SPANLOG_JSON_PADDING);
    if (text->error || !padding)
        return spanlog_ask_fail(ask, -ENOMEM, "%s", strerror(ENOMEM));
    memset(padding, 0, SPANLOG_JSON_PADDING);
    int rc = spanlog_ask_page_read(&ask->page, text->data, (uint32_t)ask->limit);
    if (rc == -EPROTO)
        return spanlog_ask_fail(ask, rc, "what it answers is no answer of Loki's: %.80s",
                                text->data);
    if (rc < 0)
        return spanlog_ask_fail(ask, rc, "%s", strerror(-rc));
    ask->success_ms = spanlog_ship_now_ms();
    ask->backoff.tries = 0;
    ask->is_troubled = false;
    if (ask->question->progress)
        ask->question->progress(ask->bytes, 0);
    return 0;
}

int spanlog_ask_page(struct spanlog_ask *ask, uint64_t from_ns, uint64_t to_ns, uint64_t limit,
                     bool backward) {
    struct spanlog_ship_answer answer;
    uint64_t timeout_ms = ask->question->target->timeout_ms;
    const char *url =
        spanlog_ask_url(&ask->request, ask->url, &ask->logql, from_ns, to_ns, limit, backward);
    if (!url ||
        spanlog_ship_http_get(&ask->http, url, timeout_ms ? timeout_ms : TIMEOUT_MS, &answer) < 0)
        return spanlog_ask_fail(ask, -ENOMEM, "%s", strerror(ENOMEM));
    enum spanlog_ask_outcome outcome = spanlog_ask_judge(&answer);
    long status = 0; /* also of an answer that broke off */
    curl_easy_getinfo(ask->http.easy, CURLINFO_RESPONSE_CODE, &status);
    ask->has_answered = ask->has_answered || status;
    switch (outcome) {
    case SPANLOG_ASK_TAKEN:
        return take_page(ask, &answer);
    case SPANLOG_ASK_FEWER:
        return take_less(ask, &answer);
    case SPANLOG_ASK_SHORTER:
        if (to_ns - from_ns < RANGE_LEAST_NS)
            return wait_a_while(ask, &answer);
        ask->range_ns = (to_ns - from_ns) / 2;
        ask->calm = 0;
        return -EAGAIN;
    case SPANLOG_ASK_LATER:
        return wait_a_while(ask, &answer);
    default:
        return fail_with_answer(ask, &answer);
    }
}

/* ---- ranges ------------------------------------------------------------------------------- */

/* A range was read. What made ranges short may be over: a busy server, or a dense time. */
static void lengthen(struct spanlog_ask *ask) {
    if (++ask->calm < CALM || ask->range_ns == SPANLOG_ASK_RANGE_NS)
        return;
    ask->calm = 0;
    ask->range_ns =
        2 * ask->range_ns < SPANLOG_ASK_RANGE_NS ? 2 * ask->range_ns : SPANLOG_ASK_RANGE_NS;
}

/* More entries of one instant than a page held: with a larger page, if there is any. Tried once,
 * since the server may not take it, or answer with too much. */
static int widen(struct spanlog_ask *ask, uint64_t *time_ns) {
    if (ask->limit < ask->limit_max && ask->widened_ns != *time_ns) {
        ask->widened_ns = *time_ns;
        ask->limit = ask->limit_max;
        return 0;
    }
    return spanlog_ask_split(ask, (*time_ns)++);
}

int spanlog_ask_fetch(struct spanlog_ask *ask, uint64_t from_ns, uint64_t to_ns) {
    int rc = 0;
    while (rc == 0 && from_ns < to_ns) {
        uint64_t end_ns = to_ns - from_ns > ask->range_ns ? from_ns + ask->range_ns : to_ns;
        uint64_t limit = ask->limit, next_ns;
        rc = spanlog_ask_page(ask, from_ns, end_ns, limit, false);
        if (rc == -EAGAIN) {
            rc = 0;
            continue;
        }
        if (rc < 0)
            break;
        uint32_t count = spanlog_ask_page_whole(&ask->page, limit, end_ns, &next_ns);
        rc = spanlog_ask_put(ask, count);
        if (rc == 0 && count == 0 && next_ns == from_ns)
            rc = widen(ask, &next_ns);
        else if (next_ns == end_ns)
            lengthen(ask);
        from_ns = next_ns;
        ask->limit += ask->limit / 4 + 1; /* what made it small may be over */
        if (ask->limit > ask->limit_max)
            ask->limit = ask->limit_max;
    }
    return rc;
}

int spanlog_ask_fetch_last(struct spanlog_ask *ask, uint64_t from_ns, uint64_t to_ns,
                           uint32_t most) {
    int rc;
    do {
        if (to_ns - from_ns > ask->range_ns)
            from_ns = to_ns - ask->range_ns;
        rc = spanlog_ask_page(ask, from_ns, to_ns, most < ask->limit ? most : ask->limit, true);
    } while (rc == -EAGAIN);
    return rc < 0 ? rc : spanlog_ask_put(ask, ask->page.count);
}

int spanlog_ask_find_last(struct spanlog_ask *ask, uint64_t from_ns, uint64_t to_ns,
                          uint64_t *ret_ns) {
    *ret_ns = 0;
    while (to_ns > from_ns) {
        uint64_t begin_ns = to_ns - from_ns > ask->range_ns ? to_ns - ask->range_ns : from_ns;
        int rc = spanlog_ask_page(ask, begin_ns, to_ns, 1, true);
        if (rc == -EAGAIN)
            continue;
        if (rc < 0)
            return rc;
        if (ask->page.count) {
            *ret_ns = ask->page.entries[0].time_ns;
            return 0;
        }
        to_ns = begin_ns;
        lengthen(ask);
    }
    return 0;
}
