/* formatters/source_split.h: "src/db.c:42" as file and line. Included by formatters/ only.
 *
 *     struct spanlog_source source = spanlog_source_split(SPANLOG_TEXT("src/db.c:42"));
 */
#ifndef SPANLOG_FORMATTERS_SOURCE_SPLIT_H
#define SPANLOG_FORMATTERS_SOURCE_SPLIT_H

#include "formatters/line.h"

struct spanlog_source {
    struct spanlog_text file;
    struct spanlog_text line; /* 1 to 9 digits, the first not 0; else absent and all is file */
};

static inline struct spanlog_source spanlog_source_split(struct spanlog_text text) {
    struct spanlog_source source = {text, {NULL, 0}};
    uint32_t at = text.size;

    while (at > 0 && text.size - at < 10 && (unsigned char)text.data[at - 1] - (unsigned)'0' <= 9)
        at--;
    uint32_t digits = text.size - at;
    if (at == 0 || digits == 0 || digits > 9 || text.data[at - 1] != ':' || text.data[at] == '0')
        return source;
    source.line = (struct spanlog_text){text.data + at, digits};
    source.file.size = at - 1;
    return source;
}

#endif
