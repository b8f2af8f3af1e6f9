/* formatters/table.c: the only file that names concrete dialects. A new one gets a line here. */
#include "formatters/dialect.h"

#include <string.h>

static const struct spanlog_dialect *const dialects[] = {
    &spanlog_dialect_json,
    &spanlog_dialect_logfmt,
    &spanlog_dialect_pretty,
    &spanlog_dialect_pretty_color,
};

const struct spanlog_dialect *spanlog_dialect_at(size_t index) {
    return index < sizeof dialects / sizeof *dialects ? dialects[index] : NULL;
}

const struct spanlog_dialect *spanlog_dialect_find(const char *name) {
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
        if (strcmp(dialects[i]->name, name) == 0)
            return dialects[i];
    return NULL;
}
