/* cli/options.h: the options of all verbs, in one table (options.c), and what they were set to.
 *
 *     static const struct spanlog_usage usage = {.verb = "traces", .options = SPANLOG_TAKES_INPUT};
 *     struct spanlog_options options;
 *     int status = spanlog_options_parse(&options, &usage, argc, argv);
 *     if (status >= 0) return status;              after --help, or an error that was said
 */
#ifndef SPANLOG_CLI_OPTIONS_H
#define SPANLOG_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formatters/dialect.h"
#include "src/analyzer/export/export.h"
#include "src/analyzer/unpack/inflate.h"
#include "src/analyzer/render/look.h"
#include "src/analyzer/questions/traces.h"

/* Groups of options that a verb may take. */
enum spanlog_takes {
    SPANLOG_TAKES_INPUT = 1,    /* --dialect --trace-key -j */
    SPANLOG_TAKES_LOOK = 2,     /* --ascii --width */
    SPANLOG_TAKES_JSON = 4,     /* --json */
    SPANLOG_TAKES_FILTER = 8,   /* --service --operation --status --min-duration --since --until */
    SPANLOG_TAKES_SORT = 16,    /* --sort --limit */
    SPANLOG_TAKES_ERRORS = 32,  /* --error-status-min */
    SPANLOG_TAKES_TO = 64,      /* --to */
    SPANLOG_TAKES_ID = 128,     /* the first word that is no option is an id */
    SPANLOG_TAKES_COLOR = 256,  /* --color */
    SPANLOG_TAKES_EXPORT = 512, /* --to, of export; --table */
    SPANLOG_TAKES_WHERE = 1024, /* --where, which is also in FILTER */
    SPANLOG_TAKES_BY = 1 << 16, /* --by --over-time */
    SPANLOG_TAKES_DRAW = 1 << 17,   /* --dot --mermaid */
    SPANLOG_TAKES_FOLDED = 1 << 18, /* --folded */
    /* --no-skew is in FILTER, ID and CHECK, --full in ID. */
    SPANLOG_TAKES_CHECK = 1 << 20,  /* --assert --rules --on-fail */
    SPANLOG_TAKES_LIMIT = 1 << 21,  /* --limit, which is also in SORT */
    SPANLOG_TAKES_FOLLOW = 1 << 22, /* --follow --lines --from-start */
    SPANLOG_TAKES_TAIL = 1 << 23,   /* --settle --give-up --memory --from-start */
    SPANLOG_TAKES_MEMORY = 1 << 24, /* --memory, of questions asked of all traces */
    SPANLOG_TAKES_RETAIN = 1 << 25, /* --keep --keep-errors --archive --compress --dry-run */
    SPANLOG_TAKES_FROM = 1 << 26,   /* --from, and what goes with it */
    SPANLOG_TAKES_TIMES = 1 << 27   /* --since --until of --from, which are also in FILTER */
};

struct spanlog_usage {
    const char *verb;
    const char *synopsis; /* behind the verb */
    const char *about;
    const char *examples;
    unsigned options; /* enum spanlog_takes */
    /* What --sort takes, NULL at the end, and how it is sorted unless asked; NULL: as traces. */
    const char *const *sorts;
    const char *sort_default;
};

enum spanlog_color { SPANLOG_COLOR_AUTO, SPANLOG_COLOR_ALWAYS, SPANLOG_COLOR_NEVER };

/* In which language a question is printed instead of its answer. */
enum spanlog_query_form {
    SPANLOG_QUERY_NONE,
    SPANLOG_QUERY_GREP,
    SPANLOG_QUERY_JQ,
    SPANLOG_QUERY_LOGQL,
    SPANLOG_QUERY_TRACEQL
};

/* Who is asked in place of files: from.h. NULL or 0: not given. */
struct spanlog_from_options {
    const char *to; /* "loki:http://127.0.0.1:3100" */
    const char *select;
    const char *tenant, *user, *bearer, *headers, *ca;
    uint64_t timeout_ms;
    uint64_t since_ns, until_ns; /* where there is no filter */
    const char *given;           /* an option that needs --from */
};

#define SPANLOG_ASSERTS_MAX 256

struct spanlog_options {
    const char *const *paths;
    size_t path_count;
    const char *id; /* with SPANLOG_TAKES_ID */
    bool json;
    bool full;
    bool follow;
    bool from_start;
    bool has_lines; /* --lines was given */
    const char *asserts[SPANLOG_ASSERTS_MAX];
    size_t assert_count;
    const char *rules;
    const char *on_fail;
    bool ascii;
    bool unfold;
    enum spanlog_color color;
    enum spanlog_query_form query_form; /* --as */
    unsigned width;                     /* 0: the terminal's, or 80 */
    unsigned jobs;
    uint64_t memory; /* 0: not given */
    int32_t error_status_min;
    struct spanlog_translate_settings translate;
    const struct spanlog_export_format *export_to; /* of export; NULL: not given */
    bool table;
    uint64_t lines;
    uint64_t settle_ns, give_up_ns;
    uint64_t keep_ns, keep_errors_ns; /* 0: not given */
    const char *archive;
    enum spanlog_inflate_kind compress;
    bool dry_run;
    const struct spanlog_dialect *to; /* NULL: by the output */
    struct spanlog_traces_query query;
    const struct spanlog_usage *usage;
    unsigned sort; /* number in the usage's sorts; whether descending: see query */
    const char *by;
    bool over_time; /* by buckets of this length, or that many; both 0: as it fits */
    uint64_t bucket_ns;
    uint32_t buckets;
    struct spanlog_from_options from;
    bool dot;
    bool mermaid;
    bool folded;
};

/* -1: go on. Otherwise the exit status. */
int spanlog_options_parse(struct spanlog_options *options, const struct spanlog_usage *usage,
                          int argc, char **argv);
/* Colours and width for what is printed on stdout. */
struct spanlog_look spanlog_options_look(const struct spanlog_options *options);

#endif
