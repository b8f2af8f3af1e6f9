/* sinks/sink.h: where finished lines go. A sink knows bytes, not records.
 *
 *     struct sink sink;
 *     sink_open(&sink, "file", "/var/log/orders.jsonl", "{\"ts\":\"");
 *     sink.coming = size;
 *     sink.type->begin(&sink, &place);          where the batch will start
 *     sink.type->write(&sink, data, size, &written);
 *     sink.type->end(&sink);
 *
 * Only the back's thread (or, where there is none, the caller under the back's lock) uses a sink.
 * Functions return 0 or -errno.
 */
#ifndef SPANLOG_SINKS_SINK_H
#define SPANLOG_SINKS_SINK_H

#include "src/config/rotation.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sink_place {
    uint64_t device;
    uint64_t inode;
    uint64_t offset;
    bool regular; /* the three above say where; recovery can look there */
};

struct sink;

struct sink_type {
    const char *name;
    bool needs_target;
    /* Opens when that has not been done or the target has changed; takes what lock there is.
     * -EAGAIN: the reader on the other side does not read, try later. */
    int (*begin)(struct sink *sink, struct sink_place *ret_place);
    /* Writes whole lines. On an error *ret_written is the size of the whole lines that are in, and
     * nothing is left behind them. Waits for a slow reader at most a tenth of a second (-EAGAIN).
     */
    int (*write)(struct sink *sink, const char *data, size_t size, size_t *ret_written);
    void (*end)(struct sink *sink);
    void (*close)(struct sink *sink);
};

struct sink {
    const struct sink_type *type;
    char target[512];
    const char *line_start; /* what a line of the dialect begins with, "" unknown */
    int fd;                 /* -1: not open */
    uint64_t device, inode; /* of what was opened as fd */
    bool regular;
    bool locked;
    bool chunked; /* a pipe: at most PIPE_BUF at a time, so that lines stay whole */
    bool refused; /* said already: of UDP that nobody is there, of a file that it may not be opened
                   */
    uint64_t *progress;       /* NULL, or where a stream adds what is out after each write(2) */
    uint64_t end_at;          /* where our last batch ended, with its newline */
    struct rotation rotation; /* of a file: when it gets another name */
    uint64_t coming;          /* bytes that the batch to begin has */
    int64_t rotate_again_s;   /* not before: it could not be done. 0: it could */
    size_t sent;              /* bytes of a line that are out already; of connections */
    char *scratch;            /* of sinks that send lines in another form */
    size_t scratch_room;
};

/* Prepares a sink of that type; it opens at its first use. -ENOENT: no such type. */
int sink_open(struct sink *ret_sink, const char *type, const char *target, const char *line_start);

extern const struct sink_type sink_stdout;
extern const struct sink_type sink_stderr;
extern const struct sink_type sink_file;
extern const struct sink_type sink_memory;
extern const struct sink_type sink_syslog;
extern const struct sink_type sink_journald;

/* Writes to a descriptor that may be a pipe, a terminal or a device; for sinks without offsets. */
int stream_write(struct sink *sink, const char *data, size_t size, size_t *ret_written);

/* For recovery, with the sink between begin and end: the file that had this identity, looked for at
 * the target and, renamed, beside it. Returns a descriptor or -errno. */
int file_find(const struct sink *sink, uint64_t device, uint64_t inode);

#endif
