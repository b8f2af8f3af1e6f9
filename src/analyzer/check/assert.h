/* analyzer/check/assert.h: what `check --assert` demands: `p99(checkout) < 200ms`.
 *
 *     struct spanlog_assert assert;
 *     struct spanlog_where_error error;
 *     int rc = spanlog_assert_parse(text, &arena, &assert, &error);
 *     if (rc == -EINVAL) puts(spanlog_where_explain("--assert", text, &error));
 *     if (!spanlog_assert_holds(&assert, figure_of, &figures, &value)) ...
 *
 *     p50(NAMES) p99.9(NAMES) max min mean     against a duration: 200ms, 1.5s
 *     count(NAMES) errors(NAMES)               against a number
 *     rate(NAMES)                              against 5/s, 300/m, 10/h; a number is per second
 *     error_share(NAMES)                       against 1%, or 0.01
 *     orphans lost spans traces                against a number; of the whole input
 *
 * NAMES: an operation, SERVICE/OPERATION, `service=NAME, operation=NAME` or one of these; none: all
 * spans. A name with blanks or signs stands in quotes, and then holds no service. Comparisons: = ==
 * != < <= > >=. A # begins a comment.
 */
#ifndef SPANLOG_ANALYZER_CHECK_ASSERT_H
#define SPANLOG_ANALYZER_CHECK_ASSERT_H

#include "src/analyzer/base/arena.h"
#include "src/analyzer/where/where.h"

enum spanlog_assert_kind {
    SPANLOG_ASSERT_QUANTILE,
    SPANLOG_ASSERT_MAX,
    SPANLOG_ASSERT_MIN,
    SPANLOG_ASSERT_MEAN,
    SPANLOG_ASSERT_COUNT,
    SPANLOG_ASSERT_ERRORS,
    SPANLOG_ASSERT_RATE,
    SPANLOG_ASSERT_ERROR_SHARE,
    SPANLOG_ASSERT_ORPHANS,
    SPANLOG_ASSERT_LOST,
    SPANLOG_ASSERT_SPANS,
    SPANLOG_ASSERT_TRACES
};

struct spanlog_assert {
    struct spanlog_text text; /* all of it, as it was written */
    uint8_t kind;
    uint8_t comparison;            /* for spanlog_assert_holds */
    double quantile;               /* of QUANTILE: 0.99 */
    struct spanlog_text service;   /* .data NULL: of any */
    struct spanlog_text operation; /* likewise */
    double wanted; /* durations in ns, rates per second, shares from 0 to 1, numbers */
};

/* 0, -EINVAL or -ENOMEM. Its texts live in the arena. */
int spanlog_assert_parse(const char *text, struct spanlog_arena *arena, struct spanlog_assert *ret,
                         struct spanlog_where_error *error);

/* A rule file: one a line; empty lines and comments are none. */
struct spanlog_asserts {
    struct spanlog_assert *list;
    size_t count;
    size_t line;           /* after -EINVAL: the line with the mistake, from 1, */
    const char *line_text; /* and its text, for spanlog_where_explain */
};
int spanlog_asserts_parse(const char *text, size_t size, struct spanlog_arena *arena,
                          struct spanlog_asserts *ret, struct spanlog_where_error *error);

/* The figure that an assertion speaks of, in the units of `wanted`; NaN when there is none, e.g.
 * the p99 of no spans: then no comparison holds. */
typedef double spanlog_assert_figure(void *argument, const struct spanlog_assert *assert);
bool spanlog_assert_holds(const struct spanlog_assert *assert, spanlog_assert_figure *figure,
                          void *argument, double *ret_figure);

#endif
