/* control/publish.h: live control, the process's side: what the control area of its journal says,
 * as settings; and what is in force, for the tool to read.
 *
 *     until = publish_read(&rules, control, &base, &settings)      rules over the base settings
 *     publish_state(control, &settings)
 *
 * The rules are sets of `name = value` lines as in a configuration file; before each set stands
 * when it expires, in nanoseconds of CLOCK_MONOTONIC, 0: never. Later sets win.
 *
 *     @0
 *     level = info
 *     @81234567890123
 *     level = db=debug
 *
 * Anybody may have written them: whatever is wrong is said once on stderr and left out.
 */
#ifndef SPANLOG_CONTROL_PUBLISH_H
#define SPANLOG_CONTROL_PUBLISH_H

#include "src/config/mistakes.h"
#include "src/config/settings.h"

/* What was read last, and holds on where what stands there now is damaged. All zeros: nothing. */
struct publish_rules {
    char text[CONTROL_TEXT_SIZE + 1];
    uint32_t generation;
    bool damaged; /* which has been said */
    struct mistakes mistakes;
};

/* *ret_settings is the base with the rules that hold now; returns when the next of them expires, 0:
 * none does. */
uint64_t publish_read(struct publish_rules *rules, struct control *control,
                      const struct settings *base, struct settings *ret_settings);
/* Says what holds now: the lines of settings that may change, and `output`. output_refused: those
 * that are asked for and cannot be had, and why; "": none. */
void publish_state(struct control *control, const struct settings *settings,
                   const char *output_refused, const char *why);

#endif
