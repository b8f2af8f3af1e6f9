/* analyzer/render/trace_text.c: one trace as a waterfall:
 *
 *     trace 0003dde9dc783971  11 spans  6 services  12.59ms  critical path: 10 spans
 *     service operation                  k    total    self crit |0            12.59ms|
 *     frontend HTTP GET /hotels          s  12.59ms  1.63ms  13% |━━━━━━━━━━━━━━━━━━━━|
 *     ├ frontend Search/Nearby           c   7.15ms  2.66ms  21% | ━━━━━━━━━━━        |
 *     │ │  +2.114 WARN cache.c:88 miss key=geo:7
 *
 * Heavy bars are on the critical path. No recursion; below a certain depth the level is a number.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/analyzer/render/columns.h"
#include "src/analyzer/render/trace_parts.h"

#define DEPTH_DRAWN_MAX 64

struct glyphs {
    const char *branch, *last, *line, *blank, *critical, *other, *more, *times;
};
static const struct glyphs unicode_glyphs = {"├ ", "└ ", "│ ", "  ", "━", "─", "…", "×"};
static const struct glyphs ascii_glyphs = {"|-", "`-", "| ", "  ", "=", "-", "~", "x"};

struct drawing {
    const struct spanlog_trace *trace;
    const struct spanlog_look *look;
    const struct glyphs *glyphs;
    struct spanlog_output *out;
    unsigned name_width, bar_width, depth_drawn;
    bool more[DEPTH_DRAWN_MAX + 1]; /* at this level another sibling follows */
    uint32_t *next_child;           /* of each node */
    uint32_t *next_item;
    uint32_t *folds;
};

/* ---- small things ---------------------------------------------------------------------------- */

static void put_counted(struct spanlog_output *out, uint64_t count, const char *one) {
    spanlog_put_number(out, count);
    spanlog_put(out, " ");
    spanlog_put(out, one);
    bool capitals = *one < 'a';
    spanlog_put(out, count == 1 ? "" : capitals ? "S" : "s");
}

/* ---- in front of a line ------------------------------------------------------------------- */

/* The lines of the levels 1..depth. Returns the columns used. */
static size_t put_levels(struct drawing *draw, uint32_t depth) {
    char number[24];
    if (depth > draw->depth_drawn) {
        snprintf(number, sizeof number, "%u ", depth);
        spanlog_put(draw->out, draw->glyphs->more);
        spanlog_put(draw->out, number);
        return 1 + strlen(number);
    }
    for (uint32_t level = 1; level <= depth; level++)
        spanlog_put(draw->out, draw->more[level] ? draw->glyphs->line : draw->glyphs->blank);
    return 2 * (size_t)depth;
}

static size_t put_branch(struct drawing *draw, uint32_t depth, bool last) {
    if (depth == 0)
        return 0;
    if (depth > draw->depth_drawn)
        return put_levels(draw, depth);
    size_t used = put_levels(draw, depth - 1);
    spanlog_put(draw->out, last ? draw->glyphs->last : draw->glyphs->branch);
    draw->more[depth] = !last;
    return used + 2;
}

/* In front of what stands inside a span: a line where children follow. Returns the columns used. */
static size_t put_inside(struct drawing *draw, uint32_t depth, bool children_follow) {
    size_t used = put_levels(draw, depth);
    spanlog_put(draw->out, children_follow ? draw->glyphs->line : draw->glyphs->blank);
    spanlog_put(draw->out, " ");
    return used + 3;
}

/* ---- a span ------------------------------------------------------------------------------- */

/* times: how many spans the line stands for. */
static void put_name(struct drawing *draw, const struct spanlog_node *node, uint32_t times,
                     size_t used) {
    const struct spanlog_trace *trace = draw->trace;
    const struct spanlog_name *name = &trace->names.list[node->name];
    struct spanlog_text service = spanlog_strings_text(&trace->service_names, name->service);
    struct spanlog_text operation = spanlog_strings_text(&trace->operation_names, name->operation);
    char folded[24] = "";
    if (times > 1)
        snprintf(folded, sizeof folded, " %s%u", draw->glyphs->times, times);
    size_t suffix = times > 1 ? spanlog_visible_width(spanlog_text_of(folded)) : 0;
    size_t room = draw->name_width > used + suffix + 4 ? draw->name_width - used - suffix : 4;
    if (operation.size == 0 && (node->flags & SPANLOG_NODE_UNFINISHED))
        operation = SPANLOG_TEXT("(operation unknown)");
    size_t wide = spanlog_put_name_cut(draw->out, service, operation, room, draw->look->ascii);
    spanlog_put(draw->out, folded);
    spanlog_put_repeat(draw->out, " ", wide < room ? room - wide : 0);
}

static uint64_t scaled(uint64_t ns, uint64_t total, unsigned columns) {
    return total ? (uint64_t)((double)ns * columns / (double)total) : 0;
}

static void put_bar(struct drawing *draw, const struct spanlog_node *node) {
    const struct spanlog_trace *trace = draw->trace;
    uint64_t total = trace->end_ns - trace->start_ns;
    uint64_t begin = scaled(node->start_ns - trace->start_ns, total, draw->bar_width);
    uint64_t end = scaled(spanlog_node_end(node) - trace->start_ns, total, draw->bar_width);
    bool critical = node->flags & SPANLOG_NODE_CRITICAL;
    if (begin >= draw->bar_width)
        begin = draw->bar_width - 1;
    if (end <= begin)
        end = begin + 1;
    spanlog_put(draw->out, " |");
    spanlog_put_repeat(draw->out, " ", begin);
    spanlog_put_repeat(draw->out, critical ? draw->glyphs->critical : draw->glyphs->other,
                       end - begin);
    spanlog_put_repeat(draw->out, " ", draw->bar_width - end);
    spanlog_put(draw->out, "|");
}

static void put_figures(struct drawing *draw, const struct spanlog_node *node) {
    const struct spanlog_tree *tree = &draw->trace->tree;
    char text[24];
    spanlog_format_duration(node->self_ns, text);
    spanlog_put_right(draw->out, text, 8);
    uint64_t whole = tree->nodes[tree->root].duration_ns;
    text[0] = 0;
    if (node->flags & SPANLOG_NODE_CRITICAL)
        snprintf(text, sizeof text, "%.0f%%",
                 whole ? 100 * (double)node->critical_ns / (double)whole : 100.0);
    spanlog_put_right(draw->out, text, 5);
    if (draw->bar_width)
        put_bar(draw, node);
}

/* The last line of its thread: where it died, or hangs. */
static void put_last_seen(struct drawing *draw, const struct spanlog_node *node) {
    const struct spanlog_trace *trace = draw->trace;
    uint32_t last = trace->last_lines[node - trace->tree.nodes];
    if (last == UINT32_MAX)
        return;
    const struct spanlog_line *line = &trace->lines[last].line;
    spanlog_put(draw->out, "last seen ");
    spanlog_put_offset(draw->out, spanlog_skew_shift(line->time_ns, node->shift_ns),
                       trace->start_ns);
    if (line->source.size) {
        spanlog_put(draw->out, ": ");
        spanlog_put_visible(draw->out, line->source);
    }
    spanlog_put(draw->out, " \"");
    spanlog_put_visible(draw->out, line->message);
    spanlog_put(draw->out, last < trace->line_count ? "\" " : "\" (inferred) ");
}

/* The words below a span: errors and whatever is odd about it. */
static void put_marks(struct drawing *draw, const struct spanlog_node *node) {
    const struct spanlog_line *line = &draw->trace->lines[node->line].line;
    struct spanlog_output *out = draw->out;
    unsigned marked = SPANLOG_NODE_ERROR | SPANLOG_NODE_ABANDONED | SPANLOG_NODE_DUPLICATE |
                      SPANLOG_NODE_SELF_PARENT | SPANLOG_NODE_CYCLE;
    if (!(node->flags & marked))
        return;
    put_inside(draw, node->depth, node->first_child != SPANLOG_NODE_NONE);
    if (node->flags & SPANLOG_NODE_ERROR) {
        spanlog_look_start(out, draw->look, SPANLOG_LOOK_ERROR);
        spanlog_put(out, "ERROR");
        spanlog_look_stop(out, draw->look);
        if (line->has_status_code) {
            char code[16];
            snprintf(code, sizeof code, " %d", line->status_code);
            spanlog_put(out, code);
        }
        spanlog_put(out, line->error.size ? " " : "");
        spanlog_put_visible(out, line->error);
        spanlog_put(out, " ");
    }
    if (node->flags & SPANLOG_NODE_ABANDONED) {
        spanlog_put(out, "ABANDONED (its process died) ");
        put_last_seen(draw, node);
    }
    if (node->flags & SPANLOG_NODE_DUPLICATE)
        spanlog_put(out, "DUPLICATE (another span has this id) ");
    if (node->flags & SPANLOG_NODE_SELF_PARENT)
        spanlog_put(out, "SELF-PARENT (taken as a root) ");
    if (node->flags & SPANLOG_NODE_CYCLE)
        spanlog_put(out, "CYCLE (its parent descends from it; cut here) ");
    out->size--; /* the last space */
    spanlog_put(out, "\n");
}

/* Server, client; in capitals producer, consumer. */
static const char kinds[] = " scPC";

static void put_span(struct drawing *draw, uint32_t number, bool last) {
    const struct spanlog_node *node = &draw->trace->tree.nodes[number];
    char text[24];
    put_name(draw, node, 1, put_branch(draw, node->depth, last));
    spanlog_put(draw->out, " ");
    spanlog_put_bytes(draw->out, &kinds[node->kind < 5 ? node->kind : 0], 1);
    bool unfinished = node->flags & SPANLOG_NODE_UNFINISHED;
    text[0] = '>';
    spanlog_format_duration(node->duration_ns, text + unfinished);
    spanlog_put_right(draw->out, text, 9);
    if (unfinished) {
        spanlog_put(draw->out, "  UNFINISHED  ");
        put_last_seen(draw, node);
        draw->out->size--; /* the last space */
    } else {
        put_figures(draw, node);
    }
    spanlog_put(draw->out, "\n");
    put_marks(draw, node);
}

/* How many spans are below one. */
static uint32_t count_below(const struct spanlog_tree *tree, uint32_t top) {
    uint32_t count = 0, at = tree->nodes[top].first_child;
    while (at != SPANLOG_NODE_NONE) {
        count++;
        if (tree->nodes[at].first_child != SPANLOG_NODE_NONE) {
            at = tree->nodes[at].first_child;
            continue;
        }
        while (tree->nodes[at].next == SPANLOG_NODE_NONE && tree->nodes[at].parent != top)
            at = tree->nodes[at].parent;
        at = tree->nodes[at].next;
    }
    return count;
}

static void put_what_is_folded(struct drawing *draw, uint32_t first) {
    uint32_t below = count_below(&draw->trace->tree, first);
    if (below == 0)
        return;
    put_inside(draw, draw->trace->tree.nodes[first].depth, false);
    spanlog_put(draw->out, "each with ");
    put_counted(draw->out, below, "span");
    spanlog_put(draw->out, " inside (--unfold shows them)\n");
}

/* One line for `count` alike siblings: their sums, and a bar from the first to the last. Returns
 * the sibling behind them. */
static uint32_t put_folded(struct drawing *draw, uint32_t first, uint32_t count) {
    const struct spanlog_node *nodes = draw->trace->tree.nodes;
    struct spanlog_node sum = nodes[first];
    uint64_t end = spanlog_node_end(&sum), total = sum.duration_ns;
    uint32_t next = sum.next;
    for (uint32_t i = 1; i < count; i++, next = nodes[next].next) {
        uint64_t its_end = spanlog_node_end(&nodes[next]);
        end = its_end > end ? its_end : end;
        total += nodes[next].duration_ns;
        sum.self_ns += nodes[next].self_ns;
        sum.critical_ns += nodes[next].critical_ns;
        sum.flags |= nodes[next].flags & SPANLOG_NODE_CRITICAL;
    }
    sum.duration_ns = end - sum.start_ns;
    char text[24];
    put_name(draw, &sum, count, put_branch(draw, sum.depth, next == SPANLOG_NODE_NONE));
    spanlog_put(draw->out, " ");
    spanlog_put_bytes(draw->out, &kinds[sum.kind < 5 ? sum.kind : 0], 1);
    spanlog_format_duration(total, text);
    spanlog_put_right(draw->out, text, 9);
    put_figures(draw, &sum);
    spanlog_put(draw->out, "\n");
    put_what_is_folded(draw, first);
    return next;
}

/* ---- the tree ----------------------------------------------------------------------------- */

static const struct spanlog_trace_item *item_due(const struct drawing *draw, uint32_t node,
                                                 uint32_t child) {
    const struct spanlog_trace *trace = draw->trace;
    uint32_t i = draw->next_item[node];
    if (i == trace->first_item[node + 1])
        return NULL;
    if (child != SPANLOG_NODE_NONE && trace->items[i].time_ns > trace->tree.nodes[child].start_ns)
        return NULL;
    return &trace->items[i];
}

/* Draws a top span and all below it: items and children by time. */
static void draw_subtree(struct drawing *draw, uint32_t top, bool last) {
    const struct spanlog_node *nodes = draw->trace->tree.nodes;
    uint32_t at = top;
    put_span(draw, top, last);
    for (;;) {
        uint32_t child = draw->next_child[at];
        const struct spanlog_trace_item *item = item_due(draw, at, child);
        if (item) {
            draw->next_item[at]++;
            size_t used = put_inside(draw, nodes[at].depth, child != SPANLOG_NODE_NONE);
            spanlog_put_item(draw->trace, item, used, draw->look, draw->out);
        } else if (child != SPANLOG_NODE_NONE && draw->folds[child] > 1) {
            draw->next_child[at] = put_folded(draw, child, draw->folds[child]);
        } else if (child != SPANLOG_NODE_NONE) {
            draw->next_child[at] = nodes[child].next;
            /* What comes after the children keeps the line going, too. */
            bool more = nodes[child].next != SPANLOG_NODE_NONE;
            put_span(draw, child, !more);
            at = child;
        } else if (at == top) {
            return;
        } else {
            at = nodes[at].parent;
        }
    }
}

static void draw_tops(struct drawing *draw, bool orphans) {
    const struct spanlog_tree *tree = &draw->trace->tree;
    uint32_t left = 0;
    for (uint32_t i = 0; i < tree->count; i++)
        left += tree->nodes[i].parent == SPANLOG_NODE_NONE &&
                !(tree->nodes[i].flags & SPANLOG_NODE_ORPHAN) == !orphans;
    if (orphans && left)
        spanlog_put(draw->out, "ORPHANS: their parents are not in the logs\n");
    for (uint32_t i = 0; i < tree->count; i++) {
        uint32_t number = tree->order[i];
        const struct spanlog_node *node = &tree->nodes[number];
        if (node->parent == SPANLOG_NODE_NONE && !(node->flags & SPANLOG_NODE_ORPHAN) == !orphans)
            draw_subtree(draw, number, --left == 0);
    }
}

static void draw_loose_items(struct drawing *draw) {
    const struct spanlog_trace *trace = draw->trace;
    uint32_t bucket = trace->tree.count;
    uint32_t begin = trace->first_item[bucket], end = trace->first_item[bucket + 1];
    if (begin == end)
        return;
    if (bucket)
        spanlog_put(draw->out, "log lines whose span is not in the logs:\n");
    for (uint32_t i = begin; i < end; i++) {
        spanlog_put(draw->out, "  ");
        spanlog_put_item(trace, &trace->items[i], 2, draw->look, draw->out);
    }
}

/* ---- the head ----------------------------------------------------------------------------- */

/* "host b +1.234 ms ±0.045 (4,210 calls)" */
static void put_clock(struct drawing *draw, const struct spanlog_trace_clock *clock) {
    struct spanlog_output *out = draw->out;
    uint64_t ns = clock->shift_ns < 0 ? 0 - (uint64_t)clock->shift_ns : (uint64_t)clock->shift_ns;
    char text[80];
    spanlog_put(out, clock->is_service ? " service " : " host ");
    spanlog_put_visible(out, clock->host);
    snprintf(text, sizeof text, " %c%.3f ms", clock->shift_ns < 0 ? '-' : '+', (double)ns / 1e6);
    spanlog_put(out, text);
    if (!clock->calls) {
        spanlog_put(out, " (by this trace alone)");
        return;
    }
    snprintf(text, sizeof text, " %s%.3f (", draw->look->ascii ? "+-" : "±",
             (double)clock->error_ns / 1e6);
    spanlog_put(out, text);
    spanlog_put_thousands(out, clock->calls);
    spanlog_put(out, clock->calls == 1 ? " call)" : " calls)");
}

/* What was corrected, on one line; less than a microsecond is not worth a word. */
static void put_clocks(struct drawing *draw) {
    enum { SHOWN = 6 };
    const struct spanlog_trace *trace = draw->trace;
    uint32_t shown = 0;
    for (uint32_t i = 0; i < trace->clock_count; i++) {
        const struct spanlog_trace_clock *clock = &trace->clocks[i];
        if (clock->shift_ns > -1000 && clock->shift_ns < 1000)
            continue;
        if (shown == SHOWN) {
            spanlog_put(draw->out, ", ...");
            break;
        }
        spanlog_put(draw->out, shown++ ? "," : "clocks:");
        put_clock(draw, clock);
    }
    spanlog_put(draw->out, shown ? "\n" : "");
}

static void put_head(struct drawing *draw) {
    const struct spanlog_trace *trace = draw->trace;
    struct spanlog_output *out = draw->out;
    char total[24];
    spanlog_format_duration(trace->end_ns - trace->start_ns, total);
    spanlog_look_start(out, draw->look, SPANLOG_LOOK_BOLD);
    spanlog_put(out, "trace ");
    spanlog_put_visible(out, trace->matches[0]);
    spanlog_look_stop(out, draw->look);
    spanlog_put(out, "  ");
    put_counted(out, trace->tree.count - trace->tree.unfinished, "span");
    spanlog_put(out, "  ");
    put_counted(out, trace->services, "service");
    spanlog_put(out, "  ");
    spanlog_put(out, total);
    if (trace->tree.errors) {
        spanlog_look_start(out, draw->look, SPANLOG_LOOK_ERROR);
        spanlog_put(out, "  ");
        put_counted(out, trace->tree.errors, "ERROR");
        spanlog_look_stop(out, draw->look);
    }
    if (trace->tree.orphans) {
        spanlog_put(out, "  ");
        put_counted(out, trace->tree.orphans, "ORPHAN");
    }
    if (trace->tree.unfinished) {
        spanlog_put(out, "  ");
        spanlog_put_number(out, trace->tree.unfinished);
        spanlog_put(out, " UNFINISHED");
    }
    if (trace->tree.count) {
        spanlog_put(out, "  critical path: ");
        put_counted(out, trace->tree.critical, "span");
    }
    spanlog_put(out, "\n");
    put_clocks(draw);
    if (trace->tree.count == 0)
        return;
    size_t width =
        spanlog_put_visible_cut(out, SPANLOG_TEXT("service operation"), draw->name_width, true);
    spanlog_put_repeat(out, " ", draw->name_width - width);
    spanlog_put(out, " k    total    self crit");
    if (draw->bar_width) {
        spanlog_put(out, " |0");
        spanlog_put_right(out, total, draw->bar_width - 1);
        spanlog_put(out, "|");
    }
    spanlog_put(out, "\n");
}

static int prepare(struct drawing *draw) {
    const struct spanlog_trace *trace = draw->trace;
    const unsigned fixed = 2 + 9 + 8 + 5; /* kind, total, self, critical */
    unsigned width = draw->look->width < 40 ? 40 : draw->look->width;
    unsigned rest = width - fixed;
    draw->bar_width = width >= 64 ? (rest - 3) * 2 / 5 : 0;
    draw->name_width = draw->bar_width ? rest - 3 - draw->bar_width : rest;
    draw->depth_drawn =
        draw->name_width / 4 < DEPTH_DRAWN_MAX ? draw->name_width / 4 : DEPTH_DRAWN_MAX;
    size_t count = trace->tree.count + (size_t)1;
    draw->next_child = malloc(count * sizeof *draw->next_child);
    draw->next_item = malloc(count * sizeof *draw->next_item);
    draw->folds = malloc(count * sizeof *draw->folds);
    if (!draw->next_child || !draw->next_item || !draw->folds ||
        spanlog_trace_fold(trace, draw->folds) < 0)
        return -ENOMEM;
    for (uint32_t i = 0; draw->look->unfolded && i < count; i++)
        draw->folds[i] = 1;
    for (uint32_t i = 0; i < trace->tree.count; i++) {
        draw->next_child[i] = trace->tree.nodes[i].first_child;
        draw->next_item[i] = trace->first_item[i];
    }
    return 0;
}

void spanlog_render_trace(const struct spanlog_trace *trace, const struct spanlog_look *look,
                          struct spanlog_output *out) {
    struct drawing draw = {.trace = trace,
                           .look = look,
                           .glyphs = look->ascii ? &ascii_glyphs : &unicode_glyphs,
                           .out = out};
    if (prepare(&draw) == 0) {
        put_head(&draw);
        draw_tops(&draw, false);
        draw_tops(&draw, true);
        draw_loose_items(&draw);
        spanlog_put_losses(trace, out);
    } else {
        out->error = -ENOMEM;
    }
    free(draw.next_child);
    free(draw.next_item);
    free(draw.folds);
}
