/* analyzer/translate/documents/otel_console.c: what the OpenTelemetry SDKs' console exporters
 * print, one object a span or log record.
 *
 *     Python  {"name":"GET","context":{"trace_id":"0x..."},"parent_id":null,"start_time":"2026..."}
 *     Go      {"Name":"GET","SpanContext":{"TraceID":"..."},"Parent":{...},"StartTime":"2026..."}
 *     Node    {"traceId":"...","id":"...","timestamp":1795257045123456,"duration":1500,...}
 *
 * Node prints JavaScript's notation; it is read where a wrapper has made JSON of it. Rust's older
 * stdout exporter prints OTLP: see otlp.c.
 */
#include "src/analyzer/translate/documents/otel.h"

enum { RESOURCE, SCOPE, SLOTS };

static const struct spanlog_pick_key around_keys[] = {SPANLOG_PICK("resource", RESOURCE),
                                                      SPANLOG_PICK("Resource", RESOURCE),
                                                      SPANLOG_PICK("instrumentationScope", SCOPE),
                                                      SPANLOG_PICK("InstrumentationScope", SCOPE),
                                                      SPANLOG_PICK("InstrumentationLibrary", SCOPE),
                                                      SPANLOG_PICK("instrumentation_scope", SCOPE),
                                                      SPANLOG_PICK("Scope", SCOPE),
                                                      SPANLOG_PICK_END};

struct fingerprint {
    const char *first[5];
    const char *others[4];
    bool is_span;
};

static const struct fingerprint fingerprints[] = {
    {{"name", "context", NULL}, {"context", "start_time", "end_time", NULL}, true},
    {{"Name", "SpanContext", NULL}, {"SpanContext", "StartTime", "EndTime", NULL}, true},
    {{"resource", "instrumentationScope", "traceId", NULL},
     {"traceId", "id", "timestamp", "status"},
     true},
    {{"body", NULL}, {"severity_number", "observed_timestamp", NULL}, false},
    {{"body", NULL}, {"severity_number", "trace_flags", NULL}, false},
    {{"Timestamp", "EventName", "ObservedTimestamp", NULL}, {"Severity", "Body", NULL}, false},
    {{"resource", "instrumentationScope", "timestamp", NULL},
     {"timestamp", "severityNumber", "body", "attributes"},
     false},
};

static bool matches(const struct fingerprint *fingerprint, const char *line) {
    struct spanlog_json_value value;
    if (!spanlog_first_key_is(line, fingerprint->first))
        return false;
    for (unsigned i = 0; i < 4 && fingerprint->others[i]; i++)
        if (!spanlog_early_member(line, fingerprint->others[i], &value))
            return false;
    return true;
}

int spanlog_translate_otel_console(struct spanlog_translator *translator, const char *line,
                                   const char *end) {
    const struct fingerprint *found = fingerprints;
    const struct fingerprint *behind = found + sizeof fingerprints / sizeof fingerprints[0];
    while (found < behind && !matches(found, line))
        found++;
    if (found == behind)
        return 0;
    struct spanlog_json_value document, slot[SLOTS] = {{0}};
    struct spanlog_draft draft;
    struct spanlog_resource resource;
    if (spanlog_draft_open(&draft, translator, line, end, &document)) {
        spanlog_pick(&document, around_keys, slot);
        spanlog_otel_resource(&draft, &slot[RESOURCE], &resource);
        struct spanlog_text scope = spanlog_otel_scope(&draft, &slot[SCOPE]);
        (found->is_span ? spanlog_otel_span : spanlog_otel_log)(&draft, &document, &resource,
                                                                scope);
    }
    return spanlog_draft_close(&draft);
}
