/* analyzer/render/graph_text.c: `spanlog graph` for people:
 *
 *     6 services  5 edges  5,000 calls
 *     CALLER → CALLEE                             CALLS  ERRORS  ERR %      P50      P95
 *     frontend → search                            1000       3   0.3%  12.23ms  25.10ms
 *
 *     calls from the service of the line to that of the column
 *                   1     2
 *     1 frontend    .  1000
 *     2 search      .     .
 */
#include <stdio.h>

#include "src/analyzer/render/columns.h"
#include "src/analyzer/render/questions.h"

#define FIGURES 42        /* columns for what stands behind the names */
#define FIGURES_NARROW 25 /* without ERR % and P50 */
#define WIDE 60
#define MATRIX_CELL 7

static struct spanlog_text shown(struct spanlog_text service) {
    return service.size ? service : SPANLOG_NO_TEXT;
}

static void put_counted(struct spanlog_output *out, uint64_t count, const char *one) {
    spanlog_put_number(out, count);
    spanlog_put(out, " ");
    spanlog_put(out, one);
    spanlog_put(out, count == 1 ? "" : "s");
}

static void put_edge(const struct spanlog_graph_edge *edge, size_t names,
                     const struct spanlog_look *look, struct spanlog_output *out) {
    const struct spanlog_tally *tally = edge->tally;
    const char *arrow = look->ascii ? " -> " : " → ";
    size_t arrow_width = look->ascii ? 4 : 3;
    size_t callee = spanlog_visible_width(shown(edge->to)), room = names - arrow_width;
    /* Both give way when they are too long for one line. */
    size_t caller = callee < room / 2 ? room - callee : room - room / 2;
    size_t used = spanlog_put_visible_cut(out, shown(edge->from), caller, look->ascii);
    spanlog_put(out, arrow);
    used += arrow_width;
    used += spanlog_put_visible_cut(out, shown(edge->to), names - used, look->ascii);
    spanlog_put_repeat(out, " ", names - used);
    spanlog_put_count_cell(out, tally->count, 8);
    spanlog_put_error_cell(out, look, tally->errors, 8);
    if (look->width >= WIDE) {
        spanlog_put_share_cell(out, tally->errors, tally->count, 8);
        spanlog_put_duration_cell(out, edge->p50_ns, 9);
    }
    spanlog_put_duration_cell(out, edge->p95_ns, 9);
    spanlog_put(out, "\n");
}

static const struct spanlog_graph_edge *find_edge(const struct spanlog_graph *graph, uint32_t from,
                                                  uint32_t to) {
    for (size_t i = 0; i < graph->count; i++)
        if (graph->edges[i].from_number == from && graph->edges[i].to_number == to)
            return &graph->edges[i];
    return NULL;
}

/* Only as long as it can be taken in, and fits. */
static void put_matrix(const struct spanlog_graph *graph, const struct spanlog_look *look,
                       struct spanlog_output *out) {
    char number[24];
    const uint32_t count = graph->service_count;
    size_t name = 8;
    for (uint32_t i = 0; i < count && count <= 20; i++) {
        size_t wide = spanlog_visible_width(shown(graph->services[i]));
        name = wide > name ? wide : name;
    }
    if (count > 20 || count < 3 || 3 + name + count * (size_t)MATRIX_CELL > look->width)
        return;
    spanlog_put(out, "\ncalls from the service of the line to that of the column\n");
    spanlog_put_repeat(out, " ", 3 + name);
    for (uint32_t i = 0; i < count; i++) {
        snprintf(number, sizeof number, "%u", i + 1);
        spanlog_put_right(out, number, MATRIX_CELL);
    }
    spanlog_put(out, "\n");
    for (uint32_t from = 0; from < count; from++) {
        snprintf(number, sizeof number, "%2u ", from + 1);
        spanlog_put(out, number);
        spanlog_put_text_cell(out, shown(graph->services[from]), name, look->ascii);
        for (uint32_t to = 0; to < count; to++) {
            const struct spanlog_graph_edge *edge = find_edge(graph, from, to);
            spanlog_put(out, " ");
            if (edge)
                spanlog_format_count(edge->tally->count, number);
            spanlog_put_right(out, edge ? number : ".", MATRIX_CELL - 1);
        }
        spanlog_put(out, "\n");
    }
}

void spanlog_render_graph(const struct spanlog_graph *graph, const struct spanlog_look *look,
                          struct spanlog_output *out) {
    unsigned width = look->width < 40 ? 40 : look->width;
    unsigned figures = width < WIDE ? FIGURES_NARROW : FIGURES;
    size_t names = width - figures < 70 ? width - figures : 70;
    if (graph->count == 0)
        return;
    spanlog_look_start(out, look, SPANLOG_LOOK_BOLD);
    put_counted(out, graph->all_services, "service");
    spanlog_put(out, "  ");
    put_counted(out, graph->matching, "edge");
    spanlog_put(out, "  ");
    put_counted(out, graph->calls, "call");
    spanlog_put(out, "\n");
    spanlog_put_text_cell(
        out, look->ascii ? SPANLOG_TEXT("CALLER -> CALLEE") : SPANLOG_TEXT("CALLER → CALLEE"),
        names, look->ascii);
    spanlog_put(out, width < WIDE ? "   CALLS  ERRORS      P95"
                                  : "   CALLS  ERRORS   ERR %      P50      P95");
    spanlog_look_stop(out, look);
    spanlog_put(out, "\n");
    for (size_t i = 0; i < graph->count; i++)
        put_edge(&graph->edges[i], names, look, out);
    if (graph->count < graph->matching) {
        spanlog_put_number(out, graph->matching - graph->count);
        spanlog_put(out, " more (--limit)\n");
    }
    put_matrix(graph, look, out);
    spanlog_put_estimated(out, graph->exact);
}
