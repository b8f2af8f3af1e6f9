/* formatters/dialect_datadog.c: Datadog's standard attributes. Its ids are 64 bits in decimal; the
 * whole ones stand beside them in hex.
 *
 *     {"timestamp":"2026-11-21T10:30:45.123456789Z","status":"info","message":"cache miss",
 *      "ddsource":"spanlog","service":"orders","trace_id":"...","span_id":"...",
 *      "dd.trace_id":"11803532876627986230","dd.span_id":"67667974448284343","trace_flags":"01","logger.name":"db","src":"src/db.c:42",
 *      "pid":711,"tid":713,"hits":3}
 *
 * `status` is Datadog's name for the level, so a span's own status is otel.status_code, as
 * OpenTelemetry's mapping to formats without one says. The time is ISO 8601, which Datadog takes
 * as it takes milliseconds, because these would lose six digits.
 */
#include "formatters/json_layout.h"
#include "formatters/keys.h"
#include "formatters/names.h"
#include "formatters/number.h"
#include "formatters/put.h"

static uint64_t number_of(const uint8_t bytes[8]) {
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | bytes[i];
    return number;
}

static char *put_decimal_ids(const struct spanlog_line *line, char *out) {
    if (!line->trace_text.data) {
        PUT(out, ",\"dd.trace_id\":\"");
        out = spanlog_put_u64(out, number_of(line->trace_id + 8));
        *out++ = '"';
    }
    if (!line->span_text.data) {
        PUT(out, ",\"dd.span_id\":\"");
        out = spanlog_put_u64(out, number_of(line->span_id));
        *out++ = '"';
    }
    return spanlog_layout_put_flags(line, out);
}

static const struct spanlog_json_layout datadog = {
    .keys_of = SPANLOG_KEYS_OF_DATADOG,
    .time = SPANLOG_TEXT("{\"timestamp\":\""),
    .level = SPANLOG_TEXT("\",\"status\":\""),
    .levels = SPANLOG_LEVEL_NAMES,
    .message = SPANLOG_TEXT(",\"message\":"),
    .service = SPANLOG_TEXT(",\"ddsource\":\"spanlog\",\"service\":"),
    .trace_id = SPANLOG_TEXT(",\"trace_id\":"),
    .span_id = SPANLOG_TEXT(",\"span_id\":"),
    .parent_id = SPANLOG_TEXT(",\"parent_id\":"),
    .put_context = put_decimal_ids,
    .duration = SPANLOG_TEXT(",\"duration_ms\":"),
    .duration_unit = SPANLOG_DURATION_MS,
    .status_ok = SPANLOG_TEXT(",\"otel.status_code\":\"OK\""),
    .status_error = SPANLOG_TEXT(",\"otel.status_code\":\"ERROR\""),
    .error = SPANLOG_TEXT(",\"error.message\":"),
    .logger = SPANLOG_TEXT(",\"logger.name\":"),
    .source = SPANLOG_TEXT(",\"src\":"),
    .pid = SPANLOG_TEXT(",\"pid\":"),
    .tid = SPANLOG_TEXT(",\"tid\":"),
};

SPANLOG_LAYOUT_FUNCTIONS(datadog)

const struct spanlog_dialect spanlog_dialect_datadog = {
    .name = "datadog",
    .syntax = SPANLOG_SYNTAX_JSON,
    .keys = {[SPANLOG_FIELD_TS] = "timestamp",
             [SPANLOG_FIELD_LEVEL] = "status",
             [SPANLOG_FIELD_MSG] = "message",
             [SPANLOG_FIELD_SERVICE] = "service",
             [SPANLOG_FIELD_TRACE_ID] = "trace_id",
             [SPANLOG_FIELD_SPAN_ID] = "span_id",
             [SPANLOG_FIELD_PARENT_ID] = "parent_id",
             [SPANLOG_FIELD_TRACE_FLAGS] = "trace_flags",
             [SPANLOG_FIELD_LOGGER] = "logger.name",
             [SPANLOG_FIELD_OPERATION] = "operation",
             [SPANLOG_FIELD_KIND] = "kind",
             [SPANLOG_FIELD_START] = "start",
             [SPANLOG_FIELD_DURATION_MS] = "duration_ms",
             [SPANLOG_FIELD_STATUS] = "otel.status_code",
             [SPANLOG_FIELD_STATUS_CODE] = "status_code",
             [SPANLOG_FIELD_ERROR] = "error.message",
             [SPANLOG_FIELD_SRC] = "src",
             [SPANLOG_FIELD_PID] = "pid",
             [SPANLOG_FIELD_TID] = "tid",
             [SPANLOG_FIELD_EVENTS] = "events",
             [SPANLOG_FIELD_LINKS] = "links"},
    .write = write_line,
    .render_head = render_head,
    .render_tail = render_tail,
    .render_key = render_key,
    .line_start = "{\"timestamp\":\"",
};
