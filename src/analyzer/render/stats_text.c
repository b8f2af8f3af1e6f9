/* analyzer/render/stats_text.c: `spanlog stats` for people:
 *
 *     11,000 spans  11 operations  1.24 s from 11-21 10:30:45.001 (UTC)
 *     SERVICE OPERATION        COUNT    ERR      P50      P95      P99    TOTAL
 *     gateway GET /checkout     1000      3  31.26ms  75.14ms 121.6ms   39.82s
 *
 * The wider, the more columns. The name has what they leave.
 */
#include <stdio.h>
#include <string.h>

#include "formatters/time.h"
#include "src/analyzer/render/columns.h"
#include "src/analyzer/render/questions.h"

enum column { COUNT, ERRORS, RATE, P50, P90, P95, P99, MAX, TOTAL, SELF, CRITICAL, COLUMNS };

#define NAME_LEAST 28 /* columns of less weight leave before the name gets shorter */

static const struct {
    const char *head;
    unsigned width;
    unsigned weight;
} columns[COLUMNS] = {
    [COUNT] = {"COUNT", 8, 9}, [ERRORS] = {"ERRORS", 8, 9},    [RATE] = {"PER S", 8, 4},
    [P50] = {"P50", 9, 9},     [P90] = {"P90", 9, 1},          [P95] = {"P95", 9, 6},
    [P99] = {"P99", 9, 8},     [MAX] = {"MAX", 9, 3},          [TOTAL] = {"TOTAL", 9, 7},
    [SELF] = {"SELF", 9, 2},   [CRITICAL] = {"CRITICAL", 9, 5}};

/* Which columns fit. Returns what is left for the name. */
static size_t choose(unsigned width, bool shown[COLUMNS]) {
    size_t left = width < 40 ? 40 : width;
    for (unsigned weight = 9; weight > 0; weight--)
        for (unsigned i = 0; i < COLUMNS; i++) {
            if (columns[i].weight != weight)
                continue;
            shown[i] = left >= columns[i].width + (weight == 9 ? 12 : NAME_LEAST);
            left -= shown[i] ? columns[i].width : 0;
        }
    return left;
}

static void put_cell(const struct spanlog_stats_row *row, enum column column,
                     const struct spanlog_look *look, struct spanlog_output *out) {
    const struct spanlog_tally *tally = row->tally;
    const uint64_t durations[COLUMNS] = {[P50] = row->p50_ns,     [P90] = row->p90_ns,
                                         [P95] = row->p95_ns,     [P99] = row->p99_ns,
                                         [MAX] = tally->max_ns,   [TOTAL] = tally->total_ns,
                                         [SELF] = tally->self_ns, [CRITICAL] = tally->critical_ns};
    unsigned width = columns[column].width;
    char text[24];
    if (column == COUNT) {
        spanlog_put_count_cell(out, tally->count, width);
    } else if (column == ERRORS) {
        spanlog_put_error_cell(out, look, tally->errors, width);
    } else if (column == RATE) {
        spanlog_format_rate(row->rate, text);
        spanlog_put_right(out, text, width);
    } else {
        spanlog_put_duration_cell(out, durations[column], width);
    }
}

static void put_row(const struct spanlog_stats_row *row, const bool shown[COLUMNS], size_t name,
                    const struct spanlog_look *look, struct spanlog_output *out) {
    struct spanlog_text text = row->name.text.size ? row->name.text : SPANLOG_NO_TEXT;
    size_t used = spanlog_put_name_cut(out, row->name.service, text, name, look->ascii);
    spanlog_put_repeat(out, " ", used < name ? name - used : 0);
    for (unsigned i = 0; i < COLUMNS; i++)
        if (shown[i])
            put_cell(row, (enum column)i, look, out);
    spanlog_put(out, "\n");
}

static void put_counted(struct spanlog_output *out, uint64_t count, const char *one) {
    spanlog_put_number(out, count);
    spanlog_put(out, " ");
    spanlog_put(out, one);
    spanlog_put(out, count == 1 ? "  " : "s  ");
}

static void put_title(const struct spanlog_stats *stats, const struct spanlog_look *look,
                      struct spanlog_output *out) {
    char text[SPANLOG_RFC3339_SIZE];
    spanlog_look_start(out, look, SPANLOG_LOOK_BOLD);
    put_counted(out, stats->spans, "span");
    put_counted(out, stats->matching, stats->field ? "value" : "operation");
    spanlog_look_stop(out, look);
    spanlog_format_duration(stats->end_ns - stats->start_ns, text);
    spanlog_put(out, text);
    spanlog_put(out, " from ");
    spanlog_put_rfc3339(text, stats->start_ns);
    text[10] = ' ';
    spanlog_put_bytes(out, text + 5, 18);
    spanlog_put(out, " (UTC)\n");
}

void spanlog_put_estimated(struct spanlog_output *out, bool exact) {
    if (!exact)
        spanlog_put(out, "more than 10 million durations: quantiles are estimates, 1 % off at "
                         "most (DDSketch)\n");
}

void spanlog_render_stats(const struct spanlog_stats *stats, const struct spanlog_look *look,
                          struct spanlog_output *out) {
    bool shown[COLUMNS];
    size_t name = choose(look->width, shown);
    if (stats->count == 0)
        return;
    put_title(stats, look, out);
    spanlog_look_start(out, look, SPANLOG_LOOK_BOLD);
    struct spanlog_text head = SPANLOG_TEXT("SERVICE OPERATION");
    if (stats->field)
        head = spanlog_text_of(stats->field);
    spanlog_put_text_cell(out, head, name, look->ascii);
    for (unsigned i = 0; i < COLUMNS; i++)
        if (shown[i])
            spanlog_put_right(out, columns[i].head, columns[i].width);
    spanlog_look_stop(out, look);
    spanlog_put(out, "\n");
    for (size_t i = 0; i < stats->count; i++)
        put_row(&stats->rows[i], shown, name, look, out);
    if (stats->count < stats->matching) {
        spanlog_put_number(out, stats->matching - stats->count);
        spanlog_put(out, " more (--limit)\n");
    }
    spanlog_put_estimated(out, stats->exact);
}
