/* back/decode.h: from a record's bytes (core/record.h) to a line (formatters/line.h).
 *
 *     if (decode_log(decoder, output, record, size)) output->dialect->write(&decoder->line, ...)
 *
 * Nothing is believed about the bytes: they may come from a dead process's damaged journal.
 */
#ifndef SPANLOG_BACK_DECODE_H
#define SPANLOG_BACK_DECODE_H

#include "formatters/time.h"
#include "src/back/output.h"
#include "src/core/redact.h"

#define DECODE_MAX_ATTRIBUTES (SPAN_MAX_BODY / 8)
#define DECODE_MAX_EVENTS (SPAN_MAX_BODY / 16)
#define DECODE_MAX_LINKS (SPAN_MAX_BODY / 32)

struct decoder {
    struct compile_context context;
    struct clock_map clock;
    uint32_t error_status_min;
    struct spanlog_line line;
    struct spanlog_second second; /* the time of the last line, as text */
    uint32_t attributes_used;
    uint64_t key_bits[KEY_BITS / 64]; /* of a span's sites so far */
    struct spanlog_attribute attributes[DECODE_MAX_ATTRIBUTES];
    struct spanlog_event events[DECODE_MAX_EVENTS];
    struct spanlog_span_link links[DECODE_MAX_LINKS];
    char message[64 * 1024]; /* of printf records */
    struct redact_rules rules;
    uint32_t rules_seen; /* redact_lists.changes, as of these */
    bool has_rules;
    size_t masked_used;
    char masked[128 * 1024]; /* texts of the record with something in them masked */
};

/* Fills decoder->line from a log record. tid is the ring's. False: the output does not want it, or
 * the record is damaged (*ret_damaged). */
bool decode_log(struct decoder *decoder, struct output *output, const struct record *record,
                size_t size, uint32_t tid, bool *ret_damaged);
/* The same from the record of a span. */
bool decode_span(struct decoder *decoder, struct output *output, const struct span_record *record,
                 size_t size, uint32_t tid, bool *ret_damaged);

/* The same, whatever the output's level. */
bool decode_whole_span(struct decoder *decoder, struct output *output,
                       const struct span_record *record, size_t size, uint32_t tid,
                       bool *ret_damaged);

#endif
