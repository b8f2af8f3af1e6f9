/* analyzer/render/trace_json.c: `spanlog trace ID --json`, a line for each span, parents first:
 *
 *     {"trace_id":"…","span_id":"…","parent_id":"…","depth":1,"service":"orders",
 *      "operation":"db.query","kind":"client","start":"…","duration_ms":45.2,"self_ms":45.2,
 *      "critical_ms":40.1,"status":"error","logs":2,"flags":["orphan"]}
 */
#include <string.h>

#include "src/analyzer/render/render.h"

static void put_flags(struct spanlog_output *out, unsigned flags) {
    static const struct {
        unsigned flag;
        const char *name;
    } names[] = {{SPANLOG_NODE_ORPHAN, "orphan"},
                 {SPANLOG_NODE_UNFINISHED, "unfinished"},
                 {SPANLOG_NODE_ABANDONED, "abandoned"},
                 {SPANLOG_NODE_DUPLICATE, "duplicate"},
                 {SPANLOG_NODE_SKEWED, "skewed"}};
    const char *between = "";
    spanlog_put(out, ",\"flags\":[");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!(flags & names[i].flag))
            continue;
        spanlog_put(out, between);
        spanlog_put(out, "\"");
        spanlog_put(out, names[i].name);
        spanlog_put(out, "\"");
        between = ",";
    }
    spanlog_put(out, "]");
}

static const char *status_of(const struct spanlog_trace *trace, const struct spanlog_node *node) {
    if (node->flags & SPANLOG_NODE_ERROR)
        return "error";
    return trace->lines[node->line].line.span_status == SPANLOG_STATUS_OK ? "ok" : "";
}

/* Ids that are not hex stay as they were. */
static void put_id(struct spanlog_output *out, const char *key, uint64_t id,
                   struct spanlog_text text) {
    spanlog_put(out, key);
    if (text.data) {
        spanlog_put_json_string(out, text);
        return;
    }
    spanlog_put(out, "\"");
    spanlog_put_hex_id(out, id);
    spanlog_put(out, "\"");
}

static void put_ids(const struct spanlog_trace *trace, const struct spanlog_node *node,
                    struct spanlog_output *out) {
    const struct spanlog_line *line = &trace->lines[node->line].line;
    spanlog_put(out, "{\"trace_id\":\"");
    spanlog_put_bytes(out, trace->matches[0].data, trace->matches[0].size);
    put_id(out, "\",\"span_id\":", node->span_id, line->span_text);
    if (node->flags & SPANLOG_NODE_HAS_PARENT)
        put_id(out, ",\"parent_id\":", node->parent_id, line->parent_text);
    else
        spanlog_put(out, ",\"parent_id\":\"\"");
    spanlog_put_json_count(out, ",\"depth\":", node->depth);
}

static void put_span(const struct spanlog_trace *trace, uint32_t number,
                     struct spanlog_output *out) {
    const struct spanlog_node *node = &trace->tree.nodes[number];
    const struct spanlog_name *name = &trace->names.list[node->name];
    const char *kind = node->kind ? spanlog_kind_word(node->kind) : "internal";
    put_ids(trace, node, out);
    spanlog_put_json_text(
        out, ",\"service\":", spanlog_strings_text(&trace->service_names, name->service));
    spanlog_put_json_text(
        out, ",\"operation\":", spanlog_strings_text(&trace->operation_names, name->operation));
    spanlog_put(out, ",\"kind\":\"");
    spanlog_put(out, kind);
    spanlog_put(out, "\",\"start\":");
    spanlog_put_json_time(out, node->start_ns);
    spanlog_put_json_ms(out, ",\"duration_ms\":", node->duration_ns);
    spanlog_put_json_ms(out, ",\"self_ms\":", node->self_ns);
    spanlog_put_json_ms(out, ",\"critical_ms\":", node->critical_ns);
    spanlog_put(out, ",\"status\":\"");
    spanlog_put(out, status_of(trace, node));
    spanlog_put_json_count(out, "\",\"logs\":", trace->log_counts[number]);
    put_flags(out, node->flags);
    spanlog_put(out, "}\n");
}

void spanlog_render_trace_json(const struct spanlog_trace *trace, struct spanlog_output *out) {
    for (uint32_t i = 0; i < trace->tree.count; i++)
        put_span(trace, trace->tree.order[i], out);
}
