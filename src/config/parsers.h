/* config/parsers.h: the settings whose values have a form of their own; table.c names them. */
#ifndef SPANLOG_CONFIG_PARSERS_H
#define SPANLOG_CONFIG_PARSERS_H

#include "src/config/settings.h"

setting_parser setting_parse_output, setting_parse_level, setting_parse_resource,
    setting_parse_source, setting_parse_propagators, setting_parse_redact;
setting_printer setting_print_output, setting_print_level, setting_print_resource,
    setting_print_source, setting_print_propagators, setting_print_redact;

/* The dialects that settings may name, parted by blanks. */
#define SETTING_DIALECTS "json logfmt pretty pretty_color ecs gcp datadog zap otlp"

/* Whether the word stands in the list, and as which (ret_index may be NULL). */
bool setting_word_find(const char *words, const char *word, uint8_t *ret_index);

#endif
