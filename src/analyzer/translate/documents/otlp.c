/* analyzer/translate/documents/otlp.c: OTLP in JSON: lines of the collector's file exporter, HTTP
 * bodies, and what Tempo answers.
 *
 *     {"resourceSpans":[{"resource":{"attributes":[...]},"scopeSpans":[{"scope":{"name":"lib"},
 *      "spans":[{"traceId":"...","spanId":"...","name":"GET /","startTimeUnixNano":"1",...}]}]}]}
 *
 * Keys in lowerCamelCase or snake_case, of now and of before 2022 (instrumentationLibrarySpans);
 * resourceSpans and resourceLogs, a list in "batches", or one resource's object alone. Ids are hex,
 * or base64 where protobuf's own JSON was used. service.name is the service, the resource's other
 * attributes are repeated in its lines; the scope's name is a log's logger.
 */
#include "src/analyzer/translate/documents/otel.h"

enum { TRACE, SPANS, LOGS, RESOURCE, SCOPE, SLOTS };
#define PICK SPANLOG_PICK

static const struct spanlog_pick_key document_keys[] = {PICK("resourceSpans", SPANS),
                                                        PICK("resource_spans", SPANS),
                                                        PICK("batches", SPANS),
                                                        PICK("resourceLogs", LOGS),
                                                        PICK("resource_logs", LOGS),
                                                        PICK("trace", TRACE),
                                                        SPANLOG_PICK_END};

static const struct spanlog_pick_key resource_keys[] = {
    PICK("resource", RESOURCE),
    PICK("scopeSpans", SPANS),
    PICK("scope_spans", SPANS),
    PICK("instrumentationLibrarySpans", SPANS),
    PICK("instrumentation_library_spans", SPANS),
    PICK("scopeLogs", LOGS),
    PICK("scope_logs", LOGS),
    PICK("instrumentationLibraryLogs", LOGS),
    PICK("instrumentation_library_logs", LOGS),
    SPANLOG_PICK_END};

static const struct spanlog_pick_key scope_keys[] = {PICK("scope", SCOPE),
                                                     PICK("instrumentationLibrary", SCOPE),
                                                     PICK("instrumentation_library", SCOPE),
                                                     PICK("spans", SPANS),
                                                     PICK("logRecords", LOGS),
                                                     PICK("log_records", LOGS),
                                                     PICK("logs", LOGS),
                                                     SPANLOG_PICK_END};

static bool is_otlp(const char *line) {
    static const char *const documents[] = {"resourceSpans", "resource_spans", "resourceLogs",
                                            "resource_logs", NULL};
    static const char *const resources[] = {
        "resource",   "scopeSpans", "scope_spans",
        "scopeLogs",  "scope_logs", "instrumentationLibrarySpans",
        "schema_url", "schemaUrl",  NULL};
    static const char *const nested[] = {"trace", "batches", NULL};
    struct spanlog_json_value value;
    if (spanlog_first_key_is(line, documents))
        return true;
    if (spanlog_first_key_is(line, resources)) {
        for (const struct spanlog_pick_key *key = resource_keys + 1; key->name; key++)
            if (spanlog_early_member(line, key->name, &value))
                return true;
        return false;
    }
    if (!spanlog_first_key_is(line, nested))
        return false;
    if (spanlog_early_member(line, "batches", &value))
        return spanlog_first_key_is(spanlog_first_element(value.begin), resources);
    return spanlog_early_member(line, "trace", &value) &&
           spanlog_first_key_is(value.begin, documents);
}

static void translate_scope(struct spanlog_draft *draft, const struct spanlog_json_value *value,
                            const struct spanlog_resource *resource) {
    struct spanlog_json_value slot[SLOTS] = {{0}};
    struct spanlog_items items;
    spanlog_pick(value, scope_keys, slot);
    struct spanlog_text scope = spanlog_otel_scope(draft, &slot[SCOPE]);
    spanlog_items_open(&items, &slot[SPANS]);
    while (spanlog_items_next(&items))
        spanlog_otel_span(draft, &items.value, resource, scope);
    spanlog_items_open(&items, &slot[LOGS]);
    while (spanlog_items_next(&items))
        spanlog_otel_log(draft, &items.value, resource, scope);
}

static void translate_resource(struct spanlog_draft *draft,
                               const struct spanlog_json_value *value) {
    struct spanlog_json_value slot[SLOTS] = {{0}};
    struct spanlog_resource resource;
    struct spanlog_items items;
    spanlog_pick(value, resource_keys, slot);
    spanlog_otel_resource(draft, &slot[RESOURCE], &resource);
    for (unsigned list = SPANS; list <= LOGS; list++) {
        spanlog_items_open(&items, &slot[list]);
        while (spanlog_items_next(&items))
            translate_scope(draft, &items.value, &resource);
    }
}

static void translate_document(struct spanlog_draft *draft,
                               const struct spanlog_json_value *document) {
    struct spanlog_json_value slot[SLOTS] = {{0}};
    struct spanlog_items items;
    spanlog_pick(document, document_keys, slot);
    if (slot[TRACE].type) {
        struct spanlog_json_value trace = slot[TRACE];
        spanlog_pick(&trace, document_keys, slot);
    }
    if (!slot[SPANS].type && !slot[LOGS].type)
        translate_resource(draft, document);
    for (unsigned list = SPANS; list <= LOGS; list++) {
        spanlog_items_open(&items, &slot[list]);
        while (spanlog_items_next(&items))
            translate_resource(draft, &items.value);
    }
}

int spanlog_translate_otlp(struct spanlog_translator *translator, const char *line,
                           const char *end) {
    struct spanlog_json_value document;
    struct spanlog_draft draft;
    if (!is_otlp(line))
        return 0;
    if (spanlog_draft_open(&draft, translator, line, end, &document))
        translate_document(&draft, &document);
    return spanlog_draft_close(&draft);
}
