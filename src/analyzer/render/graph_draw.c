/* analyzer/render/graph_draw.c: `spanlog graph --dot` and `--mermaid`:
 *
 *     digraph spanlog {                                   graph LR
 *       n0 [label="frontend"];                              n0["frontend"]
 *       n0 -> n1 [label="1000\n0.3% errors\np95 25ms"];     n0 -->|"1000, 0.3% errors"| n1
 *     }
 */
#include <stdio.h>
#include <stdlib.h>

#include "src/analyzer/render/columns.h"
#include "src/analyzer/render/questions.h"

/* Between double quotes. Controls are made visible, so a name cannot end its line. */
static void put_quoted(struct spanlog_output *out, struct spanlog_text text,
                       const char *(*replace)(char c)) {
    struct spanlog_output plain = {.fd = -1};
    spanlog_put_visible(&plain, text.size ? text : SPANLOG_NO_TEXT);
    spanlog_put(out, "\"");
    for (size_t i = 0; i < plain.size; i++) {
        const char *other = replace(plain.data[i]);
        if (other)
            spanlog_put(out, other);
        else
            spanlog_put_bytes(out, plain.data + i, 1);
    }
    spanlog_put(out, "\"");
    free(plain.data);
}

/* "1000 calls", "0.3% errors", "p95 25.10ms", with something between. */
static void put_label(const struct spanlog_graph_edge *edge, const char *between,
                      struct spanlog_output *out) {
    char text[24];
    spanlog_put_number(out, edge->tally->count);
    spanlog_put(out, edge->tally->count == 1 ? " call" : " calls");
    if (edge->tally->errors) {
        spanlog_format_share(edge->tally->errors, edge->tally->count, text);
        spanlog_put(out, between);
        spanlog_put(out, text);
        spanlog_put(out, " errors");
    }
    spanlog_put(out, between);
    spanlog_put(out, "p50 ");
    spanlog_format_duration(edge->p50_ns, text);
    spanlog_put(out, text);
    spanlog_put(out, between);
    spanlog_put(out, "p95 ");
    spanlog_format_duration(edge->p95_ns, text);
    spanlog_put(out, text);
}

static void put_node(struct spanlog_output *out, uint32_t number) {
    spanlog_put(out, "n");
    spanlog_put_number(out, number);
}

/* ---- Graphviz ----------------------------------------------------------------------------- */

static const char *dot_escape(char c) {
    return c == '"' ? "\\\"" : c == '\\' ? "\\\\" : c == '&' ? "&amp;" : NULL;
}

/* From 1 to 5, by the share of all calls. */
static void put_pen_width(struct spanlog_output *out, uint64_t count, uint64_t calls) {
    char text[32];
    snprintf(text, sizeof text, "%.1f", 1 + 4 * (double)count / (double)calls);
    spanlog_put(out, text);
}

void spanlog_render_graph_dot(const struct spanlog_graph *graph, struct spanlog_output *out) {
    spanlog_put(out, "digraph spanlog {\n  rankdir=LR;\n  node [shape=box];\n");
    for (uint32_t i = 0; i < graph->service_count; i++) {
        spanlog_put(out, "  ");
        put_node(out, i);
        spanlog_put(out, " [label=");
        put_quoted(out, graph->services[i], dot_escape);
        spanlog_put(out, "];\n");
    }
    for (size_t i = 0; i < graph->count; i++) {
        const struct spanlog_graph_edge *edge = &graph->edges[i];
        spanlog_put(out, "  ");
        put_node(out, edge->from_number);
        spanlog_put(out, " -> ");
        put_node(out, edge->to_number);
        spanlog_put(out, " [label=\"");
        put_label(edge, "\\n", out);
        spanlog_put(out, "\", penwidth=");
        put_pen_width(out, edge->tally->count, graph->calls);
        spanlog_put(out, edge->tally->errors ? ", color=red];\n" : "];\n");
    }
    spanlog_put(out, "}\n");
}

/* ---- Mermaid ------------------------------------------------------------------------------ */

/* Its own entities; what reads as a tag or as Markdown in labels is one, too. */
static const char *mermaid_escape(char c) {
    switch (c) {
    case '"':
        return "#quot;";
    case '#':
        return "#35;";
    case '<':
        return "#lt;";
    case '>':
        return "#gt;";
    case '&':
        return "#amp;";
    case '`':
        return "#96;";
    case '\\':
        return "#92;";
    case ';':
        return "#59;";
    default:
        return NULL;
    }
}

void spanlog_render_graph_mermaid(const struct spanlog_graph *graph, struct spanlog_output *out) {
    spanlog_put(out, "graph LR\n");
    for (uint32_t i = 0; i < graph->service_count; i++) {
        spanlog_put(out, "  ");
        put_node(out, i);
        spanlog_put(out, "[");
        put_quoted(out, graph->services[i], mermaid_escape);
        spanlog_put(out, "]\n");
    }
    for (size_t i = 0; i < graph->count; i++) {
        const struct spanlog_graph_edge *edge = &graph->edges[i];
        spanlog_put(out, "  ");
        put_node(out, edge->from_number);
        spanlog_put(out, " -->|\"");
        put_label(edge, ", ", out);
        spanlog_put(out, "\"| ");
        put_node(out, edge->to_number);
        spanlog_put(out, "\n");
    }
    for (size_t i = 0; i < graph->count; i++)
        if (graph->edges[i].tally->errors) {
            spanlog_put(out, "  linkStyle ");
            spanlog_put_number(out, i);
            spanlog_put(out, " stroke:red\n");
        }
}
