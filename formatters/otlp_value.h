/* formatters/otlp_value.h: attributes as OTLP JSON has them. Included by dialects only.
 *
 *     p = spanlog_otlp_put_attributes(p, limit, line->attributes, line->attribute_count,
 *                                     SPANLOG_KEYS_OF_LOG | SPANLOG_KEYS_OF_OTLP, false, &dropped);
 *     puts ,{"key":"key","value":{"stringValue":"user:7"}},{"key":"hits","value":{"intValue":"3"}}
 *
 * As in json_write.h: NULL where there is no room; lists count what they leave out.
 */
#ifndef SPANLOG_FORMATTERS_OTLP_VALUE_H
#define SPANLOG_FORMATTERS_OTLP_VALUE_H

#include "formatters/keys.h"
#include "formatters/line.h"

/* An AnyValue. Null is {}. Integers over INT64_MAX have no type there and become a doubleValue with
 * all their digits. JSON becomes arrayValue and kvlistValue; nested deeper than 32 levels it stays
 * a text. */
char *spanlog_otlp_put_value(char *out, char *limit, const struct spanlog_value *value);

/* ,{"key":"hits","value":  and one '}' to come behind the value. */
char *spanlog_otlp_put_key(struct spanlog_text key, unsigned underscores, char *out, char *end);

/* Each with a comma before it. */
char *spanlog_otlp_put_attributes(char *out, char *limit,
                                  const struct spanlog_attribute *attributes, uint32_t count,
                                  unsigned of, bool distinct, uint64_t *ret_dropped);

#endif
