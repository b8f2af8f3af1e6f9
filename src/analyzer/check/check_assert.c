/* analyzer/check/check_assert.c: `check --assert`: figures of all traces, held against what is
 * demanded. See check.h. */
#include "src/analyzer/check/check.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/analyzer/base/output.h"

/* The spans that an assertion speaks of. */
struct figures {
    uint64_t *durations;
    size_t count, room;
    uint64_t errors;
    double sum;
};

/* Of one thread. */
struct walker {
    const struct spanlog_asserts *asserts;
    struct figures *figures; /* one for each assertion */
    uint64_t first_ns, last_ns;
    uint64_t orphans, traces, spans;
};

struct question {
    const struct spanlog_check *check;
    const struct spanlog_asserts *asserts;
    struct walker all;
};

static int add_duration(struct figures *figures, const struct spanlog_node *node) {
    if (figures->count == figures->room) {
        size_t room = figures->room ? 2 * figures->room : 256;
        uint64_t *grown = realloc(figures->durations, room * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        figures->durations = grown;
        figures->room = room;
    }
    figures->durations[figures->count++] = node->duration_ns;
    figures->errors += node->flags & SPANLOG_NODE_ERROR;
    figures->sum += (double)node->duration_ns;
    return 0;
}

static bool is_meant(struct spanlog_text wanted, struct spanlog_text name) {
    return !wanted.data || spanlog_text_equal(wanted, name);
}

static int one_span(struct walker *walker, const struct spanlog_collection *all,
                    const struct spanlog_node *node) {
    const struct spanlog_name *name = &all->names.list[node->name];
    struct spanlog_text service = spanlog_strings_text(&all->services, name->service);
    struct spanlog_text operation = spanlog_strings_text(&all->operations, name->operation);
    for (size_t i = 0; i < walker->asserts->count; i++) {
        const struct spanlog_assert *assertion = &walker->asserts->list[i];
        if (assertion->kind >= SPANLOG_ASSERT_ORPHANS || !is_meant(assertion->service, service) ||
            !is_meant(assertion->operation, operation))
            continue;
        if (add_duration(&walker->figures[i], node) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int one_trace(void *job, const struct spanlog_trace_view *view) {
    struct walker *walker = job;
    const struct spanlog_tree *tree = view->tree;
    walker->traces++;
    walker->spans += tree->count;
    walker->orphans += tree->orphans;
    if (tree->count) {
        walker->first_ns = tree->start_ns < walker->first_ns ? tree->start_ns : walker->first_ns;
        walker->last_ns = tree->end_ns > walker->last_ns ? tree->end_ns : walker->last_ns;
    }
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < tree->count; i++)
        rc = one_span(walker, view->all, &tree->nodes[i]);
    return rc;
}

/* ---- all threads together ----------------------------------------------------------------- */

static int by_value(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static int merge_figures(struct figures *to, const struct figures *from) {
    size_t count = to->count + from->count;
    if (from->count == 0)
        return 0;
    uint64_t *grown = realloc(to->durations, count * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    memcpy(grown + to->count, from->durations, from->count * sizeof *grown);
    to->durations = grown;
    to->count = to->room = count;
    to->errors += from->errors;
    to->sum += from->sum;
    return 0;
}

static int merge(struct walker *to, const struct walker *from) {
    int rc = 0;
    to->first_ns = from->first_ns < to->first_ns ? from->first_ns : to->first_ns;
    to->last_ns = from->last_ns > to->last_ns ? from->last_ns : to->last_ns;
    to->orphans += from->orphans;
    to->traces += from->traces;
    to->spans += from->spans;
    for (size_t i = 0; rc == 0 && i < to->asserts->count; i++)
        rc = merge_figures(&to->figures[i], &from->figures[i]);
    return rc;
}

static int open_walker(struct walker *walker, const struct spanlog_asserts *asserts) {
    *walker = (struct walker){.asserts = asserts,
                              .figures = calloc(asserts->count + 1, sizeof(struct figures)),
                              .first_ns = UINT64_MAX};
    return walker->figures ? 0 : -ENOMEM;
}

static void close_walker(struct walker *walker) {
    for (size_t i = 0; walker->figures && i < walker->asserts->count; i++)
        free(walker->figures[i].durations);
    free(walker->figures);
}

static int measure(struct question *question, bool raw_clocks) {
    const struct spanlog_collection *all = &question->check->all;
    struct spanlog_filter filter = {.raw_clocks = raw_clocks};
    struct walker *walkers = calloc(all->job_count, sizeof *walkers);
    int rc = walkers ? 0 : -ENOMEM;
    for (unsigned i = 0; rc == 0 && i < all->job_count; i++)
        rc = open_walker(&walkers[i], question->asserts);
    struct spanlog_each each = {.all = all,
                                .filter = &filter,
                                .steps = SPANLOG_EACH_LINK,
                                .jobs = {walkers, sizeof *walkers},
                                .trace = one_trace};
    if (rc == 0)
        rc = spanlog_each_trace(&each);
    for (unsigned i = 0; walkers && i < all->job_count; i++) {
        if (rc == 0)
            rc = merge(&question->all, &walkers[i]);
        close_walker(&walkers[i]);
    }
    free(walkers);
    for (size_t i = 0; rc == 0 && i < question->asserts->count; i++)
        if (question->all.figures[i].count)
            qsort(question->all.figures[i].durations, question->all.figures[i].count,
                  sizeof(uint64_t), by_value);
    return rc;
}

/* ---- figures ------------------------------------------------------------------------------ */

static uint64_t lost(const struct spanlog_check *check) {
    uint64_t count = 0;
    for (size_t i = 0; i < check->count; i++)
        if (check->findings[i].kind == SPANLOG_CHECK_RECORDS_DROPPED)
            count += check->findings[i].count;
    return count;
}

/* Nearest rank. */
static double quantile_of(const struct figures *figures, double quantile) {
    double rank = ceil(quantile * (double)figures->count - 1e-9);
    size_t at = rank < 1 ? 0 : (size_t)rank - 1;
    return (double)figures->durations[at < figures->count ? at : figures->count - 1];
}

static double figure_of(void *argument, const struct spanlog_assert *assertion) {
    const struct question *question = argument;
    const struct walker *all = &question->all;
    const struct figures *figures = &all->figures[assertion - question->asserts->list];
    double seconds = (double)(all->last_ns - all->first_ns) / 1e9;
    switch (assertion->kind) {
    case SPANLOG_ASSERT_ORPHANS:
        return (double)all->orphans;
    case SPANLOG_ASSERT_LOST:
        return (double)lost(question->check);
    case SPANLOG_ASSERT_SPANS:
        return (double)all->spans;
    case SPANLOG_ASSERT_TRACES:
        return (double)all->traces;
    case SPANLOG_ASSERT_COUNT:
        return (double)figures->count;
    default:
        break;
    }
    if (figures->count == 0)
        return NAN;
    switch (assertion->kind) {
    case SPANLOG_ASSERT_QUANTILE:
        return quantile_of(figures, assertion->quantile);
    case SPANLOG_ASSERT_MAX:
        return (double)figures->durations[figures->count - 1];
    case SPANLOG_ASSERT_MIN:
        return (double)figures->durations[0];
    case SPANLOG_ASSERT_MEAN:
        return figures->sum / (double)figures->count;
    case SPANLOG_ASSERT_ERRORS:
        return (double)figures->errors;
    case SPANLOG_ASSERT_ERROR_SHARE:
        return (double)figures->errors / (double)figures->count;
    case SPANLOG_ASSERT_RATE:
        return seconds > 0 ? (double)figures->count / seconds : NAN;
    default:
        return NAN;
    }
}

static void format_figure(const struct spanlog_assert *assertion, double value, char text[64]) {
    if (assertion->kind <= SPANLOG_ASSERT_MEAN)
        spanlog_format_duration((uint64_t)value, text);
    else if (assertion->kind == SPANLOG_ASSERT_RATE)
        snprintf(text, 64, "%.4g/s", value);
    else if (assertion->kind == SPANLOG_ASSERT_ERROR_SHARE)
        snprintf(text, 64, "%.4g%%", 100 * value);
    else
        snprintf(text, 64, "%.0f", value);
}

static int report(struct spanlog_check *check, const struct spanlog_assert *assertion,
                  const struct figures *figures, double value) {
    char text[64];
    int size = (int)assertion->text.size;
    const char *said = assertion->text.data;
    if (assertion->kind < SPANLOG_ASSERT_ORPHANS && figures->count == 0)
        return spanlog_check_add(check, SPANLOG_CHECK_ASSERTION_FAILED, 1, NULL, UINT64_MAX,
                                 "%.*s: no such span occurs", size, said);
    if (isnan(value))
        return spanlog_check_add(check, SPANLOG_CHECK_ASSERTION_FAILED, 1, NULL, UINT64_MAX,
                                 "%.*s: all spans are of one moment, so there is no rate", size,
                                 said);
    format_figure(assertion, value, text);
    return spanlog_check_add(check, SPANLOG_CHECK_ASSERTION_FAILED, 1, NULL, UINT64_MAX,
                             "%.*s: it is %s", size, said, text);
}

int spanlog_check_assert(struct spanlog_check *check, const struct spanlog_asserts *asserts,
                         bool raw_clocks) {
    struct question question = {.check = check, .asserts = asserts};
    int rc = open_walker(&question.all, asserts);
    if (rc == 0)
        rc = measure(&question, raw_clocks);
    for (size_t i = 0; rc == 0 && i < asserts->count; i++) {
        const struct spanlog_assert *assertion = &asserts->list[i];
        double value;
        if (!spanlog_assert_holds(assertion, figure_of, &question, &value))
            rc = report(check, assertion, &question.all.figures[i], value);
    }
    close_walker(&question.all);
    if (rc == 0)
        spanlog_check_sort(check);
    return rc;
}
