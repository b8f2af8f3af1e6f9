/* config/outputs.c: the value of SPANLOG_OUTPUT: `[LEVEL:][DIALECT+]SINK`, comma separated.
 *
 *     pretty+stderr,file:/var/log/orders.jsonl,error:json+file:errors.jsonl,otlp:http://tempo:4318
 */
#include "src/config/exports.h"
#include "src/config/parsers.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

uint8_t level_by_name(const char *name, size_t size) {
    static const struct {
        const char *name;
        uint8_t level;
    } levels[] = {{"trace", 1},    {"debug", 5},  {"info", 9},   {"warn", 13},
                  {"warning", 13}, {"error", 17}, {"fatal", 21}, {"off", 25}};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (strlen(levels[i].name) == size && strncasecmp(levels[i].name, name, size) == 0)
            return levels[i].level;
    }
    return 0;
}

static bool absolute_path(const char *path, size_t size, char *to, size_t room) {
    char directory[400] = "";
    if (size == 0)
        return false;
    if (path[0] != '/' && getcwd(directory, sizeof directory) == NULL)
        return false;
    int length =
        snprintf(to, room, "%s%s%.*s", directory, path[0] != '/' ? "/" : "", (int)size, path);
    return length > 0 && (size_t)length < room;
}

/* PATH[?OPTION&OPTION] */
static const char *parse_file(const char *text, size_t size, struct output_setting *output) {
    const char *mark = memchr(text, '?', size);
    size_t path_size = mark != NULL ? (size_t)(mark - text) : size;
    if (!absolute_path(text, path_size, output->target, sizeof output->target))
        return "the path of file: is missing or too long";
    return mark != NULL ? rotation_parse(mark + 1, size - path_size - 1, &output->rotation) : NULL;
}

static const char *keep_target(const char *text, size_t size, struct output_setting *output) {
    if (size >= sizeof output->target)
        return "the address is too long";
    memcpy(output->target, text, size);
    output->target[size] = '\0';
    return NULL;
}

/* Nothing, unix:PATH, udp://HOST:PORT or tcp://HOST:PORT */
static const char *parse_syslog(const char *text, size_t size, struct output_setting *output) {
    static const char wrong[] = "syslog: is followed by nothing, unix:/PATH, udp://HOST:PORT or "
                                "tcp://HOST:PORT";
    const char *too_long = keep_target(text, size, output), *address = output->target;
    if (too_long != NULL || size == 0)
        return too_long;
    if (strncmp(address, "unix:/", 6) == 0)
        return NULL;
    if (strncmp(address, "udp://", 6) != 0 && strncmp(address, "tcp://", 6) != 0)
        return wrong;
    const char *colon = strrchr(address + 6, ':');
    bool port = colon != NULL && colon > address + 6 && colon[1] != '\0' &&
                strspn(colon + 1, "0123456789") == strlen(colon + 1) && strlen(colon + 1) <= 5;
    return port ? NULL : wrong;
}

/* A URL, or nothing: then the setting of that name says where. */
static const char *parse_network(const char *text, size_t size, struct output_setting *output) {
    const char *too_long = keep_target(text, size, output);
    if (too_long != NULL || size == 0)
        return too_long;
    if (strcmp(output->dialect, "auto") != 0 && strcmp(output->dialect, "json") != 0)
        return "a network output has no dialect";
    return export_check_url(output->target);
}

static const char *parse_sink(const char *text, size_t size, struct output_setting *output) {
    const char *colon = memchr(text, ':', size);
    size_t name_size = colon != NULL ? (size_t)(colon - text) : size;
    const char *target = colon != NULL ? colon + 1 : text + size;
    size_t target_size = (size_t)(text + size - target);
    if (name_size == 0 || name_size >= sizeof output->sink)
        return "a sink is missing";
    setting_copy_lower(output->sink, text, name_size);
    if (strcmp(output->sink, "file") == 0)
        return parse_file(target, target_size, output);
    if (strcmp(output->sink, "syslog") == 0)
        return parse_syslog(target, target_size, output);
    if (strcmp(output->sink, "journald") == 0)
        return keep_target(target, target_size, output);
    if (export_is_network(output->sink))
        return parse_network(target, target_size, output);
    if (strcmp(output->sink, "stdout") != 0 && strcmp(output->sink, "stderr") != 0 &&
        strcmp(output->sink, "memory") != 0)
        return "there is no such sink";
    return target_size == 0 ? NULL : "stdout, stderr and memory have no path";
}

static const char *parse_one(const char *text, size_t size, struct output_setting *output) {
    memset(output, 0, sizeof *output);
    strcpy(output->dialect, "auto");
    output->level = SPANLOG_TRACE;
    const char *colon = memchr(text, ':', size);
    uint8_t level = colon != NULL ? level_by_name(text, (size_t)(colon - text)) : 0;
    if (level != 0) {
        output->level = level;
        size -= (size_t)(colon + 1 - text);
        text = colon + 1;
    }
    const char *plus = memchr(text, '+', size);
    colon = memchr(text, ':', size);
    if (plus != NULL && (colon == NULL || plus < colon)) {
        size_t name_size = (size_t)(plus - text);
        if (name_size == 0 || name_size >= sizeof output->dialect)
            return "a dialect's name is missing";
        setting_copy_lower(output->dialect, text, name_size);
        size -= name_size + 1;
        text = plus + 1;
    }
    return parse_sink(text, size, output);
}

const char *outputs_parse(const char *text, struct output_setting *outputs, uint32_t *ret_count) {
    *ret_count = 0;
    if (text[0] == '\0' || strcasecmp(text, "none") == 0)
        return NULL;
    for (const char *at = text;; at++) {
        size_t size = strcspn(at, ",");
        if (*ret_count == JOURNAL_MAX_OUTPUTS)
            return "more than 4 outputs";
        const char *wrong = parse_one(at, size, &outputs[*ret_count]);
        if (wrong != NULL)
            return wrong;
        (*ret_count)++;
        at += size;
        if (*at == '\0')
            return NULL;
    }
}

const char *level_name(uint8_t level) {
    static const char *const names[] = {"trace", "debug", "info", "warn", "error", "fatal"};
    return level > 24 ? "off" : names[(level - 1) / 4];
}

void outputs_format(const struct output_setting *outputs, uint32_t count, char *text, size_t size) {
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < count && used < size; i++) {
        char options[ROTATION_TEXT_SIZE];
        rotation_format(&outputs[i].rotation, options);
        used +=
            (size_t)snprintf(text + used, size - used, "%s%s:%s+%s%s%s%s", i > 0 ? "," : "",
                             level_name(outputs[i].level), outputs[i].dialect, outputs[i].sink,
                             outputs[i].target[0] != '\0' ? ":" : "", outputs[i].target, options);
    }
    if (count == 0)
        snprintf(text, size, "none");
}

void outputs_spell(const struct output_setting *outputs, uint32_t count, char *text, size_t size) {
    size_t used = 0;
    for (uint32_t i = 0; i < count && used < size; i++) {
        const struct output_setting *output = &outputs[i];
        bool has_level = output->level > SPANLOG_TRACE;
        bool has_dialect = strcmp(output->dialect, "auto") != 0;
        char options[ROTATION_TEXT_SIZE];
        rotation_format(&output->rotation, options);
        used += (size_t)snprintf(text + used, size - used, "%s%s%s%s%s%s%s%s%s", i > 0 ? "," : "",
                                 has_level ? level_name(output->level) : "", has_level ? ":" : "",
                                 has_dialect ? output->dialect : "", has_dialect ? "+" : "",
                                 output->sink, output->target[0] != '\0' ? ":" : "", output->target,
                                 options);
    }
    if (count == 0)
        snprintf(text, size, "none");
}
