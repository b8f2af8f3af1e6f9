/* analyzer/export/cat.h: the question "what does it say?": every line, in another dialect.
 *
 *     struct spanlog_cat cat = {.dialect = spanlog_dialect_find("logfmt"), .jobs = 2, .fd = 1};
 *     int rc = spanlog_cat_run(&cat, &sources, &issues);      cat.lines: how many were written
 *
 * Of logs that are followed, chunk by chunk; each is written at once:
 *
 *     struct spanlog_cat_writer *writer = spanlog_cat_writer_new(&cat, &issues);
 *     int rc = spanlog_cat_write(writer, &chunk);
 *     spanlog_cat_writer_free(writer);
 */
#ifndef SPANLOG_ANALYZER_EXPORT_CAT_H
#define SPANLOG_ANALYZER_EXPORT_CAT_H

#include "formatters/dialect.h"
#include "src/analyzer/translate/lines.h"

struct spanlog_where;

struct spanlog_cat {
    const struct spanlog_dialect *dialect;
    struct spanlog_translate_settings translate;
    const struct spanlog_where *where; /* NULL, or only lines that match; see needs_trace */
    unsigned jobs;
    int fd;
    void (*progress)(uint64_t done, uint64_t total);
    uint64_t lines; /* filled in */
};

/* 0 or -errno, also of a failed write. */
int spanlog_cat_run(struct spanlog_cat *cat, struct spanlog_sources *sources,
                    struct spanlog_issues *issues);

struct spanlog_cat_writer;

/* NULL: no memory. */
struct spanlog_cat_writer *spanlog_cat_writer_new(struct spanlog_cat *cat,
                                                  struct spanlog_issues *issues);
int spanlog_cat_write(struct spanlog_cat_writer *writer, const struct spanlog_chunk *chunk);
/* Counts its lines in cat.lines. */
void spanlog_cat_writer_free(struct spanlog_cat_writer *writer);

#endif
