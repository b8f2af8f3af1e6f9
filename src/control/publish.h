/* control/publish.h: live control, the process's side: what the control area of its journal says,
 * as settings; and what is in force, for the tool to read.
 *
 *     publish_read(control, &base, &settings, &until)      the back: rules over the base settings
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

#include "src/config/settings.h"

/* *ret_settings is the base with the rules that hold now; *ret_until when the next of them expires,
 * 0: none does. first: these rules have not been read before. Returns the generation read. */
uint32_t publish_read(struct control *control, const struct settings *base, bool first,
                      struct settings *ret_settings, uint64_t *ret_until);
/* Says what holds now: the lines of settings that may change, and `output`. */
void publish_state(struct control *control, const struct settings *settings);

#endif
