/* config/settings.c: values into struct settings and back. See settings.h. */
#include "src/config/exports.h"
#include "src/config/mistakes.h"
#include "src/config/parsers.h"
#include "src/core/redact.h"
#include "src/core/tell.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SAID_VALUE_SIZE 100 /* of a bad value, in a message */

/* ---- as text -------------------------------------------------------------------------------- */

static void print_number(const struct setting *setting, uint32_t number, char *text, size_t size) {
    static const char units[] = {'\0', 'K', 'M', 'G'};
    bool bytes = setting->unit != NULL && strcmp(setting->unit, "bytes") == 0;
    unsigned unit = 0;
    for (; bytes && unit < 3 && number >= 1024 && number % 1024 == 0; unit++)
        number /= 1024;
    snprintf(text, size, "%u%.1s", number, &units[unit]);
}

/* "block drop" -> "block or drop" */
static void print_choices(const char *words, char *text, size_t size) {
    size_t used = 0;
    text[0] = '\0';
    while (*words != '\0' && used < size) {
        size_t one = strcspn(words, " ");
        bool last = words[one] == '\0';
        used += (size_t)snprintf(text + used, size - used, "%s%.*s",
                                 used == 0 ? ""
                                 : last    ? " or "
                                           : ", ",
                                 (int)one, words);
        words += one + !last;
    }
}

void setting_right(const struct setting *setting, char *text, size_t size) {
    char least[16], most[16];
    if (setting->right != NULL) {
        snprintf(text, size, "%s", setting->right);
    } else if (setting->choices != NULL) {
        print_choices(setting->choices, text, size);
    } else if (setting->type == SETTING_FLAG) {
        snprintf(text, size, "1 or 0, on or off");
    } else if (setting->type == SETTING_NUMBER) {
        bool ms = setting->unit != NULL && strcmp(setting->unit, "ms") == 0;
        print_number(setting, setting->least, least, sizeof least);
        print_number(setting, setting->most, most, sizeof most);
        snprintf(text, size, "%s to %s%s", least, most, ms ? " (ms)" : "");
    } else {
        snprintf(text, size, "a text of up to %u bytes", setting->size - 1);
    }
}

void setting_print(const struct settings *s, const struct setting *setting, char *value,
                   size_t size) {
    const char *at = (const char *)s + setting->offset;
    switch (setting->type) {
    case SETTING_TEXT:
        snprintf(value, size, "%s", at);
        break;
    case SETTING_FLAG:
        snprintf(value, size, "%d", *at != 0);
        break;
    case SETTING_NUMBER:
        print_number(setting, *(const uint32_t *)(const void *)at, value, size);
        break;
    case SETTING_CHOICE: {
        const char *word = setting->choices;
        for (uint8_t i = *(const uint8_t *)at; i > 0; i--)
            word += strcspn(word, " ") + 1;
        snprintf(value, size, "%.*s", (int)strcspn(word, " "), word);
        break;
    }
    case SETTING_OTHER:
        setting->print(s, value, size);
        break;
    }
}

void setting_show(const struct settings *s, const struct setting *setting, char *value,
                  size_t size) {
    setting_print(s, setting, value, size);
    if (setting->secret && value[0] != '\0')
        snprintf(value, size, "%s", REDACT_MASK);
}

static struct setting_origin *origin_of(struct settings *s, const struct setting *setting) {
    return &s->origins[setting - settings_table];
}

void setting_origin_print(const struct settings *s, const struct setting *setting, char *text,
                          size_t size) {
    const struct setting_origin *origin = &s->origins[setting - settings_table];
    if (origin->line > 0)
        snprintf(text, size, "%s:%u", origin->name, origin->line);
    else
        snprintf(text, size, "%s", origin->name);
}

size_t settings_format(const struct settings *s, char *text, size_t size) {
    char value[SETTING_TEXT_SIZE];
    size_t used = 0;
    if (size > 0)
        text[0] = '\0';
    for (size_t i = 0; i < settings_count; i++) {
        setting_show(s, &settings_table[i], value, sizeof value);
        const char *comment = settings_table[i].secret ? "# " : ""; /* a mask is no value */
        size_t line = strlen(comment) + strlen(settings_table[i].name) + strlen(value) + 4;
        if (value[0] == '\0')
            continue; /* in a file that would be a mistake */
        if (used + line >= size)
            break;
        used += (size_t)snprintf(text + used, size - used, "%s%s = %s\n", comment,
                                 settings_table[i].name, value);
    }
    return used;
}

/* ---- one value ------------------------------------------------------------------------------ */

/* Names where the value stands and what it is, then says the rest. */
static void complain(const struct setting *setting, const char *value,
                     const struct setting_origin *origin, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void complain(const struct setting *setting, const char *value,
                     const struct setting_origin *origin, const char *format, ...) {
    char what[600], line[16] = "";
    va_list arguments;
    if (!mistake_is_new(origin->name, setting->name, value))
        return;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (origin->line > 0)
        snprintf(line, sizeof line, ":%u", origin->line);
    bool named = origin->line == 0 && origin->rank != SETTING_LIVE; /* the name says which */
    value = setting->secret && value[0] != '\0' ? REDACT_MASK : value;
    const char *cut = strlen(value) > SAID_VALUE_SIZE ? "..." : "";
    tell("%s%s%s%s%s%.*s%s: %s", origin->name, line, named ? "" : ": ", named ? "" : setting->name,
         named ? "=" : " = ", SAID_VALUE_SIZE, value, cut, what);
}

static void refuse(const struct settings *s, const struct setting *setting, const char *value,
                   const struct setting_origin *origin, const char *wrong) {
    char right[300], now[100], from[200];
    setting_right(setting, right, sizeof right);
    setting_show(s, setting, now, sizeof now);
    setting_origin_print(s, setting, from, sizeof from);
    complain(setting, value, origin, "%s; right is %s; %s (%s) stays", wrong, right,
             now[0] != '\0' ? now : "nothing", from);
}

static bool is_any_of(const char *value, const char *a, const char *b, const char *c,
                      const char *d) {
    return strcasecmp(value, a) == 0 || strcasecmp(value, b) == 0 || strcasecmp(value, c) == 0 ||
           strcasecmp(value, d) == 0;
}

/* OTEL_SDK_DISABLED=true switches off. */
static bool is_inverted(const char *variable) {
    static const char end[] = "_DISABLED";
    size_t size = strlen(variable);
    return size >= sizeof end && strcmp(variable + size - (sizeof end - 1), end) == 0;
}

static const char *parse_flag(bool *to, const char *value, const struct setting_origin *origin) {
    bool on = is_any_of(value, "1", "true", "on", "yes");
    if (!on && !is_any_of(value, "0", "false", "off", "no"))
        return "neither on nor off";
    *to = on != is_inverted(origin->name);
    return NULL;
}

/* A whole number with K, M or G behind it; what is beyond 64 bits is the most there is. */
static bool parse_number(const char *value, uint64_t *ret_number) {
    char *end = NULL;
    if (value[0] < '0' || value[0] > '9')
        return false;
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
    *ret_number = number > UINT64_MAX >> shift ? UINT64_MAX : number << shift;
    return *end == '\0';
}

static const char *set_number(struct settings *s, const struct setting *setting,
                              const char *value) {
    uint64_t number = 0;
    if (!parse_number(value, &number))
        return "not a whole number";
    bool low = number<setting->least, high = number> setting->most;
    uint32_t *to = (uint32_t *)(void *)((char *)s + setting->offset);
    *to = low ? setting->least : high ? setting->most : (uint32_t)number;
    s->clamped = low ? "below the least" : high ? "above the most" : NULL;
    return NULL;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

/* Without the blanks around it. */
static const char *set_text(const struct setting *setting, char *to, const char *value) {
    char text[SETTING_TEXT_SIZE];
    while (is_blank(*value))
        value++;
    size_t size = strlen(value);
    while (size > 0 && is_blank(value[size - 1]))
        size--;
    if (size >= setting->size)
        return "too long";
    memcpy(text, value, size);
    text[size] = '\0';
    if (setting->choices != NULL && !setting_word_find(setting->choices, text, NULL))
        return "there is no such value";
    if (strpbrk(text, "\n\r") != NULL)
        return "a line break in it";
    for (const char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            return "a control character in it";
    const char *wrong = setting->check != NULL ? setting->check(text) : NULL;
    if (wrong == NULL)
        strcpy(to, text);
    return wrong;
}

static const char *set_value(struct settings *s, const struct setting *setting, const char *value,
                             const struct setting_origin *origin) {
    char *at = (char *)s + setting->offset;
    switch (setting->type) {
    case SETTING_TEXT:
        return set_text(setting, at, value);
    case SETTING_FLAG:
        return parse_flag((bool *)(void *)at, value, origin);
    case SETTING_NUMBER:
        return set_number(s, setting, value);
    case SETTING_CHOICE:
        return setting_word_find(setting->choices, value, (uint8_t *)at) ? NULL
                                                                         : "there is no such value";
    default:
        return setting->parse(s, value, origin);
    }
}

/* "a , b" -> "a,b" */
static const char *join_list(const char *value, char to[SETTING_TEXT_SIZE]) {
    size_t n = 0;
    for (; *value != '\0'; value++) {
        if (is_blank(*value) && (n == 0 || to[n - 1] == ','))
            continue;
        while (*value == ',' && n > 0 && is_blank(to[n - 1]))
            n--;
        to[n++] = *value;
    }
    while (n > 0 && is_blank(to[n - 1]))
        n--;
    to[n] = '\0';
    return to;
}

const char *settings_try(struct settings *s, const struct setting *setting, const char *value,
                         struct setting_origin origin) {
    char list[SETTING_TEXT_SIZE], names[SETTING_TEXT_SIZE];
    s->clamped = NULL;
    if (strlen(value) >= SETTING_TEXT_SIZE)
        return "too long";
    if (setting->list)
        value = join_list(value, list);
    if (setting->names) {
        setting_copy_lower(names, value, strlen(value));
        value = names;
    }
    if (value[strspn(value, " \t")] == '\0')
        return "empty";
    const char *wrong = set_value(s, setting, value, &origin);
    if (wrong == NULL)
        *origin_of(s, setting) = origin;
    return wrong;
}

/* Empty variables are common where a shell script passes on what it may not have; OpenTelemetry's
 * specification takes them as unset. */
static bool is_none(const char *value, const struct setting_origin *origin) {
    return value == NULL ||
           (value[0] == '\0' && (origin->rank == SETTING_BUILT_IN || origin->rank == SETTING_OTEL ||
                                 (origin->rank == SETTING_CODE && origin->line == 0)));
}

bool settings_set(struct settings *s, const struct setting *setting, const char *value,
                  struct setting_origin origin) {
    char used[SETTING_TEXT_SIZE];
    if (is_none(value, &origin))
        return true;
    const char *wrong = settings_try(s, setting, value, origin);
    if (wrong != NULL) {
        refuse(s, setting, value, &origin, wrong);
    } else if (s->clamped != NULL) {
        setting_print(s, setting, used, sizeof used);
        complain(setting, value, &origin, "%s; %.200s is used", s->clamped, used);
    }
    return wrong == NULL;
}

void settings_take(struct settings *to, const struct settings *from,
                   const struct setting *setting) {
    char value[SETTING_TEXT_SIZE];
    struct setting_origin origin = from->origins[setting - settings_table];
    if (setting->type == SETTING_OTHER) {
        setting_print(from, setting, value, sizeof value);
        set_value(to, setting, value, &origin);
    } else {
        memcpy((char *)to + setting->offset, (const char *)from + setting->offset, setting->size);
    }
    *origin_of(to, setting) = origin;
}

/* ---- what follows ---------------------------------------------------------------------------- */

/* The power of two at or below. */
static uint32_t power_of_two(uint32_t value) {
    while ((value & (value - 1)) != 0)
        value &= value - 1;
    return value;
}

static void settle_dialect(const struct settings *s, struct output_setting *output) {
    static const char setting_name[] = "output";
    const struct setting *setting = setting_find(setting_name);
    if (strcmp(output->dialect, "auto") == 0) {
        strcpy(output->dialect, s->format);
    } else if (!setting_word_find(SETTING_DIALECTS, output->dialect, NULL)) {
        char right[200];
        print_choices("auto " SETTING_DIALECTS, right, sizeof right);
        complain(setting, output->dialect, &s->origins[setting - settings_table],
                 "there is no such dialect; right is %s; json is used", right);
        strcpy(output->dialect, "json");
    }
}

void settings_round(struct settings *s) {
    s->ring_size = power_of_two(s->ring_size);
}

void settings_settle(struct settings *s) {
    settings_round(s);
    for (uint32_t i = 0; i < s->named_count; i++)
        if (!export_is_network(s->named[i].sink))
            settle_dialect(s, &s->named[i]);
    exports_settle(s);
    outputs_format(s->outputs, s->output_count, s->outputs_text, sizeof s->outputs_text);
}

/* ---- levels --------------------------------------------------------------------------------- */

static bool covers_logger(const char *name, const char *logger) {
    size_t size = strlen(name);
    return strncmp(logger, name, size) == 0 &&
           (logger[size] == '\0' || logger[size] == '.' || logger[size] == '/');
}

/* Whether one of two paths is the end of the other. */
static bool same_file(const char *a, size_t a_size, const char *b) {
    size_t b_size = strlen(b), size = a_size < b_size ? a_size : b_size;
    const char *longer = a_size < b_size ? b + b_size - size : a + a_size - size;
    return size > 0 && memcmp(a + a_size - size, b + b_size - size, size) == 0 &&
           (a_size == b_size || longer[-1] == '/');
}

/* "orders.c", "src/orders.c:42": 0 another place, 1 this file, 2 this line. */
static unsigned covers_place(const char *name, const char *file, uint32_t line) {
    const char *colon = strrchr(name, ':');
    size_t size = colon != NULL ? (size_t)(colon - name) : strlen(name);
    if (!same_file(name, size, file))
        return 0;
    return colon == NULL ? 1 : strtoul(colon + 1, NULL, 10) == line ? 2 : 0;
}

uint8_t settings_level_of(const struct settings *s, const struct level_place *place,
                          bool *ret_exact) {
    uint8_t level = place->span ? SPANLOG_TRACE : s->level;
    size_t best = 0;
    unsigned best_cover = 0;
    *ret_exact = false;
    if (!s->enabled)
        return LEVEL_OFF;
    for (uint32_t i = 0; i < s->directive_count; i++) {
        const char *name = s->directives[i].logger;
        unsigned cover = place->file != NULL ? covers_place(name, place->file, place->line) : 0;
        size_t size = strlen(name);
        if (cover < best_cover ||
            (cover == 0 && (size < best || !covers_logger(name, place->logger))))
            continue;
        best_cover = cover;
        best = size;
        level = s->directives[i].level;
    }
    *ret_exact = best_cover > 0;
    return level;
}

uint8_t settings_lowest_level(const struct settings *s) {
    uint8_t level = s->level;
    if (!s->enabled)
        return LEVEL_OFF;
    for (uint32_t i = 0; i < s->directive_count; i++) {
        if (s->directives[i].level < level)
            level = s->directives[i].level;
    }
    return level;
}
