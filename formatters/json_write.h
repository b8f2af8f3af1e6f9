/* formatters/json_write.h: values, attributes, events and links as JSON. Included by dialects only.
 *
 *     p = spanlog_json_put_attributes(p, limit, line->attributes, line->attribute_count,
 *                                     SPANLOG_KEYS_OF_LOG, false, &dropped);
 * ,"key":"user:7","hits":3
 *
 * limit is where the room for this part ends. Functions that return NULL have no room; the lists
 * leave out what does not fit and count it instead.
 */
#ifndef SPANLOG_FORMATTERS_JSON_WRITE_H
#define SPANLOG_FORMATTERS_JSON_WRITE_H

#include "formatters/keys.h"
#include "formatters/line.h"

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

#endif
