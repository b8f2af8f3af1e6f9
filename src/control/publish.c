/* control/publish.c: see publish.h. */
#include "src/control/publish.h"

#include "src/core/tell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    struct settings *settings;
    uint64_t now, until; /* the next expiry, 0: none */
    size_t refused;
};

/* "@81234567890123\n": false when it is not that. */
static bool read_expiry(const char *line, size_t size, uint64_t *ret_expiry) {
    uint64_t expiry = 0;
    for (size_t i = 1; i < size; i++) {
        unsigned digit = (unsigned)(line[i] - '0');
        if (digit > 9 || expiry > ((uint64_t)INT64_MAX - digit) / 10)
            return false;
        expiry = expiry * 10 + digit;
    }
    *ret_expiry = expiry;
    return size > 1;
}

static void apply_set(struct reading *reading, const char *text, size_t size, uint64_t expiry) {
    static const struct setting_origin live = {.rank = SETTING_LIVE, .name = "live"};
    if (expiry != 0 && expiry <= reading->now)
        return;
    if (expiry != 0 && (reading->until == 0 || expiry < reading->until))
        reading->until = expiry;
    reading->refused += settings_apply_text(reading->settings, text, size, live, NULL);
}

static size_t line_size(const char *text, size_t size) {
    const char *newline = memchr(text, '\n', size);
    return newline != NULL ? (size_t)(newline - text) : size;
}

/* How far the lines go before the next set's head. */
static size_t set_size(const char *text, size_t size) {
    size_t used = 0;
    while (used < size && text[used] != '@') {
        used += line_size(text + used, size - used);
        used += used < size;
    }
    return used;
}

static void say_head(const char *text, size_t size) {
    char head[64];
    snprintf(head, sizeof head, "%.*s", (int)size, text);
    if (mistake_is_new("live", head, ""))
        tell("live: \"%s\": right is @ and a time; these rules are ignored", head);
}

static void apply_rules(struct reading *reading, const char *text, size_t size) {
    while (size > 0) {
        uint64_t expiry = 0;
        size_t head = line_size(text, size);
        bool right = text[0] == '@' && read_expiry(text, head, &expiry);
        head += head < size;
        size_t body = set_size(text + head, size - head);
        if (right) {
            apply_set(reading, text + head, body, expiry);
        } else {
            say_head(text, head > 60 ? 60 : head - 1);
            reading->refused++;
        }
        text += head + body;
        size -= head + body;
    }
}

/* The text that stands there, unless it is damaged. Returns what is to be counted as refused. */
static size_t take_text(struct publish_rules *rules, const struct control *control) {
    char text[CONTROL_TEXT_SIZE + 1];
    bool damaged = control_get(control->rules, &control->generation, text, &rules->generation) != 0;
    bool said = rules->damaged;
    rules->damaged = damaged;
    if (!damaged)
        memcpy(rules->text, text, sizeof text);
    if (damaged && !said)
        tell(
            "live: the rules are damaged; those before them stay. spanlog level and the like write "
            "them anew");
    return damaged;
}

uint64_t publish_read(struct publish_rules *rules, struct control *control,
                      const struct settings *base, struct settings *ret_settings) {
    struct reading reading = {.settings = ret_settings, .now = clock_gettime_ns(CLOCK_MONOTONIC)};
    bool first = __atomic_load_n(&control->generation, __ATOMIC_RELAXED) != rules->generation;
    bool quiet = tell_nothing;
    *ret_settings = *base;
    reading.refused = take_text(rules, control);
    tell_nothing |= !first || rules->damaged; /* what is wrong with these has been said */
    mistakes_begin(&rules->mistakes);
    apply_rules(&reading, rules->text, strlen(rules->text));
    settings_settle(ret_settings);
    mistakes_end();
    tell_nothing = quiet;
    if (first)
        __atomic_add_fetch(&control->counts.refused, reading.refused, __ATOMIC_RELAXED);
    return reading.until;
}

void publish_state(struct control *control, const struct settings *settings,
                   const char *output_refused, const char *why) {
    char text[CONTROL_TEXT_SIZE], value[SETTING_TEXT_SIZE];
    size_t used = 0;
    if (output_refused[0] != '\0')
        used = (size_t)snprintf(text, sizeof text,
                                "output_refused = %.300s\noutput_refused_because = %.200s\n",
                                output_refused, why);
    for (int output = 0; output <= 1; output++) { /* the long one last */
        for (size_t i = 0; i < settings_count; i++) {
            const struct setting *setting = &settings_table[i];
            if ((strcmp(setting->name, "output") == 0) != (output != 0) || !setting->live)
                continue;
            setting_print(settings, setting, value, sizeof value);
            if (value[0] == '\0')
                continue;
            int size = snprintf(text + used, sizeof text - used, "%s = %s\n", setting->name, value);
            if ((size_t)size >= sizeof text - used)
                break;
            used += (size_t)size;
        }
    }
    control_put(control->state, &control->said, text, used);
}
