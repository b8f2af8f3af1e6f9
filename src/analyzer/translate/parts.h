/* analyzer/translate/parts.h: what the formats of this folder have in common.
 *
 *     static int document(struct spanlog_translator *t, const char *line, const char *end) {
 *         struct spanlog_line span = {.line_kind = SPANLOG_LINE_SPAN, ...};
 *         return spanlog_emit(t, &span);
 *     }
 */
#ifndef SPANLOG_ANALYZER_TRANSLATE_PARTS_H
#define SPANLOG_ANALYZER_TRANSLATE_PARTS_H

#include "formatters/time.h"
#include "src/analyzer/read/record.h"
#include "src/analyzer/translate/members.h"
#include "src/analyzer/translate/translate.h"

#define SPANLOG_WRAPPERS_MAX 4

/* What a translator remembers from line to line, and what it works on. */
struct spanlog_translate_memory {
    struct spanlog_reader reader;
    struct spanlog_second second; /* the last one that was written */
    struct {
        char text[24]; /* the last one that was read, "2026-11-21T10:30:45" */
        uint64_t ns;
    } second_read;
    struct spanlog_keys_seen guessed; /* the keys of the last line, and its dialect */
    uint8_t guess;
    bool has_guess;
    int64_t year;                     /* of the last time with a date; 0: none yet */
    const struct spanlog_line *outer; /* NULL, or what the wrapper says where the line does not */
    uint8_t dialect;                  /* of the last line, if it was flat */
    unsigned depth;                   /* wrappers around the current line */
    struct spanlog_members members;
};

/* Adds lines to the translator's `out`, or sets its `problem`.
 * 1: done. 0: not this format, nothing was added. -ENOMEM. */
typedef int spanlog_translate_function(struct spanlog_translator *translator, const char *line,
                                       const char *end);

/* Writes the line with the json dialect behind what is in `out`. Texts need only live until it
 * returns. 0 or -ENOMEM. */
int spanlog_emit(struct spanlog_translator *translator, const struct spanlog_line *line);
/* The same for a line that is canonical already, with its newline at end. */
int spanlog_emit_canonical(struct spanlog_translator *translator, const char *line,
                           const char *end);

/* The line was read from line..end, which is canonical: written anew only if a wrapper adds to it.
 */
int spanlog_emit_over(struct spanlog_translator *translator, const struct spanlog_line *read,
                      const char *line, const char *end);

/* The text of a record inside a wrapper; what `outer` knows fills in where it says nothing. As
 * spanlog_translate_function. */
int spanlog_translate_inner(struct spanlog_translator *translator, struct spanlog_text text,
                            const struct spanlog_line *outer);
/* The same for one of many in a document; `entry` is the memory for it, and is used again. */
int spanlog_translate_entry(struct spanlog_translator *translator, struct spanlog_arena *entry,
                            struct spanlog_text text, const struct spanlog_line *outer);
/* A point in time as spanlog_reading_time reads it; most share the second with the one before. */
bool spanlog_translate_time(struct spanlog_translator *translator, struct spanlog_text text,
                            uint64_t *ret_ns);
/* Puts an id into the line; false when the text is empty or zeros: then there is none. */
bool spanlog_line_set_trace(struct spanlog_line *line, struct spanlog_text text,
                            struct spanlog_arena *arena);
bool spanlog_line_set_span(struct spanlog_line *line, struct spanlog_text text,
                           struct spanlog_arena *arena);
bool spanlog_line_set_parent(struct spanlog_line *line, struct spanlog_text text,
                             struct spanlog_arena *arena);
/* The attribute of that name as the trace's id. */
bool spanlog_line_set_trace_key(struct spanlog_line *line, const char *key,
                                struct spanlog_arena *arena);

spanlog_translate_function spanlog_translate_logger; /* zap, pino, ECS, ...: formatters/reading.c */
spanlog_translate_function spanlog_translate_cri;    /* ts stream P|F text */
spanlog_translate_function spanlog_translate_syslog; /* RFC 5424 and 3164 */
spanlog_translate_function spanlog_translate_pretty; /* what dialect_pretty.c writes */
spanlog_translate_function spanlog_translate_logfmt; /* key=value */
spanlog_translate_function spanlog_translate_text;   /* anything: always 1 */
spanlog_translate_function spanlog_translate_otlp;   /* ResourceSpans, ResourceLogs */
spanlog_translate_function spanlog_translate_otel_console; /* the SDKs' console exporters */
spanlog_translate_function spanlog_translate_jaeger;
spanlog_translate_function spanlog_translate_zipkin;
spanlog_translate_function spanlog_translate_chrome;
spanlog_translate_function spanlog_translate_loki;  /* what Loki's query API answers */
spanlog_translate_function spanlog_translate_array; /* [record, record, ...] */

#endif
