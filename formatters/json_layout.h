/* formatters/json_layout.h: one writer for all dialects that are one flat JSON object a line and
 * differ in the names of their fields. Included by dialects only.
 *
 *     static const struct spanlog_json_layout layout = {
 *         .time = SPANLOG_TEXT("{\"@timestamp\":\""),
 *         .level = SPANLOG_TEXT("\",\"log.level\":\""),
 *         ...
 *     };
 *     end = spanlog_layout_write(&layout, line, out, end);
 *
 * What a format has no name for stands under its canonical name: operation, kind, start,
 * status_code, events, links, sample_ratio and the dropped_ counts. Attributes follow the fixed
 * fields as they do in the json dialect, which has a writer of its own because it is the one that
 * must be fast.
 */
#ifndef SPANLOG_FORMATTERS_JSON_LAYOUT_H
#define SPANLOG_FORMATTERS_JSON_LAYOUT_H

#include "formatters/dialect.h"

/* What put_context may write. */
#define SPANLOG_CONTEXT_MAX 128

enum spanlog_duration_unit { SPANLOG_DURATION_MS, SPANLOG_DURATION_NS, SPANLOG_DURATION_S };

/* Each text is all that stands between the value before it and its own value. Where the value is a
 * text, its quotes are added by the writer. */
struct spanlog_json_layout {
    unsigned keys_of; /* SPANLOG_KEYS_OF_ECS and the like: the names that it reserves (keys.h) */

    struct spanlog_text time; /* from the line's first byte */
    bool time_in_seconds;     /* 1795257045.123456789, else RFC 3339 */
    struct spanlog_text level, levels[6];
    bool trace_has_no_name; /* levels[0] means debug */
    struct spanlog_text message, service, service_end;

    struct spanlog_text trace_id, span_id, parent_id;
    /* Flags and further forms of the ids, where a record has them. */
    char *(*put_context)(const struct spanlog_line *line, char *out);

    struct spanlog_text duration;
    enum spanlog_duration_unit duration_unit;
    struct spanlog_text status_ok, status_error; /* with their values */
    struct spanlog_text error;

    struct spanlog_text logger;
    /* "src/db.c:42" in one, or, where source_line is given, split at the colon. */
    struct spanlog_text source, source_line, source_line_end, source_end;
    struct spanlog_text pid, tid;
};

/* ,"trace_flags":"01": put_context of formats without a form of their own. */
char *spanlog_layout_put_flags(const struct spanlog_line *line, char *out);

/* What struct spanlog_dialect asks for; see dialect.h. */
char *spanlog_layout_write(const struct spanlog_json_layout *layout,
                           const struct spanlog_line *line, char *out, char *end);
char *spanlog_layout_head(const struct spanlog_json_layout *layout, const struct spanlog_line *line,
                          char *out, char *end);
char *spanlog_layout_tail(const struct spanlog_json_layout *layout, const struct spanlog_line *line,
                          char *out, char *end);
char *spanlog_layout_key(const struct spanlog_json_layout *layout, struct spanlog_text key,
                         enum spanlog_line_kind kind, char *out, char *end);

/* The four functions of a dialect whose table is `layout`. */
#define SPANLOG_LAYOUT_FUNCTIONS(layout)                                                           \
    static char *write_line(const struct spanlog_line *line, char *out, char *end) {               \
        return spanlog_layout_write(&(layout), line, out, end);                                    \
    }                                                                                              \
    static char *render_head(const struct spanlog_line *line, char *out, char *end) {              \
        return spanlog_layout_head(&(layout), line, out, end);                                     \
    }                                                                                              \
    static char *render_tail(const struct spanlog_line *line, char *out, char *end) {              \
        return spanlog_layout_tail(&(layout), line, out, end);                                     \
    }                                                                                              \
    static char *render_key(struct spanlog_text key, enum spanlog_line_kind kind, char *out,       \
                            char *end) {                                                           \
        return spanlog_layout_key(&(layout), key, kind, out, end);                                 \
    }

#endif
