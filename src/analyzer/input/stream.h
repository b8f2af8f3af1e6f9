/* analyzer/input/stream.h: whole lines from something that is read in order: a pipe, an archive, a
 * document, the log of a container.
 *
 *     struct spanlog_stream stream = {.document_size_max = ..., .issues = &issues};
 *     int rc = spanlog_stream_open(&stream, &source);
 *     rc = spanlog_stream_read(&stream, &buffer, piece_size, &chunk, &more);      while (more)
 *     spanlog_stream_close(&stream);
 *
 * The lines lie in the buffer, which belongs to the caller; bytes behind the last of them wait in
 * the stream. When it is followed, a read does not wait, and an end may be none.
 */
#ifndef SPANLOG_ANALYZER_INPUT_STREAM_H
#define SPANLOG_ANALYZER_INPUT_STREAM_H

#include "src/analyzer/unpack/feed.h"
#include "src/analyzer/input/scan.h"

struct spanlog_buffer {
    char *data;
    size_t room;
};

struct spanlog_stream {
    struct spanlog_issues *issues;
    size_t document_size_max; /* 0: SPANLOG_DOCUMENT_SIZE_MAX */
    bool is_followed;
    struct spanlog_feed *feed; /* NULL: not open */
    const char *path;          /* of the source */
    char *carry;
    size_t carry_size, carry_room;
    uint64_t offset;
    uint64_t line;     /* number of the next */
    bool counts_lines; /* false: it was not begun at its first */
    uint64_t inserted;
    bool is_known;   /* from the first line: */
    bool is_wrapped; /* see wrapped.h */
    bool in_long_line;
};

/* Room for size bytes, a newline and the padding; the first `keep` bytes stay. 0 or -ENOMEM. */
int spanlog_buffer_reserve(struct spanlog_buffer *buffer, size_t size, size_t keep);
/* Begin and end of the chunk, in a buffer with room for the padding. */
void spanlog_chunk_finish(struct spanlog_chunk *chunk, char *begin, char *end);

int spanlog_stream_open(struct spanlog_stream *stream, const struct spanlog_source *source);
/* The same for a descriptor, which it takes and, on failure, closes; path must live as long as the
 * stream. */
int spanlog_stream_open_fd(struct spanlog_stream *stream, int fd, const char *path, uint64_t most);
/* 0 or -errno; *ret_more false at the end. chunk->source and number are not touched. */
int spanlog_stream_read(struct spanlog_stream *stream, struct spanlog_buffer *buffer, size_t piece,
                        struct spanlog_chunk *chunk, bool *ret_more);
/* Says what was wrong with an archive. What it has allocated stays for the next open. */
void spanlog_stream_close(struct spanlog_stream *stream);
void spanlog_stream_free(struct spanlog_stream *stream);

#endif
