/* analyzer/render/heat_json.c: `spanlog stats --over-time N --json`, one object for each bucket of
 * time in which the operation has spans:
 *
 *     {"service":"orders","operation":"place","start":"…","bucket_ms":5000,"count":3,"errors":0,
 *      "p50_ms":12.5,"p99_ms":20,"latency":[{"le_ms":15,"count":2},{"le_ms":20,"count":1}]}
 */
#include "src/analyzer/render/questions.h"

static void put_latency(const struct spanlog_heat_map *map, const struct spanlog_heat_cell *cell,
                        struct spanlog_output *out) {
    bool first = true;
    spanlog_put(out, ",\"latency\":[");
    for (uint32_t rung = 0; rung < map->bound_count; rung++) {
        uint64_t count = spanlog_heat_count(map, cell, rung);
        if (count == 0)
            continue;
        spanlog_put_json_ms(out, first ? "{\"le_ms\":" : ",{\"le_ms\":", map->bounds[rung]);
        spanlog_put_json_count(out, ",\"count\":", count);
        spanlog_put(out, "}");
        first = false;
    }
    spanlog_put(out, "]}\n");
}

void spanlog_render_heat_json(const struct spanlog_heat *heat, const struct spanlog_stats *stats,
                              struct spanlog_output *out) {
    for (size_t i = 0; i < heat->count; i++) {
        const struct spanlog_heat_map *map = &heat->maps[i];
        for (uint32_t n = 0; n < map->cell_count; n++) {
            const struct spanlog_heat_cell *cell = &map->cells[n];
            const struct spanlog_tally *tally = cell->tally;
            spanlog_put(out, "{");
            spanlog_put_group_json(out, stats->field, &map->row->name);
            spanlog_put(out, ",\"start\":");
            spanlog_put_json_time(out, heat->start_ns + cell->bucket * heat->bucket_ns);
            spanlog_put_json_ms(out, ",\"bucket_ms\":", heat->bucket_ns);
            spanlog_put_json_count(out, ",\"count\":", tally->count);
            spanlog_put_json_count(out, ",\"errors\":", tally->errors);
            spanlog_put_json_ms(out,
                                ",\"p50_ms\":", spanlog_series_percentile(&tally->durations, 50));
            spanlog_put_json_ms(out,
                                ",\"p99_ms\":", spanlog_series_percentile(&tally->durations, 99));
            put_latency(map, cell, out);
        }
    }
}
