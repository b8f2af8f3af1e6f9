/* formatters/json_write.h: values, attributes, events and links as JSON. Included by dialects only.
 *
 *     p = spanlog_json_put_attributes(p, limit, line->attributes, line->attribute_count,
 *                                     SPANLOG_KEYS_OF_LOG, false, &dropped);
 *     puts ,"key":"user:7","hits":3
 *
 * limit is where the room for this part ends. Functions that return NULL have no room; the lists
 * leave out what does not fit and count it instead.
 */
#ifndef SPANLOG_FORMATTERS_JSON_WRITE_H
#define SPANLOG_FORMATTERS_JSON_WRITE_H

#include "formatters/keys.h"
#include "formatters/line.h"
#include "formatters/put.h"

/* With its quotes; absent text is "(null)". */
char *spanlog_json_put_text(char *out, char *limit, struct spanlog_text text);
/* The same, cut and marked when it would be longer than max bytes. */
char *spanlog_json_put_text_within(char *out, char *limit, struct spanlog_text text, size_t max);

char *spanlog_json_put_value(char *out, char *limit, const struct spanlog_value *value);

/* A key between comma and colon: ,"key": */
char *spanlog_json_put_key(struct spanlog_text key, unsigned underscores, char *out, char *end);

char *spanlog_json_put_attributes(char *out, char *limit,
                                  const struct spanlog_attribute *attributes, uint32_t count,
                                  unsigned of, bool distinct, uint64_t *ret_dropped);

/* [{"ts":"...","name":"retry","attempt":2}] and [{"trace_id":"...","span_id":"..."}], at most
 * count. out itself when not even the first fits. */
char *spanlog_json_put_events(char *out, char *limit, const struct spanlog_event *events,
                              uint32_t count, uint64_t *ret_dropped);
char *spanlog_json_put_links(char *out, char *limit, const struct spanlog_span_link *links,
                             uint32_t count, uint64_t *ret_dropped);

/* How much of a record is left out: what was lost before, and what did not fit. */
struct spanlog_dropped {
    uint64_t attributes, events, links;
};

/* ,"events":[...],"links":[...] as far as there are any. */
char *spanlog_json_put_lists(const struct spanlog_line *line, char *out, char *limit,
                             struct spanlog_dropped *dropped);

/* sample_ratio, the dropped_ counts and the closing brace with its '\n'. Unchecked: */
#define SPANLOG_JSON_CLOSE_MAX 224
char *spanlog_json_put_close(const struct spanlog_line *line, char *out,
                             const struct spanlog_dropped *dropped);

/* Both; most records have neither lists nor anything to be said at the end. */
static inline char *spanlog_json_put_end(const struct spanlog_line *line, char *out, char *limit,
                                         struct spanlog_dropped *dropped) {
    if (line->line_kind != SPANLOG_LINE_LOG) {
        dropped->events = line->dropped_events;
        dropped->links = line->dropped_links;
        if (line->event_count | line->link_count)
            out = spanlog_json_put_lists(line, out, limit, dropped);
    }
    if ((dropped->attributes | dropped->events | dropped->links) == 0 &&
        !(line->sample_ratio > 0 && line->sample_ratio < 1)) {
        PUT(out, "}\n");
        return out;
    }
    return spanlog_json_put_close(line, out, dropped);
}

#endif
