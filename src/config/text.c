/* config/text.c: `name = value` lines with sections, as configuration files and live rules have
 * them. See settings.h. */
#include "src/config/mistakes.h"
#include "src/config/settings.h"
#include "src/core/tell.h"

#include <stdio.h>
#include <string.h>

#define LINE_SIZE (SETTING_TEXT_SIZE + 64u)

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

static char *trim(char *text) {
    while (is_blank(*text))
        text++;
    size_t size = strlen(text);
    while (size > 0 && is_blank(text[size - 1]))
        size--;
    text[size] = '\0';
    return text;
}

static bool refuse_line(const struct setting_origin *origin, const char *line, const char *wrong) {
    if (mistake_is_new(origin->name, line, ""))
        tell("%s:%u: \"%.100s\": %s; the line is ignored", origin->name, origin->line, line, wrong);
    return false;
}

/* "[orders]": whether the lines that follow are for this service. */
static bool read_section(char *line, const struct setting_origin *origin, const char *service,
                         bool *ret_ours) {
    size_t size = strlen(line);
    *ret_ours = false; /* whatever a broken head means, it does not mean us */
    if (size < 3 || line[size - 1] != ']')
        return refuse_line(origin, line, "a section is written [SERVICE]");
    line[size - 1] = '\0';
    *ret_ours = service != NULL && (strcmp(service, SETTINGS_EVERY_SERVICE) == 0 ||
                                    strcmp(service, trim(line + 1)) == 0);
    return true;
}

static bool read_setting(struct settings *s, char *line, const struct setting_origin *origin) {
    char *equals = strchr(line, '=');
    if (equals == NULL)
        return refuse_line(origin, line, "no \"=\"; right is NAME = VALUE");
    *equals = '\0';
    const char *name = trim(line);
    const struct setting *setting = setting_find(name);
    if (setting == NULL)
        return refuse_line(origin, name, "there is no such setting; spanlog config --help has all");
    if (origin->rank == SETTING_LIVE && !setting->live)
        return refuse_line(origin, name, "this one cannot change while the process runs");
    return settings_set(s, setting, trim(equals + 1), *origin);
}

static bool read_line(struct settings *s, char *line, const struct setting_origin *origin,
                      const char *service, bool *ours) {
    if (line[0] == '\0' || line[0] == '#' || line[0] == ';')
        return true;
    if (line[0] == '[')
        return read_section(line, origin, service, ours);
    return !*ours || read_setting(s, line, origin);
}

size_t settings_apply_text(struct settings *s, const char *text, size_t size,
                           struct setting_origin origin, const char *service) {
    size_t refused = 0;
    bool ours = true;
    char line[LINE_SIZE];
    for (origin.line = 1; size > 0; origin.line++) {
        const char *newline = memchr(text, '\n', size);
        size_t length = newline != NULL ? (size_t)(newline - text) : size;
        size_t cut = length < sizeof line ? length : sizeof line - 1;
        memcpy(line, text, cut);
        line[cut] = '\0';
        bool right = cut < length ? refuse_line(&origin, line, "too long")
                     : memchr(line, '\0', cut) != NULL
                         ? refuse_line(&origin, line, "a NUL byte in it")
                         : read_line(s, trim(line), &origin, service, &ours);
        refused += !right;
        length += newline != NULL;
        text += length;
        size -= length;
    }
    return refused;
}
