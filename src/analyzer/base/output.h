/* analyzer/base/output.h: what is printed, gathered and written in large pieces.
 *
 *     struct spanlog_output out;
 *     spanlog_output_open(&out, STDOUT_FILENO);
 *     spanlog_put(&out, "spans: ");  spanlog_put_number(&out, 12);
 *     spanlog_put_visible(&out, name);             nothing in it can steer a terminal
 *     spanlog_put_json_string(&out, name);
 *     int rc = spanlog_output_close(&out);         0, or -errno of the first write that failed
 */
#ifndef SPANLOG_ANALYZER_BASE_OUTPUT_H
#define SPANLOG_ANALYZER_BASE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formatters/line.h"

struct spanlog_output {
    int fd;
    int error; /* -errno, kept */
    char *data;
    size_t size;
    size_t room;
};

void spanlog_output_open(struct spanlog_output *out, int fd);
/* Writes what is there. */
void spanlog_output_flush(struct spanlog_output *out);
int spanlog_output_close(struct spanlog_output *out);

/* Room for size bytes behind out->data + out->size, or NULL. */
char *spanlog_output_reserve(struct spanlog_output *out, size_t size);

void spanlog_put_bytes(struct spanlog_output *out, const char *data, size_t size);
void spanlog_put(struct spanlog_output *out, const char *text);
void spanlog_put_repeat(struct spanlog_output *out, const char *text, size_t times);
void spanlog_put_number(struct spanlog_output *out, uint64_t number);
/* "4,210": for people. */
void spanlog_put_thousands(struct spanlog_output *out, uint64_t number);
/* Right-aligned in width columns. */
void spanlog_put_right(struct spanlog_output *out, const char *ascii, size_t width);

/* Escapes controls, bidi and invisible characters as \u00XX. */
void spanlog_put_visible(struct spanlog_output *out, struct spanlog_text text);
/* The same, at most `columns` wide; a longer one ends in `…` (or `~`). Returns the columns used. */
size_t spanlog_put_visible_cut(struct spanlog_output *out, struct spanlog_text text, size_t columns,
                               bool ascii);
/* How many columns a text takes when it is made visible. */
size_t spanlog_visible_width(struct spanlog_text text);

void spanlog_put_json_string(struct spanlog_output *out, struct spanlog_text text);
void spanlog_put_json_time(struct spanlog_output *out, uint64_t ns);
/* A key as it stands in the object, `,"count":`, and its value. */
void spanlog_put_json_text(struct spanlog_output *out, const char *key, struct spanlog_text text);
void spanlog_put_json_count(struct spanlog_output *out, const char *key, uint64_t count);
void spanlog_put_json_ms(struct spanlog_output *out, const char *key, uint64_t ns);
/* As the json dialect writes it. */
void spanlog_put_json_value(struct spanlog_output *out, const struct spanlog_value *value);
/* The same between quotes, whatever it is: "4", "true", "[1,2]". */
void spanlog_put_json_value_text(struct spanlog_output *out, const struct spanlog_value *value);
/* 32 or 16 hex digits, or the text if there is one; between quotes. */
void spanlog_put_json_id(struct spanlog_output *out, const uint8_t *id, size_t size,
                         struct spanlog_text text);
void spanlog_put_signed(struct spanlog_output *out, int64_t number);
void spanlog_put_milliseconds(struct spanlog_output *out, uint64_t ns);
void spanlog_put_hex_id(struct spanlog_output *out, uint64_t id);
/* 32 digits; or the text, which is as a JSON line has it between the quotes. */
void spanlog_put_trace_id(struct spanlog_output *out, uint64_t high, uint64_t low,
                          const char *text);

/* "12.59ms", "1.30s", "850us", "3m05s": at most 8 characters, for people. */
void spanlog_format_duration(uint64_t ns, char out[24]);

#endif
