/* analyzer/retain/retain_parts.h: between the files of retain. */
#ifndef SPANLOG_ANALYZER_RETAIN_RETAIN_PARTS_H
#define SPANLOG_ANALYZER_RETAIN_RETAIN_PARTS_H

#include "src/analyzer/read/record.h"
#include "src/analyzer/retain/retain.h"

#define SPANLOG_RETAIN_TEMPORARY ".retain" /* .NAME.retain beside the file */

/* By its name and age alone. */
enum spanlog_retain_fate {
    SPANLOG_RETAIN_LEFT_ALONE, /* it may be written to, or lies in the archive */
    SPANLOG_RETAIN_YOUNG,
    SPANLOG_RETAIN_THINS,
    SPANLOG_RETAIN_GOES
};

struct spanlog_retain_files {
    struct spanlog_sources *sources;
    struct spanlog_issues *issues;
    enum spanlog_retain_fate *fates; /* of each source */
};

/* ---- retain_traces.c ----------------------------------------------------------------------- */

struct spanlog_error_traces {
    struct spanlog_id *list; /* sorted, each once */
    size_t count, room;
};

bool spanlog_retain_is_error(const struct spanlog_record *record);
bool spanlog_error_traces_have(const struct spanlog_error_traces *traces,
                               const struct spanlog_id *id);
/* The traces with lines in what stays of which an error is there, or was in what has gone or goes
 * now. ret_gone: the latter alone, which later runs could not find any more. */
int spanlog_error_traces_find(const struct spanlog_retain *retain, int directory,
                              const struct spanlog_retain_files *files,
                              struct spanlog_error_traces *ret,
                              struct spanlog_error_traces *ret_gone);
/* Writes these for later runs, unless they are there already. */
int spanlog_error_traces_keep(const struct spanlog_retain *retain, int directory,
                              const struct spanlog_error_traces *gone);

/* ---- retain_file.c ------------------------------------------------------------------------- */

/* Removes what runs before this one were killed over, in the directory itself. */
void spanlog_retain_clean_up(int directory);
/* Both fill in what was done; on an error the file is as it was. */
void spanlog_retain_remove(const struct spanlog_retain *retain, const struct spanlog_source *source,
                           struct spanlog_retained *done);
/* traces NULL: all lines stay, compressed. */
void spanlog_retain_rewrite(const struct spanlog_retain *retain,
                            const struct spanlog_source *source,
                            const struct spanlog_error_traces *traces,
                            struct spanlog_retained *done);
/* Whether it has the name that it would be given now that it is compressed. */
bool spanlog_retain_is_named(const struct spanlog_source *source);

#endif
