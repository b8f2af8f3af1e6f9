/* analyzer/retain/retain_parts.h: between the two files of retain. */
#ifndef SPANLOG_ANALYZER_RETAIN_RETAIN_PARTS_H
#define SPANLOG_ANALYZER_RETAIN_RETAIN_PARTS_H

#include "src/analyzer/read/record.h"
#include "src/analyzer/retain/retain.h"

struct spanlog_error_traces {
    struct spanlog_id *list; /* sorted, each once */
    size_t count, room;
};

bool spanlog_retain_is_error(const struct spanlog_record *record);
bool spanlog_error_traces_have(const struct spanlog_error_traces *traces,
                               const struct spanlog_id *id);

/* Removes what runs before this one were killed over, in the directory itself. */
void spanlog_retain_clean_up(int directory);
/* Both fill in what was done; on an error the file is as it was. */
void spanlog_retain_remove(const struct spanlog_retain *retain, struct spanlog_retained *done);
/* traces NULL: all lines stay, compressed. */
void spanlog_retain_rewrite(const struct spanlog_retain *retain,
                            const struct spanlog_source *source,
                            const struct spanlog_error_traces *traces,
                            struct spanlog_retained *done);

#endif
