/* formatters/dialect_zap.c: the names of zap's production encoder: times and durations in seconds.
 *
 *     {"ts":1795257045.123456789,"level":"info","msg":"cache miss","service":"orders",
 *      "trace_id":"...","span_id":"...","trace_flags":"01","logger":"db","caller":"src/db.c:42",
 *      "pid":711,"tid":713,"hits":3}
 *
 * All nine decimals are written, where zap's own float64 keeps about seven.
 */
#include "formatters/json_layout.h"
#include "formatters/keys.h"
#include "formatters/names.h"

static const struct spanlog_json_layout zap = {
    .keys_of = SPANLOG_KEYS_OF_ZAP,
    .time = SPANLOG_TEXT("{\"ts\":"),
    .time_in_seconds = true,
    .level = SPANLOG_TEXT(",\"level\":\""),
    .levels = SPANLOG_LEVEL_NAMES,
    .message = SPANLOG_TEXT(",\"msg\":"),
    .service = SPANLOG_TEXT(",\"service\":"),
    .trace_id = SPANLOG_TEXT(",\"trace_id\":"),
    .span_id = SPANLOG_TEXT(",\"span_id\":"),
    .parent_id = SPANLOG_TEXT(",\"parent_id\":"),
    .put_context = spanlog_layout_put_flags,
    .duration = SPANLOG_TEXT(",\"duration\":"),
    .duration_unit = SPANLOG_DURATION_S,
    .status_ok = SPANLOG_TEXT(",\"status\":\"ok\""),
    .status_error = SPANLOG_TEXT(",\"status\":\"error\""),
    .error = SPANLOG_TEXT(",\"error\":"),
    .logger = SPANLOG_TEXT(",\"logger\":"),
    .source = SPANLOG_TEXT(",\"caller\":"),
    .pid = SPANLOG_TEXT(",\"pid\":"),
    .tid = SPANLOG_TEXT(",\"tid\":"),
};

SPANLOG_LAYOUT_FUNCTIONS(zap)

const struct spanlog_dialect spanlog_dialect_zap = {
    .name = "zap",
    .syntax = SPANLOG_SYNTAX_JSON,
    .keys = {[SPANLOG_FIELD_TS] = "ts", /* seconds */
             [SPANLOG_FIELD_LEVEL] = "level",
             [SPANLOG_FIELD_MSG] = "msg",
             [SPANLOG_FIELD_SERVICE] = "service",
             [SPANLOG_FIELD_TRACE_ID] = "trace_id",
             [SPANLOG_FIELD_SPAN_ID] = "span_id",
             [SPANLOG_FIELD_PARENT_ID] = "parent_id",
             [SPANLOG_FIELD_TRACE_FLAGS] = "trace_flags",
             [SPANLOG_FIELD_LOGGER] = "logger",
             [SPANLOG_FIELD_OPERATION] = "operation",
             [SPANLOG_FIELD_KIND] = "kind",
             [SPANLOG_FIELD_START] = "start",
             [SPANLOG_FIELD_DURATION_MS] = "duration", /* seconds */
             [SPANLOG_FIELD_STATUS] = "status",
             [SPANLOG_FIELD_STATUS_CODE] = "status_code",
             [SPANLOG_FIELD_ERROR] = "error",
             [SPANLOG_FIELD_SRC] = "caller",
             [SPANLOG_FIELD_PID] = "pid",
             [SPANLOG_FIELD_TID] = "tid",
             [SPANLOG_FIELD_EVENTS] = "events",
             [SPANLOG_FIELD_LINKS] = "links"},
    .write = write_line,
    .render_head = render_head,
    .render_tail = render_tail,
    .render_key = render_key,
    .line_start = "{\"ts\":",
};
