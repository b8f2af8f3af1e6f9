/* formatters/dialect_gcp.c: what Google Cloud's logging agents read from a container's stdout.
 *
 *     {"time":"2026-11-21T10:30:45.123456789Z","severity":"INFO","message":"cache miss",
 *      "serviceContext":{"service":"orders"},"logging.googleapis.com/trace":"...",
 *      "logging.googleapis.com/spanId":"...","logging.googleapis.com/trace_sampled":true,
 *      "logger":"db","logging.googleapis.com/sourceLocation":{"file":"src/db.c","line":"42"},
 *      "pid":711,"tid":713,"hits":3}
 *
 * The trace is the bare id: the agents accept it and add the project themselves. A user's attribute
 * logging.googleapis.com/labels (kv_json) passes as it is, and becomes the entry's labels.
 */
#include "formatters/hex.h"
#include "formatters/json_layout.h"
#include "formatters/keys.h"
#include "formatters/put.h"

static char *put_sampled(const struct spanlog_line *line, char *out) {
    PUT(out, ",\"logging.googleapis.com/trace_sampled\":");
    if (line->trace_flags & 1)
        PUT(out, "true");
    else
        PUT(out, "false");
    return line->trace_flags > 1 ? spanlog_layout_put_flags(line, out) : out;
}

static const struct spanlog_json_layout gcp = {
    .keys_of = SPANLOG_KEYS_OF_GCP,
    .time = SPANLOG_TEXT("{\"time\":\""),
    .level = SPANLOG_TEXT("\",\"severity\":\""),
    .levels = {SPANLOG_TEXT("DEBUG"), SPANLOG_TEXT("DEBUG"), SPANLOG_TEXT("INFO"),
               SPANLOG_TEXT("WARNING"), SPANLOG_TEXT("ERROR"), SPANLOG_TEXT("CRITICAL")},
    .trace_has_no_name = true,
    .message = SPANLOG_TEXT(",\"message\":"),
    .service = SPANLOG_TEXT(",\"serviceContext\":{\"service\":"),
    .service_end = SPANLOG_TEXT("}"),
    .trace_id = SPANLOG_TEXT(",\"logging.googleapis.com/trace\":"),
    .span_id = SPANLOG_TEXT(",\"logging.googleapis.com/spanId\":"),
    .parent_id = SPANLOG_TEXT(",\"parent_id\":"),
    .put_context = put_sampled,
    .duration = SPANLOG_TEXT(",\"duration_ms\":"),
    .duration_unit = SPANLOG_DURATION_MS,
    .status_ok = SPANLOG_TEXT(",\"status\":\"ok\""),
    .status_error = SPANLOG_TEXT(",\"status\":\"error\""),
    .error = SPANLOG_TEXT(",\"error\":"),
    .logger = SPANLOG_TEXT(",\"logger\":"),
    .source = SPANLOG_TEXT(",\"logging.googleapis.com/sourceLocation\":{\"file\":"),
    .source_line = SPANLOG_TEXT(",\"line\":\""),
    .source_line_end = SPANLOG_TEXT("\""),
    .source_end = SPANLOG_TEXT("}"),
    .pid = SPANLOG_TEXT(",\"pid\":"),
    .tid = SPANLOG_TEXT(",\"tid\":"),
};

SPANLOG_LAYOUT_FUNCTIONS(gcp)

const struct spanlog_dialect spanlog_dialect_gcp = {
    .name = "gcp",
    .syntax = SPANLOG_SYNTAX_JSON,
    .keys = {[SPANLOG_FIELD_TS] = "time",
             [SPANLOG_FIELD_LEVEL] = "severity",
             [SPANLOG_FIELD_MSG] = "message",
             [SPANLOG_FIELD_SERVICE] = "serviceContext", /* {"service":"orders"} */
             [SPANLOG_FIELD_TRACE_ID] = "logging.googleapis.com/trace",
             [SPANLOG_FIELD_SPAN_ID] = "logging.googleapis.com/spanId",
             [SPANLOG_FIELD_PARENT_ID] = "parent_id",
             [SPANLOG_FIELD_TRACE_FLAGS] = "logging.googleapis.com/trace_sampled",
             [SPANLOG_FIELD_LOGGER] = "logger",
             [SPANLOG_FIELD_OPERATION] = "operation",
             [SPANLOG_FIELD_KIND] = "kind",
             [SPANLOG_FIELD_START] = "start",
             [SPANLOG_FIELD_DURATION_MS] = "duration_ms",
             [SPANLOG_FIELD_STATUS] = "status",
             [SPANLOG_FIELD_STATUS_CODE] = "status_code",
             [SPANLOG_FIELD_ERROR] = "error",
             [SPANLOG_FIELD_SRC] = "logging.googleapis.com/sourceLocation",
             [SPANLOG_FIELD_PID] = "pid",
             [SPANLOG_FIELD_TID] = "tid",
             [SPANLOG_FIELD_EVENTS] = "events",
             [SPANLOG_FIELD_LINKS] = "links"},
    .write = write_line,
    .render_head = render_head,
    .render_tail = render_tail,
    .render_key = render_key,
    .line_start = "{\"time\":\"",
};
