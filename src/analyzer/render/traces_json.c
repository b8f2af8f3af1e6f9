/* analyzer/render/traces_json.c: `spanlog traces --json`:
 *
 *     {"trace_id":"…","root":"GET /checkout","service":"gateway","start":"…","duration_ms":12.59,
 *      "spans":11,"logs":20,"services":6,"errors":0,"orphans":0}
 */
#include "src/analyzer/render/render.h"

static void put_count(struct spanlog_output *out, const char *key, uint64_t count) {
    spanlog_put(out, key);
    spanlog_put_number(out, count);
}

void spanlog_render_traces_json(const struct spanlog_traces *list, struct spanlog_output *out) {
    for (size_t i = 0; i < list->count; i++) {
        const struct spanlog_trace_summary *trace = &list->items[i];
        spanlog_put(out, "{\"trace_id\":\"");
        spanlog_put_trace_id(out, trace->high, trace->low, trace->text);
        spanlog_put(out, "\",\"root\":");
        spanlog_put_json_string(out, trace->root);
        spanlog_put(out, ",\"service\":");
        spanlog_put_json_string(out, trace->service);
        spanlog_put(out, ",\"start\":");
        spanlog_put_json_time(out, trace->start_ns);
        spanlog_put(out, ",\"duration_ms\":");
        spanlog_put_milliseconds(out, trace->duration_ns);
        put_count(out, ",\"spans\":", trace->spans);
        put_count(out, ",\"logs\":", trace->logs);
        put_count(out, ",\"services\":", trace->services);
        put_count(out, ",\"errors\":", trace->errors);
        put_count(out, ",\"orphans\":", trace->orphans);
        spanlog_put(out, "}\n");
    }
}
