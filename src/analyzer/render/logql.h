/* analyzer/render/logql.h: pieces of LogQL, the language in which Loki is asked.
 *
 *     spanlog_put(&out, "{");
 *     spanlog_put_logql_services(&out, &services);       service_name=~"cart|orders"
 *     spanlog_put(&out, "} |= ");
 *     spanlog_put_logql_text(&out, text);                "a \"quoted\" text"
 *
 * Texts come from logs and from users: none of them can end its quotes.
 */
#ifndef SPANLOG_ANALYZER_RENDER_LOGQL_H
#define SPANLOG_ANALYZER_RENDER_LOGQL_H

#include "src/analyzer/base/output.h"
#include "src/analyzer/base/strings.h"

/* Between double quotes. */
void spanlog_put_logql_text(struct spanlog_output *out, struct spanlog_text text);
/* As part of a regular expression that stands between double quotes. */
void spanlog_put_logql_pattern(struct spanlog_output *out, struct spanlog_text text);
/* service_name=~"cart|orders", or ".+" where none has a name. */
void spanlog_put_logql_services(struct spanlog_output *out, const struct spanlog_strings *services);

#endif
