/* tests/crash/acknowledged.h: the file in which a program notes what spanlog has promised to keep.
 *
 *     spanlog_info("r", kv("slot", 3), kv("n", 17));   // the call has returned: acknowledged
 *     file->slots[3].records = 17;                     // noted; the file outlives the process
 *
 * offset  size  what
 *      0     8  "SPLACK01"
 *      8     8  run: a number that every record of this file's programs carries
 *     16     4  used: slots given out, by atomic addition
 *     20     4  stop: set by the harness to ask for an orderly end
 *     24    40  unused
 *     64    64  slot 0, slot 1, ...: one for each thread that logs, each in a cache line of its own
 *
 * The harness creates it with its full size; writers map it shared; the checker reads it. Knows
 * nothing of spanlog.
 */
#ifndef SPANLOG_TESTS_CRASH_ACKNOWLEDGED_H
#define SPANLOG_TESTS_CRASH_ACKNOWLEDGED_H

#include <stdint.h>

#define ACKNOWLEDGED_MAGIC "SPLACK01"
#define ACKNOWLEDGED_SLOTS 1023u

/* Record n of a slot carries the first n % ACKNOWLEDGED_TEXT characters of this as "text". */
#define ACKNOWLEDGED_TEXT 32u
#define ACKNOWLEDGED_PATTERN "abcdefghijklmnopqrstuvwxyz012345"

struct acknowledged_slot {
    uint64_t records; /* records 1..records: their calls have returned */
    uint64_t opened;  /* spans 1..opened were begun */
    uint64_t ended;   /* spans 2..ended were ended; span 1 stays open as long as the thread runs */
    uint32_t pid;
    uint32_t reserved[9];
};

struct acknowledged_file {
    char magic[8];
    uint64_t run;
    uint32_t used;
    uint32_t stop;
    uint8_t unused[40];
    struct acknowledged_slot slots[ACKNOWLEDGED_SLOTS];
};

_Static_assert(sizeof(struct acknowledged_slot) == 64, "a slot is one cache line");
_Static_assert(sizeof(struct acknowledged_file) == 65536, "64 KiB in all");

#endif
