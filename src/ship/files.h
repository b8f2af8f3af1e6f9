/* ship/files.h: the files of one target: which there are, how far each was sent, what comes next.
 *
 *     rc = spanlog_ship_files_open(&files, paths, path_count, &state);
 *     spanlog_ship_files_update(&files);                    what has changed since
 *     while ((file = spanlog_ship_files_next(&files)))      the one that is furthest behind in time
 *         rc = spanlog_ship_files_read(&files, file, &buffer, &chunk);
 *     spanlog_ship_files_commit(&files);                    all that was read has been sent
 *
 * A path stands for the file of that name and for what rotation makes of it; a directory for all
 * logs in it and below. A file is its device, inode and first bytes, whatever it is called:
 *
 *     renamed, deleted        read to its end, then the one that has taken its name
 *     copied and cut          the copy is read on from where the original stood, the original from
 *                             its start; a copy of a file that stands is left alone
 *     compressed              read as the file that it was, on from where that stood (archive.h)
 *     thinned                 by `spanlog retain`: known by its name and time, and left alone if it
 *                             had been sent whole
 *
 * Directories are watched, never polled. A file that has something to send is kept open, so that
 * whoever deletes or compresses it meanwhile takes nothing away.
 */
#ifndef SPANLOG_SHIP_FILES_H
#define SPANLOG_SHIP_FILES_H

#include <sys/stat.h>

#include "src/analyzer/input/stream.h"
#include "src/ship/archive.h"
#include "src/ship/state.h"

#define SPANLOG_SHIP_PIECE_SIZE (512u << 10)

struct spanlog_ship_file {
    char *path;
    int fd; /* -1: closed, there is nothing to read at present */
    int watch;
    uint64_t device, inode;
    uint64_t at;   /* read up to here */
    uint64_t done; /* sent up to here */
    struct spanlog_ship_print print;
    struct spanlog_ship_archive *archive; /* NULL: it is plain */
    uint64_t whole_ns;  /* when it was written last, as it was when it had been read whole; or 0 */
    uint64_t closed_ns; /* when it, or its name, was changed last, as it was when it was closed */
    uint64_t time_ns;   /* of what was read last, or of what comes first */
    bool is_marked;     /* there may be more */
    bool is_listed;     /* it has a name here */
    bool is_old;        /* which is one that rotation gives */
    bool is_copy;       /* of a file that stands */
    bool is_skipping;   /* the rest of a line that is too long */
    uint64_t copy_device, copy_inode;
    uint64_t leave_ms; /* without a name: when it is let go */
    bool is_leaving;   /* that time has come, and it is looked at once more */
    bool is_over;      /* it is let go now */
    uint64_t *twins;   /* see streams.h; NULL: not needed as yet */
};

struct spanlog_ship_directory {
    char *path;
    int watch;
    unsigned depth;
    bool takes_all; /* or only the files that were named, and theirs */
};

struct spanlog_ship_files {
    const char *const *paths;
    size_t path_count;
    struct spanlog_ship_state *state; /* its positions: of what is not followed */
    int inotify;
    bool must_list;
    bool has_trouble; /* something that was named could not be read */
    bool is_final;    /* --once: a last line without newline is one, if it is whole */
    bool is_spool;    /* what was deleted is let go: somebody needed the room */
    uint64_t lost;    /* bytes of that which were not sent */
    bool lost_more;   /* and of files that came and went unseen */
    uint64_t line_size_max;
    struct spanlog_ship_directory *directories;
    size_t directory_count;
    struct spanlog_ship_file *list;
    size_t count;
    /* What cannot be read, each said once; the caller's. */
    void (*say)(void *argument, const char *path, const char *what);
    void *argument;
};

int spanlog_ship_files_open(struct spanlog_ship_files *files);
void spanlog_ship_files_close(struct spanlog_ship_files *files);

/* Takes what the kernel has told since. 0 or -ENOMEM. */
int spanlog_ship_files_update(struct spanlog_ship_files *files);
/* Lists all directories anew: files_list.c. */
int spanlog_ship_files_list(struct spanlog_ship_files *files);
/* When, on the monotonic clock, it must be looked at without any event; 0: never. */
uint64_t spanlog_ship_files_wake_ms(const struct spanlog_ship_files *files);

struct spanlog_ship_file *spanlog_ship_files_next(struct spanlog_ship_files *files);
/* 1 with lines, 0 when there are none at present, -ENOMEM. The chunk stands in the buffer. */
int spanlog_ship_files_read(struct spanlog_ship_files *files, struct spanlog_ship_file *file,
                            struct spanlog_buffer *buffer, struct spanlog_chunk *chunk);
void spanlog_ship_files_commit(struct spanlog_ship_files *files);
/* Deletes what rotation has put aside and all of which was sent and committed. */
void spanlog_ship_files_tidy(struct spanlog_ship_files *files);
/* Bytes that are not sent. */
uint64_t spanlog_ship_files_lag(const struct spanlog_ship_files *files);

/* For files*.c. */
void spanlog_ship_files_hear(struct spanlog_ship_files *files);
int spanlog_ship_file_open(struct spanlog_ship_files *files, struct spanlog_ship_file *file);
/* What it begins with: how many bytes. */
size_t spanlog_ship_file_head(const struct spanlog_ship_file *file,
                              char head[SPANLOG_SHIP_PRINT_SIZE]);
/* A compressed file that was read whole, and has not grown since. It is open. */
bool spanlog_ship_file_has_been_read(const struct spanlog_ship_file *file);
/* As pread. */
ssize_t spanlog_ship_file_pread(struct spanlog_ship_file *file, char *to, size_t size,
                                uint64_t offset);
bool spanlog_ship_file_take_known(struct spanlog_ship_files *files, struct spanlog_ship_file *file,
                                  bool by_inode);
/* How far it was sent, to be remembered; the path is the file's. */
struct spanlog_ship_position spanlog_ship_file_position(const struct spanlog_ship_file *file);
/* Before anything is read of it: whether it is another file's copy, to be left alone. */
bool spanlog_ship_file_is_copy(struct spanlog_ship_files *files, struct spanlog_ship_file *file);
int spanlog_ship_file_was_cut(struct spanlog_ship_files *files, struct spanlog_ship_file *file);
void spanlog_ship_file_free(struct spanlog_ship_file *file);
uint64_t spanlog_ship_now_ms(void);
static inline uint64_t spanlog_ship_written_ns(const struct stat *st) {
    return (uint64_t)st->st_mtim.tv_sec * 1000000000 + (uint64_t)st->st_mtim.tv_nsec;
}
static inline uint64_t spanlog_ship_changed_ns(const struct stat *st) {
    return (uint64_t)st->st_ctim.tv_sec * 1000000000 + (uint64_t)st->st_ctim.tv_nsec;
}

#endif
