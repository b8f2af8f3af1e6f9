/* analyzer/render/questions.h: the answers of stats, graph, path and shapes, for people and as
 * JSON.
 *
 *     spanlog_render_stats(&stats, &look, &out);
 *     spanlog_render_stats_json(&stats, &out);         one object a line
 *     spanlog_render_graph_dot(&graph, &out);          dot -Tsvg
 *     spanlog_render_path_folded(&paths, &out);        flamegraph.pl
 */
#ifndef SPANLOG_ANALYZER_RENDER_QUESTIONS_H
#define SPANLOG_ANALYZER_RENDER_QUESTIONS_H

#include "src/analyzer/questions/graph.h"
#include "src/analyzer/questions/heat.h"
#include "src/analyzer/questions/path.h"
#include "src/analyzer/render/look.h"
#include "src/analyzer/questions/shapes.h"
#include "src/analyzer/questions/stats.h"

void spanlog_render_stats(const struct spanlog_stats *stats, const struct spanlog_look *look,
                          struct spanlog_output *out);
void spanlog_render_stats_json(const struct spanlog_stats *stats, struct spanlog_output *out);

/* Columns that a heat map has room for. */
uint32_t spanlog_heat_room(const struct spanlog_look *look);
void spanlog_render_heat(const struct spanlog_heat *heat, const struct spanlog_stats *stats,
                         const struct spanlog_look *look, struct spanlog_output *out);
void spanlog_render_heat_json(const struct spanlog_heat *heat, const struct spanlog_stats *stats,
                              struct spanlog_output *out);
/* `"service":"…","operation":"…"`, or the field's name and value. */
void spanlog_put_group_json(struct spanlog_output *out, const char *field,
                            const struct spanlog_by_text *name);

void spanlog_render_graph(const struct spanlog_graph *graph, const struct spanlog_look *look,
                          struct spanlog_output *out);
void spanlog_render_graph_json(const struct spanlog_graph *graph, struct spanlog_output *out);
void spanlog_render_graph_dot(const struct spanlog_graph *graph, struct spanlog_output *out);
void spanlog_render_graph_mermaid(const struct spanlog_graph *graph, struct spanlog_output *out);

void spanlog_render_path(const struct spanlog_path *paths, const struct spanlog_look *look,
                         struct spanlog_output *out);
void spanlog_render_path_json(const struct spanlog_path *paths, struct spanlog_output *out);
void spanlog_render_path_folded(const struct spanlog_path *paths, struct spanlog_output *out);

void spanlog_render_shapes(const struct spanlog_shapes *shapes, const struct spanlog_look *look,
                           struct spanlog_output *out);
void spanlog_render_shapes_json(const struct spanlog_shapes *shapes, struct spanlog_output *out);

/* A line for people, when quantiles are estimates. */
void spanlog_put_estimated(struct spanlog_output *out, bool exact);

#endif
