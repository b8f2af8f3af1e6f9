/* cli/options_from.c: the options of --from; see options.h and from.h. */
#include <string.h>

#include "src/analyzer/read/fields.h"
#include "src/cli/options_set.h"
#include "src/cli/values.h"

const char *spanlog_set_from(struct spanlog_options *options, const char *value) {
    options->from.to = value;
    return strncmp(value, "loki:", 5) == 0 ? NULL : "loki:URL";
}

#define TEXT_OPTION(name, field, option)                                                           \
    const char *spanlog_set_##name(struct spanlog_options *options, const char *value) {           \
        options->from.field = value;                                                               \
        options->from.given = option;                                                              \
        return *value ? NULL : "a text";                                                           \
    }
TEXT_OPTION(select, select, "--select")
TEXT_OPTION(tenant, tenant, "--tenant")
TEXT_OPTION(header, headers, "--header")
TEXT_OPTION(ca, ca, "--ca")

#define SECRET_OPTION(name, option)                                                                \
    const char *spanlog_set_##name(struct spanlog_options *options, const char *value) {           \
        options->from.name = spanlog_value_secret(value);                                          \
        options->from.given = option;                                                              \
        return options->from.name ? NULL : "a text, or @FILE with a file that can be read";        \
    }
SECRET_OPTION(user, "--user")
SECRET_OPTION(bearer, "--bearer")

const char *spanlog_set_timeout(struct spanlog_options *options, const char *value) {
    uint64_t ns;
    options->from.given = "--timeout";
    if (!spanlog_duration_read(value, &ns) || ns < 1000000 || ns / 1000000 > 86400000)
        return "a time with its unit: 500ms, 10s, 5m";
    options->from.timeout_ms = ns / 1000000;
    return NULL;
}

#define TIME_FORM "a time like 2026-11-21T10:30:00Z, a date, or how long ago: 10m, 2h, 7d"

const char *spanlog_set_from_since(struct spanlog_options *options, const char *value) {
    options->from.given = "--since";
    return spanlog_value_time(value, &options->from.since_ns) ? NULL : TIME_FORM;
}

const char *spanlog_set_from_until(struct spanlog_options *options, const char *value) {
    options->from.given = "--until";
    return spanlog_value_time(value, &options->from.until_ns) ? NULL : TIME_FORM;
}
