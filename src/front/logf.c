/* front/logf.c: the printf door: spanlog_infof("user=%s", name).
 *
 * The arguments are taken off the call by the types that the format asks for (read once, at the
 * site's first call) and travel like fields; the back does the formatting. What cannot be deferred
 * (wide characters, positions, more than 16 arguments) is formatted here. A site with keys has
 * fields too, behind the arguments (syslog's facility).
 */
#include "src/front/register.h"
#include "src/front/thread.h"

#include "src/core/printf_format.h"
#include "src/core/site.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* log.c's paths, with slots made here. */
static void deliver(spanlog_logger *logger, struct spanlog__site *site,
                    const union spanlog__slot *slots) {
    if (logger != NULL)
        spanlog__log_to(logger, site, slots);
    else
        spanlog__log(site, slots);
}

static union spanlog__slot take(unsigned type, va_list *arguments, int saved_errno) {
    switch (type) {
    case RECORD_T_INT32:
        return spanlog__slot_i(va_arg(*arguments, int));
    case RECORD_T_UINT32:
        return spanlog__slot_u(va_arg(*arguments, unsigned));
    case SPANLOG__T_INT:
    case SPANLOG__T_UINT:
        return spanlog__slot_u(va_arg(*arguments, uint64_t));
    case SPANLOG__T_DOUBLE:
        return spanlog__slot_d(va_arg(*arguments, double));
    case RECORD_T_LONG_DOUBLE:
        return spanlog__slot_ld(va_arg(*arguments, long double));
    case SPANLOG__T_PTR:
        return spanlog__slot_u((uint64_t)(uintptr_t)va_arg(*arguments, void *));
    case SPANLOG__T_ERRNO:
        return spanlog__slot_i(saved_errno);
    default:
        return spanlog__slot_p(va_arg(*arguments, const char *));
    }
}

/* A text with a precision need not end with NUL. */
static void bound_text(union spanlog__slot *slot, struct spanlog__bytes *bytes, int precision) {
    const char *text = slot->p;
    bytes->data = text;
    bytes->size = text == NULL    ? 0
                  : precision < 0 ? strlen(text)
                                  : strnlen(text, (size_t)precision);
    slot->p = bytes;
}

/* Returns how many slots it filled. */
static unsigned take_all(unsigned count, const char *format, va_list *arguments, int saved_errno,
                         union spanlog__slot *slots, struct spanlog__bytes *bytes) {
    unsigned n = 0;
    for (const char *p = strchr(format, '%'); p != NULL && n < count; p = strchr(p, '%')) {
        struct printf_conversion c;
        if (!printf_conversion(p, &c))
            break;
        if (c.width == -2)
            slots[n++] = take(RECORD_T_INT32, arguments, saved_errno);
        int precision = c.precision;
        if (precision == -2) {
            slots[n] = take(RECORD_T_INT32, arguments, saved_errno);
            precision = (int)slots[n++].i;
        }
        if (c.type != 0) {
            slots[n] = take(c.type, arguments, saved_errno);
            if (c.type == SPANLOG__T_STRN)
                bound_text(&slots[n], &bytes[n], precision);
            n++;
        }
        p = c.end;
    }
    return n;
}

/* The text was longer than its room: it ends in a mark, at a character's boundary. */
static void mark_cut(char *text, size_t size, int length) {
    char mark[64];
    size_t mark_size = (size_t)snprintf(mark, sizeof mark, "\u2026[truncated, %d bytes]", length);
    size_t at = size - 1 - mark_size;
    while (at > 0 && ((uint8_t)text[at] & 0xc0) == 0x80)
        at--;
    memcpy(text + at, mark, mark_size + 1);
}

static void add_fields(union spanlog__slot *slots, const union spanlog__slot *fields,
                       unsigned count) {
    for (unsigned i = 0; i < count; i++)
        slots[i] = fields != NULL ? fields[i] : spanlog__slot_p(NULL);
}

static void send_deferred(spanlog_logger *logger, struct spanlog__site *site, const char *format,
                          va_list *arguments, const union spanlog__slot *fields, int saved) {
    union spanlog__slot slots[RECORD_MAX_FIELDS + 1];
    struct spanlog__bytes bytes[RECORD_MAX_FIELDS];
    unsigned count = site_printf_fields(site);
    unsigned n = take_all(site->count - count, format, arguments, saved, slots, bytes);
    add_fields(slots + n, fields, count);
    deliver(logger, site, slots);
}

/* A function of its own: its buffer is no burden to the stack of the others. */
__attribute__((noinline)) static void send_formatted(spanlog_logger *logger,
                                                     struct spanlog__site *site, const char *format,
                                                     va_list *arguments,
                                                     const union spanlog__slot *fields, int saved) {
    union spanlog__slot slots[RECORD_MAX_FIELDS + 1] = {spanlog__slot_p(format)};
    char text[RECORD_MAX_TEXT];
    struct printf_types types;
    printf_types(format, &types); /* it need not be the site's own */
    if (site->kind == PRINTF_AT_CALL && !types.counts_characters) {
        errno = saved;
        int length = vsnprintf(text, sizeof text, format, *arguments);
        if (length >= 0 && (size_t)length >= sizeof text)
            mark_cut(text, sizeof text, length);
        if (length >= 0)
            slots[0] = spanlog__slot_p(text);
    }
    add_fields(slots + 1, fields, site_printf_fields(site));
    deliver(logger, site, slots);
}

void spanlog__vlogf(spanlog_logger *logger, struct spanlog__site *site, const char *format,
                    va_list arguments, const union spanlog__slot *fields) {
    int saved = errno;
    /* The types are not known before the site is registered. */
    if (site_is_on(site) || site_ready(site, logger != NULL)) {
        va_list copy;
        va_copy(copy, arguments); /* a parameter may be an array's pointer */
        if (site->kind == PRINTF_DEFERRED)
            send_deferred(logger, site, format, &copy, fields, saved);
        else
            send_formatted(logger, site, format, &copy, fields, saved);
        va_end(copy);
    }
    errno = saved;
}

void spanlog__logf(spanlog_logger *logger, struct spanlog__site *site, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    spanlog__vlogf(logger, site, format, arguments, NULL);
    va_end(arguments);
}
