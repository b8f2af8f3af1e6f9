/* formatters/number.h: numbers to text and back, without libc, locale or rounding mode.
 *
 *     char text[SPANLOG_NUMBER_MAX];
 *     char *end = spanlog_put_double(text, 45.2);               "45.2"
 *     int rc = spanlog_read_double(text, end - text, &value);   0, and the same bits again
 *
 * Every put writes without a NUL, returns the byte after the last, and may scribble over all of the
 * SPANLOG_NUMBER_MAX bytes at out. Every read takes the whole text or refuses it: 0, -EINVAL (not
 * such a number) or -ERANGE (does not fit; doubles become infinite instead, as strtod does it).
 */
#ifndef SPANLOG_FORMATTERS_NUMBER_H
#define SPANLOG_FORMATTERS_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#define SPANLOG_NUMBER_MAX 40

char *spanlog_put_u64(char *out, uint64_t value);
char *spanlog_put_i64(char *out, int64_t value);
/* "0x7f12", "0x0" */
char *spanlog_put_pointer(char *out, uint64_t value);
/* Nanoseconds as milliseconds with at most six decimals: "45.2", "0.004", "3". */
char *spanlog_put_duration_ms(char *out, uint64_t ns);
/* The shortest digits that read back as the same double (or float), in JavaScript's notation: 1.2,
 * 100, 1e+300, 1.5e-7, -0. No JSON number: NaN, Infinity, -Infinity come out as these bare words.
 */
char *spanlog_put_double(char *out, double value);
char *spanlog_put_float(char *out, float value);

/* size bytes as 2 * size lower-case hex digits; exactly these are written. */
char *spanlog_put_hex(char *out, const void *bytes, size_t size);
/* The same for exactly 8 and 16 bytes. */
char *spanlog_put_hex8(char *out, const uint8_t bytes[8]);
char *spanlog_put_hex16(char *out, const uint8_t bytes[16]);

/* [-]digits; leading zeros are refused, as in JSON. */
int spanlog_read_i64(const char *text, size_t size, int64_t *ret_value);
int spanlog_read_u64(const char *text, size_t size, uint64_t *ret_value);
/* A JSON number, correctly rounded (to nearest, ties to even), of any length. */
int spanlog_read_double(const char *text, size_t size, double *ret_value);
/* 2 * count hex digits of either case into count bytes; -EINVAL when size or a digit is wrong. */
int spanlog_read_hex(const char *text, size_t size, uint8_t *ret_bytes, size_t count);

#endif
