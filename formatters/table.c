/* formatters/table.c: the only file that names concrete dialects. A new one gets a line here. */
#include "formatters/dialect.h"

#include <string.h>

static const struct spanlog_dialect *const dialects[] = {
    &spanlog_dialect_json,
    &spanlog_dialect_logfmt,
    &spanlog_dialect_pretty,
    &spanlog_dialect_pretty_color,
    &spanlog_dialect_ecs,
    &spanlog_dialect_gcp,
    &spanlog_dialect_datadog,
    &spanlog_dialect_zap,
    &spanlog_dialect_otlp,
    &spanlog_dialect_syslog,
    NULL,
};

#define LAST (sizeof dialects / sizeof(void *) - 1)

const struct spanlog_dialect *spanlog_dialect_at(size_t index) {
    return dialects[index < LAST ? index : LAST];
}

const struct spanlog_dialect *spanlog_dialect_find(const char *name) {
    for (size_t i = 0; i < LAST; i++)
        if (strcmp(dialects[i]->name, name) == 0)
            return dialects[i];
    return NULL;
}
