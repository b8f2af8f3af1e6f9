/* analyzer/names.h: pairs of service and operation, each once, known by a small number.
 *
 *     uint32_t name = spanlog_names_add(&names, service, operation);
 *     names.list[name].service
 *
 * Service and operation are numbers of a spanlog_strings.
 */
#ifndef SPANLOG_ANALYZER_NAMES_H
#define SPANLOG_ANALYZER_NAMES_H

#include "src/analyzer/strings.h"

struct spanlog_name {
    uint32_t service;
    uint32_t operation;
};

struct spanlog_names {
    struct spanlog_name *list;
    uint32_t *slots; /* number + 1; 0: empty */
    uint32_t count;
    uint32_t room;
};

/* SPANLOG_STRING_NONE when there is no memory. */
uint32_t spanlog_names_add(struct spanlog_names *names, uint32_t service, uint32_t operation);
void spanlog_names_free(struct spanlog_names *names);

#endif
