/* analyzer/export/export_chrome.c: Chrome's trace event format, for Perfetto and chrome://tracing:
 *
 *     {"traceEvents":[
 *     {"ph":"b","cat":"span","name":"GET /users","id":"0/0","pid":1,"tid":1,
 *      "ts":1795257045123456.789,"args":{"trace_id":"…","span_id":"…","parent_id":"…",…}},
 *     {"ph":"e",…}]}
 *
 * A service is a process. The spans of a trace lie on lanes, each an asynchronous track: a span
 * goes on the first lane of its service where it fits into, or comes behind, what is there. Log
 * lines and events are instants on the lane of their span. Times are microseconds with three
 * decimals.
 */
#include "src/analyzer/export/export_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/analyzer/base/hash.h"

#define LANES_MAX 64

/* What is open on a lane: spans that contain each other, the innermost last. */
struct lane {
    uint32_t process;
    uint32_t depth;
    uint64_t ends[32];
};

struct drawing {
    struct spanlog_output *out;
    const struct spanlog_export_trace *trace;
    struct lane lanes[LANES_MAX];
    uint32_t lane_count;
    const char *between;
};

/* The same number for a service in all traces. */
static uint32_t process_of(struct spanlog_text service) {
    return (uint32_t)(spanlog_hash(service.data ? service.data : "", service.size) & 0x3fffffff) +
           1;
}

static void put_micros(struct spanlog_output *out, uint64_t ns) {
    char text[32];
    snprintf(text, sizeof text, "%llu.%03u", (unsigned long long)(ns / 1000),
             (unsigned)(ns % 1000));
    spanlog_put(out, text);
}

static bool fits(struct lane *lane, uint64_t start, uint64_t end) {
    while (lane->depth && lane->ends[lane->depth - 1] <= start)
        lane->depth--;
    return lane->depth == 0 || (end <= lane->ends[lane->depth - 1] &&
                                lane->depth < sizeof lane->ends / sizeof lane->ends[0]);
}

/* Spans come by their start. When all lanes are taken, the last one has to do. */
static uint32_t lane_of(struct drawing *draw, uint32_t process, const struct spanlog_line *span) {
    uint64_t end = spanlog_line_end_ns(span);
    uint32_t i = 0;
    while (i < draw->lane_count &&
           !(draw->lanes[i].process == process && fits(&draw->lanes[i], span->start_ns, end)))
        i++;
    if (i == LANES_MAX)
        return LANES_MAX - 1;
    if (i == draw->lane_count)
        draw->lanes[draw->lane_count++] = (struct lane){.process = process};
    draw->lanes[i].ends[draw->lanes[i].depth++] = end;
    return i;
}

static void open_event(struct drawing *draw, const char *phase, struct spanlog_text name,
                       struct spanlog_text service, uint32_t lane, uint64_t time_ns) {
    struct spanlog_output *out = draw->out;
    spanlog_put(out, draw->between);
    draw->between = ",\n";
    spanlog_put(out, "{\"ph\":\"");
    spanlog_put(out, phase);
    spanlog_put_json_text(out, "\",\"cat\":\"span\",\"name\":", name);
    spanlog_put(out, ",\"id\":\"");
    spanlog_put_number(out, draw->trace->number);
    spanlog_put(out, "/");
    spanlog_put_number(out, lane);
    spanlog_put_json_count(out, "\",\"pid\":", process_of(service));
    spanlog_put_json_count(out, ",\"tid\":", lane + 1);
    spanlog_put(out, ",\"ts\":");
    put_micros(out, time_ns);
}

static void put_argument(struct spanlog_output *out, bool first, struct spanlog_text key,
                         const struct spanlog_value *value) {
    spanlog_put(out, first ? "" : ",");
    spanlog_put_json_string(out, key);
    spanlog_put(out, ":");
    spanlog_put_json_value(out, value);
}

static void put_ids(struct spanlog_output *out, const struct spanlog_line *span) {
    spanlog_put(out, ",\"args\":{\"trace_id\":");
    spanlog_put_json_id(out, span->trace_id, 16, span->trace_text);
    spanlog_put(out, ",\"span_id\":");
    spanlog_put_json_id(out, span->span_id, 8, span->span_text);
    if (span->has_parent) {
        spanlog_put(out, ",\"parent_id\":");
        spanlog_put_json_id(out, span->parent_id, 8, span->parent_text);
    }
}

/* What happened inside a span: an instant of its track. */
static void put_instant(struct drawing *draw, const struct spanlog_line *span, uint32_t lane,
                        uint64_t time_ns, struct spanlog_text name) {
    open_event(draw, "n", name, span->service, lane, time_ns);
    put_ids(draw->out, span);
}

static void put_instants(struct drawing *draw, const struct spanlog_span_logs *logs,
                         const struct spanlog_line *span, uint32_t lane) {
    uint32_t from, count = spanlog_export_logs_of(logs, span, &from);
    for (uint32_t i = 0; i < span->event_count; i++) {
        const struct spanlog_event *event = &span->events[i];
        put_instant(draw, span, lane, event->time_ns, event->name);
        for (uint32_t n = 0; n < event->attribute_count; n++)
            put_argument(draw->out, false, event->attributes[n].key, &event->attributes[n].value);
        spanlog_put(draw->out, "}}");
    }
    for (uint32_t i = from; i < from + count; i++) {
        const struct spanlog_line *log = logs->list[i];
        put_instant(draw, span, lane, log->time_ns, log->message);
        spanlog_put_json_text(draw->out,
                              ",\"level\":", spanlog_text_of(spanlog_level_word(log->level)));
        spanlog_export_tags(draw->out, log, false, put_argument);
        spanlog_put(draw->out, "}}");
    }
}

static void put_span(struct drawing *draw, const struct spanlog_span_logs *logs,
                     const struct spanlog_line *span) {
    static const char *const kinds[] = {"internal", "server", "client", "producer", "consumer"};
    struct spanlog_output *out = draw->out;
    uint32_t lane = lane_of(draw, process_of(span->service), span);
    open_event(draw, "b", span->operation, span->service, lane, span->start_ns);
    put_ids(out, span);
    spanlog_put_json_text(out, ",\"span.kind\":", spanlog_text_of(kinds[span->span_kind % 5]));
    if (span->span_status == SPANLOG_STATUS_ERROR)
        spanlog_put_json_text(out, ",\"status\":", spanlog_text_of("error"));
    if (span->error.size)
        spanlog_put_json_text(out, ",\"error\":", span->error);
    spanlog_export_tags(out, span, false, put_argument);
    spanlog_put(out, "}}");
    put_instants(draw, logs, span, lane);
    open_event(draw, "e", span->operation, span->service, lane, spanlog_line_end_ns(span));
    spanlog_put(out, "}");
}

static void put_process(struct drawing *draw, struct spanlog_text service) {
    struct spanlog_output *out = draw->out;
    spanlog_put(out, draw->between);
    draw->between = ",\n";
    spanlog_put_json_count(out,
                           "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":", process_of(service));
    spanlog_put_json_text(out, ",\"args\":{\"name\":", service);
    spanlog_put(out, "}}");
}

/* Outer spans in front of those that begin with them. */
static int by_start(const void *left, const void *right) {
    const struct spanlog_line *a = *(const struct spanlog_line *const *)left;
    const struct spanlog_line *b = *(const struct spanlog_line *const *)right;
    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns ? -1 : 1;
    if (a->duration_ns != b->duration_ns)
        return a->duration_ns > b->duration_ns ? -1 : 1;
    return (a > b) - (a < b);
}

static void put_trace(struct spanlog_output *out, const struct spanlog_export_trace *trace,
                      struct spanlog_arena *scratch) {
    struct drawing *draw = spanlog_arena_alloc(scratch, sizeof *draw);
    const struct spanlog_line **spans =
        spanlog_arena_array(scratch, trace->count + (size_t)1, sizeof *spans);
    struct spanlog_span_logs logs = spanlog_export_logs(trace, scratch);
    struct spanlog_strings services = {0};
    uint32_t count = 0;
    if (!draw || !spans) {
        out->error = -ENOMEM;
        return;
    }
    *draw = (struct drawing){.out = out, .trace = trace, .between = ""};
    for (uint32_t i = 0; i < trace->count; i++)
        if (spanlog_line_is_span(&trace->lines[i]))
            spans[count++] = &trace->lines[i];
    qsort(spans, count, sizeof *spans, by_start);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t known = services.count;
        spanlog_strings_add(&services, spans[i]->service.data ? spans[i]->service.data : "",
                            spans[i]->service.size);
        if (services.count > known)
            put_process(draw, services.texts[known]);
        put_span(draw, &logs, spans[i]);
    }
    spanlog_strings_free(&services);
}

const struct spanlog_export_format spanlog_export_chrome = {
    .name = "chrome",
    .about = "Chrome's trace events: for Perfetto and chrome://tracing",
    .head = "{\"traceEvents\":[\n",
    .between = ",\n",
    .tail = "\n]}\n",
    .trace = put_trace};
