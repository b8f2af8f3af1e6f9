/* analyzer/render/traces_json.c: `spanlog traces --json`:
 *
 *     {"trace_id":"…","root":"GET /checkout","service":"gateway","start":"…","duration_ms":12.59,
 *      "spans":11,"logs":20,"services":6,"errors":0,"orphans":0}
 */
#include "src/analyzer/render/render.h"

void spanlog_render_traces_json(const struct spanlog_traces *list, struct spanlog_output *out) {
    for (size_t i = 0; i < list->count; i++) {
        const struct spanlog_trace_summary *trace = &list->items[i];
        spanlog_put(out, "{\"trace_id\":\"");
        spanlog_put_trace_id(out, trace->high, trace->low, trace->text);
        spanlog_put_json_text(out, "\",\"root\":", trace->root);
        spanlog_put_json_text(out, ",\"service\":", trace->service);
        spanlog_put(out, ",\"start\":");
        spanlog_put_json_time(out, trace->start_ns);
        spanlog_put_json_ms(out, ",\"duration_ms\":", trace->duration_ns);
        spanlog_put_json_count(out, ",\"spans\":", trace->spans);
        spanlog_put_json_count(out, ",\"logs\":", trace->logs);
        spanlog_put_json_count(out, ",\"services\":", trace->services);
        spanlog_put_json_count(out, ",\"errors\":", trace->errors);
        spanlog_put_json_count(out, ",\"orphans\":", trace->orphans);
        spanlog_put(out, "}\n");
    }
}
