/* formatters/dialect_ecs.c: Elastic Common Schema with flat, dotted keys, as the ECS layouts of
 * log4j2 and zap write it.
 *
 *     {"@timestamp":"2026-11-21T10:30:45.123456789Z","log.level":"info","message":"cache miss",
 *      "ecs.version":"1.6.0","service.name":"orders","trace.id":"...","span.id":"...",
 *      "trace_flags":"01","log.logger":"db","log.origin.file.name":"src/db.c",
 *      "log.origin.file.line":42,"process.pid":711,"process.thread.id":713,"hits":3}
 */
#include "formatters/json_layout.h"
#include "formatters/keys.h"
#include "formatters/names.h"

static const struct spanlog_json_layout ecs = {
    .keys_of = SPANLOG_KEYS_OF_ECS,
    .time = SPANLOG_TEXT("{\"@timestamp\":\""),
    .level = SPANLOG_TEXT("\",\"log.level\":\""),
    .levels = SPANLOG_LEVEL_NAMES,
    .message = SPANLOG_TEXT(",\"message\":"),
    .service = SPANLOG_TEXT(",\"ecs.version\":\"1.6.0\",\"service.name\":"),
    .trace_id = SPANLOG_TEXT(",\"trace.id\":"),
    .span_id = SPANLOG_TEXT(",\"span.id\":"),
    .parent_id = SPANLOG_TEXT(",\"parent_id\":"),
    .put_context = spanlog_layout_put_flags,
    .duration = SPANLOG_TEXT(",\"event.duration\":"),
    .duration_unit = SPANLOG_DURATION_NS,
    .status_ok = SPANLOG_TEXT(",\"status\":\"ok\""),
    .status_error = SPANLOG_TEXT(",\"status\":\"error\""),
    .error = SPANLOG_TEXT(",\"error.message\":"),
    .logger = SPANLOG_TEXT(",\"log.logger\":"),
    .source = SPANLOG_TEXT(",\"log.origin.file.name\":"),
    .source_line = SPANLOG_TEXT(",\"log.origin.file.line\":"),
    .pid = SPANLOG_TEXT(",\"process.pid\":"),
    .tid = SPANLOG_TEXT(",\"process.thread.id\":"),
};

SPANLOG_LAYOUT_FUNCTIONS(ecs)

const struct spanlog_dialect spanlog_dialect_ecs = {
    .name = "ecs",
    .syntax = SPANLOG_SYNTAX_JSON,
    .keys = {[SPANLOG_FIELD_TS] = "@timestamp",
             [SPANLOG_FIELD_LEVEL] = "log.level",
             [SPANLOG_FIELD_MSG] = "message",
             [SPANLOG_FIELD_SERVICE] = "service.name",
             [SPANLOG_FIELD_TRACE_ID] = "trace.id",
             [SPANLOG_FIELD_SPAN_ID] = "span.id",
             [SPANLOG_FIELD_PARENT_ID] = "parent_id",
             [SPANLOG_FIELD_TRACE_FLAGS] = "trace_flags",
             [SPANLOG_FIELD_LOGGER] = "log.logger",
             [SPANLOG_FIELD_OPERATION] = "operation",
             [SPANLOG_FIELD_KIND] = "kind",
             [SPANLOG_FIELD_START] = "start",
             [SPANLOG_FIELD_DURATION_MS] = "event.duration", /* nanoseconds */
             [SPANLOG_FIELD_STATUS] = "status",
             [SPANLOG_FIELD_STATUS_CODE] = "status_code",
             [SPANLOG_FIELD_ERROR] = "error.message",
             [SPANLOG_FIELD_SRC] = "log.origin.file.name", /* and log.origin.file.line */
             [SPANLOG_FIELD_PID] = "process.pid",
             [SPANLOG_FIELD_TID] = "process.thread.id",
             [SPANLOG_FIELD_EVENTS] = "events",
             [SPANLOG_FIELD_LINKS] = "links"},
    .write = write_line,
    .render_head = render_head,
    .render_tail = render_tail,
    .render_key = render_key,
    .line_start = "{\"@timestamp\":\"",
};
