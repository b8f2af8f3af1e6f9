/* cli/options_flags.c: the options that take no value and switch something on; see options.c. */
#include "src/cli/options_set.h"

#define FLAG(set, member)                                                                          \
    const char *set(struct spanlog_options *options, const char *value) {                          \
        (void)value;                                                                               \
        options->member = true;                                                                    \
        return NULL;                                                                               \
    }

FLAG(spanlog_set_json, json)
FLAG(spanlog_set_ascii, ascii)
FLAG(spanlog_set_unfold, unfold)
FLAG(spanlog_set_no_skew, query.filter.raw_clocks)
FLAG(spanlog_set_full, full)
FLAG(spanlog_set_table, table)
FLAG(spanlog_set_dot, dot)
FLAG(spanlog_set_mermaid, mermaid)
FLAG(spanlog_set_folded, folded)
FLAG(spanlog_set_follow, follow)
FLAG(spanlog_set_from_start, from_start)
FLAG(spanlog_set_dry_run, dry_run)
