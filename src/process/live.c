/* process/live.c: the settings that may change while the process runs: those that it was started
 * with, and over them the live rules of its journal's control area.
 *
 *   base       as loaded, or as reloaded since
 *   in_force   the base and the rules; looked at and changed under the lock of front/sites.h
 */
#include "src/process/process.h"

#include "src/back/back.h"
#include "src/control/publish.h"
#include "src/front/sites.h"

#include <string.h>

static struct settings base, in_force;
static uint32_t rules_read; /* their generation */

static uint8_t level_of(const char *logger, const char *file, uint32_t line, bool *ret_exact) {
    return settings_level_of(&in_force, logger, file, line, ret_exact);
}

static void take_levels(const void *settings) {
    in_force = *(const struct settings *)settings;
    process.lowest_level = in_force.output_count > 0 ? settings_lowest_level(&in_force) : LEVEL_OFF;
}

void process_apply(const struct settings *settings) {
    sites_change(take_levels, settings);
    back_take_levels(settings);
}

static uint64_t take_control(void) {
    static struct settings next; /* one back at a time */
    struct control *control = &process.journal.header->control;
    uint64_t until = 0;
    bool first = __atomic_load_n(&control->generation, __ATOMIC_RELAXED) != rules_read;
    rules_read = publish_read(control, &base, first, &next, &until);
    process_apply(&next);
    publish_state(control, &next);
    __atomic_add_fetch(&control->counts.changes, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&control->taken, rules_read, __ATOMIC_SEQ_CST);
    futex_wake_shared(&control->taken);
    return until;
}

void process_live_start(const struct settings *settings) {
    base = *settings;
    process.level_of = level_of;
    process.take_control = take_control;
    if (process.epoch == 0)
        take_levels(settings);
    else
        process.lowest_level =
            in_force.output_count > 0 ? settings_lowest_level(&in_force) : LEVEL_OFF;
}

void process_live_inherit(const struct journal_header *from) {
    struct control *to = &process.journal.header->control;
    if (from != NULL) {
        memcpy(to->rules, from->control.rules, sizeof to->rules);
        to->generation = from->control.generation;
    }
    publish_state(to, &in_force);
}
