/* analyzer/loose.h: a form for one line, of keys in an order that does not come again.
 *
 *     if (spanlog_loose_find(&form, keys, &places)) ...
 *         the members are where the form says; what has no quotes is still to be checked
 *
 * Where each line has an order of its own, forms (form.h) are of no use, and a walk guesses wrong
 * at nearly every member whether it is a string. Here nothing is guessed: whatever a member is, the
 * same is computed of it, and whether anything was wrong is looked at once, at the end.
 */
#ifndef SPANLOG_ANALYZER_LOOSE_H
#define SPANLOG_ANALYZER_LOOSE_H

#include "src/analyzer/form.h"

/* False when the line is not as most are: `{"key":"text","key":7}`, no key twice. Then the form
 * says nothing. */
bool spanlog_loose_find(struct spanlog_form *form, const struct spanlog_field_table *keys,
                        const struct spanlog_places *places);

#endif
