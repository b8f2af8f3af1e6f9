/* config/sources.c: where settings come from, and in which order. See settings.h.
 *
 * Which section of a file holds goes by the service, which a file may name itself: all is read
 * twice, the first time without sections and without a word.
 */
#include "src/config/exports.h"
#include "src/config/files.h"
#include "src/config/mistakes.h"
#include "src/core/tell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is weaker than the files, for when they are read again. */
static struct settings below_files;
static struct mistakes file_mistakes;

void settings_defaults(struct settings *s) {
    static const struct setting_origin origin = {.rank = SETTING_BUILT_IN, .name = "default"};
    memset(s, 0, sizeof *s);
    for (size_t i = 0; i < settings_count; i++) {
        const struct setting *setting = &settings_table[i];
        s->origins[i] = origin;
        if (setting->built_in != NULL)
            settings_set(s, setting, setting->built_in, origin);
        else
            snprintf((char *)s + setting->offset, setting->size, "%s",
                     program_invocation_short_name);
    }
}

static void apply_member(struct settings *s, const struct setting *setting, const void *member) {
    struct setting_origin origin = {.rank = SETTING_CODE, .name = setting->code};
    char text[16];
    if (setting->type == SETTING_FLAG) {
        if (*(const bool *)member)
            settings_set(s, setting, setting->code_inverted ? "0" : "1", origin);
    } else if (setting->type == SETTING_NUMBER) {
        if (*(const uint32_t *)member == 0)
            return;
        snprintf(text, sizeof text, "%u", *(const uint32_t *)member);
        settings_set(s, setting, text, origin);
    } else {
        settings_set(s, setting, *(const char *const *)member, origin);
    }
}

static void load_code(struct settings *s, const spanlog_config *config) {
    static const struct setting_origin origin = {.rank = SETTING_CODE,
                                                 .name = "spanlog_config.settings"};
    for (size_t i = 0; i < settings_count; i++) {
        if (settings_table[i].code != NULL)
            apply_member(s, &settings_table[i],
                         (const char *)config + settings_table[i].code_offset);
    }
    if (config->settings != NULL)
        settings_apply_text(s, config->settings, strlen(config->settings), origin, NULL);
}

static enum setting_rank rank_of(const char *variable) {
    return strncmp(variable, "SPANLOG_", 8) == 0 ? SETTING_OWN
           : strncmp(variable, "OTEL_", 5) == 0  ? SETTING_OTEL
                                                 : SETTING_SEED;
}

static void load_environment(struct settings *s) {
    for (enum setting_rank rank = SETTING_SEED; rank <= SETTING_OWN; rank++) {
        for (size_t i = 0; i < settings_count; i++) {
            for (const char *const *name = settings_table[i].variables; *name != NULL; name++) {
                struct setting_origin origin = {.rank = rank, .name = *name};
                if (rank_of(*name) == rank)
                    settings_set(s, &settings_table[i], secure_getenv(*name), origin);
            }
        }
    }
}

/* Of which service the process is, with the files and the environment above what *s is. */
static void find_service(struct settings *s) {
    bool quiet = tell_nothing;
    tell_nothing = true;
    files_apply(s, NULL);
    load_environment(s);
    tell_nothing = quiet;
}

static void load_above_code(struct settings *s, const char *service) {
    files_apply(s, service);
    load_environment(s);
    settings_settle(s);
}

void settings_load(struct settings *s, const spanlog_config *config) {
    char service[sizeof s->service];
    exports_begin();
    settings_defaults(s);
    if (config != NULL) {
        tell_nothing = config->quiet;
        load_code(s, config);
    }
    files_find();
    below_files = *s;
    find_service(s);
    strcpy(service, s->service);
    *s = below_files;
    memset(&file_mistakes, 0, sizeof file_mistakes);
    mistakes_begin(&file_mistakes);
    load_above_code(s, service);
    mistakes_end();
}

void settings_load_as(struct settings *s, const char *service) {
    static const struct setting_origin origin = {.rank = SETTING_LIVE, .name = "argument"};
    settings_defaults(s);
    files_find();
    load_above_code(s, service);
    settings_set(s, setting_find("service"), service, origin);
}

/* ---- again, while the process runs ----------------------------------------------------------- */

static bool is_same(const struct settings *a, const struct settings *b,
                    const struct setting *setting) {
    char one[SETTING_TEXT_SIZE], other[SETTING_TEXT_SIZE];
    setting_print(a, setting, one, sizeof one);
    setting_print(b, setting, other, sizeof other);
    return strcmp(one, other) == 0;
}

static void say_fixed(const struct settings *s, const struct settings *wanted,
                      const struct setting *setting) {
    char now[100], other[SETTING_TEXT_SIZE], from[600];
    const struct setting_origin *origin = &wanted->origins[setting - settings_table];
    setting_print(wanted, setting, other, sizeof other);
    if (is_same(s, wanted, setting) || !mistake_is_new(origin->name, setting->name, other))
        return;
    setting_show(s, setting, now, sizeof now);
    setting_show(wanted, setting, other, sizeof other);
    setting_origin_print(wanted, setting, from, sizeof from);
    tell("%s: %s = %.100s: cannot change while the process runs; %s stays until its next start",
         from, setting->name, other, now[0] != '\0' ? now : "nothing");
}

bool settings_reload(struct settings *s) {
    static struct settings wanted, next;
    bool changed = false;
    if (!files_changed())
        return false;
    mistakes_begin(&file_mistakes);
    wanted = below_files;
    files_apply(&wanted, s->service);
    next = *s;
    next.no_spool = false;
    for (size_t i = 0; i < settings_count; i++)
        if (settings_table[i].live && s->origins[i].rank <= SETTING_FILE)
            settings_take(&next, &wanted, &settings_table[i]);
    settings_settle(&next); /* by what stays: an output gets the format that holds */
    settings_round(&wanted);
    for (size_t i = 0; i < settings_count; i++) {
        if (s->origins[i].rank > SETTING_FILE)
            continue;
        if (!settings_table[i].live) {
            say_fixed(s, &wanted, &settings_table[i]);
            continue;
        }
        changed |= !is_same(s, &next, &settings_table[i]);
        settings_take(s, &next, &settings_table[i]);
    }
    mistakes_end();
    return changed;
}
