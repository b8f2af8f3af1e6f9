/* analyzer/translate/lines.h: the lines of a chunk as records, whatever wrote them.
 *
 *     struct spanlog_lines lines;
 *     struct spanlog_record record;
 *     const char *line;
 *     int rc;
 *     spanlog_lines_init(&lines, &settings, 500, &issues);           once a job
 *     spanlog_lines_begin(&lines, chunk);
 *     while ((rc = spanlog_lines_next(&lines, &record, &line)) > 0)
 *         ... line..record.end is canonical JSON ...
 *     spanlog_lines_end(&lines);                                     notes how many were good
 *     spanlog_lines_free(&lines);
 *
 * Lines that spanlog wrote, and others with `ts`, `level` and `msg` in whatever order, are read as
 * they stand. All others are translated first: one of them may become several. Bad lines are noted
 * (unless issues is NULL) and passed over. One owner a time.
 */
#ifndef SPANLOG_ANALYZER_TRANSLATE_LINES_H
#define SPANLOG_ANALYZER_TRANSLATE_LINES_H

#include "src/analyzer/read/record.h"
#include "src/analyzer/input/scan.h"
#include "src/analyzer/translate/translate.h"

struct spanlog_lines {
    struct spanlog_reader reader;
    struct spanlog_translator translator;
    struct spanlog_issues *issues;
    const struct spanlog_chunk *chunk;
    const char *next;   /* the next line of the chunk */
    const char *stop;   /* no line begins here or later */
    const char *origin; /* where in the chunk the record given last came from */
    /* NULL, or all that origin..whole says is in that record. A brief record may have no other
     * text; identical ones must be told by this one, then. */
    const char *whole;
    uint32_t ordinal; /* its number among those from there */
    const char *more; /* what was translated and is not given yet: more..more_end */
    const char *more_end;
    uint64_t good;
    uint64_t translated; /* lines of the chunk that needed it */
    uint64_t bad;
    const char *first_bad; /* in the chunk; and why */
    const char *first_reason;
    bool was_foreign; /* the line before */
    bool is_careful;  /* the settings want more than spanlog's own lines as they stand */
};

void spanlog_lines_init(struct spanlog_lines *lines,
                        const struct spanlog_translate_settings *settings, int32_t error_status_min,
                        struct spanlog_issues *issues);
void spanlog_lines_free(struct spanlog_lines *lines);

/* What the records point to stands until the next call, if it was translated. The chunk must stay
 * as long as they do. */
void spanlog_lines_begin(struct spanlog_lines *lines, const struct spanlog_chunk *chunk);
/* Only those that begin in from..to, which is part of the chunk. */
void spanlog_lines_range(struct spanlog_lines *lines, const struct spanlog_chunk *chunk,
                         const char *from, const char *to);
void spanlog_lines_end(struct spanlog_lines *lines);

/* 1, 0 at the end, -ENOMEM. */
int spanlog_lines_next_slow(struct spanlog_lines *lines, struct spanlog_record *ret,
                            const char **ret_line);

/* Whether it says by itself when, how bad and what, in spanlog's words. */
static inline bool spanlog_record_is_own(const struct spanlog_record *record) {
    return record->time_ns && record->raw[SPANLOG_FIELD_MSG].type == SPANLOG_JSON_STRING &&
           record->raw[SPANLOG_FIELD_LEVEL].type == SPANLOG_JSON_STRING;
}

static inline int spanlog_lines_next(struct spanlog_lines *lines, struct spanlog_record *ret,
                                     const char **ret_line) {
    if (!lines->was_foreign && !lines->is_careful && lines->next < lines->stop &&
        !spanlog_record_read(&lines->reader, lines->next, ret) && spanlog_record_is_own(ret)) {
        *ret_line = lines->origin = lines->next;
        lines->whole = NULL;
        lines->ordinal = 0;
        lines->next = ret->end + 1;
        lines->good++;
        return 1;
    }
    return spanlog_lines_next_slow(lines, ret, ret_line);
}

#endif
