/* analyzer/render/questions_json.c: stats, graph, path and shapes as JSON, one object a line:
 *
 *     {"service":"orders","operation":"place","count":3,"errors":0,"rate":1.5,"p50_ms":12.5,…}
 *     {"from":"gateway","to":"orders","count":3,"errors":0,"p50_ms":12.5,"p95_ms":20}
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/analyzer/render/questions.h"

/* Six digits are more than anybody measures. */
static void put_number(struct spanlog_output *out, const char *key, double number) {
    char text[32];
    snprintf(text, sizeof text, "%.6g", number);
    spanlog_put(out, key);
    spanlog_put(out, text);
}

/* ---- stats -------------------------------------------------------------------------------- */

/* Keys that follow; a field of that name gets a trailing `_`, so that no key comes twice. */
static bool is_taken(const char *field) {
    static const char *const keys[] = {"count",       "errors", "rate",      "p50_ms",   "p90_ms",
                                       "p95_ms",      "p99_ms", "max_ms",    "total_ms", "self_ms",
                                       "critical_ms", "start",  "bucket_ms", "latency"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(field, keys[i]) == 0)
            return true;
    return false;
}

void spanlog_put_group_json(struct spanlog_output *out, const char *field,
                            const struct spanlog_by_text *name) {
    if (!field) {
        spanlog_put_json_text(out, "\"service\":", name->service);
        spanlog_put_json_text(out, ",\"operation\":", name->text);
        return;
    }
    struct spanlog_output key = {.fd = -1};
    spanlog_put(&key, field);
    spanlog_put(&key, is_taken(field) ? "_" : "");
    spanlog_put_json_string(out, (struct spanlog_text){key.data, (uint32_t)key.size});
    free(key.data);
    spanlog_put_json_text(out, ":", name->text);
}

void spanlog_render_stats_json(const struct spanlog_stats *stats, struct spanlog_output *out) {
    for (size_t i = 0; i < stats->count; i++) {
        const struct spanlog_stats_row *row = &stats->rows[i];
        spanlog_put(out, "{");
        spanlog_put_group_json(out, stats->field, &row->name);
        spanlog_put_json_count(out, ",\"count\":", row->tally->count);
        spanlog_put_json_count(out, ",\"errors\":", row->tally->errors);
        put_number(out, ",\"rate\":", row->rate);
        spanlog_put_json_ms(out, ",\"p50_ms\":", row->p50_ns);
        spanlog_put_json_ms(out, ",\"p90_ms\":", row->p90_ns);
        spanlog_put_json_ms(out, ",\"p95_ms\":", row->p95_ns);
        spanlog_put_json_ms(out, ",\"p99_ms\":", row->p99_ns);
        spanlog_put_json_ms(out, ",\"max_ms\":", row->tally->max_ns);
        spanlog_put_json_ms(out, ",\"total_ms\":", row->tally->total_ns);
        spanlog_put_json_ms(out, ",\"self_ms\":", row->tally->self_ns);
        spanlog_put_json_ms(out, ",\"critical_ms\":", row->tally->critical_ns);
        spanlog_put(out, "}\n");
    }
}

/* ---- graph -------------------------------------------------------------------------------- */

void spanlog_render_graph_json(const struct spanlog_graph *graph, struct spanlog_output *out) {
    for (size_t i = 0; i < graph->count; i++) {
        const struct spanlog_graph_edge *edge = &graph->edges[i];
        spanlog_put_json_text(out, "{\"from\":", edge->from);
        spanlog_put_json_text(out, ",\"to\":", edge->to);
        spanlog_put_json_count(out, ",\"count\":", edge->tally->count);
        spanlog_put_json_count(out, ",\"errors\":", edge->tally->errors);
        spanlog_put_json_ms(out, ",\"p50_ms\":", edge->p50_ns);
        spanlog_put_json_ms(out, ",\"p95_ms\":", edge->p95_ns);
        spanlog_put(out, "}\n");
    }
}

/* ---- path --------------------------------------------------------------------------------- */

/* "gateway GET /checkout > orders place" */
static void put_way(const struct spanlog_path *paths, uint32_t last, struct spanlog_output *text) {
    uint32_t way[SPANLOG_PATH_DEPTH_MAX + 1], steps = 0;
    for (uint32_t at = last; at != SPANLOG_PATH_NONE; at = paths->list[at].parent)
        way[steps++] = at;
    text->size = 0;
    while (steps-- > 0) {
        const struct spanlog_path_entry *entry = &paths->list[way[steps]];
        spanlog_put_bytes(text, entry->service.data, entry->service.size);
        spanlog_put(text, entry->service.size ? " " : "");
        spanlog_put_bytes(text, entry->operation.data, entry->operation.size);
        spanlog_put(text, steps ? " > " : "");
    }
}

void spanlog_render_path_json(const struct spanlog_path *paths, struct spanlog_output *out) {
    struct spanlog_output way = {.fd = -1};
    for (size_t i = 0; i < paths->ordered; i++) {
        const struct spanlog_path_entry *entry = &paths->list[paths->order[i]];
        put_way(paths, paths->order[i], &way);
        spanlog_put_json_text(out,
                              "{\"path\":", (struct spanlog_text){way.data, (uint32_t)way.size});
        spanlog_put_json_text(out, ",\"service\":", entry->service);
        spanlog_put_json_text(out, ",\"operation\":", entry->operation);
        spanlog_put_json_ms(out, ",\"exclusive_ms\":", entry->exclusive_ns);
        put_number(out, ",\"share\":",
                   paths->total_ns ? (double)entry->exclusive_ns / (double)paths->total_ns : 0);
        spanlog_put(out, ",\"worst_trace_id\":\"");
        spanlog_put_trace_id(out, entry->worst_high, entry->worst_low, entry->worst_text);
        spanlog_put(out, "\"}\n");
    }
    out->error = out->error ? out->error : way.error;
    free(way.data);
}

/* ---- shapes ------------------------------------------------------------------------------- */

void spanlog_render_shapes_json(const struct spanlog_shapes *shapes, struct spanlog_output *out) {
    for (size_t i = 0; i < shapes->count; i++) {
        const struct spanlog_shape *shape = &shapes->list[i];
        spanlog_put(out, "{\"shape\":\"");
        spanlog_put_hex_id(out, shape->hash);
        spanlog_put_json_count(out, "\",\"count\":", shape->tally->count);
        put_number(out, ",\"share\":", shape->share);
        spanlog_put_json_ms(out, ",\"p50_ms\":", shape->p50_ns);
        spanlog_put(out, ",\"example_trace_id\":\"");
        spanlog_put_trace_id(out, shape->example->high, shape->example->low, shape->example->text);
        spanlog_put(out, "\"}\n");
    }
}
