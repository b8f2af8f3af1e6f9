/* analyzer/translate/known.h: a line of another dialect into a record, without a translation.
 *
 *     spanlog_known_learn(&translator, form);                  after a line of it was translated
 *     if (spanlog_known_read(&translator, form, &places, &record)) ...
 *
 * Which dialect a line has, and which of its keys are which fields, follows from its keys and the
 * types of their values alone: so it is worked out once for each form (analyzer/read/form.h). What
 * is left are values. Whatever is not as usual is translated: then both ways say the same.
 *
 * The record is a brief one (analyzer/read/record.h), and of no other use than to be counted: there
 * is no canonical line behind it.
 */
#ifndef SPANLOG_ANALYZER_TRANSLATE_KNOWN_H
#define SPANLOG_ANALYZER_TRANSLATE_KNOWN_H

#include "src/analyzer/read/record.h"
#include "src/analyzer/translate/translate.h"

/* The translator has just made one flat line of a line of this form. */
void spanlog_known_learn(const struct spanlog_translator *translator, struct spanlog_form *form);

static inline bool spanlog_known_is(const struct spanlog_form *form) {
    return form->use == SPANLOG_FORM_FOREIGN_LOG || form->use == SPANLOG_FORM_FOREIGN_SPAN;
}
/* False when a value is not as usual; then nothing is said about the line. */
bool spanlog_known_read(struct spanlog_translator *translator, const struct spanlog_form *form,
                        const struct spanlog_places *places, struct spanlog_record *ret);

#endif
