/* front/logf.c: the printf door: spanlog_infof("user=%s", name).
 *
 * The arguments are taken off the call by the types that the format asks for (read once, at the
 * site's first call) and travel like fields; the back does the formatting. What cannot be deferred
 * (wide characters, positions, more than 16 arguments) is formatted here.
 */
#include "src/front/register.h"
#include "src/front/thread.h"

#include "src/core/printf_format.h"

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

static void take_all(const struct spanlog__site *site, const char *format, va_list *arguments,
                     int saved_errno, union spanlog__slot *slots, struct spanlog__bytes *bytes) {
    unsigned n = 0;
    for (const char *p = strchr(format, '%'); p != NULL && n < site->count; p = strchr(p, '%')) {
        struct printf_conversion c;
        if (!printf_conversion(p, &c))
            return;
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
}

static void format_at_call(spanlog_logger *logger, struct spanlog__site *site, const char *format,
                           va_list *arguments) {
    char text[RECORD_MAX_TEXT];
    union spanlog__slot slot = spanlog__slot_p(format);
    if (site->kind == PRINTF_AT_CALL) {
        if (vsnprintf(text, sizeof text, format, *arguments) >= 0)
            slot = spanlog__slot_p(text);
    }
    deliver(logger, site, &slot);
}

void spanlog__logf(spanlog_logger *logger, struct spanlog__site *site, const char *format, ...) {
    int saved = errno;
    /* The types are not known before the site is registered. */
    if (site_is_on(site) || site_ready(site, logger != NULL)) {
        va_list arguments;
        va_start(arguments, format);
        errno = saved;
        if (site->kind != PRINTF_DEFERRED) {
            format_at_call(logger, site, format, &arguments);
        } else {
            union spanlog__slot slots[RECORD_MAX_FIELDS + 1];
            struct spanlog__bytes bytes[RECORD_MAX_FIELDS];
            take_all(site, format, &arguments, saved, slots, bytes);
            deliver(logger, site, slots);
        }
        va_end(arguments);
    }
    errno = saved;
}
