/* analyzer/rows/names.h: what spans have in common: service, operation and the host that they ran
 * on. Each combination once, known by a small number.
 *
 *     uint32_t name = spanlog_names_add(&names, service, operation, host);
 *     names.list[name].service
 *
 * All three are numbers of a spanlog_strings; the host may be SPANLOG_STRING_NONE. (While lines are
 * being collected, a number of struct spanlog_place stands for the host: see collect.h.)
 */
#ifndef SPANLOG_ANALYZER_ROWS_NAMES_H
#define SPANLOG_ANALYZER_ROWS_NAMES_H

#include "src/analyzer/base/strings.h"

struct spanlog_name {
    uint32_t service;
    uint32_t operation;
    uint32_t host;
};

struct spanlog_names {
    struct spanlog_name *list;
    uint32_t *slots; /* number + 1; 0: empty */
    uint32_t count;
    uint32_t room;
};

/* SPANLOG_STRING_NONE when there is no memory. */
uint32_t spanlog_names_add(struct spanlog_names *names, uint32_t service, uint32_t operation,
                           uint32_t host);
/* SPANLOG_STRING_NONE when it is not there. */
uint32_t spanlog_names_find(const struct spanlog_names *names, uint32_t service, uint32_t operation,
                            uint32_t host);
void spanlog_names_free(struct spanlog_names *names);

#endif
