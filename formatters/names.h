/* formatters/names.h: the words for levels, kinds and span lines. Included by formatters/ only.
 *
 *     struct spanlog_text level = spanlog_level_name(13);    "warn"
 */
#ifndef SPANLOG_FORMATTERS_NAMES_H
#define SPANLOG_FORMATTERS_NAMES_H

#include "formatters/dialect.h"

#define SPANLOG_CANONICAL_KEYS                                                                     \
    {                                                                                              \
        [SPANLOG_FIELD_TS] = "ts", [SPANLOG_FIELD_LEVEL] = "level", [SPANLOG_FIELD_MSG] = "msg",   \
        [SPANLOG_FIELD_SERVICE] = "service", [SPANLOG_FIELD_TRACE_ID] = "trace_id",                \
        [SPANLOG_FIELD_SPAN_ID] = "span_id", [SPANLOG_FIELD_PARENT_ID] = "parent_id",              \
        [SPANLOG_FIELD_TRACE_FLAGS] = "trace_flags", [SPANLOG_FIELD_LOGGER] = "logger",            \
        [SPANLOG_FIELD_OPERATION] = "operation", [SPANLOG_FIELD_KIND] = "kind",                    \
        [SPANLOG_FIELD_START] = "start", [SPANLOG_FIELD_DURATION_MS] = "duration_ms",              \
        [SPANLOG_FIELD_STATUS] = "status", [SPANLOG_FIELD_STATUS_CODE] = "status_code",            \
        [SPANLOG_FIELD_ERROR] = "error", [SPANLOG_FIELD_SRC] = "src", [SPANLOG_FIELD_PID] = "pid", \
        [SPANLOG_FIELD_TID] = "tid", [SPANLOG_FIELD_EVENTS] = "events",                            \
        [SPANLOG_FIELD_LINKS] = "links", [SPANLOG_FIELD_HOST] = "host.name"                        \
    }

/* The same words for tables. */
#define SPANLOG_LEVEL_NAMES                                                                        \
    {                                                                                              \
        SPANLOG_TEXT("trace"), SPANLOG_TEXT("debug"), SPANLOG_TEXT("info"), SPANLOG_TEXT("warn"),  \
            SPANLOG_TEXT("error"), SPANLOG_TEXT("fatal")                                           \
    }

/* OpenTelemetry's 1..24, four numbers a word; numbers outside count as the nearest. */
static inline struct spanlog_text spanlog_level_name(unsigned level) {
    static const char words[6][8] = {"trace", "debug", "info", "warn", "error", "fatal"};
    static const unsigned char sizes[6] = {5, 5, 4, 4, 5, 5};
    unsigned i = level == 0 ? 0 : level > 24 ? 5 : (level - 1) / 4;
    return (struct spanlog_text){words[i], sizes[i]};
}

/* enum spanlog_kind's numbers. */
static inline struct spanlog_text spanlog_kind_name(unsigned kind) {
    static const char words[5][12] = {"internal", "server", "client", "producer", "consumer"};
    static const unsigned char sizes[5] = {8, 6, 6, 8, 8};
    unsigned i = kind > 4 ? 0 : kind;
    return (struct spanlog_text){words[i], sizes[i]};
}

static inline struct spanlog_text spanlog_line_message(const struct spanlog_line *line) {
    if (line->line_kind == SPANLOG_LINE_SPAN)
        return SPANLOG_TEXT("span completed");
    if (line->line_kind == SPANLOG_LINE_ABANDONED)
        return SPANLOG_TEXT("span abandoned");
    return line->message.data ? line->message : SPANLOG_TEXT("(null)");
}

#endif
