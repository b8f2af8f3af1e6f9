/* back/mask.h: what must not leave the process (core/redact.h) in a decoded record.
 *
 * Which fields have such keys is known once a call site: a record of a site without any is not
 * looked at, but for the patterns in its texts.
 */
#ifndef SPANLOG_BACK_MASK_H
#define SPANLOG_BACK_MASK_H

#include "src/back/decode.h"

/* The site's slots that are masked: fields by their keys, arguments of a printf format by the name
 * in front of them ("password=%s"). */
uint32_t mask_of_site(const struct redact_rules *rules, const struct site_entry *entry);

/* Takes over the rules of the journal if they have changed: true, and then what was made of sites
 * is to be made again. */
bool mask_take_rules(struct decoder *decoder, const struct redact_lists *lists);

/* Of a site's fields, whose values are there, those with a bit in `which`: by their key, or what
 * is in their text. */
void mask_fields(struct decoder *decoder, const struct compiled_site *site,
                 struct spanlog_attribute *attributes, uint32_t which);
/* One whose key is not a site's. */
void mask_attribute(struct decoder *decoder, struct spanlog_attribute *attribute);
/* A text that has no key. */
void mask_text(struct decoder *decoder, struct spanlog_text *text);

#endif
