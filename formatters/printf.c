/* formatters/printf.c: see printf.h. One conversion at a time, each by the C library with a
 * specification rebuilt from its parts: nothing of the program's format reaches it unchecked. */
#include "formatters/printf.h"

#include "src/core/printf_format.h"
#include "src/core/record.h"

#include "formatters/errno_names.h"

#include <spanlog/macros.h>
#include <stdio.h>
#include <string.h>

#define WIDTH_MOST 4096 /* a wider field says nothing more */

struct arguments {
    const struct printf_arguments *given;
    unsigned next;
    const char *texts;
    size_t texts_size;
};

static uint64_t next_slot(struct arguments *arguments) {
    if (arguments->next == arguments->given->count)
        return 0;
    return arguments->given->slots[arguments->next++];
}

static int bounded(int64_t value) {
    return value > WIDTH_MOST ? WIDTH_MOST : value < -WIDTH_MOST ? -WIDTH_MOST : (int)value;
}

/* "%-08.3" and then the length and letter that fit the value's type here. */
static void specification(const struct printf_conversion *c, struct arguments *arguments,
                          const char *letter, char *to, size_t size) {
    int width = c->width == -2 ? bounded((int)next_slot(arguments)) : bounded(c->width);
    int precision = c->precision == -2 ? bounded((int)next_slot(arguments)) : bounded(c->precision);
    int used = snprintf(to, size, "%%%s%s", c->flags, width < -1 && c->width == -2 ? "-" : "");
    if (width < 0 && c->width == -2)
        width = -width;
    if (width >= 0)
        used += snprintf(to + used, size - (size_t)used, "%d", width);
    if (precision >= 0)
        used += snprintf(to + used, size - (size_t)used, ".%d", precision);
    snprintf(to + used, size - (size_t)used, "%s", letter);
}

static size_t room(const char *out, const char *end) {
    return (size_t)(end - out);
}

static char *advance(char *out, const char *end, int printed) {
    if (printed <= 0 || end == out)
        return out;
    size_t most = room(out, end) - 1; /* snprintf keeps one for its NUL */
    return out + ((size_t)printed < most ? (size_t)printed : most);
}

/* The bytes of that slot; NULL: there are none. */
static const char *next_text(uint64_t slot, struct arguments *arguments, size_t *ret_size) {
    const char *text = arguments->texts;
    *ret_size = (uint32_t)slot;
    if (*ret_size == TEXT_NULL)
        return NULL;
    if (*ret_size > arguments->texts_size)
        *ret_size = arguments->texts_size;
    arguments->texts += *ret_size;
    arguments->texts_size -= *ret_size;
    return text;
}

static char *put_text(const char *spec, uint64_t slot, struct arguments *arguments, char *out,
                      char *end) {
    size_t size;
    const char *text = next_text(slot, arguments, &size);
    char bounded_spec[64];
    if (text == NULL) {
        text = "(null)";
        size = 6;
    }
    /* The bytes do not end with NUL: a precision says how many there are. */
    size_t head = strcspn(spec, ".s");
    snprintf(bounded_spec, sizeof bounded_spec, "%.*s.*s", (int)head, spec);
    out = advance(out, end, snprintf(out, room(out, end), bounded_spec, (int)size, text));
    if (slot >> 32 != 0 && size != 6) /* it was cut, and says so */
        out = advance(
            out, end,
            snprintf(out, room(out, end), "\u2026[truncated, %u bytes]", (unsigned)(slot >> 32)));
    return out;
}

static char *put_errno(int64_t number, char *out, char *end) {
    const struct spanlog_errno_name *name = spanlog_errno_name(number);
    if (name != NULL)
        return advance(out, end, snprintf(out, room(out, end), "%s", name->text));
    return advance(out, end, snprintf(out, room(out, end), "Unknown error %d", (int)number));
}

/* The length and letter under which a 64-bit slot is printed as the call meant it. */
static void letters(const struct printf_conversion *c, char to[4]) {
    const char *length = "ll";
    if (c->length == 'H')
        length = "hh";
    else if (c->length == 'h')
        length = "h";
    snprintf(to, 4, "%s%c", length, c->letter);
}

static char *put_number(const struct printf_conversion *c, const char *spec, uint64_t slot,
                        char *out, char *end) {
    double number;
    switch (c->type) {
    case SPANLOG__T_DOUBLE:
    case RECORD_T_LONG_DOUBLE:
        memcpy(&number, &slot, sizeof number);
        return advance(out, end, snprintf(out, room(out, end), spec, number));
    case SPANLOG__T_PTR:
        return advance(out, end, snprintf(out, room(out, end), spec, (void *)(uintptr_t)slot));
    default:
        if (c->letter == 'c' || c->length == 'H' || c->length == 'h')
            return advance(out, end, snprintf(out, room(out, end), spec, (int)slot));
        return advance(out, end, snprintf(out, room(out, end), spec, slot));
    }
}

static char *put_plain(const char *text, size_t size, char *out, const char *end) {
    if (size > room(out, end))
        size = room(out, end);
    memcpy(out, text, size);
    return out + size;
}

static char *put_conversion(const struct printf_conversion *c, struct arguments *arguments,
                            char *out, char *end) {
    char letter[4] = {c->letter, '\0'}, spec[64];
    if (c->type == RECORD_T_INT32 || c->type == RECORD_T_UINT32 || c->type == SPANLOG__T_INT ||
        c->type == SPANLOG__T_UINT) {
        if (c->letter != 'c')
            letters(c, letter);
    }
    specification(c, arguments, letter, spec, sizeof spec);
    bool masked = (arguments->given->masked >> arguments->next & 1u) != 0;
    uint64_t slot = next_slot(arguments);
    bool text = c->type == SPANLOG__T_STR || c->type == SPANLOG__T_STRN;
    if (masked) {
        size_t size;
        if (text)
            next_text(slot, arguments, &size);
        return put_plain(arguments->given->mask, strlen(arguments->given->mask), out, end);
    }
    if (text)
        return put_text(spec, slot, arguments, out, end);
    if (c->type == SPANLOG__T_ERRNO)
        return put_errno((int64_t)slot, out, end);
    return put_number(c, spec, slot, out, end);
}

char *printf_render(const char *format, const struct printf_arguments *given, char *out,
                    char *end) {
    struct arguments arguments = {
        .given = given, .texts = given->texts, .texts_size = given->texts_size};
    const char *at = format;
    while (*at != '\0') {
        size_t plain = strcspn(at, "%");
        out = put_plain(at, plain, out, end);
        at += plain;
        if (*at == '\0')
            break;
        struct printf_conversion c;
        if (!printf_conversion(at, &c)) {
            out = put_plain(at, 1, out, end); /* not one of ours: as it stands */
            at++;
            continue;
        }
        if (c.letter == '%')
            out = put_plain("%", 1, out, end);
        else
            out = put_conversion(&c, &arguments, out, end);
        at = c.end;
    }
    return out;
}
