/* config/exports.h: network outputs: what the settings together ask for.
 *
 *     exports_settle(&settings);
 *     settings.exports[0].to        "otlp:http://127.0.0.1:4318"
 *     settings.spool                "/home/user/.local/state/spanlog/spool/orders"
 *     settings.outputs[...]         the file outputs that are named, and records.jsonl of the spool
 *
 * Every network output of a process is fed by one file, its spool, which is an ordinary output with
 * all that a file promises; src/process/follow.c starts what sends it on.
 */
#ifndef SPANLOG_CONFIG_EXPORTS_H
#define SPANLOG_CONFIG_EXPORTS_H

#include "src/config/settings.h"

/* Whether a sink of that name is a network output. */
bool export_is_network(const char *sink);
/* NULL, or what is wrong with a URL that records are sent to. */
const char *export_check_url(const char *url);

/* At a start: nothing has been said yet. */
void exports_begin(void);

/* Makes outputs, exports and spool of the outputs that are named, OpenTelemetry's lists of
 * exporters and their endpoints. */
void exports_settle(struct settings *settings);
/* Without network outputs: the spool cannot be written. */
void exports_drop(struct settings *settings);

#endif
