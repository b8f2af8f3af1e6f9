/* cli/options_follow.c: what the options of verbs that follow logs mean, of retain, and --as; see
 * options.c. */
#include <stdlib.h>
#include <string.h>

#include "src/analyzer/read/fields.h"
#include "src/cli/options_set.h"
#include "src/cli/values.h"

const char *spanlog_set_as(struct spanlog_options *options, const char *value) {
    static const char *const names[] = {"grep", "jq", "logql", "traceql"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(value, names[i]) == 0) {
            options->query_form = (enum spanlog_query_form)(SPANLOG_QUERY_GREP + i);
            return NULL;
        }
    return "one of grep, jq, logql, traceql";
}

const char *spanlog_set_lines(struct spanlog_options *options, const char *value) {
    options->has_lines = true;
    return spanlog_value_count(value, UINT32_MAX, &options->lines) ? NULL : "a number of lines";
}

const char *spanlog_set_settle(struct spanlog_options *options, const char *value) {
    return spanlog_duration_read(value, &options->settle_ns)
               ? NULL
               : "a duration with its unit: 500ms, 2s";
}

const char *spanlog_set_give_up(struct spanlog_options *options, const char *value) {
    return spanlog_duration_read(value, &options->give_up_ns) ? NULL
                                                              : "a duration with its unit: 30s, 5m";
}

/* 512M, 2G: the units are powers of 1024. */
const char *spanlog_set_memory(struct spanlog_options *options, const char *value) {
    static const char units[] = "KMGT";
    char *end;
    unsigned long long number = *value >= '0' && *value <= '9' ? strtoull(value, &end, 10) : 0;
    const char *unit = number && *end ? strchr(units, *end & ~0x20) : NULL;
    unsigned shift = unit && *unit ? 10 * (unsigned)(unit - units + 1) : 0;
    if (number == 0 || (*end && (!shift || end[1])) || number > UINT64_MAX >> shift)
        return "a size with its unit: 512M, 2G";
    options->memory = (uint64_t)number << shift;
    return NULL;
}

/* ---- retain -------------------------------------------------------------------------------- */

#define AGE_FORM "how old: 12h, 7d"

const char *spanlog_set_keep(struct spanlog_options *options, const char *value) {
    return spanlog_duration_read(value, &options->keep_ns) && options->keep_ns ? NULL : AGE_FORM;
}

const char *spanlog_set_keep_errors(struct spanlog_options *options, const char *value) {
    return spanlog_duration_read(value, &options->keep_errors_ns) && options->keep_errors_ns
               ? NULL
               : AGE_FORM;
}

const char *spanlog_set_archive(struct spanlog_options *options, const char *value) {
    options->archive = value;
    return *value ? NULL : "a folder";
}

const char *spanlog_set_compress(struct spanlog_options *options, const char *value) {
    options->compress = strcmp(value, "zstd") == 0   ? SPANLOG_INFLATE_ZST
                        : strcmp(value, "gzip") == 0 ? SPANLOG_INFLATE_GZ
                                                     : SPANLOG_INFLATE_NONE;
    return options->compress != SPANLOG_INFLATE_NONE ? NULL : "gzip or zstd";
}
