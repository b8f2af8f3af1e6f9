/* analyzer/index/index.h: FILE.spx, which says in what pieces of a log file the lines of a trace
 * are.
 *
 *     rc = spanlog_index_write(&sources, i, jobs, &translate, &issues, &made);
 *
 *     struct spanlog_index index;
 *     if (spanlog_index_open(&index, source, &ret_why) == 0)
 *         spanlog_index_mark(&index, needle, needle_size, bits);      pieces to be read
 *
 * The file, all numbers little endian:
 *
 *     offset  size  what
 *     0       8     "SPXTRACE"
 *     8       4     version, 1
 *     12      4     bytes of a piece; a line belongs to the piece in which it begins
 *     16      8     bytes of the log that are indexed, up to the end of a line
 *     24      8     the log's size, then
 *     32      8     time of its last change, in ns
 *     40      8     inode
 *     48      8     checksum of the log's first and of the last indexed 4 KiB
 *     56      4     heads: entries by the first 8 characters of a trace id
 *     60      4     tails: entries by the last 8, the last one first
 *     64      4     bytes of the services' names
 *     68      4     characters of the longest id
 *     72      8     checksum of this file, with 0 here
 *     80      8 n   the heads, then the tails: key and number of a piece, sorted, each once
 *     ...     ...   services that write span lines, each name ended by a NUL
 *
 * A key has four bits a character: a hex digit's value, of others the lowest four bits. So the ids
 * that begin (or end) with what one looks for have keys in one range; others among them do no harm,
 * since the pieces are searched all the same. Nothing else about the log is taken from the index.
 */
#ifndef SPANLOG_ANALYZER_INDEX_INDEX_H
#define SPANLOG_ANALYZER_INDEX_INDEX_H

#include "src/analyzer/input/scan.h"
#include "src/analyzer/base/strings.h"
#include "src/analyzer/translate/translate.h"

#define SPANLOG_INDEX_PIECE (256u << 10)
#define SPANLOG_INDEX_ENDS 4096

struct spanlog_index_header {
    char magic[8];
    uint32_t version;
    uint32_t piece_size;
    uint64_t indexed_size;
    uint64_t file_size;
    uint64_t modified_ns;
    uint64_t inode;
    uint64_t ends_checksum;
    uint32_t head_count;
    uint32_t tail_count;
    uint32_t names_size;
    uint32_t longest_id;
    uint64_t checksum;
};

struct spanlog_index_entry {
    uint32_t key;
    uint32_t piece;
};

/* ---- making ------------------------------------------------------------------------------- */

struct spanlog_index_made {
    uint64_t size; /* of the index */
    uint64_t entries;
};

/* Reads one source and writes its index beside it, whole or not at all. 0 or -errno; -EINVAL: a
 * source that is no plain file cannot have one. */
int spanlog_index_write(struct spanlog_sources *sources, uint32_t source, unsigned jobs,
                        const struct spanlog_translate_settings *translate,
                        struct spanlog_issues *issues, struct spanlog_index_made *ret);

/* ---- use ---------------------------------------------------------------------------------- */

struct spanlog_index {
    const struct spanlog_index_header *header; /* mapped */
    size_t size;
    const struct spanlog_index_entry *heads, *tails;
    const char *names;
};

/* 0, -ENOENT (there is none), -ESTALE or -EBADMSG; *ret_why then says what is wrong. A log that has
 * only grown keeps its index: pieces from indexed_size on are not in it. */
int spanlog_index_open(struct spanlog_index *index, const struct spanlog_source *source,
                       const char **ret_why);
/* The same for bytes in memory, of a log with that many pieces or more. */
int spanlog_index_check(struct spanlog_index *index, const void *data, size_t size,
                        const char **ret_why);
void spanlog_index_close(struct spanlog_index *index);

/* Pieces that are not indexed begin with this one. */
uint32_t spanlog_index_pieces(const struct spanlog_index *index);
/* Sets the bit of each piece in which an id begins or ends with the text. */
void spanlog_index_mark(const struct spanlog_index *index, const char *text, size_t size,
                        uint64_t *bits);

/* For both halves. */
uint32_t spanlog_index_key(const char *text, size_t size, bool from_end);
uint64_t spanlog_index_checksum(uint64_t before, const void *data, size_t size);
/* Of the ends of the log, as far as it is indexed. 0 or -errno. */
int spanlog_index_ends(int fd, uint64_t indexed_size, uint64_t *ret);

#endif
