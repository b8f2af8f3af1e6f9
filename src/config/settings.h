/* config/settings.h: every setting of a process, and where it came from: code, then the seeds of
 * the environment from the weakest to the strongest name (README.md has the table).
 *
 *     struct settings settings;
 *     settings_load(&settings, config);        config may be NULL
 *
 * A bad value is named once on stderr, with its variable, and changes nothing.
 */
#ifndef SPANLOG_CONFIG_SETTINGS_H
#define SPANLOG_CONFIG_SETTINGS_H

#include "src/config/rotation.h"
#include "src/core/journal.h"

#include <spanlog/spanlog.h>

#define SETTINGS_MAX_DIRECTIVES 32u

struct output_setting {
    uint8_t level;            /* least level that goes there */
    char dialect[24];         /* "auto" or a dialect's name */
    char sink[16];            /* "stdout", "stderr", "file", "memory" */
    char target[512];         /* of file: the absolute path */
    struct rotation rotation; /* of file */
};

struct level_directive {
    char logger[64]; /* this logger and those below it ("http" covers "http.client") */
    uint8_t level;
};

struct settings {
    char service[128];
    char version[64];
    char environment[64];
    char resource[JOURNAL_TEXT_SIZE]; /* key=value,key=value */
    char journal_dir[400];
    char outputs_text[JOURNAL_TEXT_SIZE]; /* what outputs says, for recovery */
    struct output_setting outputs[JOURNAL_MAX_OUTPUTS];
    uint32_t output_count; /* 0: none */
    char format[24];
    uint8_t level;
    struct level_directive directives[SETTINGS_MAX_DIRECTIVES];
    uint32_t directive_count;
    uint32_t source_fields;
    uint32_t propagators_in, propagators_out; /* sets of src/propagation/propagator.h */
    char baggage_keys[512];
    uint32_t block_ms;
    uint32_t ring_size;
    uint32_t max_attributes, max_events, max_links, max_open_spans;
    bool drop_when_full;
    bool sync;
    bool process_lines;
    bool signal_handlers;
    bool random_trace_ids;
};

void settings_load(struct settings *ret_settings, const spanlog_config *config);

/* The level that a logger's records need. */
uint8_t settings_level_of(const struct settings *settings, const char *logger);
/* The lowest that any logger's need. */
uint8_t settings_lowest_level(const struct settings *settings);

/* "debug" -> 5; 0: no such name. "off" -> 25. */
uint8_t level_by_name(const char *name, size_t size);

/* Reads a comma separated list of outputs; returns NULL or what is wrong with it. */
const char *outputs_parse(const char *text, struct output_setting *ret_outputs,
                          uint32_t *ret_count);
/* The inverse, with absolute paths. */
void outputs_format(const struct output_setting *outputs, uint32_t count, char *ret_text,
                    size_t size);

#endif
