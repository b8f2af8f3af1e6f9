/* control/rules.h: the text of live rules, as the tool edits it. What it looks like: publish.h.
 *
 *     char text[CONTROL_TEXT_SIZE + 1];                    as control_get gave it
 *     rules_add(text, now, 0, "level", "db=debug");        0: for good, else until that time
 *     rules_remove(text, now, "level");
 */
#ifndef SPANLOG_CONTROL_RULES_H
#define SPANLOG_CONTROL_RULES_H

#include "src/core/control.h"

/* One more, which wins over those before it. Levels and sampling rules are laid over those that end
 * at the same time; those that end at another stay as they are. Expired ones go. Returns 0, or
 * -E2BIG when there is no room: then the text is as it was. */
int rules_add(char text[CONTROL_TEXT_SIZE + 1], uint64_t now, uint64_t expiry, const char *name,
              const char *value);
/* Takes every rule about that setting back; NULL: all. Expired ones go; "": only these. */
void rules_remove(char text[CONTROL_TEXT_SIZE + 1], uint64_t now, const char *name);

/* The directives `more` over those of `value`: "info,db=warn" and "db=debug" make "info,db=debug".
 * Returns 0, or -E2BIG. */
int rules_merge_levels(char *value, size_t size, const char *more);

#endif
