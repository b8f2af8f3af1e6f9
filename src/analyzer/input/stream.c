/* analyzer/input/stream.c: see stream.h. */
#include "src/analyzer/input/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/analyzer/unpack/wrapped.h"

int spanlog_buffer_reserve(struct spanlog_buffer *buffer, size_t size, size_t keep) {
    if (buffer->data && buffer->room >= size)
        return 0;
    if (keep == 0) { /* or else realloc would copy what nobody needs */
        free(buffer->data);
        *buffer = (struct spanlog_buffer){0};
    }
    char *grown = realloc(buffer->data, size + 1 + SPANLOG_JSON_PADDING);
    if (!grown)
        return -ENOMEM;
    buffer->data = grown;
    buffer->room = size;
    return 0;
}

void spanlog_chunk_finish(struct spanlog_chunk *chunk, char *begin, char *end) {
    chunk->begin = begin;
    chunk->end = end;
    memset(end, 0, SPANLOG_JSON_PADDING);
}

/* ---- opening ------------------------------------------------------------------------------ */

int spanlog_stream_open_fd(struct spanlog_stream *stream, int fd, const char *path, uint64_t most) {
    stream->feed = spanlog_feed_open(fd, most);
    if (!stream->feed) {
        close(fd);
        return -ENOMEM;
    }
    stream->path = path;
    stream->carry_size = 0;
    stream->offset = 0;
    stream->line = 1;
    stream->counts_lines = true;
    stream->inserted = 0;
    stream->in_long_line = stream->is_known = stream->is_wrapped = false;
    return 0;
}

int spanlog_stream_open(struct spanlog_stream *stream, const struct spanlog_source *source) {
    int fd = spanlog_source_open(source);
    if (fd < 0)
        return fd;
    int rc = spanlog_stream_open_fd(stream, fd, source->path,
                                    source->is_regular ? source->size - source->begin : UINT64_MAX);
    stream->offset = source->begin;
    return rc;
}

void spanlog_stream_close(struct spanlog_stream *stream) {
    if (stream->feed && stream->feed->inflate.problem[0])
        spanlog_issues_note(stream->issues, stream->path, stream->feed->inflate.is_damaged,
                            stream->feed->inflate.problem);
    spanlog_feed_close(stream->feed);
    stream->feed = NULL;
}

void spanlog_stream_free(struct spanlog_stream *stream) {
    spanlog_stream_close(stream);
    free(stream->carry);
    stream->carry = NULL;
    stream->carry_size = stream->carry_room = 0;
}

/* ---- bytes -------------------------------------------------------------------------------- */

/* Fills `out`: with what is there now, at least something. 0: end. */
static ssize_t read_some(struct spanlog_stream *stream, char *out, size_t room) {
    size_t done = 0;
    do {
        ssize_t got = spanlog_feed_read(stream->feed, out + done, room - done);
        if (got < 0)
            return got;
        if (got == 0)
            break;
        done += (size_t)got;
    } while (room - done >= 2 && spanlog_feed_is_ready(stream->feed));
    return (ssize_t)done;
}

/* The carry goes to the front of the buffer. */
static int take_carry(struct spanlog_stream *stream, struct spanlog_buffer *buffer, size_t piece) {
    int rc = spanlog_buffer_reserve(buffer, stream->carry_size + piece, 0);
    if (rc == 0 && stream->carry_size)
        memcpy(buffer->data, stream->carry, stream->carry_size);
    return rc;
}

static int keep_carry(struct spanlog_stream *stream, const char *data, size_t size) {
    if (size > stream->carry_room) {
        char *grown = realloc(stream->carry, size);
        if (!grown)
            return -ENOMEM;
        stream->carry = grown;
        stream->carry_room = size;
    }
    if (size)
        memcpy(stream->carry, data, size);
    stream->carry_size = size;
    return 0;
}

/* ---- lines -------------------------------------------------------------------------------- */

static uint64_t count_lines(const char *begin, const char *end) {
    uint64_t count = 0;
    while (begin < end && (begin = memchr(begin, '\n', (size_t)(end - begin))) != NULL) {
        begin++;
        count++;
    }
    return count;
}

/* Of documents lines are counted from the offset. */
static void set_place(const struct spanlog_stream *stream, struct spanlog_chunk *chunk) {
    bool counts = stream->counts_lines && !spanlog_feed_is_document(stream->feed);
    chunk->first_line = counts ? stream->line : 0;
    chunk->offset = stream->offset;
}

/* The first line of a document is not decided yet when it is long. */
static size_t line_size_max(const struct spanlog_stream *stream) {
    if (stream->feed->unfold.mode == SPANLOG_UNFOLD_DOCUMENT ||
        stream->feed->unfold.mode == SPANLOG_UNFOLD_UNDECIDED)
        return stream->document_size_max ? stream->document_size_max : SPANLOG_DOCUMENT_SIZE_MAX;
    return SPANLOG_LINE_SIZE_MAX;
}

/* The line that began before is too long: drops its bytes up to the newline. Returns what stays. */
static size_t drop_long_line(struct spanlog_stream *stream, char *buffer, size_t have) {
    char *newline = memchr(buffer, '\n', have);
    size_t dropped = newline ? (size_t)(newline + 1 - buffer) : have;
    memmove(buffer, buffer + dropped, have - dropped);
    stream->offset += dropped;
    stream->in_long_line = !newline;
    stream->line += newline != NULL;
    return have - dropped;
}

static void note_long_line(struct spanlog_stream *stream, struct spanlog_chunk *chunk,
                           char *buffer) {
    set_place(stream, chunk);
    spanlog_chunk_finish(chunk, buffer, buffer);
    spanlog_issues_bad_line(stream->issues, chunk, buffer,
                            line_size_max(stream) == SPANLOG_LINE_SIZE_MAX
                                ? "longer than 16 MB"
                                : "a document longer than the limit",
                            false);
}

/* Behind the last line, or record, that is whole; NULL: there is none. The bytes before `from` have
 * no newline. */
static char *find_cut(struct spanlog_stream *stream, char *begin, size_t from, char *end,
                      bool *ret_is_mixed) {
    char *newline = memrchr(begin + from, '\n', (size_t)(end - begin) - from);
    *ret_is_mixed = false;
    if (newline && !stream->is_known) {
        int wrapped = spanlog_wrapped_check(begin, end);
        stream->is_wrapped = wrapped != 0;
        stream->is_known = wrapped >= 0 || (size_t)(end - begin) > SPANLOG_LINE_SIZE_MAX;
    }
    if (!stream->is_wrapped)
        return newline ? newline + 1 : NULL;
    char *cut = spanlog_wrapped_cut(begin, end, ret_is_mixed);
    /* A record without end is cut where its lines are. */
    if (!cut && (size_t)(end - begin) > SPANLOG_LINE_SIZE_MAX)
        cut = (newline = memrchr(begin, '\n', (size_t)(end - begin))) ? newline + 1 : NULL;
    return cut;
}

/* Reads until there is a whole line. */
static int read_lines(struct spanlog_stream *stream, struct spanlog_buffer *buffer, size_t piece,
                      struct spanlog_chunk *chunk, size_t *have, char **ret_cut, bool *ret_more) {
    bool is_mixed = false;
    int rc = 0;
    *ret_cut = NULL;
    while (rc == 0 && !*ret_cut) {
        size_t room = buffer->room - *have;
        ssize_t got = read_some(stream, buffer->data + *have, room < piece ? room : piece);
        if (got < 0)
            return (int)got;
        size_t from = *have;
        *have += (size_t)got;
        *ret_more = got > 0;
        if (stream->in_long_line) {
            *have = drop_long_line(stream, buffer->data, *have);
            from = 0;
        }
        *ret_cut = find_cut(stream, buffer->data, from, buffer->data + *have, &is_mixed);
        if (!*ret_more || (stream->is_followed && !spanlog_feed_is_ready(stream->feed)))
            break;
        if (!*ret_cut && *have > line_size_max(stream)) {
            note_long_line(stream, chunk, buffer->data);
            stream->in_long_line = true;
            *have = drop_long_line(stream, buffer->data, *have);
        } else if (!*ret_cut && buffer->room - *have < 2) {
            rc = spanlog_buffer_reserve(buffer, 2 * *have + 2, *have);
        }
    }
    if (rc == 0 && is_mixed && *ret_cut)
        rc = spanlog_wrapped_sort(buffer->data, *ret_cut);
    return rc;
}

int spanlog_stream_read(struct spanlog_stream *stream, struct spanlog_buffer *buffer, size_t piece,
                        struct spanlog_chunk *chunk, bool *ret_more) {
    size_t have = stream->carry_size;
    char *cut = NULL;
    *ret_more = true;
    piece = piece < 2 ? 2 : piece;
    int rc = take_carry(stream, buffer, piece);
    if (rc == 0)
        rc = read_lines(stream, buffer, piece, chunk, &have, &cut, ret_more);
    if (rc < 0)
        return rc;
    char *end = cut ? cut : buffer->data, *have_end = buffer->data + have;
    if (!*ret_more && !stream->is_followed && have_end > end) {
        end = have_end;
        if (end[-1] != '\n') { /* or a record that was to go on */
            *end++ = '\n';
            have_end++;
            chunk->unfinished_last = true;
        }
        if (stream->is_wrapped)
            rc = spanlog_wrapped_sort(buffer->data, end);
    }
    if (rc == 0)
        rc = keep_carry(stream, end, (size_t)(have_end - end));
    set_place(stream, chunk);
    chunk->is_wrapped = stream->is_wrapped;
    uint64_t inserted = stream->feed->unfold.inserted;
    stream->offset += (uint64_t)(end - buffer->data) - (inserted - stream->inserted);
    stream->inserted = inserted;
    stream->line += count_lines(buffer->data, end);
    spanlog_chunk_finish(chunk, buffer->data, end);
    return rc;
}
