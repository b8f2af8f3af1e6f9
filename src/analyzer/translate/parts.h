/* analyzer/translate/parts.h: what the formats of this folder have in common.
 *
 *     static int document(struct spanlog_translator *t, const char *line, const char *end) {
 *         struct spanlog_line span = {.line_kind = SPANLOG_LINE_SPAN, ...};
 *         return spanlog_emit(t, &span);
 *     }
 */
#ifndef SPANLOG_ANALYZER_TRANSLATE_PARTS_H
#define SPANLOG_ANALYZER_TRANSLATE_PARTS_H

#include "formatters/line.h"
#include "src/analyzer/translate/translate.h"

/* Adds lines to the translator's `out`, or sets its `problem`.
 * 1: done. 0: not this format, nothing was added. -ENOMEM. */
typedef int spanlog_translate_function(struct spanlog_translator *translator, const char *line,
                                       const char *end);

/* Writes the line with the json dialect behind what is in `out`. Texts need only live until it
 * returns. 0 or -ENOMEM. */
int spanlog_emit(struct spanlog_translator *translator, const struct spanlog_line *line);

spanlog_translate_function spanlog_translate_logger; /* zap, pino, ECS, ...: formatters/reading.c */
spanlog_translate_function spanlog_translate_wrapped; /* docker, CRI, journald, logcli, syslog */
spanlog_translate_function spanlog_translate_text;    /* logfmt, key=value, anything: always 1 */
spanlog_translate_function spanlog_translate_otlp;    /* ResourceSpans, ResourceLogs */
spanlog_translate_function spanlog_translate_otel_console; /* the SDKs' console exporters */
spanlog_translate_function spanlog_translate_jaeger;
spanlog_translate_function spanlog_translate_zipkin;
spanlog_translate_function spanlog_translate_chrome;
spanlog_translate_function spanlog_translate_loki; /* what Loki's query API answers */

#endif
