/* config/exports.c: see exports.h. */
#include "src/config/exports.h"
#include "src/config/parsers.h"
#include "src/core/tell.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PART_LEAST (256u << 10) /* of the spool: a file that is rotated away */
#define PART_MOST (16u << 20)

bool export_is_network(const char *sink) {
    return setting_word_find("otlp zipkin jaeger loki", sink, NULL);
}

/* ---- URLs ----------------------------------------------------------------------------------- */

/* People know these ports; what listens there speaks something else. */
static const char *check_port(const char *port, size_t size) {
    if (size == 4 && memcmp(port, "4317", 4) == 0)
        return "port 4317 is gRPC's: OTLP over HTTP has 4318";
    if (size == 5 && memcmp(port, "14250", 5) == 0)
        return "port 14250 is gRPC's: OTLP over HTTP has 4318, in Jaeger too";
    if (size == 5 && memcmp(port, "14268", 5) == 0)
        return "port 14268 is Thrift's: OTLP over HTTP has 4318, in Jaeger too";
    if (size == 0 || size > 5 || strspn(port, "0123456789") < size)
        return "the port is a number";
    return NULL;
}

const char *export_check_url(const char *url) {
    size_t scheme = strncmp(url, "http://", 7) == 0 ? 7 : strncmp(url, "https://", 8) == 0 ? 8 : 0;
    if (scheme == 0)
        return "it begins with http:// or https://";
    for (const char *at = url; *at != '\0'; at++)
        if ((unsigned char)*at <= ' ' || *at == 127)
            return "a blank in it";
    const char *host = url + scheme, *end = host + strcspn(host, "/?#");
    const char *name = memrchr(host, '@', (size_t)(end - host));
    name = name != NULL ? name + 1 : host;
    if (name == end || *name == ':')
        return "it names no host";
    const char *colon = memrchr(name, ':', (size_t)(end - name));
    if (colon == NULL || memchr(colon, ']', (size_t)(end - colon)) != NULL)
        return NULL;
    return check_port(colon + 1, (size_t)(end - colon - 1));
}

/* ---- whom to send to ------------------------------------------------------------------------ */

/* Settings are settled again whenever one changes: what is wrong is said when that begins. */
static const char *gave_up = "";
static bool console_is_out, protocol_is_said;

void exports_begin(void) {
    protocol_is_said = false;
    gave_up = "";
    console_is_out = false;
}

static void give_up(struct settings *s, const char *why) {
    if (strcmp(gave_up, why) != 0)
        tell("network outputs: %s; they are left out", why);
    if (!tell_nothing)
        gave_up = why;
    s->no_spool = true;
    s->export_count = 0;
}

/* Where nothing else is said. */
static const char *url_of(const struct settings *s, const char *kind) {
    if (strcmp(kind, "zipkin") == 0)
        return s->zipkin_endpoint;
    if (strcmp(kind, "loki") == 0)
        return s->loki_endpoint;
    if (strcmp(kind, "jaeger") == 0 && s->jaeger_endpoint[0] != '\0')
        return s->jaeger_endpoint;
    return s->otlp_endpoint;
}

/* One that is there already gets what the other would have got. */
static void add_export(struct settings *s, const struct export_setting *added) {
    for (uint32_t i = 0; i < s->export_count; i++) {
        struct export_setting *known = &s->exports[i];
        if (strcmp(known->to, added->to) != 0 || known->as_is != added->as_is)
            continue;
        known->signals |= added->signals;
        known->level = added->level < known->level ? added->level : known->level;
        return;
    }
    if (s->export_count < EXPORTS_MAX)
        s->exports[s->export_count++] = *added;
    else
        give_up(s, "more than 8");
}

/* OpenTelemetry's endpoint for one kind of records goes before the one for both. */
static void add_otlp(struct settings *s, struct export_setting *added, unsigned signal,
                     const char *own) {
    if ((added->signals & signal) == 0)
        return;
    struct export_setting one = *added;
    one.signals = (uint8_t)signal;
    one.as_is = own[0] != '\0';
    snprintf(one.to, sizeof one.to, "otlp:%s", one.as_is ? own : s->otlp_endpoint);
    add_export(s, &one);
}

static void add_network(struct settings *s, const char *kind, const char *url, uint8_t level,
                        unsigned signals) {
    bool jaeger = strcmp(kind, "jaeger") == 0;
    if (jaeger || strcmp(kind, "zipkin") == 0)
        signals = EXPORT_TRACES;
    if (strcmp(kind, "loki") == 0)
        signals = EXPORT_TRACES | EXPORT_LOGS;
    struct export_setting added = {.level = level, .signals = (uint8_t)signals};
    if (url[0] == '\0' && strcmp(kind, "otlp") == 0) {
        add_otlp(s, &added, EXPORT_TRACES, s->otlp_traces_endpoint);
        add_otlp(s, &added, EXPORT_LOGS, s->otlp_logs_endpoint);
        return;
    }
    snprintf(added.to, sizeof added.to, "%s:%s", jaeger ? "otlp" : kind,
             url[0] != '\0' ? url : url_of(s, kind));
    add_export(s, &added);
}

static bool add_output(struct settings *s, const struct output_setting *output) {
    if (s->output_count == JOURNAL_MAX_OUTPUTS)
        return false;
    s->outputs[s->output_count++] = *output;
    return true;
}

/* "console" is the program's stdout, which it may have as an output anyway. */
static void add_console(struct settings *s) {
    struct output_setting console = {.level = SPANLOG_TRACE, .sink = "stdout"};
    for (uint32_t i = 0; i < s->output_count; i++)
        if (strcmp(s->outputs[i].sink, "stdout") == 0)
            return;
    strcpy(console.dialect, s->format);
    bool added = add_output(s, &console);
    if (!added && !console_is_out)
        tell("more than 4 outputs: console is left out");
    if (added || !tell_nothing)
        console_is_out = !added;
}

static void add_exporters(struct settings *s, const char *list, unsigned signal) {
    char kind[16];
    for (const char *at = list; *at != '\0';) {
        size_t size = strcspn(at, ",");
        snprintf(kind, sizeof kind, "%.*s", (int)size, at);
        if (strcmp(kind, "console") == 0)
            add_console(s);
        else if (export_is_network(kind))
            add_network(s, kind, "", SPANLOG_TRACE, signal);
        at += size + (at[size] == ',');
    }
}

/* ---- the spool ------------------------------------------------------------------------------ */

/* A folder for each service: $XDG_STATE_HOME/spanlog/spool/orders. Recovery reads of it in a list
 * of outputs, where a comma and a question mark end a path. */
static bool find_spool(struct settings *s) {
    const char *base = secure_getenv("XDG_STATE_HOME"), *home = secure_getenv("HOME");
    char *to = s->spool;
    size_t room = sizeof s->spool;
    int size = s->spool_dir[0] == '/'           ? snprintf(to, room, "%s/", s->spool_dir)
               : s->spool_dir[0] != '\0'        ? -1
               : base != NULL && base[0] == '/' ? snprintf(to, room, "%s/spanlog/spool/", base)
               : geteuid() == 0                 ? snprintf(to, room, "/var/lib/spanlog/spool/")
               : home != NULL && home[0] == '/'
                   ? snprintf(to, room, "%s/.local/state/spanlog/spool/", home)
                   : -1;
    if (size < 0 || (size_t)size + strlen(s->service) + sizeof "/records.jsonl" > room)
        return false;
    for (const char *at = s->service; *at != '\0'; at++)
        to[size++] = (char)(isalnum((unsigned char)*at) || strchr("-_", *at) != NULL ||
                                    (*at == '.' && at > s->service)
                                ? *at
                                : '_');
    to[size] = '\0';
    return s->service[0] != '\0' && strpbrk(to, ",?") == NULL;
}

static bool add_spool(struct settings *s) {
    struct output_setting spool = {.level = LEVEL_OFF, .dialect = "json", .sink = "file"};
    uint64_t part = s->spool_size / 16;
    part = part < PART_LEAST ? PART_LEAST : part > PART_MOST ? PART_MOST : part;
    spool.rotation = (struct rotation){.size = part, .total = s->spool_size - part};
    spool.spans_only = true;
    for (uint32_t i = 0; i < s->export_count; i++) {
        if (s->exports[i].level < spool.level)
            spool.level = s->exports[i].level;
        spool.spans_only &= (s->exports[i].signals & EXPORT_LOGS) == 0;
    }
    snprintf(spool.target, sizeof spool.target, "%s/records.jsonl", s->spool);
    return add_output(s, &spool);
}

void exports_drop(struct settings *s) {
    s->no_spool = true;
    s->export_count = 0;
    s->output_count--; /* it is the last */
    outputs_format(s->outputs, s->output_count, s->outputs_text, sizeof s->outputs_text);
}

/* Recovery has to be told of the spool as of any file. */
static bool fits(const struct settings *s) {
    char text[2 * JOURNAL_TEXT_SIZE];
    outputs_format(s->outputs, s->output_count, text, sizeof text);
    return strlen(text) < sizeof s->outputs_text;
}

static void settle_spool(struct settings *s) {
    if (s->export_count == 0)
        return;
    if (!find_spool(s))
        give_up(s, "there is no folder for their spool; SPANLOG_SPOOL_DIR names one, with its "
                   "whole path, without a comma or a question mark in it");
    else if (!add_spool(s))
        give_up(s, "with their spool there are more than 4 outputs");
    else if (!fits(s)) {
        exports_drop(s);
        give_up(s, "the paths of all outputs are too long together");
    }
}

/* What other tracers are told of OTLP holds for them; here there is one way. */
static void say_protocol(const struct settings *s) {
    static const char *const variables[] = {"OTEL_EXPORTER_OTLP_PROTOCOL",
                                            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
                                            "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL"};
    bool otlp = false;
    for (uint32_t i = 0; i < s->export_count; i++)
        otlp |= strncmp(s->exports[i].to, "otlp:", 5) == 0;
    for (size_t i = 0; otlp && !protocol_is_said && i < sizeof variables / sizeof *variables; i++) {
        const char *value = secure_getenv(variables[i]);
        if (value == NULL || value[0] == '\0' || strncasecmp(value, "http/", 5) == 0)
            continue;
        tell("%s=%.40s: OTLP is sent as http/json, to port 4318", variables[i], value);
        protocol_is_said = !tell_nothing;
    }
}

void exports_settle(struct settings *s) {
    s->output_count = s->export_count = 0;
    for (uint32_t i = 0; i < s->named_count; i++) {
        const struct output_setting *named = &s->named[i];
        if (export_is_network(named->sink))
            add_network(s, named->sink, named->target, named->level, EXPORT_TRACES | EXPORT_LOGS);
        else
            add_output(s, named);
    }
    add_exporters(s, s->traces_exporter, EXPORT_TRACES);
    add_exporters(s, s->logs_exporter, EXPORT_LOGS);
    if (s->no_spool)
        s->export_count = 0;
    else
        settle_spool(s);
    say_protocol(s);
    if (!s->no_spool)
        gave_up = "";
}
