/* formatters/printf.h: the message of a deferred printf record.
 *
 *     end = printf_render("user=%s took %5.1f ms", slots, 2, texts, texts_size, out, out_end);
 *
 * slots and texts are as in core/record.h; formats that core/printf_format.h accepts. Writes at
 * most out_end - out bytes (no NUL) and returns the byte after the last; what does not fit is left
 * out.
 */
#ifndef SPANLOG_FORMATTERS_PRINTF_H
#define SPANLOG_FORMATTERS_PRINTF_H

#include <stddef.h>
#include <stdint.h>

char *printf_render(const char *format, const uint64_t *slots, unsigned count, const char *texts,
                    size_t texts_size, char *out, char *end);

#endif
