/* analyzer/render/diff_render.c: `spanlog diff` of two sets of traces:
 *
 *     before: 200 traces, mean 21.3ms    after: 200 traces, mean 64.1ms
 *     SCORE KIND         BEFORE     AFTER  NAME
 *      0.90 self_time    5.01ms   50.11ms  db query (p50)
 *      0.31 attribute        2%       40%  region=eu
 *
 * and of two traces, as one tree:
 *
 *     before e266f103 41.20ms    after 99a0b1c2 96.01ms
 *       BEFORE     AFTER     SELF
 *      41.20ms   96.01ms   +0.10ms    gateway GET /checkout
 *       5.00ms   60.02ms  +55.02ms  >   orders db.query
 *            -    3.10ms   +3.10ms  +   orders audit
 */
#include "src/analyzer/render/diff_render.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_json_row(struct spanlog_output *out, const char *kind, struct spanlog_text name,
                         const double figures[3]) {
    char text[120];
    spanlog_put(out, "{\"kind\":\"");
    spanlog_put(out, kind);
    spanlog_put_json_text(out, "\",\"name\":", name);
    snprintf(text, sizeof text, ",\"before\":%.6g,\"after\":%.6g,\"score\":%.4f}\n", figures[0],
             figures[1], figures[2]);
    spanlog_put(out, text);
}

/* ---- sets --------------------------------------------------------------------------------- */

static size_t shown_rows(const struct spanlog_diff *diff, size_t limit) {
    return limit && limit < diff->row_count ? limit : diff->row_count;
}

void spanlog_render_diff_json(const struct spanlog_diff *diff, size_t limit,
                              struct spanlog_output *out) {
    for (size_t i = 0; i < shown_rows(diff, limit); i++) {
        const struct spanlog_diff_row *row = &diff->rows[i];
        const double figures[] = {row->before, row->after, row->score};
        put_json_row(out, spanlog_diff_kind_names[row->kind], row->name, figures);
    }
}

static void put_figure(struct spanlog_output *out, enum spanlog_diff_kind kind, double value) {
    char text[32];
    if (kind == SPANLOG_DIFF_SELF_TIME || kind == SPANLOG_DIFF_EDGE)
        spanlog_format_duration((uint64_t)(value * 1e6), text);
    else if (kind == SPANLOG_DIFF_CALLS)
        snprintf(text, sizeof text, "%.2f", value);
    else
        snprintf(text, sizeof text, "%.3g%%", 100 * value);
    spanlog_put_right(out, text, 10);
}

static void put_set(struct spanlog_output *out, const char *name, uint64_t traces, double mean) {
    char text[24];
    spanlog_put(out, name);
    spanlog_put_thousands(out, traces);
    spanlog_put(out, traces == 1 ? " trace" : " traces");
    if (!traces)
        return;
    spanlog_format_duration((uint64_t)mean, text);
    spanlog_put(out, ", mean ");
    spanlog_put(out, text);
}

static void put_bounds(const struct spanlog_diff *diff, struct spanlog_output *out) {
    if (diff->traces_sampled[0] < diff->traces[0] || diff->traces_sampled[1] < diff->traces[1]) {
        spanlog_put(out, "attributes and log texts: of a sample of ");
        spanlog_put_thousands(out, diff->traces_sampled[0]);
        spanlog_put(out, " and ");
        spanlog_put_thousands(out, diff->traces_sampled[1]);
        spanlog_put(out, " traces\n");
    }
    if (diff->thinned) {
        spanlog_put_thousands(out, diff->thinned);
        spanlog_put(out, diff->thinned == 1 ? " key has" : " keys have");
        spanlog_put(out, " too many values: counted in a smaller sample\n");
    }
    if (diff->has_too_many_keys)
        spanlog_put(out, "there are too many keys: some were not counted\n");
}

void spanlog_render_diff(const struct spanlog_diff *diff, size_t limit,
                         const struct spanlog_look *look, struct spanlog_output *out) {
    char text[32];
    size_t rows = shown_rows(diff, limit);
    put_set(out, diff->is_selection ? "rest: " : "before: ", diff->traces[0], diff->mean_ns[0]);
    put_set(out, diff->is_selection ? "    selected: " : "    after: ", diff->traces[1],
            diff->mean_ns[1]);
    spanlog_put(out, "\n");
    if (rows == 0)
        spanlog_put(out, "nothing differs by more than chance\n");
    else {
        spanlog_look_start(out, look, SPANLOG_LOOK_BOLD);
        spanlog_put(out, diff->is_selection ? "SCORE KIND            REST  SELECTED  NAME"
                                            : "SCORE KIND          BEFORE     AFTER  NAME");
        spanlog_look_stop(out, look);
        spanlog_put(out, "\n");
    }
    for (size_t i = 0; i < rows; i++) {
        const struct spanlog_diff_row *row = &diff->rows[i];
        snprintf(text, sizeof text, "%5.2f %-10s", row->score, spanlog_diff_kind_names[row->kind]);
        spanlog_put(out, text);
        put_figure(out, row->kind, row->before);
        put_figure(out, row->kind, row->after);
        spanlog_put(out, "  ");
        spanlog_put_visible(out, row->name);
        if (row->quantile[0]) {
            spanlog_put(out, " (");
            spanlog_put(out, row->quantile);
            spanlog_put(out, ")");
        }
        spanlog_put(out, "\n");
    }
    if (rows < diff->row_count) {
        spanlog_put_number(out, diff->row_count - rows);
        spanlog_put(out, " more differences (--limit)\n");
    }
    put_bounds(diff, out);
}

/* ---- two traces --------------------------------------------------------------------------- */

static const struct spanlog_node *node_at(const struct spanlog_trace *trace, uint32_t number) {
    return number == SPANLOG_NODE_NONE ? NULL : &trace->tree.nodes[number];
}

static struct spanlog_name_texts texts_of(const struct spanlog_trace *trace) {
    return (struct spanlog_name_texts){&trace->service_names, &trace->operation_names,
                                       &trace->names};
}

/* "service operation", of whichever side has the span. */
static size_t name_of(const struct spanlog_trace_diff *diff,
                      const struct spanlog_trace_diff_row *row, char *out, size_t room) {
    bool here = row->before != SPANLOG_NODE_NONE;
    const struct spanlog_trace *trace = here ? diff->before : diff->after;
    const struct spanlog_node *node = node_at(trace, here ? row->before : row->after);
    struct spanlog_name_texts texts = texts_of(trace);
    const struct spanlog_name *name = &texts.names->list[node->name];
    struct spanlog_text service = spanlog_strings_text(texts.services, name->service);
    struct spanlog_text operation = spanlog_strings_text(texts.operations, name->operation);
    int size = snprintf(out, room, "%.*s%s%.*s", (int)service.size, service.data,
                        service.size ? " " : "", (int)operation.size, operation.data);
    return size < 0 ? 0 : (size_t)size < room ? (size_t)size : room - 1;
}

static void put_side(struct spanlog_output *out, const char *name,
                     const struct spanlog_trace *trace) {
    char text[24];
    spanlog_put(out, name);
    struct spanlog_text id = trace->matches[0];
    uint32_t skipped = id.size > 8 ? id.size - 8 : 0;
    spanlog_put_visible(out, (struct spanlog_text){id.data + skipped, id.size - skipped});
    spanlog_format_duration(trace->end_ns - trace->start_ns, text);
    spanlog_put(out, " ");
    spanlog_put(out, text);
}

static void put_duration(struct spanlog_output *out, const struct spanlog_node *node) {
    char text[24] = "-";
    if (node)
        spanlog_format_duration(node->duration_ns, text);
    spanlog_put_right(out, text, 10);
}

static void put_change(struct spanlog_output *out, const struct spanlog_node *before,
                       const struct spanlog_node *after) {
    uint64_t a = before ? before->self_ns : 0, b = after ? after->self_ns : 0;
    char text[32];
    text[0] = b >= a ? '+' : '-';
    spanlog_format_duration(b >= a ? b - a : a - b, text + 1);
    spanlog_put_right(out, text, 11);
}

void spanlog_render_trace_diff(const struct spanlog_trace_diff *diff,
                               const struct spanlog_look *look, struct spanlog_output *out) {
    static const char *const marks[SPANLOG_TRACE_CHANGES] = {" ", ">", "<", "+", "-"};
    enum { DEPTH_MAX = 30 };
    char name[512];
    put_side(out, "before ", diff->before);
    put_side(out, "    after ", diff->after);
    spanlog_put(out, "\n");
    spanlog_look_start(out, look, SPANLOG_LOOK_BOLD);
    spanlog_put(out, "    BEFORE     AFTER       SELF   (> slower, < faster, + new, - missing)");
    spanlog_look_stop(out, look);
    spanlog_put(out, "\n");
    for (size_t i = 0; i < diff->count; i++) {
        const struct spanlog_trace_diff_row *row = &diff->rows[i];
        const struct spanlog_node *before = node_at(diff->before, row->before);
        const struct spanlog_node *after = node_at(diff->after, row->after);
        put_duration(out, before);
        put_duration(out, after);
        put_change(out, before, after);
        spanlog_put(out, " ");
        spanlog_put(out, marks[row->change]);
        spanlog_put(out, " ");
        spanlog_put_repeat(out, "  ", row->depth < DEPTH_MAX ? row->depth : DEPTH_MAX);
        size_t size = name_of(diff, row, name, sizeof name);
        spanlog_put_visible(out, (struct spanlog_text){name, (uint32_t)size});
        spanlog_put(out, "\n");
    }
}

static int by_score(const void *left, const void *right) {
    const struct spanlog_trace_diff_row *a = *(const struct spanlog_trace_diff_row *const *)left;
    const struct spanlog_trace_diff_row *b = *(const struct spanlog_trace_diff_row *const *)right;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return (a > b) - (a < b);
}

void spanlog_render_trace_diff_json(const struct spanlog_trace_diff *diff,
                                    struct spanlog_output *out) {
    const struct spanlog_trace_diff_row **rows = calloc(diff->count + 1, sizeof(void *));
    char name[512];
    if (!rows) {
        out->error = -ENOMEM;
        return;
    }
    for (size_t i = 0; i < diff->count; i++)
        rows[i] = &diff->rows[i];
    qsort(rows, diff->count, sizeof(void *), by_score);
    for (size_t i = 0; i < diff->count; i++) {
        const struct spanlog_node *before = node_at(diff->before, rows[i]->before);
        const struct spanlog_node *after = node_at(diff->after, rows[i]->after);
        const double figures[] = {before ? (double)before->self_ns / 1e6 : 0,
                                  after ? (double)after->self_ns / 1e6 : 0, rows[i]->score};
        if (rows[i]->change == SPANLOG_TRACE_SAME)
            continue;
        size_t size = name_of(diff, rows[i], name, sizeof name);
        put_json_row(out, spanlog_trace_change_names[rows[i]->change],
                     (struct spanlog_text){name, (uint32_t)size}, figures);
    }
    free(rows);
}
