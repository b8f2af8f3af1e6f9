/* core/open_span.h: spans that have begun and not ended, in the journal.
 *
 * A block of 1 KiB holds the record that the end will publish, ready but for its last fields, so
 * that recovery can say of a span whose process died what was known of it. Spans with more to say
 * take further blocks. Blocks are taken and given back by threads (front/span.c); recovery reads.
 *
 *   FREE -> OPEN             begin: everything is written, then `state`
 *   OPEN: used grows         set, event, link ...: the bytes are written, then `used`
 *   OPEN, end_position != 0  the end is being published there: recovery asks that ring whether it
 *                            got that far, so that no span is told twice or not at all
 *   OPEN -> FREE             after the record is published
 */
#ifndef SPANLOG_CORE_OPEN_SPAN_H
#define SPANLOG_CORE_OPEN_SPAN_H

#include "src/core/record.h"

#define OPEN_SPAN_SIZE 1024u
#define OPEN_SPAN_SEGMENT (256u * 1024)
#define OPEN_SPANS_PER_SEGMENT (OPEN_SPAN_SEGMENT / OPEN_SPAN_SIZE)

enum open_span_state { OPEN_SPAN_FREE = 0, OPEN_SPAN_OPEN = 1, OPEN_SPAN_MORE = 2 };

struct spanlog__open_span {
    uint32_t state;
    uint32_t used;         /* bytes of groups, over all blocks of this span */
    uint64_t generation;   /* that of the handle which may use it; changes with every use */
    uint64_t end_position; /* 0: not ending */
    uint32_t end_ring;
    uint32_t next; /* index + 1 of the next block of this span; 0: the last */
    uint32_t index;
    uint32_t attributes;
    uint16_t events;
    uint16_t links;
    uint32_t tid; /* that began it */
    struct spanlog__open_span *next_free;
    uint8_t ctx_flags; /* if RECORD_KEPT: the last 8 bytes of the span's spanlog_ctx, */
    uint8_t pad[3];
    uint32_t carried;          /* and of these what the span counts on; 0: nothing */
    struct span_record record; /* its header's word and ticks are filled at the end */
    uint8_t body[OPEN_SPAN_SIZE - 128];
};
_Static_assert(sizeof(struct spanlog__open_span) == OPEN_SPAN_SIZE, "block size");
#define OPEN_SPAN_BODY (OPEN_SPAN_SIZE - 128u)

#endif
