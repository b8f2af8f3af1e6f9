/* config/outputs.c: the value of SPANLOG_OUTPUT: `[LEVEL:][DIALECT+]SINK`, comma separated.
 *
 *     pretty+stderr,file:/var/log/orders.jsonl,error:json+file:errors.jsonl
 */
#include "src/config/settings.h"

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

/* Sinks of other tracers: what they get until there are such here. An endpoint of gRPC or Thrift
 * is told from one that speaks OTLP over HTTP. */
static const char *parse_network_sink(const char *sink, const char *target, size_t size) {
    char text[300];
    if (strcmp(sink, "otlp") != 0 && strcmp(sink, "zipkin") != 0 && strcmp(sink, "jaeger") != 0 &&
        strcmp(sink, "loki") != 0)
        return "there is no such sink";
    snprintf(text, sizeof text, "%.*s", (int)(size < sizeof text ? size : 0), target);
    const char *port = strstr(text, ":4317");
    if (port != NULL && (port[5] < '0' || port[5] > '9'))
        return "this version sends nothing over the network, and port 4317 is gRPC's: OTLP over "
               "HTTP has 4318";
    port = strstr(text, ":14268");
    if (port != NULL && (port[6] < '0' || port[6] > '9'))
        return "this version sends nothing over the network, and port 14268 is Thrift's: OTLP "
               "over HTTP has 4318, in Jaeger too";
    return "this version sends nothing over the network: write a file";
}

static const char *parse_sink(const char *text, size_t size, struct output_setting *output) {
    const char *colon = memchr(text, ':', size);
    size_t name_size = colon != NULL ? (size_t)(colon - text) : size;
    const char *target = colon != NULL ? colon + 1 : text + size;
    size_t target_size = (size_t)(text + size - target);
    if (name_size == 0 || name_size >= sizeof output->sink)
        return "a sink is missing";
    memcpy(output->sink, text, name_size);
    output->sink[name_size] = '\0';
    if (strcmp(output->sink, "file") == 0) {
        if (memchr(target, '?', target_size) != NULL)
            return "file: takes no options";
        return absolute_path(target, target_size, output->target, sizeof output->target)
                   ? NULL
                   : "the path of file: is missing or too long";
    }
    if (strcmp(output->sink, "stdout") != 0 && strcmp(output->sink, "stderr") != 0 &&
        strcmp(output->sink, "memory") != 0)
        return parse_network_sink(output->sink, target, target_size);
    return target_size == 0 ? NULL : "only file: has a path";
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
        memcpy(output->dialect, text, name_size);
        output->dialect[name_size] = '\0';
        size -= name_size + 1;
        text = plus + 1;
    }
    return parse_sink(text, size, output);
}

const char *outputs_parse(const char *text, struct output_setting *outputs, uint32_t *ret_count) {
    *ret_count = 0;
    if (text[0] == '\0' || strcmp(text, "none") == 0)
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
    for (uint32_t i = 0; i < count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s:%s+%s%s%s", i > 0 ? "," : "",
                                 level_name(outputs[i].level), outputs[i].dialect, outputs[i].sink,
                                 outputs[i].target[0] != '\0' ? ":" : "", outputs[i].target);
    if (count == 0)
        snprintf(text, size, "none");
}
