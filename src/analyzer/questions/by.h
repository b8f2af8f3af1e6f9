/* analyzer/questions/by.h: what spans are grouped by: service and operation, or any field.
 *
 *     struct spanlog_by by;
 *     spanlog_by_open(&by, "http.route", jobs);        NULL: by service and operation
 *     ... collect with .probe = spanlog_by_probe(&by) ...
 *     spanlog_by_prepare(&by, &collection);
 *     uint32_t group = spanlog_by_group(&by, view, node);
 *     struct spanlog_by_text text = spanlog_by_text(&by, group);
 *     spanlog_by_free(&by);
 *
 * A field is `service`, `operation`, `host`, `kind` (internal, where nothing is said), `status`
 * (error for whatever counts as one), any other key of the record, or an attribute. Groups are
 * small numbers.
 */
#ifndef SPANLOG_ANALYZER_QUESTIONS_BY_H
#define SPANLOG_ANALYZER_QUESTIONS_BY_H

#include "src/analyzer/trees/each.h"

enum spanlog_by_kind {
    SPANLOG_BY_NAME, /* service and operation */
    SPANLOG_BY_SERVICE,
    SPANLOG_BY_OPERATION,
    SPANLOG_BY_HOST,
    SPANLOG_BY_FIELD /* read from the line by the probe */
};

struct spanlog_by {
    enum spanlog_by_kind kind;
    const char *field;
    char *quoted; /* as it stands in lines */
    struct spanlog_probe probe;
    struct spanlog_by_job *jobs;
    unsigned job_count;
    const struct spanlog_collection *all;
    struct spanlog_names pairs; /* SPANLOG_BY_NAME: service, operation */
    uint32_t *group_of_name;    /* of the collection's names */
};

/* 0 or -ENOMEM. The field's name must stay. */
int spanlog_by_open(struct spanlog_by *by, const char *field, unsigned jobs);
/* NULL when lines need not be asked. */
const struct spanlog_probe *spanlog_by_probe(const struct spanlog_by *by);
int spanlog_by_prepare(struct spanlog_by *by, const struct spanlog_collection *all);
void spanlog_by_free(struct spanlog_by *by);

/* 0 stands for spans without the field. */
static inline uint32_t spanlog_by_group(const struct spanlog_by *by,
                                        const struct spanlog_trace_view *view,
                                        const struct spanlog_node *node) {
    if (by->kind == SPANLOG_BY_FIELD)
        return view->extras[node->line].group + 1; /* none is the greatest number */
    return by->group_of_name[node->name];
}

struct spanlog_by_text {
    struct spanlog_text service; /* SPANLOG_BY_NAME only */
    struct spanlog_text text;    /* the operation, or the field's value */
};
struct spanlog_by_text spanlog_by_text(const struct spanlog_by *by, uint32_t group);

#endif
