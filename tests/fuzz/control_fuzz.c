/* tests/fuzz/control_fuzz.c: a control area that anybody may have written, as the process and the
 * tool read it.
 *
 *     $ control_fuzz corpus/
 *
 * The first byte says how the rest gets there: as the text of rules, rightly put; or byte for byte
 * over the area. Then what holds must be within its bounds, what the process says of itself must
 * read back without a complaint, and the tool must be able to edit the rules.
 */
#include "src/control/attach.h"
#include "src/control/publish.h"
#include "src/control/rules.h"
#include "src/core/tell.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct control control;
static struct settings base, in_force, again;

static void require(bool right) {
    if (!right)
        abort();
}

static void write_area(const uint8_t *data, size_t size) {
    bool raw = (data[0] & 1) != 0;
    data++;
    size--;
    if (!raw) {
        size = size < CONTROL_TEXT_SIZE ? size : CONTROL_TEXT_SIZE;
        require(control_put(control.rules, &control.generation, (const char *)data, size) == 0);
        return;
    }
    size = size < sizeof control ? size : sizeof control;
    memcpy(&control, data, size);
}

static void check_settings(const struct settings *s) {
    char value[SETTING_TEXT_SIZE];
    require(s->level >= 1 && s->level <= LEVEL_OFF);
    require(s->directive_count <= SETTINGS_MAX_DIRECTIVES);
    for (uint32_t i = 0; i < s->directive_count; i++)
        require(memchr(s->directives[i].logger, '\0', sizeof s->directives[i].logger) != NULL);
    for (size_t i = 0; i < settings_count; i++) {
        char before[SETTING_TEXT_SIZE];
        setting_print(s, &settings_table[i], value, sizeof value);
        setting_print(&base, &settings_table[i], before, sizeof before);
        require(settings_table[i].live || strcmp(value, before) == 0);
    }
}

/* What is said must be right: every line but that of `output`, which cannot change. */
static void check_state(void) {
    char text[CONTROL_TEXT_SIZE + 1];
    uint32_t generation;
    struct setting_origin origin = {.rank = SETTING_FILE, .name = "state"};
    publish_state(&control, &in_force, "", "");
    require(control_get(control.state, &control.said, text, &generation) == 0);
    again = base;
    require(settings_apply_text(&again, text, strlen(text), origin, NULL) == 0);
}

static void check_edits(void) {
    char text[CONTROL_TEXT_SIZE + 1], value[SETTING_TEXT_SIZE];
    uint32_t generation;
    control_get(control.rules, &control.generation, text, &generation);
    int error = rules_add(text, 1, 0, "level", "db=debug");
    require(error == 0 || error == -E2BIG);
    require(strlen(text) <= CONTROL_TEXT_SIZE);
    require(error != 0 || strstr(text, "db=debug") != NULL);
    attach_value(text, "level", value, sizeof value);
    rules_remove(text, 1, "level");
    rules_remove(text, 1, NULL);
    require(text[0] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool loaded;
    struct publish_rules rules = {.generation = 0};
    tell_nothing = true;
    if (!loaded) {
        settings_load(&base, NULL);
        loaded = true;
    }
    if (size < 1)
        return 0;
    memset(&control, 0, sizeof control);
    write_area(data, size);
    publish_read(&rules, &control, &base, &in_force);
    check_settings(&in_force);
    check_edits();
    check_state();
    return 0;
}
