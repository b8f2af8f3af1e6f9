/* analyzer/translate/documents/otel.h: OpenTelemetry's spans and log records, however they are
 * spelt.
 *
 *     spanlog_otel_resource(&draft, &value, &resource);     {"attributes":...}, or the bare list
 *     spanlog_otel_span(&draft, &value, &resource, scope);  adds a line
 *
 * OTLP, the SDKs' console exporters and the stores' answers differ in the spelling of keys (spanId,
 * span_id, SpanID), and in how attributes stand: {"k":"v"}, [{"key":"k","value":{"stringValue":
 * "v"}}], [{"Key":"k","Value":{"Type":"STRING","Value":"v"}}]. All of it is read here.
 */
#ifndef SPANLOG_ANALYZER_TRANSLATE_DOCUMENTS_OTEL_H
#define SPANLOG_ANALYZER_TRANSLATE_DOCUMENTS_OTEL_H

#include "src/analyzer/translate/documents/document.h"

/* Whoever takes attributes: a line, its last event, or a resource. */
enum spanlog_otel_taker { SPANLOG_OTEL_LINE, SPANLOG_OTEL_EVENT, SPANLOG_OTEL_RESOURCE };

/* An AnyValue or a typed value as plain JSON; what is plain already stays. */
struct spanlog_json_value spanlog_otel_plain(struct spanlog_draft *draft,
                                             const struct spanlog_json_value *value);
/* resource: NULL but for SPANLOG_OTEL_RESOURCE. */
void spanlog_otel_attributes(struct spanlog_draft *draft, const struct spanlog_json_value *list,
                             enum spanlog_otel_taker taker, struct spanlog_resource *resource);

void spanlog_otel_resource(struct spanlog_draft *draft, const struct spanlog_json_value *value,
                           struct spanlog_resource *ret);
/* The name of a scope object; without data when there is none. */
struct spanlog_text spanlog_otel_scope(struct spanlog_draft *draft,
                                       const struct spanlog_json_value *value);

void spanlog_otel_span(struct spanlog_draft *draft, const struct spanlog_json_value *value,
                       const struct spanlog_resource *resource, struct spanlog_text scope);
void spanlog_otel_log(struct spanlog_draft *draft, const struct spanlog_json_value *value,
                      const struct spanlog_resource *resource, struct spanlog_text scope);

/* A kind as a number, of which `internal` is the first, or as a name: "SPAN_KIND_SERVER",
 * "SpanKind.SERVER", "Server". */
uint8_t spanlog_otel_kind(const struct spanlog_json_value *value, unsigned internal);
/* {"code":2,"message":"..."} and its spellings. */
void spanlog_otel_status(struct spanlog_draft *draft, const struct spanlog_json_value *value);
/* What stands behind the last '_', '.' or ' ' of a name. */
struct spanlog_text spanlog_otel_last_word(const struct spanlog_json_value *value);

#endif
