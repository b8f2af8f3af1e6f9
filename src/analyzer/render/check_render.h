/* analyzer/render/check_render.h: what is wrong with the logs, as text and as JSON.
 *
 *     spanlog_render_check(&check, &look, &out);
 *     spanlog_render_check_json(&check, &out);
 */
#ifndef SPANLOG_ANALYZER_RENDER_CHECK_RENDER_H
#define SPANLOG_ANALYZER_RENDER_CHECK_RENDER_H

#include "src/analyzer/check/check.h"
#include "src/analyzer/render/look.h"

void spanlog_render_check(const struct spanlog_check *check, const struct spanlog_look *look,
                          struct spanlog_output *out);
void spanlog_render_check_json(const struct spanlog_check *check, struct spanlog_output *out);

#endif
