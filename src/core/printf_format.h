/* core/printf_format.h: what a printf format asks for, read once a call site.
 *
 *     struct printf_types types;
 *     if (printf_types("%-8s %d of %zu", &types)) ...      STR, INT32, UINT
 *
 * The front takes the arguments by these types; the back (formatters/printf.h) writes them.
 */
#ifndef SPANLOG_CORE_PRINTF_FORMAT_H
#define SPANLOG_CORE_PRINTF_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct printf_conversion {
    const char *start; /* at '%' */
    const char *end;   /* after the conversion character */
    char flags[8];
    int width;     /* -1: none, -2: '*' */
    int precision; /* -1: none, -2: '*' */
    char length;   /* 'H' hh, 'h', 'l', 'L' (ll, q), 'D' (L, as ll), 'j', 'z', 't', or 0 */
    char letter;   /* 'd' ... '%' */
    unsigned type; /* SPANLOG__T_* or RECORD_T_*; 0: takes no argument */
};

/* Reads the conversion at `percent`. False: none that we can defer (%n, %ls, positions, rubbish).
 */
bool printf_conversion(const char *percent, struct printf_conversion *ret_conversion);

struct printf_types {
    uint64_t types; /* 4 bits an argument, widths and precisions included */
    uint32_t count;
    bool counts_characters; /* there is a %n: it must not be carried out */
};

/* False: the format cannot be deferred and has to be formatted at the call. */
bool printf_types(const char *format, struct printf_types *ret_types);

#endif
