/* cli/trace_query.h: the question that other tools are to be asked for the same trace.
 *
 *     options.query_form = SPANLOG_QUERY_GREP;
 *     spanlog_put_trace_query(&trace, &options, &out);     grep -hiF '0af7…319c' shop.jsonl
 */
#ifndef SPANLOG_CLI_TRACE_QUERY_H
#define SPANLOG_CLI_TRACE_QUERY_H

#include "src/analyzer/base/output.h"
#include "src/analyzer/trace/trace.h"
#include "src/cli/options.h"

/* One line, for a shell or for the query field of Loki or Tempo. */
void spanlog_put_trace_query(const struct spanlog_trace *trace,
                             const struct spanlog_options *options, struct spanlog_output *out);

#endif
