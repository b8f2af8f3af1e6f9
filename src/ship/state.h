/* ship/state.h: what one target has to know again after a restart, and its file.
 *
 *     {"ship":1,"target":"loki:http://127.0.0.1:3100","pid":711,"what":"running","records":4210,…}
 *     {"file":"/var/log/shop.jsonl","device":2049,"inode":131,"offset":81920,"print":"…",
 *      "print_size":1024,"seen":1795257045}
 *     {"stream":"\"service_name\":\"orders\"","heads":["1795257045123456789"]}
 *     {"process":"9f3c…","labels":"\"env\":\"prod\""}
 *
 *     rc = spanlog_ship_state_open(&state, directory, "loki-127.0.0.1_3100-1f3a9c0e");
 *         -EBUSY: another process works with it, state.busy_pid
 *     rc = spanlog_ship_state_save(&state, &files);       0, -errno; the old one stays then
 *     spanlog_ship_state_close(&state);
 *
 * It is written to a new file, which is synced and takes the name of the old one. A lock on a file
 * beside it, which the kernel drops at death, keeps a second process out.
 */
#ifndef SPANLOG_SHIP_STATE_H
#define SPANLOG_SHIP_STATE_H

#include "src/analyzer/base/output.h"
#include "src/ship/fingerprint.h"

#define SPANLOG_SHIP_LANES 8 /* see streams.h */
#define SPANLOG_SHIP_POSITIONS_MAX 4096

/* How far a file was sent that is not followed at present. */
struct spanlog_ship_position {
    char *path;
    uint64_t device, inode; /* 0: of a file that was cut; only a copy has it still */
    uint64_t offset;
    struct spanlog_ship_print print;
    uint64_t seen_s;
};

struct spanlog_ship_stream {
    char *labels; /* "service_name":"orders","env":"prod", as JSON has them */
    uint64_t hash;
    uint64_t heads_ns[SPANLOG_SHIP_LANES]; /* the newest that was read */
    uint64_t done_ns[SPANLOG_SHIP_LANES];  /* and sent, which is what is written */
    uint64_t used;                         /* a clock: the least is forgotten first */
};

/* What a "process started" line said. */
struct spanlog_ship_process {
    uint64_t key;
    char *labels; /* as above, with a comma in front; "": none */
};

struct spanlog_ship_counts {
    uint64_t records; /* taken by the server */
    uint64_t bytes;   /* of their lines */
    uint64_t requests;
    uint64_t failures;   /* requests that were, or will be, repeated */
    uint64_t refused;    /* records that the server does not want */
    uint64_t oversize;   /* records that are too large for it */
    uint64_t left_out;   /* older than wanted, or of no use to this target */
    uint64_t unreadable; /* lines */
    uint64_t lost;       /* bytes that a full spool has let go */
};

struct spanlog_ship_state {
    int directory; /* descriptors */
    int lock;
    bool lock_is_ours;
    char name[96]; /* of the file */
    long busy_pid; /* who has the lock */
    char *target;
    long pid;
    char what[16];   /* "running", "stopped", "ended" */
    char error[256]; /* the last one; "" */
    uint64_t error_ns, updated_ns;
    uint64_t lag; /* bytes that were not sent when it was written */
    struct spanlog_ship_counts counts;
    struct spanlog_ship_position *positions;
    size_t position_count;
    struct spanlog_ship_stream *streams;
    size_t stream_count;
    struct spanlog_ship_process *processes;
    size_t process_count, process_next;
};

struct spanlog_ship_files;

/* The default directory, made if it is missing, or `path`. A descriptor, or -errno; *ret_path:
 * which one, to be freed. */
int spanlog_ship_state_directory(const char *path, bool make, char **ret_path);
/* Takes the lock and reads what is there; a damaged file is an empty one, and -EBADMSG. -EBUSY:
 * another process has the lock. The descriptor stays the caller's. */
int spanlog_ship_state_open(struct spanlog_ship_state *state, int directory, const char *name);
/* After -EBUSY: waits for the lock, then reads. -EAGAIN: stop_fd became readable before. */
int spanlog_ship_state_wait(struct spanlog_ship_state *state, int stop_fd);
/* Reads without the lock. */
int spanlog_ship_state_read(struct spanlog_ship_state *state, int directory, const char *name);
int spanlog_ship_state_save(struct spanlog_ship_state *state,
                            const struct spanlog_ship_files *files);
void spanlog_ship_state_close(struct spanlog_ship_state *state);

/* NULL: no memory. */
struct spanlog_ship_position *spanlog_ship_state_add_position(struct spanlog_ship_state *state);
void spanlog_ship_state_drop_position(struct spanlog_ship_state *state, size_t index);

#endif
