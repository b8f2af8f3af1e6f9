/* cli/options_draw.c: what the options that group and draw mean; see options.c. */
#include <string.h>

#include "src/analyzer/read/fields.h"
#include "src/cli/options_set.h"
#include "src/cli/values.h"

const char *spanlog_set_by(struct spanlog_options *options, const char *value) {
    options->by = value;
    return *value ? NULL : "the name of a field: http.route, host, status_code";
}

const char *spanlog_set_over_time(struct spanlog_options *options, const char *value) {
    uint64_t number;
    options->over_time = true;
    if (strcmp(value, "auto") == 0)
        return NULL;
    if (spanlog_value_count(value, 10000, &number) && number > 0)
        options->buckets = (uint32_t)number;
    else if (!spanlog_duration_read(value, &options->bucket_ns) || options->bucket_ns == 0)
        return "auto, a number of columns up to 10000, or how long one is: 10s, 5m";
    return NULL;
}
