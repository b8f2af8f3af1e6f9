/* formatters/printf.h: the message of a deferred printf record.
 *
 *     struct printf_arguments arguments = {.slots = slots, .count = 2, .texts = texts, ...};
 *     end = printf_render("user=%s took %5.1f ms", &arguments, out, out_end);
 *
 * slots and texts are as in core/record.h; formats that core/printf_format.h accepts. Writes at
 * most out_end - out bytes (no NUL) and returns the byte after the last; what does not fit is left
 * out.
 */
#ifndef SPANLOG_FORMATTERS_PRINTF_H
#define SPANLOG_FORMATTERS_PRINTF_H

#include <stddef.h>
#include <stdint.h>

struct printf_arguments {
    const uint64_t *slots;
    unsigned count;
    uint32_t masked;  /* a bit for each slot that is not written: `mask` stands in its place */
    const char *mask; /* needed where masked is not 0 */
    const char *texts;
    size_t texts_size;
};

char *printf_render(const char *format, const struct printf_arguments *arguments, char *out,
                    char *end);

#endif
