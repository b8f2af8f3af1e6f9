/* control/publish.c: see publish.h. */
#include "src/control/publish.h"

#include "src/core/tell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rules {
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

static void apply_set(struct rules *rules, const char *text, size_t size, uint64_t expiry) {
    static const struct setting_origin live = {.rank = SETTING_LIVE, .name = "live"};
    if (expiry != 0 && expiry <= rules->now)
        return;
    if (expiry != 0 && (rules->until == 0 || expiry < rules->until))
        rules->until = expiry;
    rules->refused += settings_apply_text(rules->settings, text, size, live, NULL);
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

static void apply_rules(struct rules *rules, const char *text, size_t size) {
    while (size > 0) {
        uint64_t expiry = 0;
        size_t head = line_size(text, size);
        bool right = text[0] == '@' && read_expiry(text, head, &expiry);
        head += head < size;
        size_t body = set_size(text + head, size - head);
        if (right) {
            apply_set(rules, text + head, body, expiry);
        } else {
            tell("live: \"%.*s\": right is @ and a time; these rules are ignored",
                 (int)strnlen(text, head > 60 ? 60 : head - 1), text);
            rules->refused++;
        }
        text += head + body;
        size -= head + body;
    }
}

uint32_t publish_read(struct control *control, const struct settings *base, bool first,
                      struct settings *ret_settings, uint64_t *ret_until) {
    char text[CONTROL_TEXT_SIZE + 1];
    uint32_t generation = 0;
    struct rules rules = {.settings = ret_settings, .now = clock_gettime_ns(CLOCK_MONOTONIC)};
    bool quiet = tell_nothing;
    *ret_settings = *base;
    tell_nothing |= !first;
    if (control_get(control->rules, &control->generation, text, &generation) != 0) {
        tell("live: the rules are damaged, and ignored; spanlog level, enable and the like write "
             "them anew");
        rules.refused++;
    } else {
        apply_rules(&rules, text, strlen(text));
    }
    settings_settle(ret_settings);
    tell_nothing = quiet;
    if (first && rules.refused > 0)
        __atomic_add_fetch(&control->counts.refused, rules.refused, __ATOMIC_RELAXED);
    *ret_until = rules.until;
    return generation;
}

void publish_state(struct control *control, const struct settings *settings) {
    char text[CONTROL_TEXT_SIZE], value[SETTING_TEXT_SIZE];
    size_t used = 0;
    for (int output = 0; output <= 1; output++) { /* the long one last */
        for (size_t i = 0; i < settings_count; i++) {
            const struct setting *setting = &settings_table[i];
            if (output ? strcmp(setting->name, "output") != 0 : !setting->live)
                continue;
            setting_print(settings, setting, value, sizeof value);
            int size = snprintf(text + used, sizeof text - used, "%s = %s\n", setting->name, value);
            if ((size_t)size >= sizeof text - used)
                break;
            used += (size_t)size;
        }
    }
    control_put(control->state, &control->said, text, used);
}
