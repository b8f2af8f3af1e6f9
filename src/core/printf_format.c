/* core/printf_format.c: see printf_format.h. */
#include "src/core/printf_format.h"

#include "src/core/record.h"

#include <spanlog/macros.h>
#include <string.h>

static const char *read_number(const char *p, int *ret_number) {
    if (*p == '*') {
        *ret_number = -2;
        return p + 1;
    }
    int number = 0;
    while (*p >= '0' && *p <= '9') {
        if (number < 1000000)
            number = number * 10 + (*p - '0');
        p++;
    }
    *ret_number = number;
    return p;
}

static const char *read_length(const char *p, char *ret_length) {
    char first = *p;
    *ret_length = 0;
    if (first != '\0' && strchr("hlqLjzt", first) != NULL) {
        *ret_length = first == 'L' ? 'D' : first == 'q' ? 'L' : first;
        p++;
        if (*p == first && (first == 'h' || first == 'l')) {
            *ret_length = first == 'h' ? 'H' : 'L';
            p++;
        }
    }
    return p;
}

static unsigned type_of(const struct printf_conversion *c) {
    bool wide = c->length != 0 && strchr("lLDjzt", c->length) != NULL; /* %Ld: glibc's %lld */
    switch (c->letter) {
    case 'd':
    case 'i':
        return wide ? SPANLOG__T_INT : RECORD_T_INT32;
    case 'u':
    case 'x':
    case 'X':
    case 'o':
        return wide ? SPANLOG__T_UINT : RECORD_T_UINT32;
    case 'c':
        return c->length == 0 ? RECORD_T_INT32 : 0;
    case 'a':
    case 'A':
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
        return c->length == 'D' ? RECORD_T_LONG_DOUBLE : SPANLOG__T_DOUBLE;
    case 's':
        return c->length != 0 ? 0 : c->precision == -1 ? SPANLOG__T_STR : SPANLOG__T_STRN;
    case 'p':
        return SPANLOG__T_PTR;
    case 'm':
        return SPANLOG__T_ERRNO;
    default:
        return 0;
    }
}

bool printf_conversion(const char *percent, struct printf_conversion *c) {
    memset(c, 0, sizeof *c);
    c->start = percent;
    const char *p = percent + 1;
    size_t flags = 0;
    while (*p != '\0' && strchr("-+ #0'", *p) != NULL) {
        if (flags + 1 < sizeof c->flags)
            c->flags[flags++] = *p;
        p++;
    }
    c->width = c->precision = -1;
    if (*p == '*' || (*p >= '1' && *p <= '9'))
        p = read_number(p, &c->width);
    if (*p == '.')
        p = read_number(p + 1, &c->precision);
    p = read_length(p, &c->length);
    c->letter = *p;
    c->end = *p != '\0' ? p + 1 : p;
    if (c->letter == '%')
        return c->end == percent + 2;
    c->type = type_of(c);
    return c->type != 0;
}

static bool add_type(struct printf_types *types, unsigned type) {
    if (types->count == RECORD_MAX_FIELDS)
        return false;
    types->types |= (uint64_t)type << (4 * types->count++);
    return true;
}

/* Any %n, in whatever dress: flags, width, precision and length may stand before it. */
static bool has_count(const char *format) {
    for (const char *p = strchr(format, '%'); p != NULL; p = strchr(p, '%')) {
        p += 1 + strspn(p + 1, "-+ #0'*$.123456789hlLqjzt");
        if (*p == 'n')
            return true;
        if (*p != '\0')
            p++;
    }
    return false;
}

bool printf_types(const char *format, struct printf_types *ret_types) {
    *ret_types = (struct printf_types){.counts_characters = has_count(format)};
    for (const char *p = strchr(format, '%'); p != NULL; p = strchr(p, '%')) {
        struct printf_conversion c;
        if (!printf_conversion(p, &c))
            return false;
        if (c.width == -2 && !add_type(ret_types, RECORD_T_INT32))
            return false;
        if (c.precision == -2 && !add_type(ret_types, RECORD_T_INT32))
            return false;
        if (c.type != 0 && !add_type(ret_types, c.type))
            return false;
        p = c.end;
    }
    return true;
}
