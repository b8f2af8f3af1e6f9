/* config/settings.c: the table of settings and the reading of it. See settings.h. */
#include "src/config/settings.h"
#include "src/core/tell.h"
#include "src/propagation/propagator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Sets what `value` says; returns NULL or what a right value would be. */
typedef const char *setting_parser(struct settings *settings, const char *value);

static const char *copy_text(char *to, size_t size, const char *value) {
    if (strlen(value) >= size)
        return "a shorter text";
    strcpy(to, value);
    return NULL;
}

static const char *set_service(struct settings *s, const char *value) {
    return copy_text(s->service, sizeof s->service, value);
}
static const char *set_environment(struct settings *s, const char *value) {
    return copy_text(s->environment, sizeof s->environment, value);
}
static const char *set_version(struct settings *s, const char *value) {
    return copy_text(s->version, sizeof s->version, value);
}
static const char *set_journal_dir(struct settings *s, const char *value) {
    return copy_text(s->journal_dir, sizeof s->journal_dir, value);
}
static const char *set_format(struct settings *s, const char *value) {
    return copy_text(s->format, sizeof s->format, value);
}

static const char *set_output(struct settings *s, const char *value) {
    struct output_setting outputs[JOURNAL_MAX_OUTPUTS];
    uint32_t count = 0;
    const char *wrong = outputs_parse(value, outputs, &count);
    if (wrong == NULL) {
        memcpy(s->outputs, outputs, sizeof outputs);
        s->output_count = count;
    }
    return wrong;
}

static const char *set_full(struct settings *s, const char *value) {
    if (strcmp(value, "block") != 0 && strcmp(value, "drop") != 0)
        return "block or drop";
    s->drop_when_full = value[0] == 'd';
    return NULL;
}

static const char *parse_flag(bool *to, const char *value) {
    if (strcmp(value, "1") == 0 || strcasecmp(value, "true") == 0 || strcasecmp(value, "on") == 0)
        *to = true;
    else if (strcmp(value, "0") == 0 || strcasecmp(value, "false") == 0 ||
             strcasecmp(value, "off") == 0)
        *to = false;
    else
        return "1 or 0";
    return NULL;
}
static const char *set_sync(struct settings *s, const char *value) {
    return parse_flag(&s->sync, value);
}
static const char *set_process_lines(struct settings *s, const char *value) {
    return parse_flag(&s->process_lines, value);
}
static const char *set_signal_handlers(struct settings *s, const char *value) {
    return parse_flag(&s->signal_handlers, value);
}

static const char *set_trace_ids(struct settings *s, const char *value) {
    if (strcmp(value, "random") != 0 && strcmp(value, "time") != 0)
        return "time or random";
    s->random_trace_ids = value[0] == 'r';
    return NULL;
}

/* A whole number with K, M or G behind it, within bounds. */
static bool parse_number(const char *value, uint64_t least, uint64_t most, uint32_t *to) {
    char *end = NULL;
    if (value[0] < '0' || value[0] > '9')
        return false;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    unsigned shift = 0;
    if (*end == 'K' || *end == 'k')
        shift = 10;
    else if (*end == 'M' || *end == 'm')
        shift = 20;
    else if (*end == 'G' || *end == 'g')
        shift = 30;
    if (shift != 0)
        end++;
    if (errno != 0 || *end != '\0' || number > (most >> shift) || number << shift < least)
        return false;
    *to = (uint32_t)(number << shift);
    return true;
}

static const char *set_block_ms(struct settings *s, const char *value) {
    return parse_number(value, 0, 3600000, &s->block_ms) ? NULL : "0 to 3600000 (ms)";
}
static const char *set_ring_size(struct settings *s, const char *value) {
    return parse_number(value, RING_MIN_SIZE, 256u << 20, &s->ring_size) ? NULL : "64K to 256M";
}
static const char *set_max_attributes(struct settings *s, const char *value) {
    return parse_number(value, 0, 1024, &s->max_attributes) ? NULL : "0 to 1024";
}
static const char *set_max_events(struct settings *s, const char *value) {
    return parse_number(value, 0, 1024, &s->max_events) ? NULL : "0 to 1024";
}
static const char *set_max_links(struct settings *s, const char *value) {
    return parse_number(value, 0, 1024, &s->max_links) ? NULL : "0 to 1024";
}
static const char *set_max_open_spans(struct settings *s, const char *value) {
    return parse_number(value, 256, 32768, &s->max_open_spans) ? NULL : "256 to 32768";
}

static const char *set_source(struct settings *s, const char *value) {
    uint32_t fields = 0;
    for (const char *at = value; *at != '\0';) {
        size_t size = strcspn(at, ",");
        if (size == 3 && memcmp(at, "src", 3) == 0)
            fields |= SOURCE_SRC;
        else if (size == 3 && memcmp(at, "pid", 3) == 0)
            fields |= SOURCE_PID;
        else if (size == 3 && memcmp(at, "tid", 3) == 0)
            fields |= SOURCE_TID;
        else if (strcmp(value, "none") != 0)
            return "src, pid and tid in any combination, or none";
        at += size + (at[size] == ',');
    }
    s->source_fields = fields;
    return NULL;
}

static const char *set_propagators(struct settings *s, const char *value) {
    uint32_t set;
    bool xray;
    const char *wrong = propagators_parse(value, &set, &xray);
    if (wrong != NULL)
        return wrong;
    if (xray)
        dprintf(STDERR_FILENO, "spanlog: X-Ray headers are neither read nor written; the spanlog "
                               "tool reads X-Ray ids in logs\n");
    s->propagators_in = s->propagators_out = set;
    return NULL;
}
static const char *set_baggage_keys(struct settings *s, const char *value) {
    return copy_text(s->baggage_keys, sizeof s->baggage_keys, value);
}

static const char *set_level(struct settings *s, const char *value) {
    static const char wanted[] = "trace, debug, info, warn, error, fatal or off, and LOGGER=LEVEL";
    uint8_t level = s->level;
    struct level_directive directives[SETTINGS_MAX_DIRECTIVES];
    uint32_t count = 0;
    for (const char *at = value; *at != '\0';) {
        size_t size = strcspn(at, ",");
        const char *equals = memchr(at, '=', size);
        const char *name = equals != NULL ? equals + 1 : at;
        uint8_t one = level_by_name(name, (size_t)(at + size - name));
        size_t logger_size = equals != NULL ? (size_t)(equals - at) : 0;
        if (one == 0 || logger_size >= sizeof directives->logger ||
            (equals != NULL && (logger_size == 0 || count == SETTINGS_MAX_DIRECTIVES)))
            return wanted;
        if (equals == NULL) {
            level = one;
        } else {
            memcpy(directives[count].logger, at, logger_size);
            directives[count].logger[logger_size] = '\0';
            directives[count++].level = one;
        }
        at += size + (at[size] == ',');
    }
    s->level = level;
    s->directive_count = count;
    memcpy(s->directives, directives, count * sizeof *directives);
    return NULL;
}

/* ---- OTEL_RESOURCE_ATTRIBUTES -------------------------------------------------------------- */

static int hex_digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static void percent_decode(const char *from, size_t size, char *to, size_t room) {
    size_t n = 0;
    for (size_t i = 0; i < size && n + 1 < room; i++) {
        if (from[i] == '%' && i + 2 < size && hex_digit(from[i + 1]) >= 0 &&
            hex_digit(from[i + 2]) >= 0) {
            to[n++] = (char)(hex_digit(from[i + 1]) * 16 + hex_digit(from[i + 2]));
            i += 2;
        } else {
            to[n++] = from[i];
        }
    }
    to[n] = '\0';
}

/* The value comes decoded; one with a comma in it stays as it was, since commas part the pairs. */
static void add_resource(struct settings *s, const char *pair, size_t size, size_t key_size,
                         const char *value) {
    size_t used = strlen(s->resource);
    bool plain = strchr(value, ',') == NULL;
    if (used + size + 2 > sizeof s->resource)
        return;
    snprintf(s->resource + used, sizeof s->resource - used, "%s%.*s%s", used > 0 ? "," : "",
             (int)(plain ? key_size + 1 : size), pair, plain ? value : "");
}

static const char *set_resource(struct settings *s, const char *value) {
    const char *wrong = NULL;
    for (const char *at = value; *at != '\0';) {
        size_t size = strcspn(at, ",");
        const char *equals = memchr(at, '=', size);
        char text[256];
        if (equals == NULL || equals == at) {
            wrong = "key=value,key=value";
        } else {
            size_t key = (size_t)(equals - at);
            percent_decode(equals + 1, size - key - 1, text, sizeof text);
            if (key == 12 && memcmp(at, "service.name", key) == 0)
                set_service(s, text);
            else if (key == 15 && memcmp(at, "service.version", key) == 0)
                set_version(s, text);
            else if (key == 27 && memcmp(at, "deployment.environment.name", key) == 0)
                set_environment(s, text);
            else
                add_resource(s, at, size, key, text);
        }
        at += size + (at[size] == ',');
    }
    return wrong;
}

/* ---- the table ------------------------------------------------------------------------------ */

/* Weakest first: what comes later wins. */
static const struct {
    const char *name;
    setting_parser *parse;
} variables[] = {
    {"LOG_LEVEL", set_level},
    {"LOG_FORMAT", set_format},
    {"SERVICE_NAME", set_service},
    {"ENVIRONMENT", set_environment},
    {"OTEL_RESOURCE_ATTRIBUTES", set_resource},
    {"OTEL_SERVICE_NAME", set_service},
    {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", set_max_attributes},
    {"OTEL_SPAN_EVENT_COUNT_LIMIT", set_max_events},
    {"OTEL_SPAN_LINK_COUNT_LIMIT", set_max_links},
    {"OTEL_PROPAGATORS", set_propagators},
    {"SPANLOG_BAGGAGE_KEYS", set_baggage_keys},
    {"SPANLOG_OUTPUT", set_output},
    {"SPANLOG_LEVEL", set_level},
    {"SPANLOG_FORMAT", set_format},
    {"SPANLOG_FULL", set_full},
    {"SPANLOG_BLOCK_MS", set_block_ms},
    {"SPANLOG_RING_SIZE", set_ring_size},
    {"SPANLOG_JOURNAL_DIR", set_journal_dir},
    {"SPANLOG_SYNC", set_sync},
    {"SPANLOG_SOURCE", set_source},
    {"SPANLOG_TRACE_IDS", set_trace_ids},
    {"SPANLOG_MAX_ATTRIBUTES", set_max_attributes},
    {"SPANLOG_MAX_EVENTS", set_max_events},
    {"SPANLOG_MAX_LINKS", set_max_links},
    {"SPANLOG_MAX_OPEN_SPANS", set_max_open_spans},
    {"SPANLOG_PROCESS_LINES", set_process_lines},
    {"SPANLOG_SIGNAL_HANDLERS", set_signal_handlers},
};

static void apply(struct settings *s, const char *name, setting_parser *parse, const char *value) {
    if (value == NULL || value[0] == '\0')
        return;
    const char *wanted = parse(s, value);
    if (wanted != NULL)
        tell("%s=%.100s: expected %s; ignored", name, value, wanted);
}

static void load_defaults(struct settings *s) {
    memset(s, 0, sizeof *s);
    snprintf(s->service, sizeof s->service, "%s", program_invocation_short_name);
    strcpy(s->format, "auto");
    set_output(s, "stdout");
    s->level = SPANLOG_INFO;
    s->source_fields = SOURCE_SRC | SOURCE_PID | SOURCE_TID;
    s->propagators_in = PROPAGATORS_DEFAULT_IN;
    s->propagators_out = PROPAGATORS_DEFAULT_OUT;
    s->block_ms = 1000;
    s->ring_size = 1u << 20;
    s->max_attributes = s->max_events = s->max_links = 128;
    s->max_open_spans = 8192;
    s->process_lines = true;
    s->signal_handlers = true;
}

static void apply_number(struct settings *s, const char *name, setting_parser *parse,
                         uint32_t value) {
    char text[16];
    if (value == 0)
        return;
    snprintf(text, sizeof text, "%u", value);
    apply(s, name, parse, text);
}

static void load_code(struct settings *s, const spanlog_config *c) {
    apply(s, "spanlog_config.service", set_service, c->service);
    apply(s, "spanlog_config.version", set_version, c->version);
    apply(s, "spanlog_config.environment", set_environment, c->environment);
    apply(s, "spanlog_config.resource", set_resource, c->resource);
    apply(s, "spanlog_config.output", set_output, c->output);
    apply(s, "spanlog_config.level", set_level, c->level);
    apply(s, "spanlog_config.format", set_format, c->format);
    apply(s, "spanlog_config.full", set_full, c->full);
    apply(s, "spanlog_config.journal_dir", set_journal_dir, c->journal_dir);
    apply(s, "spanlog_config.source", set_source, c->source);
    apply(s, "spanlog_config.propagators", set_propagators, c->propagators);
    apply(s, "spanlog_config.baggage_keys", set_baggage_keys, c->baggage_keys);
    apply_number(s, "spanlog_config.block_ms", set_block_ms, c->block_ms);
    apply_number(s, "spanlog_config.ring_size", set_ring_size, c->ring_size);
    apply_number(s, "spanlog_config.max_attributes", set_max_attributes, c->max_attributes);
    apply_number(s, "spanlog_config.max_events", set_max_events, c->max_events);
    apply_number(s, "spanlog_config.max_links", set_max_links, c->max_links);
    apply_number(s, "spanlog_config.max_open_spans", set_max_open_spans, c->max_open_spans);
    s->sync |= c->sync;
    s->process_lines &= !c->no_process_lines;
    s->signal_handlers &= !c->no_signal_handlers;
}

/* The power of two at or below. */
static uint32_t power_of_two(uint32_t value) {
    while ((value & (value - 1)) != 0)
        value &= value - 1;
    return value;
}

void settings_load(struct settings *s, const spanlog_config *config) {
    load_defaults(s);
    if (config != NULL) {
        tell_nothing = config->quiet;
        load_code(s, config);
    }
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        apply(s, variables[i].name, variables[i].parse, secure_getenv(variables[i].name));
    s->ring_size = power_of_two(s->ring_size);
    for (uint32_t i = 0; i < s->output_count; i++) {
        if (strcmp(s->outputs[i].dialect, "auto") == 0)
            strcpy(s->outputs[i].dialect, s->format);
    }
    outputs_format(s->outputs, s->output_count, s->outputs_text, sizeof s->outputs_text);
}

/* ---- levels --------------------------------------------------------------------------------- */

uint8_t settings_level_of(const struct settings *s, const char *logger) {
    uint8_t level = s->level;
    size_t best = 0;
    for (uint32_t i = 0; i < s->directive_count; i++) {
        const char *name = s->directives[i].logger;
        size_t size = strlen(name);
        bool covers = strncmp(logger, name, size) == 0 &&
                      (logger[size] == '\0' || logger[size] == '.' || logger[size] == '/');
        if (covers && size >= best) {
            best = size;
            level = s->directives[i].level;
        }
    }
    return level;
}

uint8_t settings_lowest_level(const struct settings *s) {
    uint8_t level = s->level;
    for (uint32_t i = 0; i < s->directive_count; i++) {
        if (s->directives[i].level < level)
            level = s->directives[i].level;
    }
    return level;
}
