/* config/parsers.h: the settings whose values have a form of their own; table.c names them. */
#ifndef SPANLOG_CONFIG_PARSERS_H
#define SPANLOG_CONFIG_PARSERS_H

#include "src/config/settings.h"

setting_parser setting_parse_output, setting_parse_level, setting_parse_resource,
    setting_parse_source, setting_parse_propagators, setting_parse_redact, setting_parse_sampler,
    setting_parse_sample_rate, setting_parse_sample_rules, setting_parse_tail, setting_parse_burst;
setting_printer setting_print_output, setting_print_level, setting_print_resource,
    setting_print_source, setting_print_propagators, setting_print_redact, setting_print_sampler,
    setting_print_sample_rate, setting_print_sample_rules, setting_print_tail, setting_print_burst;

setting_parser setting_parse_traces_exporter, setting_parse_logs_exporter,
    setting_parse_otlp_endpoint, setting_parse_otlp_traces_endpoint,
    setting_parse_otlp_logs_endpoint, setting_parse_jaeger_endpoint, setting_parse_zipkin_endpoint,
    setting_parse_loki_endpoint;
setting_printer setting_print_traces_exporter, setting_print_logs_exporter,
    setting_print_otlp_endpoint, setting_print_otlp_traces_endpoint,
    setting_print_otlp_logs_endpoint, setting_print_jaeger_endpoint, setting_print_zipkin_endpoint,
    setting_print_loki_endpoint;

setting_check setting_check_headers, setting_check_keys;

/* Names may be in any case: copies so many bytes in lower case, and a NUL. */
void setting_copy_lower(char *to, const char *from, size_t size);

/* The dialects that settings may name, parted by blanks. */
#define SETTING_DIALECTS "json logfmt pretty pretty_color ecs gcp datadog zap otlp syslog"

/* Whether the word stands in the list, and as which (ret_index may be NULL). */
bool setting_word_find(const char *words, const char *word, uint8_t *ret_index);

#endif
