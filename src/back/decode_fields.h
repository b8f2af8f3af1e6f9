/* back/decode_fields.h: what decode.c and decode_span.c share. */
#ifndef SPANLOG_BACK_DECODE_FIELDS_H
#define SPANLOG_BACK_DECODE_FIELDS_H

#include "src/back/decode.h"

/* The first `count` fields of a site into attributes whose keys and types are there, masked where
 * they must not be written; false: they run over size. */
bool decode_fields(struct decoder *decoder, const struct compiled_site *site,
                   struct spanlog_attribute *attributes, unsigned count, const uint8_t *fields,
                   size_t size);
/* Attributes of a stamp (core/stamp.h) to the decoder's, and the parent's text to its line. Returns
 * the stamp's size; 0: damaged. */
size_t decode_stamp(struct decoder *decoder, const uint8_t *data, size_t size);
void decode_context(struct spanlog_line *line, uint32_t word);

#endif
