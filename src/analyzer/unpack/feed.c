/* analyzer/unpack/feed.c: see feed.h. */
#include "src/analyzer/unpack/feed.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/analyzer/unpack/wrapped.h"

struct spanlog_feed *spanlog_feed_open(int fd, uint64_t most) {
    struct spanlog_feed *feed = calloc(1, sizeof *feed);
    char *raw = feed ? malloc(SPANLOG_FEED_RAW_SIZE) : NULL;
    if (!raw) {
        free(feed);
        return NULL;
    }
    feed->fd = fd;
    feed->left = most;
    feed->raw = raw;
    feed->raw_at = raw;
    return feed;
}

void spanlog_feed_close(struct spanlog_feed *feed) {
    if (!feed)
        return;
    close(feed->fd);
    spanlog_inflate_close(&feed->inflate);
    free(feed->raw);
    free(feed->text);
    free(feed);
}

bool spanlog_feed_is_ready(const struct spanlog_feed *feed) {
    struct pollfd poll_fd = {.fd = feed->fd, .events = POLLIN};
    if (feed->raw_size || feed->raw_ended || feed->inflate.is_full)
        return true;
    return poll(&poll_fd, 1, 0) > 0;
}

/* From the descriptor itself. */
static ssize_t read_raw(struct spanlog_feed *feed, char *out, size_t room) {
    ssize_t got = 0;
    if (room > feed->left)
        room = (size_t)feed->left;
    if (room == 0)
        return 0;
    do
        got = read(feed->fd, out, room);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return -errno;
    feed->left -= (uint64_t)got;
    feed->raw_done += (uint64_t)got;
    return got;
}

static ssize_t fill_raw(struct spanlog_feed *feed) {
    if (feed->raw_size)
        memmove(feed->raw, feed->raw_at, feed->raw_size);
    feed->raw_at = feed->raw;
    ssize_t got =
        read_raw(feed, feed->raw + feed->raw_size, SPANLOG_FEED_RAW_SIZE - feed->raw_size);
    if (got > 0)
        feed->raw_size += (size_t)got;
    return got;
}

/* Reads as few bytes as tell what this is: who writes a byte at a time is answered, too. */
static int find_kind(struct spanlog_feed *feed) {
    while (spanlog_inflate_kind_of(feed->raw_at, feed->raw_size) == SPANLOG_INFLATE_UNSURE) {
        ssize_t got = fill_raw(feed);
        if (got < 0)
            return (int)got;
        if (got == 0)
            break;
    }
    feed->is_known = true;
    enum spanlog_inflate_kind kind = spanlog_inflate_kind_of(feed->raw_at, feed->raw_size);
    if (kind == SPANLOG_INFLATE_GZ || kind == SPANLOG_INFLATE_ZST)
        return spanlog_inflate_open(&feed->inflate, kind);
    return 0;
}

static ssize_t read_plain(struct spanlog_feed *feed, char *out, size_t room) {
    if (feed->raw_size == 0)
        return read_raw(feed, out, room);
    size_t size = feed->raw_size < room ? feed->raw_size : room;
    memcpy(out, feed->raw_at, size);
    feed->raw_at += size;
    feed->raw_size -= size;
    return (ssize_t)size;
}

static ssize_t read_inflated(struct spanlog_feed *feed, char *out, size_t room) {
    size_t done = 0;
    while (done == 0 && !feed->inflate.has_ended) {
        if (feed->raw_size == 0 && !feed->inflate.is_full) {
            ssize_t got = fill_raw(feed);
            if (got < 0)
                return got;
            if (got == 0)
                spanlog_inflate_input_ended(&feed->inflate);
        }
        int rc =
            spanlog_inflate_run(&feed->inflate, &feed->raw_at, &feed->raw_size, out, room, &done);
        if (rc < 0)
            return rc;
    }
    return (ssize_t)done;
}

static ssize_t read_text(struct spanlog_feed *feed, char *out, size_t room) {
    return feed->inflate.kind == SPANLOG_INFLATE_NONE ? read_plain(feed, out, room)
                                                      : read_inflated(feed, out, room);
}

/* Of the first text: a byte order mark becomes blanks, so that offsets stay as they are. */
static void blank_mark(struct spanlog_feed *feed, char *text, ssize_t size) {
    if (!feed->has_begun && size >= (ssize_t)SPANLOG_MARK_SIZE &&
        memcmp(text, SPANLOG_MARK, SPANLOG_MARK_SIZE) == 0)
        memset(text, ' ', SPANLOG_MARK_SIZE);
    feed->has_begun |= size > 0;
}

ssize_t spanlog_feed_read(struct spanlog_feed *feed, char *out, size_t room) {
    int rc = feed->is_known ? 0 : find_kind(feed);
    if (rc < 0)
        return rc;
    ssize_t got = 0;
    if (feed->unfold.mode == SPANLOG_UNFOLD_LINES) {
        got = read_text(feed, out, room);
    } else {
        if (!feed->text && !(feed->text = malloc(SPANLOG_FEED_TEXT_SIZE)))
            return -ENOMEM;
        size_t most = room / 2 < SPANLOG_FEED_TEXT_SIZE ? room / 2 : SPANLOG_FEED_TEXT_SIZE;
        got = read_text(feed, feed->text, most);
        blank_mark(feed, feed->text, got);
        if (got > 0)
            got = (ssize_t)spanlog_unfold(&feed->unfold, feed->text, (size_t)got, out);
    }
    feed->raw_ended = got == 0;
    return got;
}

/* ---- before it is read -------------------------------------------------------------------- */

/* Whether what begins in `head` is a document: the first line alone decides. A line that is too
 * long for a line is one, too. */
static bool is_document(int fd, uint64_t begin, uint64_t size) {
    struct spanlog_unfold unfold = {0};
    char in[16384], out[2 * sizeof in];
    uint64_t done = 0;
    while (done <= SPANLOG_LINE_SIZE_MAX && begin + done < size &&
           (unfold.mode == SPANLOG_UNFOLD_START || unfold.mode == SPANLOG_UNFOLD_UNDECIDED)) {
        ssize_t got = pread(fd, in, sizeof in, (off_t)(begin + done));
        if (got <= 0)
            break;
        spanlog_unfold(&unfold, in, (size_t)got, out);
        done += (uint64_t)got;
    }
    return unfold.mode == SPANLOG_UNFOLD_DOCUMENT ||
           (unfold.mode == SPANLOG_UNFOLD_UNDECIDED && done > SPANLOG_LINE_SIZE_MAX);
}

bool spanlog_feed_is_needed(int fd, uint64_t begin, uint64_t size, bool *ret_is_archive) {
    char head[SPANLOG_WRAPPED_HEAD_SIZE];
    ssize_t got = pread(fd, head, sizeof head, (off_t)begin);
    *ret_is_archive = false;
    if (got <= 0)
        return false;
    enum spanlog_inflate_kind kind = spanlog_inflate_kind_of(head, (size_t)got);
    *ret_is_archive = kind == SPANLOG_INFLATE_GZ || kind == SPANLOG_INFLATE_ZST;
    return *ret_is_archive || spanlog_wrapped_is(head, (size_t)got) || is_document(fd, begin, size);
}
