/* tests/fuzz/config_fuzz.c: any bytes as a configuration file.
 *
 *     config_fuzz corpus/ -max_total_time=120
 *
 * Whatever is understood must be printed so that it reads back the same.
 */
#include "src/config/settings.h"
#include "src/core/tell.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_texts(const struct settings *s) {
    if (s->output_count > JOURNAL_MAX_OUTPUTS || s->directive_count > SETTINGS_MAX_DIRECTIVES)
        abort();
    for (size_t i = 0; i < settings_count; i++) {
        const struct setting *setting = &settings_table[i];
        const char *at = (const char *)s + setting->offset;
        if (setting->type == SETTING_TEXT && memchr(at, '\0', setting->size) == NULL)
            abort();
        uint32_t number = setting->type == SETTING_NUMBER ? *(const uint32_t *)(const void *)at : 0;
        /* The ring's size becomes a power of two; the least one is. */
        if (setting->type == SETTING_NUMBER && (number < setting->least || number > setting->most))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct setting_origin origin = {.rank = SETTING_FILE, .name = "x"};
    static struct settings s, again;
    static char first[SETTINGS_MAX * SETTING_TEXT_SIZE], second[sizeof first];
    tell_nothing = true;
    settings_defaults(&s);
    settings_apply_text(&s, (const char *)data, size, origin, SETTINGS_EVERY_SERVICE);
    settings_settle(&s);
    check_texts(&s);
    s.otlp_headers[0] = s.loki_headers[0] = '\0'; /* which are not printed */
    size_t used = settings_format(&s, first, sizeof first);
    settings_defaults(&again);
    if (settings_apply_text(&again, first, used, origin, NULL) != 0)
        abort();
    settings_settle(&again);
    settings_format(&again, second, sizeof second);
    if (strcmp(first, second) != 0)
        abort();
    struct level_place place = {.logger = "http.client", .file = "src/orders.c", .line = 42};
    bool exact;
    settings_level_of(&s, &place, &exact);
    return 0;
}
