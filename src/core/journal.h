/* core/journal.h: the file in shared memory that outlives the process.
 *
 *     struct journal journal;
 *     int error = journal_create(&journal, &identity);    if that fails: journal_private
 *     struct ring *ring = journal_add_ring(&journal, RING_MIN_SIZE);
 *
 * The file is a header and segments; each segment's kind, place and size stand in the header's
 * table, so that a reader who does not trust the writer can check them all. Everything is
 * preallocated (a hole would mean SIGBUS when shared memory is full). docs/format.md has the bytes.
 *
 * A process is alive while it holds the POSIX record lock on byte 0 of its journal: the kernel
 * drops it at death and at exec, and a child after fork does not inherit it.
 */
#ifndef SPANLOG_CORE_JOURNAL_H
#define SPANLOG_CORE_JOURNAL_H

#include "src/core/clock.h"
#include "src/core/control.h"
#include "src/core/futex.h"
#include "src/core/ring.h"

#define JOURNAL_MAGIC "SPANLOG\1"
#define JOURNAL_VERSION 3u
#define JOURNAL_MAX_SEGMENTS 640u
#define JOURNAL_MAX_RINGS 256u
#define JOURNAL_MAX_OUTPUTS 4u
#define JOURNAL_MAX_SPAN_SEGMENTS 128u
#define JOURNAL_MAX_DICTIONARY_SEGMENTS 64u
#define JOURNAL_TEXT_SIZE 2048u
#define JOURNAL_MAX_BURSTS 32u
#define JOURNAL_MAX_TAIL_MEMORY ((uint64_t)1 << 30)
#define JOURNAL_SUFFIX ".journal"

enum segment_kind {
    SEGMENT_RING = 1,
    SEGMENT_DICTIONARY = 2,
    SEGMENT_SPANS = 3,
    SEGMENT_BATCH = 4
};

struct segment {
    uint32_t kind;  /* written last: 0 is no segment yet */
    uint32_t index; /* among its kind */
    uint64_t offset;
    uint64_t size; /* of a ring: header and data once */
};

/* Where the batch being written begins, for each output. */
struct batch_place {
    uint64_t device;
    uint64_t inode;
    uint64_t offset;
    uint64_t size;    /* bytes of the batch buffer; 0: nothing for this output */
    uint64_t written; /* of these, surely out before offset; of a stream, out so far */
    uint32_t regular; /* 1: device, inode and offset say where */
    uint32_t reserved;
};

/* What must not leave the process (redact.h), for whoever formats its records. The list that holds
 * is lists[changes & 1]; the other is where the next is written first. */
struct redact_lists {
    uint32_t changes;
    uint32_t reserved;
    char lists[2][JOURNAL_TEXT_SIZE];
};

/* Records of one call site that were counted and not written (burst.c). */
struct burst {
    uint32_t site; /* 0: none */
    uint32_t reserved;
    uint64_t count;
    uint64_t last_ticks; /* of the newest of them */
};

/* What has been read from the rings. Two of them: one counts while the other is filled. */
struct checkpoint {
    uint64_t ring_read[JOURNAL_MAX_RINGS];
    uint64_t ring_dropped[JOURNAL_MAX_RINGS]; /* of ring->dropped, already said in the log */
    uint64_t spans_refused;                   /* of header->spans_refused, likewise */
    uint64_t spans_scanned;                   /* recovery: blocks before this one are told */
    uint64_t process_started;                 /* 1: that line is written */
    uint64_t last_ticks;                      /* of the newest record read */
    struct clock_map clock;                   /* as last calibrated; ns_per_tick 0: the header's */
    struct burst bursts[JOURNAL_MAX_BURSTS];  /* not yet said in the log */
    struct batch_place places[JOURNAL_MAX_OUTPUTS];
};

/* `phase` flips the checkpoint with one store: bit 0 is the slot that counts when bit 1 is 0; with
 * bit 1 set, slot (bit 0) is being written out: its batches may be in the files in part. */
#define PHASE_SLOT 1u
#define PHASE_WRITING 2u

struct journal_header {
    char magic[8];
    uint32_t version;
    uint32_t header_size;
    uint32_t byte_order; /* 0x01020304 */
    uint32_t pid;
    uint64_t start_time; /* of the process, in clock ticks since boot (/proc/PID/stat 22) */
    char boot_id[40];
    char service[128];
    char version_text[64];
    char environment[64];
    char resource[JOURNAL_TEXT_SIZE];   /* key=value,key=value */
    char outputs[2][JOURNAL_TEXT_SIZE]; /* as SPANLOG_OUTPUT, absolute paths: journal_outputs() */
    uint32_t outputs_now;               /* its lowest bit: which of them holds */
    uint32_t reserved;
    struct redact_lists redact;
    char host[64];
    uint32_t source_fields; /* SOURCE_* */
    uint32_t error_status_min;
    char tail[512];       /* as SPANLOG_TAIL; "": there is none */
    uint64_t tail_memory; /* bytes for undecided records */
    uint32_t burst;       /* records a second of one call site; 0: no limit */
    uint32_t flight;      /* debug records of a thread that an error brings along; 0: none */
    struct clock_map clock;
    uint32_t phase;
    uint32_t segment_count;
    uint64_t spans_refused;
    struct segment segments[JOURNAL_MAX_SEGMENTS];
    struct checkpoint checkpoints[2];
    struct control control; /* what the tool and the living process say to each other */
};

#define SOURCE_SRC 1u
#define SOURCE_PID 2u
#define SOURCE_TID 4u

struct journal_identity {
    const char *directory; /* NULL: /dev/shm/spanlog-<uid> */
    const char *service;
    const char *version;
    const char *environment;
    const char *resource;
    const char *outputs;
    const char *redact;
    uint32_t source_fields;
};

/* The process's view of its own journal. Pointers stay valid until journal_close. */
struct journal {
    struct journal_header *header;
    int fd; /* -1: private memory, gone with the process */
    char path[512];
    uint64_t file_size;
    uint64_t ring_bytes;
    struct ring *rings[JOURNAL_MAX_RINGS];
    uint32_t ring_count; /* published last */
    uint8_t *dictionaries[JOURNAL_MAX_DICTIONARY_SEGMENTS];
    uint64_t dictionary_sizes[JOURNAL_MAX_DICTIONARY_SEGMENTS];
    uint32_t dictionary_count;
    bool private_dictionary; /* the newest is not in the file */
    uint8_t *span_segments[JOURNAL_MAX_SPAN_SEGMENTS];
    uint64_t span_segment_sizes[JOURNAL_MAX_SPAN_SEGMENTS];
    uint32_t span_segment_count;
    uint8_t *batches[JOURNAL_MAX_OUTPUTS];
    uint64_t batch_sizes[JOURNAL_MAX_OUTPUTS];
    uint64_t batch_offsets[JOURNAL_MAX_OUTPUTS]; /* in the file */
    uint32_t batch_count;
    bool copy; /* of a dead process's: changes reach the file by journal_persist only */
};

static inline const char *journal_outputs(const struct journal_header *header) {
    return header->outputs[__atomic_load_n(&header->outputs_now, __ATOMIC_ACQUIRE) & 1];
}

/* Makes the directory and the file, maps and locks it. Returns 0 or -errno (nothing is left then).
 */
int journal_create(struct journal *journal, const struct journal_identity *identity);
/* The same in private memory, when there is no shared memory to be had. */
int journal_private(struct journal *journal, const struct journal_identity *identity);
/* Adds a segment and maps it. NULL: no space, or the table is full. One caller at a time. */
struct ring *journal_add_ring(struct journal *journal, uint64_t size);
uint8_t *journal_add_dictionary(struct journal *journal, uint64_t size);
/* A dictionary in private memory, for which the file had no room: recovery will not know its call
 * sites. Those that come later are private too. */
uint8_t *journal_add_private_dictionary(struct journal *journal, uint64_t size);
uint8_t *journal_add_spans(struct journal *journal, uint64_t size);
uint8_t *journal_add_batch(struct journal *journal, uint64_t size);
/* Unmaps and closes; removes the file when remove is true. In a forked child: remove false, and the
 * parent's file is not touched. */
void journal_close(struct journal *journal, bool remove);
/* The directory of journals, made with mode 0700 when missing: the one that is given when it is
 * ours alone, else spanlog-<uid> in it; given NULL, /dev/shm/spanlog-<uid>. Writes its path and
 * returns 0 or -errno. */
int journal_directory(const char *directory, bool create, char *ret_path, size_t size);

/* Whether a journal of that name is this process's (perhaps of another copy of the library in it).
 * It must not even be opened: closing it would drop the lock that says we live. */
bool journal_is_own(const char *name);

/* Makes a change to the header or a batch last: nothing to do for a live journal, a pwrite for the
 * copy of a dead one. Returns 0 or -errno. */
int journal_persist(const struct journal *journal, const void *data, size_t size);

/* Reads a dead process's journal into private memory after checking every length: *ret_journal then
 * has the same shape as a live one. Returns 0; -EAGAIN when its process lives or another recovery
 * has it; -EBADMSG when it is damaged; -errno. On 0 the file stays locked until journal_close. */
int journal_read_dead(struct journal *ret_journal, const char *path);

#endif
