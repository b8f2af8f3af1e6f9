/* analyzer/unpack/feed.h: the bytes of a stream as the analyzer wants them: decompressed, and
 * documents unfolded to one line a value. Both are found by the bytes, not by a name.
 *
 *     struct spanlog_feed *feed = spanlog_feed_open(fd, UINT64_MAX);
 *     while ((got = spanlog_feed_read(feed, out, room)) > 0) ...        0: the end; or -errno
 *     if (feed->inflate.problem[0]) ...
 *     spanlog_feed_close(feed);                                         fd, too
 */
#ifndef SPANLOG_ANALYZER_UNPACK_FEED_H
#define SPANLOG_ANALYZER_UNPACK_FEED_H

#include <sys/types.h>

#include "src/analyzer/unpack/inflate.h"
#include "src/analyzer/unpack/unfold.h"

/* A longer line is passed over and noted: see input/scan.h. */
#define SPANLOG_LINE_SIZE_MAX (16u << 20)
#define SPANLOG_FEED_RAW_SIZE (128u << 10)
#define SPANLOG_FEED_TEXT_SIZE (256u << 10)

#define SPANLOG_MARK "\xef\xbb\xbf" /* a byte order mark */
#define SPANLOG_MARK_SIZE 3u

struct spanlog_feed {
    int fd;
    uint64_t left;     /* bytes that may still be read from fd */
    uint64_t raw_done; /* that were */
    char *raw;         /* SPANLOG_FEED_RAW_SIZE; what of it waits: */
    const char *raw_at;
    size_t raw_size;
    bool raw_ended;
    bool is_known;  /* whether it is compressed */
    bool has_begun; /* some text was read */
    struct spanlog_inflate inflate;
    struct spanlog_unfold unfold;
    char *text; /* before it is unfolded; made when it is needed */
};

/* Takes fd. At most `most` bytes are read from it. NULL: no memory. */
struct spanlog_feed *spanlog_feed_open(int fd, uint64_t most);
/* Some bytes, waiting until there are some; 0 at the end, or -errno. room: at least 2. */
ssize_t spanlog_feed_read(struct spanlog_feed *feed, char *out, size_t room);
/* Whether a read would not wait. */
bool spanlog_feed_is_ready(const struct spanlog_feed *feed);
static inline bool spanlog_feed_is_document(const struct spanlog_feed *feed) {
    return feed->unfold.mode == SPANLOG_UNFOLD_DOCUMENT;
}
void spanlog_feed_close(struct spanlog_feed *feed);

/* Whether a regular file, from `begin` on, has to be read in order, from its first bytes: archives,
 * documents, and logs in which records may go on in the next line. */
bool spanlog_feed_is_needed(int fd, uint64_t begin, uint64_t size, bool *ret_is_archive);

#endif
