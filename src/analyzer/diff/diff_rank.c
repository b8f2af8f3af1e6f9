/* analyzer/diff/diff_rank.c: scores of what differs between two sets of traces; see diff.h. */
#include "src/analyzer/diff/diff_parts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define SCORE_MIN 0.1   /* less is noise */
#define EFFECT_MIN 0.01 /* of a trace's time: what changes less explains nothing */
#define P95_SAMPLES_MIN 20

static int add_row(struct spanlog_diff *diff, struct spanlog_diff_row row) {
    if (row.score < SCORE_MIN)
        return 0;
    if (diff->row_count == diff->row_room) {
        size_t room = diff->row_room ? 2 * diff->row_room : 64;
        struct spanlog_diff_row *grown = realloc(diff->rows, room * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        diff->rows = grown;
        diff->row_room = room;
    }
    diff->rows[diff->row_count++] = row;
    return 0;
}

/* What is there less often than this may be chance: 5 traces, less where there are few. */
static uint64_t least_count(const uint64_t traces[2]) {
    uint64_t smaller = traces[0] < traces[1] ? traces[0] : traces[1];
    return smaller >= 50 ? 5 : smaller >= 10 ? 3 : 1;
}

/* The difference of two shares, less one standard error of it. Half a trace more on each side, or
 * shares of 0 and 1 would have no error. */
static double share_score(uint64_t has_0, uint64_t of_0, uint64_t has_1, uint64_t of_1) {
    double n0 = (double)of_0 + 1, n1 = (double)of_1 + 1;
    double p0 = ((double)has_0 + 0.5) / n0, p1 = ((double)has_1 + 0.5) / n1;
    double error = sqrt(p0 * (1 - p0) / n0 + p1 * (1 - p1) / n1);
    return fabs(p1 - p0) - error;
}

static double share(uint64_t has, uint64_t of) {
    return of ? (double)has / (double)of : 0;
}

/* ---- operations --------------------------------------------------------------------------- */

static int by_value(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static double quantile(const struct spanlog_diff_samples *samples, double q) {
    size_t rank = (size_t)ceil(q * (double)samples->count - 1e-9);
    return (double)samples->values[rank ? rank - 1 : 0];
}

static double ratio_score(double before, double after) {
    double smaller = before < after ? before : after, greater = before < after ? after : before;
    return greater > 0 ? 1 - smaller / greater : 0;
}

/* Time per trace that an operation takes by itself. */
static double effect(const struct spanlog_diff *diff, const struct spanlog_diff_samples *samples,
                     int side) {
    return diff->traces[side] ? samples->sum / (double)diff->traces[side] : 0;
}

static bool matters(const struct spanlog_diff *diff, const struct spanlog_diff_samples *before,
                    const struct spanlog_diff_samples *after) {
    double greater = diff->mean_ns[0] > diff->mean_ns[1] ? diff->mean_ns[0] : diff->mean_ns[1];
    return fabs(effect(diff, after, 1) - effect(diff, before, 0)) >= EFFECT_MIN * greater;
}

static int rank_times(struct spanlog_diff *diff, struct spanlog_diff_row row,
                      const struct spanlog_diff_samples *before,
                      const struct spanlog_diff_samples *after) {
    static const struct {
        double q;
        const char *name;
    } quantiles[] = {{0.5, "p50"}, {0.95, "p95"}};
    for (int i = 0; i < 2; i++) {
        if (i == 1 && (before->count < P95_SAMPLES_MIN || after->count < P95_SAMPLES_MIN))
            break;
        double a = quantile(before, quantiles[i].q), b = quantile(after, quantiles[i].q);
        if (i > 0 && ratio_score(a, b) <= row.score)
            continue;
        row.before = a / 1e6;
        row.after = b / 1e6;
        row.score = ratio_score(a, b);
        row.quantile = quantiles[i].name;
    }
    return add_row(diff, row);
}

static int rank_operation(struct spanlog_diff *diff, uint32_t number) {
    struct spanlog_diff_samples *before = &diff->times[0][number], *after = &diff->times[1][number];
    struct spanlog_text text = spanlog_strings_text(&diff->operations, number);
    bool edge = text.data[0] == SPANLOG_DIFF_IS_EDGE;
    uint64_t least = least_count(diff->traces);
    struct spanlog_diff_row row = {.name = {text.data + 1, text.size - 1}, .quantile = ""};
    if (before->count)
        qsort(before->values, before->count, sizeof *before->values, by_value);
    if (after->count)
        qsort(after->values, after->count, sizeof *after->values, by_value);
    if (!before->count || !after->count) {
        row.kind = before->count ? SPANLOG_DIFF_VANISHED : SPANLOG_DIFF_NEW;
        row.before = share(before->traces, diff->traces[0]);
        row.after = share(after->traces, diff->traces[1]);
        row.score = share_score(before->traces, diff->traces[0], after->traces, diff->traces[1]);
        return before->traces + after->traces < least ? 0 : add_row(diff, row);
    }
    if (before->count < least || after->count < least)
        return 0;
    row.kind = edge ? SPANLOG_DIFF_EDGE : SPANLOG_DIFF_SELF_TIME;
    bool counts = matters(diff, before, after);
    if (counts && rank_times(diff, row, before, after) < 0)
        return -ENOMEM;
    row.kind = SPANLOG_DIFF_CALLS;
    row.before = share(before->count, diff->traces[0]);
    row.after = share(after->count, diff->traces[1]);
    row.score = share_score(before->traces, diff->traces[0], after->traces, diff->traces[1]);
    if (counts && ratio_score(row.before, row.after) > row.score)
        row.score = ratio_score(row.before, row.after);
    return add_row(diff, row);
}

/* ---- attributes and log texts ------------------------------------------------------------- */

static int rank_item(struct spanlog_diff *diff, uint32_t number) {
    struct spanlog_text text = spanlog_strings_text(&diff->items, number);
    const struct spanlog_diff_counted *counted = &diff->of_items[number];
    const struct spanlog_diff_skipped *skipped = &diff->skipped[counted->key];
    uint64_t has[2] = {counted->traces[0], counted->traces[1]}, of[2];
    for (int side = 0; side < 2; side++)
        of[side] = diff->traces_sampled[side] - skipped->of_side[side];
    bool is_log = text.data[0] == SPANLOG_DIFF_IS_LOG;
    struct spanlog_diff_row row = {.kind = is_log ? SPANLOG_DIFF_LOG : SPANLOG_DIFF_ATTRIBUTE,
                                   .name = {text.data + 1, text.size - 1},
                                   .before = share(has[0], of[0]),
                                   .after = share(has[1], of[1]),
                                   .score = share_score(has[0], of[0], has[1], of[1]),
                                   .quantile = ""};
    return has[0] + has[1] < least_count(of) ? 0 : add_row(diff, row);
}

static int by_score(const void *left, const void *right) {
    const struct spanlog_diff_row *a = left, *b = right;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return spanlog_text_compare(a->name, b->name);
}

int spanlog_diff_rank(struct spanlog_diff *diff) {
    int rc = 0;
    for (int side = 0; side < 2; side++)
        diff->mean_ns[side] =
            diff->traces[side] ? (double)diff->duration_sum[side] / (double)diff->traces[side] : 0;
    diff->row_count = 0;
    diff->thinned = 0;
    for (uint32_t i = 0; i < diff->keys.count; i++)
        diff->thinned += (diff->skipped[i].of_side[0] | diff->skipped[i].of_side[1]) != 0;
    if (diff->traces[0] == 0 || diff->traces[1] == 0)
        return 0; /* there is nothing to compare with */
    for (uint32_t i = 0; rc == 0 && i < diff->operations.count; i++)
        rc = rank_operation(diff, i);
    for (uint32_t i = 0; rc == 0 && i < diff->items.count; i++)
        rc = rank_item(diff, i);
    if (rc == 0 && diff->row_count)
        qsort(diff->rows, diff->row_count, sizeof *diff->rows, by_score);
    return rc;
}
