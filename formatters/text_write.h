/* formatters/text_write.h: key=value for the dialects without JSON's quotes. Included by dialects
 * only.
 *
 *     p = spanlog_plain_put_text(p, limit, SPANLOG_TEXT("cache miss"));     "cache miss"
 *     p = spanlog_plain_put_text(p, limit, SPANLOG_TEXT("user:7"));         user:7
 *
 * A value stands bare while nothing in it could end it or pass for something else; otherwise it is
 * quoted and escaped as in JSON, and characters that a terminal obeys become visible.
 */
#ifndef SPANLOG_FORMATTERS_TEXT_WRITE_H
#define SPANLOG_FORMATTERS_TEXT_WRITE_H

#include "formatters/keys.h"
#include "formatters/line.h"

char *spanlog_plain_put_text(char *out, char *limit, struct spanlog_text text);
/* The same, cut and marked when it would be longer than max bytes. */
char *spanlog_plain_put_text_within(char *out, char *limit, struct spanlog_text text, size_t max);
char *spanlog_plain_put_value(char *out, char *limit, const struct spanlog_value *value);

/* The name alone; what cannot stand in a key becomes '_' (ASCII) or U+FFFD. */
char *spanlog_plain_put_name(struct spanlog_text key, unsigned underscores, char *out, char *end);
/* A key between space and equals sign: " key=" */
char *spanlog_plain_put_key(struct spanlog_text key, unsigned underscores, char *out, char *end);

/* render: how this dialect spells a key, and how the attributes' rendered keys were made. */
char *spanlog_plain_put_attributes(char *out, char *limit,
                                   const struct spanlog_attribute *attributes, uint32_t count,
                                   unsigned of, bool distinct, spanlog_key_renderer *render,
                                   uint64_t *ret_dropped);

#endif
