/* core/record.h: the bytes of one record between the caller's thread and the back. Read this first.
 *
 * Glossary
 *   record    what one log call, or the end of one span, leaves in a ring
 *   ring      a thread's queue of records, in the journal (ring.h)
 *   journal   a file in shared memory that outlives the process (journal.h)
 *   site      a call site: message, keys and types, once in the journal's dictionary (site.h)
 *   slot      8 bytes of one field's value; texts leave their size there and follow the slots
 *   group     the fields of one site inside a span's record
 *   front     the code on the caller's thread; back: the one thread that formats and writes
 *
 * Every record is a multiple of 8 bytes and starts with a header of 16. `word` is stored last: a
 * record whose word is 0 does not exist, so a kill at any instruction leaves whole records only.
 *
 *   offset size
 *    0      4   word: size in bytes (bits 0-23, header included), flags (bits 24-31); 0: not yet
 *    4      4   site id
 *    8      8   time in clock ticks (clock.h); of a span its end
 *   if RECORD_CONTEXT (always in spans)
 *   16     16   trace id        24 bytes in one run, copied whole
 *   32      8   span id
 *   if RECORD_SPAN
 *   40      8   parent id, 0: a root span
 *   48      8   start in clock ticks
 *   56      4   attributes left out       64 bytes: struct span_record
 *   60      2   events left out
 *   62      2   links left out
 *   if RECORD_EXTRA (not in spans)
 *   +0      4   thread id, 0: the ring's
 *   +4      4   logger: a site id of the dictionary, 0: the site's own
 *   if RECORD_STAMP (in spans: a group)
 *   +0      n   attributes of the context: stamp.h
 *
 * A log's fields follow: one slot a field, then the texts back to back; of a printf site first the
 * slots of the format's arguments, then those of its fields. The slot of a text:
 *   bits 0-31  bytes that follow (TEXT_NULL: a NULL pointer, none follow)
 *   bits 32-63 bytes it had before it was cut, saturated; 0: whole
 *
 * A span's groups follow, each a multiple of 8:
 *    0      4   size in bytes (bits 0-23), kind (24-26), fields (27-31, at most the site's)
 *    4      4   site id (0 in all but FIELDS and EVENT)
 *   then  FIELDS: slots and texts         EVENT: 8 bytes of ticks, slots, texts
 *         LINK: 24 bytes of ids           STATUS: one slot, the code
 *         FAIL, NAME: one slot and its text
 *         STAMP: as in stamp.h            RATIO: a double
 */
#ifndef SPANLOG_CORE_RECORD_H
#define SPANLOG_CORE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#define RECORD_SIZE_MASK 0x00ffffffu
#define RECORD_CONTEXT 0x01000000u
#define RECORD_SAMPLED 0x02000000u
#define RECORD_SPAN 0x04000000u
#define RECORD_EXTRA 0x08000000u
#define RECORD_DROPPED 0x10000000u /* no site; one slot: records dropped in this ring so far */
#define RECORD_RANDOM 0x20000000u  /* the trace id's last 7 bytes are random */
#define RECORD_STAMP 0x40000000u   /* the context has attributes of its own */
#define RECORD_KEPT 0x80000000u    /* of open spans: the rest of the context is in the block */

/* Bits that mean something else in other records. */
#define RECORD_LOCAL_ROOT RECORD_EXTRA /* of spans: the first of its trace in this process */
#define RECORD_WAITS RECORD_KEPT       /* of logs: written only if its trace is kept */
/* No site; the trace's ids: a local root has begun. Only where a tail asks for it. */
#define RECORD_ROOT_BEGUN (RECORD_DROPPED | RECORD_CONTEXT)

#define RECORD_HEADER_SIZE 16u
#define RECORD_MAX_SIZE (48u * 1024) /* fits the smallest ring with room to spare */
#define RECORD_MAX_TEXT (16u * 1024) /* one text; longer ones are cut */
#define RECORD_MAX_FIELDS 16u
#define SPAN_MAX_BODY (32u * 1024) /* groups of one span; what does not fit is counted */

#define TEXT_NULL 0xffffffffu

struct record {
    uint32_t word;
    uint32_t site;
    uint64_t ticks;
};

struct record_ids {
    uint8_t trace_id[16];
    uint8_t span_id[8];
};

struct span_record {
    struct record header;
    struct record_ids ids;
    uint64_t parent_id; /* bytes in memory order */
    uint64_t start_ticks;
    uint32_t dropped_attributes;
    uint16_t dropped_events;
    uint16_t dropped_links;
};
_Static_assert(sizeof(struct span_record) == 64, "one cache line");

struct record_extra {
    uint32_t tid;
    uint32_t logger;
};

enum group_kind {
    GROUP_RATIO = 0, /* a double: the share of traces that the sampler takes */
    GROUP_FIELDS = 1,
    GROUP_EVENT = 2,
    GROUP_LINK = 3,
    GROUP_STATUS = 4,
    GROUP_FAIL = 5,
    GROUP_NAME = 6,
    GROUP_STAMP = 7
};

#define GROUP_KIND_SHIFT 24
#define GROUP_KIND_MASK 7u
#define GROUP_COUNT_SHIFT 27

struct group {
    uint32_t shape; /* size, kind, fields */
    uint32_t site;
};

static inline size_t record_align(size_t size) {
    return (size + 7u) & ~(size_t)7u;
}

/* Types of a printf site's arguments, beside SPANLOG__T_*: what va_arg has to take. */
#define RECORD_T_INT32 12u
#define RECORD_T_UINT32 13u
#define RECORD_T_LONG_DOUBLE 14u

#define RECORD_TYPE_AT(types, index) ((unsigned)((types) >> ((index)*4u)) & 15u)
/* The fields whose slot is a pointer at the call and a size in the record: types 8 to 11. */
#define RECORD_TEXT_BITS(types)                                                                    \
    ((types)&0x8888888888888888u & ~(((types)&0x4444444444444444u) << 1))

#endif
