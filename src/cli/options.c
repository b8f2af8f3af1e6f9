/* cli/options.c: see options.h. The table below is all there is to know about an option. */
#include "src/cli/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "src/analyzer/read/fields.h"
#include "src/analyzer/where/where.h"
#include "src/cli/options_set.h"
#include "src/cli/values.h"
#include "src/cli/verbs.h"

static const char *set_jobs(struct spanlog_options *options, const char *value) {
    uint64_t number;
    if (!spanlog_value_count(value, 256, &number) || number == 0)
        return "a number of threads, 1 to 256";
    options->jobs = (unsigned)number;
    return NULL;
}

/* 512M, 2G: the units are powers of 1024. */
static const char *set_width(struct spanlog_options *options, const char *value) {
    uint64_t number;
    if (!spanlog_value_count(value, 1000, &number) || number < 40)
        return "a number of columns, 40 to 1000";
    options->width = (unsigned)number;
    return NULL;
}

static const char *set_color(struct spanlog_options *options, const char *value) {
    static const char *const names[] = {"auto", "always", "never"};
    for (int i = 0; i < 3; i++)
        if (strcmp(value, names[i]) == 0) {
            options->color = (enum spanlog_color)i;
            return NULL;
        }
    return "auto, always or never";
}

/* "count, errors or p50, with a leading - …". */
static const char *sort_form(const char *const *sorts) {
    static char form[256];
    size_t used = 0;
    for (size_t i = 0; sorts[i] && used < sizeof form; i++)
        used += (size_t)snprintf(form + used, sizeof form - used, "%s%s",
                                 i == 0         ? ""
                                 : sorts[i + 1] ? ", "
                                                : " or ",
                                 sorts[i]);
    if (used < sizeof form)
        snprintf(form + used, sizeof form - used, ", with a leading - for the greatest first");
    return form;
}

static const char *set_sort(struct spanlog_options *options, const char *value) {
    const char *const *sorts = options->usage->sorts;
    options->query.descending = *value == '-';
    value += options->query.descending;
    for (unsigned i = 0; sorts && sorts[i]; i++)
        if (strcmp(value, sorts[i]) == 0) {
            options->sort = i;
            return NULL;
        }
    if (sorts)
        return sort_form(sorts);
    for (int i = 0; i < SPANLOG_TRACES_SORTS; i++)
        if (strcmp(value, spanlog_traces_sort_names[i]) == 0) {
            options->query.sort = (enum spanlog_traces_sort)i;
            return NULL;
        }
    return "start, duration, spans, logs, services, errors, orphans, root, service or trace_id, "
           "with a leading - for the greatest first";
}

static const char *set_limit(struct spanlog_options *options, const char *value) {
    uint64_t number;
    if (!spanlog_value_count(value, SIZE_MAX, &number) || number == 0)
        return "a number from 1 up";
    options->query.limit = (size_t)number;
    return NULL;
}

static const char *set_service(struct spanlog_options *options, const char *value) {
    options->query.filter.service = value;
    return NULL;
}

static const char *set_operation(struct spanlog_options *options, const char *value) {
    options->query.filter.operation = value;
    return NULL;
}

static const char *set_status(struct spanlog_options *options, const char *value) {
    if (strcmp(value, "error") == 0)
        options->query.filter.status = SPANLOG_STATUS_WITH_ERRORS;
    else if (strcmp(value, "ok") == 0)
        options->query.filter.status = SPANLOG_STATUS_WITHOUT;
    else
        return "error or ok";
    return NULL;
}

static const char *set_min_duration(struct spanlog_options *options, const char *value) {
    return spanlog_duration_read(value, &options->query.filter.min_duration_ns)
               ? NULL
               : "a duration with its unit: 250us, 100ms, 1.5s, 10m";
}

#define TIME_FORM "a time like 2026-11-21T10:30:00Z, a date, or how long ago: 10m, 2h, 7d"

static const char *set_since(struct spanlog_options *options, const char *value) {
    return spanlog_value_time(value, &options->query.filter.since_ns) ? NULL : TIME_FORM;
}

static const char *set_until(struct spanlog_options *options, const char *value) {
    return spanlog_value_time(value, &options->query.filter.until_ns) ? NULL : TIME_FORM;
}

static const char *set_assert(struct spanlog_options *options, const char *value) {
    if (options->assert_count == SPANLOG_ASSERTS_MAX)
        return "the 257th: more go into a file (--rules)";
    options->asserts[options->assert_count++] = value;
    return NULL;
}

static const char *set_rules(struct spanlog_options *options, const char *value) {
    options->rules = value;
    return NULL;
}

static const char *set_on_fail(struct spanlog_options *options, const char *value) {
    options->on_fail = value;
    return NULL;
}

static const char *set_where(struct spanlog_options *options, const char *value) {
    static struct spanlog_where *where; /* both live as long as the process */
    static char *mistake;
    struct spanlog_where_error error;
    spanlog_where_free(where);
    free(mistake);
    where = NULL;
    mistake = NULL;
    int rc = spanlog_where_parse(value, &where, &error);
    options->query.filter.where = where;
    if (rc == 0)
        return NULL;
    mistake = rc == -EINVAL ? spanlog_where_explain("--where", value, &error) : NULL;
    return mistake ? mistake : "possible: there is no memory";
}

static const char *set_error_status_min(struct spanlog_options *options, const char *value) {
    uint64_t number;
    if (!spanlog_value_count(value, 1000, &number) || number < 100)
        return "an HTTP status code, 100 to 1000";
    options->error_status_min = (int32_t)number;
    return NULL;
}

static const char *set_dialect(struct spanlog_options *options, const char *value) {
    static char names[512];
    size_t used = 0;
    const char *name;
    options->translate.dialect = value;
    if (spanlog_translate_knows(value))
        return NULL;
    snprintf(names, sizeof names, "a format that can be read");
    for (size_t i = 0; (name = spanlog_translate_name_at(i)) != NULL && used < sizeof names; i++)
        used +=
            (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "one of ", name);
    return names;
}

static const char *set_trace_key(struct spanlog_options *options, const char *value) {
    options->translate.trace_key = value;
    return *value ? NULL : "the key of a field";
}

static const char *set_to(struct spanlog_options *options, const char *value) {
    static char names[256];
    options->to = spanlog_dialect_find(value);
    if (options->to)
        return NULL;
    size_t used = 0;
    names[0] = 0;
    const struct spanlog_dialect *dialect;
    for (size_t i = 0; (dialect = spanlog_dialect_at(i)) != NULL && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "one of ",
                                 dialect->name);
    return names;
}

static const char *set_export(struct spanlog_options *options, const char *value) {
    static char names[256];
    const struct spanlog_export_format *format;
    size_t used = 0;
    options->export_to = spanlog_export_find(value);
    if (options->export_to)
        return NULL;
    for (size_t i = 0; (format = spanlog_export_at(i)) != NULL && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "one of ",
                                 format->name);
    return names;
}

static const struct option {
    const char *name;
    const char *value; /* NULL: takes none */
    const char *help;  /* NULL: said elsewhere */
    spanlog_set_option *set;
    unsigned group; /* enum spanlog_takes: any of these */
    char letter;    /* 0: none */
} table[] = {
    {"json", NULL, "one JSON object a line", spanlog_set_json, SPANLOG_TAKES_JSON, 0},
    {"as", "LANGUAGE", "print what asks others for the same: grep, jq, logql or traceql",
     spanlog_set_as, SPANLOG_TAKES_ID, 0},
    {"follow", NULL, "go on with what is added, also through rotation; Ctrl-C ends it",
     spanlog_set_follow, SPANLOG_TAKES_FOLLOW, 'f'},
    {"lines", "N", "with --follow: begin with the last N lines of each file (default: 10)",
     spanlog_set_lines, SPANLOG_TAKES_FOLLOW, 'n'},
    {"from-start", NULL, "begin with what is in the files already", spanlog_set_from_start,
     SPANLOG_TAKES_FOLLOW | SPANLOG_TAKES_TAIL, 0},
    {"settle", "TIME", "how long nothing more must come behind the root (default: 500ms)",
     spanlog_set_settle, SPANLOG_TAKES_TAIL, 0},
    {"give-up", "TIME", "after how long without a line a trace is shown as it is (default: 30s)",
     spanlog_set_give_up, SPANLOG_TAKES_TAIL, 0},
    {"memory", "SIZE", "what lines of open traces may take (default: 64M); then the oldest go",
     spanlog_set_memory, SPANLOG_TAKES_TAIL, 0},
    {"keep", "TIME", "what is younger stays whole; of older files only traces with errors",
     spanlog_set_keep, SPANLOG_TAKES_RETAIN, 0},
    {"keep-errors", "TIME", "older files go, errors or not", spanlog_set_keep_errors,
     SPANLOG_TAKES_RETAIN, 0},
    {"archive", "DIR", "what goes is moved to this folder instead", spanlog_set_archive,
     SPANLOG_TAKES_RETAIN, 0},
    {"compress", "KIND", "gzip or zstd: what stays is compressed", spanlog_set_compress,
     SPANLOG_TAKES_RETAIN, 0},
    {"dry-run", NULL, "say what would be done, and do nothing", spanlog_set_dry_run,
     SPANLOG_TAKES_RETAIN, 0},
    {"to", "DIALECT",
     "json (default), pretty (default on a terminal), logfmt, ecs, gcp, datadog, zap, otlp, syslog",
     set_to, SPANLOG_TAKES_TO, 0},
    {"to", "FORMAT", "what to write (see above)", set_export, SPANLOG_TAKES_EXPORT, 0},
    {"table", NULL, "print the statements that make the table for it, instead", spanlog_set_table,
     SPANLOG_TAKES_EXPORT, 0},
    {"by", "FIELD", "group by a field: service, operation, kind, status, host, http.route ...",
     spanlog_set_by, SPANLOG_TAKES_BY, 0},
    {"over-time", "COLUMNS", "a heat map: so many columns, or of a length (10s), or auto",
     spanlog_set_over_time, SPANLOG_TAKES_BY, 0},
    {"dot", NULL, "for Graphviz", spanlog_set_dot, SPANLOG_TAKES_DRAW, 0},
    {"mermaid", NULL, "for Mermaid, as in Markdown", spanlog_set_mermaid, SPANLOG_TAKES_DRAW, 0},
    {"folded", NULL, "folded stacks in nanoseconds, for flame graphs", spanlog_set_folded,
     SPANLOG_TAKES_FOLDED, 0},
    {"sort", "[-]FIELD", "order by this field; with - the greatest first (default: start)",
     set_sort, SPANLOG_TAKES_SORT, 0},
    {"limit", "N", "at most N", set_limit, SPANLOG_TAKES_SORT | SPANLOG_TAKES_LIMIT, 0},
    {"service", "NAME", "only traces that pass through this service", set_service,
     SPANLOG_TAKES_FILTER, 0},
    {"operation", "NAME", "only traces with a span of this operation", set_operation,
     SPANLOG_TAKES_FILTER, 0},
    {"status", "STATUS", "error: only traces with errors; ok: only those without", set_status,
     SPANLOG_TAKES_FILTER, 0},
    {"min-duration", "TIME", "only traces that took at least that long: 100ms", set_min_duration,
     SPANLOG_TAKES_FILTER, 0},
    {"since", "TIME", "only traces that start at or after this time; 10m is ten minutes ago",
     set_since, SPANLOG_TAKES_FILTER, 0},
    {"until", "TIME", "only traces that start before this time", set_until, SPANLOG_TAKES_FILTER,
     0},
    {"from", "loki:URL",
     "ask a Loki in place of files; as whom: --tenant --user --bearer --header --ca (docs/loki.md)",
     spanlog_set_from, SPANLOG_TAKES_FROM, 0},
    {"select", "SELECTOR", "with --from: only these streams: '{env=\"prod\"}' (default: all)",
     spanlog_set_select, SPANLOG_TAKES_FROM, 0},
    {"since", "TIME", "with --from: nothing older; 10m is ten minutes ago", spanlog_set_from_since,
     SPANLOG_TAKES_TIMES, 0},
    {"until", "TIME", "with --from: nothing as new as this", spanlog_set_from_until,
     SPANLOG_TAKES_TIMES, 0},
    {"tenant", "NAME", NULL, spanlog_set_tenant, SPANLOG_TAKES_FROM, 0},
    {"user", "NAME:PASSWORD", NULL, spanlog_set_user, SPANLOG_TAKES_FROM, 0},
    {"bearer", "TOKEN", NULL, spanlog_set_bearer, SPANLOG_TAKES_FROM, 0},
    {"header", "NAME=VALUE,...", NULL, spanlog_set_header, SPANLOG_TAKES_FROM, 0},
    {"ca", "FILE", NULL, spanlog_set_ca, SPANLOG_TAKES_FROM, 0},
    {"timeout", "TIME", NULL, spanlog_set_timeout, SPANLOG_TAKES_FROM, 0},
    {"assert", "RULE", "what must hold: 'p99(checkout) < 200ms'; may be given again", set_assert,
     SPANLOG_TAKES_CHECK, 0},
    {"rules", "FILE", "a file of such rules, one a line; # begins a comment", set_rules,
     SPANLOG_TAKES_CHECK, 0},
    {"on-fail", "CMD",
     "run by sh when a rule fails; the failed ones are its stdin, $SPANLOG_FAILED", set_on_fail,
     SPANLOG_TAKES_CHECK, 0},
    {"no-skew", NULL, "times as they were written: clocks of other hosts are not corrected",
     spanlog_set_no_skew, SPANLOG_TAKES_FILTER | SPANLOG_TAKES_ID | SPANLOG_TAKES_CHECK, 0},
    {"full", NULL, "read all lines: to know the clocks of hosts better, and for lines without ids",
     spanlog_set_full, SPANLOG_TAKES_ID, 0},
    {"where", "EXPR",
     "only what is like this: '{ service = \"cart\" && duration > 100ms }' (docs/where.md)",
     set_where, SPANLOG_TAKES_FILTER | SPANLOG_TAKES_WHERE, 0},
    {"error-status-min", "CODE", "the least HTTP status that is an error (default: 500)",
     set_error_status_min, SPANLOG_TAKES_ERRORS, 0},
    {"color", "WHEN", "auto, always or never; NO_COLOR is honoured", set_color, SPANLOG_TAKES_COLOR,
     0},
    {"ascii", NULL, "no box drawing characters", spanlog_set_ascii, SPANLOG_TAKES_LOOK, 0},
    {"unfold", NULL, "a line for each span, also where five or more siblings are alike",
     spanlog_set_unfold, SPANLOG_TAKES_ID, 0},
    {"width", "N", "columns (default: the terminal's, or 80)", set_width, SPANLOG_TAKES_LOOK, 0},
    {"dialect", "NAME", "how the input is to be read (default: found line by line)", set_dialect,
     SPANLOG_TAKES_INPUT | SPANLOG_TAKES_TAIL, 0},
    {"trace-key", "KEY", "lines without a trace id belong together by this field: request_id",
     set_trace_key, SPANLOG_TAKES_INPUT | SPANLOG_TAKES_TAIL, 0},
    {"memory", "SIZE",
     "most memory for spans, then temporary files (default: half of what is free)",
     spanlog_set_memory, SPANLOG_TAKES_MEMORY, 0},
    {"jobs", "N", "threads (default: one for each core)", set_jobs, SPANLOG_TAKES_INPUT, 'j'},
};
#define OPTIONS (sizeof table / sizeof table[0])

static void print_help(const struct spanlog_usage *usage) {
    printf("spanlog %s %s\n\n%s\n\nOptions:\n", usage->verb, usage->synopsis, usage->about);
    for (size_t i = 0; i < OPTIONS; i++) {
        char left[64];
        if (!(table[i].group & usage->options) || !table[i].help)
            continue;
        int used = snprintf(left, sizeof left, "--%s%s%s", table[i].name, table[i].value ? " " : "",
                            table[i].value ? table[i].value : "");
        if (table[i].letter && used < (int)sizeof left)
            snprintf(left + used, sizeof left - (size_t)used, ", -%c", table[i].letter);
        if (table[i].set == set_sort && usage->sorts)
            printf("  %-24s by %s (default: %s)\n", left, sort_form(usage->sorts),
                   usage->sort_default);
        else
            printf("  %-24s %s\n", left, table[i].help);
    }
    printf("  %-24s %s\n\nExamples:\n%s", "--help", "this text", usage->examples);
}

static int usage_error(const struct spanlog_usage *usage, const char *format, const char *a,
                       const char *b) {
    fprintf(stderr, "spanlog: %s: ", usage->verb);
    fprintf(stderr, format, a, b);
    fprintf(stderr, " (see: spanlog %s --help)\n", usage->verb);
    return SPANLOG_EXIT_ERROR;
}

static const struct option *find_option(const struct spanlog_usage *usage, const char *word,
                                        const char **ret_value) {
    *ret_value = NULL;
    for (size_t i = 0; i < OPTIONS; i++) {
        const struct option *option = &table[i];
        if (!(option->group & usage->options))
            continue;
        if (word[1] != '-') {
            if (!option->letter || word[1] != option->letter)
                continue;
            *ret_value = word[2] == '=' ? word + 3 : word[2] ? word + 2 : NULL;
            return option;
        }
        size_t size = strlen(option->name);
        if (strncmp(word + 2, option->name, size) != 0 || (word[2 + size] && word[2 + size] != '='))
            continue;
        *ret_value = word[2 + size] ? word + 3 + size : NULL;
        return option;
    }
    return NULL;
}

/* Sets the option at argv[*at], whose value may be the next word. -1: go on. */
static int take_option(struct spanlog_options *options, const struct spanlog_usage *usage, int argc,
                       char **argv, int *at) {
    const char *word = argv[*at], *value;
    const struct option *option = find_option(usage, word, &value);
    if (!option)
        return usage_error(usage, "unknown option %s%s", word, "");
    if (!option->value && value)
        return usage_error(usage, "--%s takes no value%s", option->name, "");
    if (option->value && !value) {
        if (*at + 1 == argc)
            return usage_error(usage, "--%s needs a value: %s", option->name, option->value);
        value = argv[++*at];
    }
    const char *wanted = option->set(options, value);
    if (wanted) {
        if (strncmp(wanted, "--", 2) == 0)
            fprintf(stderr, "spanlog: %s: %s", usage->verb, wanted);
        else
            fprintf(stderr, "spanlog: %s: --%s %s: not %s\n", usage->verb, option->name, value,
                    wanted);
        return SPANLOG_EXIT_ERROR;
    }
    return -1;
}

int spanlog_options_parse(struct spanlog_options *options, const struct spanlog_usage *usage,
                          int argc, char **argv) {
    int words = 0;
    bool only_words = false;
    *options = (struct spanlog_options){
        .error_status_min = 500, .settle_ns = 500000000, .give_up_ns = 30000000000, .usage = usage};
    if (usage->sorts)
        set_sort(options, usage->sort_default);
    for (int i = 1; i < argc; i++) {
        char *word = argv[i];
        if (only_words || word[0] != '-' || word[1] == 0) {
            argv[1 + words++] = word; /* words move to the front, behind the verb */
            continue;
        }
        if (strcmp(word, "--") == 0) {
            only_words = true;
            continue;
        }
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            print_help(usage);
            return SPANLOG_EXIT_DONE;
        }
        int status = take_option(options, usage, argc, argv, &i);
        if (status >= 0)
            return status;
    }
    int first = 1;
    if (usage->options & SPANLOG_TAKES_ID) {
        if (words == 0)
            return usage_error(usage, "which trace? Give its id, or 4 characters of either end%s%s",
                               "", "");
        options->id = argv[first++];
        words--;
    }
    options->paths = (const char *const *)&argv[first];
    options->path_count = (size_t)words;
    return -1;
}

struct spanlog_look spanlog_options_look(const struct spanlog_options *options) {
    struct winsize size;
    bool terminal = isatty(STDOUT_FILENO);
    const char *no_color = getenv("NO_COLOR"), *columns = getenv("COLUMNS"), *term = getenv("TERM");
    uint64_t number;
    struct spanlog_look look = {.width = options->width,
                                .ascii = options->ascii,
                                .unfolded = options->unfold,
                                .cut = terminal || options->width};
    if (look.width == 0 && terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        look.width = size.ws_col;
    if (look.width == 0 && terminal && columns && spanlog_value_count(columns, 1000, &number))
        look.width = (unsigned)number;
    if (look.width == 0)
        look.width = 80;
    look.color = options->color == SPANLOG_COLOR_ALWAYS ||
                 (options->color == SPANLOG_COLOR_AUTO && terminal && !(no_color && *no_color) &&
                  !(term && strcmp(term, "dumb") == 0));
    return look;
}
