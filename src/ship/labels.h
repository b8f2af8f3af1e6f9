/* ship/labels.h: which stream of Loki a record belongs to.
 *
 *     rc = spanlog_ship_labels_open(&labels, "service_name=service", "cluster=eu1", problem);
 *     uint32_t group = spanlog_ship_labels_find(&labels, state, &record, line, time_ns);
 *     spanlog_ship_labels_put(&labels, state, group, &out);    {"service_name":"orders",...}
 *
 * A label is a field of the line (service, logger, level), or an attribute that a process says
 * once, in its "process started" line: remembered by service and process. Ids are refused: each
 * value of a label is a stream, and thousands of them are what Loki cannot bear.
 *
 * Loki takes no entry that is an hour behind the newest of its stream. Such entries go to a stream
 * of their own, late="true", and those that are late even there to the next, late="2" and so on up
 * to SPANLOG_SHIP_LANES. Which one depends on the order in the files only, so that what is sent
 * again goes where it went before.
 */
#ifndef SPANLOG_SHIP_LABELS_H
#define SPANLOG_SHIP_LABELS_H

#include "src/analyzer/read/record.h"
#include "src/ship/endpoint.h"
#include "src/ship/state.h"

#define SPANLOG_SHIP_LABELS_MAX 13 /* 15 in Loki, with `late` and one to spare */
#define SPANLOG_SHIP_LABELS_DEFAULT "service_name=service,env=deployment.environment.name"
#define SPANLOG_SHIP_LATE_NS (55 * 60 * 1000000000ull)

struct spanlog_ship_label {
    char *name;
    char *key;      /* in the line */
    unsigned field; /* SPANLOG_FIELD_COUNT: an attribute of the process */
};

struct spanlog_ship_labels {
    struct spanlog_ship_label list[SPANLOG_SHIP_LABELS_MAX];
    unsigned count;
    char *constants; /* "cluster":"eu1", ready to be put in front */
    bool needs_process;
    /* The last record's, since most are followed by another of the same. */
    uint64_t last_key;
    uint32_t last_stream;
    bool has_last;
    struct spanlog_output text; /* scratch */
    uint64_t clock;
};

/* 0, -EINVAL with what is wrong, or -ENOMEM. NULL: the default, and none. */
int spanlog_ship_labels_open(struct spanlog_ship_labels *labels, const char *list,
                             const char *constants, char problem[SPANLOG_SHIP_PROBLEM]);
void spanlog_ship_labels_free(struct spanlog_ship_labels *labels);

/* A number for stream and lane, which is good until the batch is cleared; or -ENOMEM. */
int64_t spanlog_ship_labels_find(struct spanlog_ship_labels *labels,
                                 struct spanlog_ship_state *state,
                                 const struct spanlog_record *record, const char *line,
                                 uint64_t time_ns);
void spanlog_ship_labels_put(const struct spanlog_ship_labels *labels,
                             const struct spanlog_ship_state *state, uint32_t group,
                             struct spanlog_output *out);
/* After a batch was sent: what was read is done; forgets the streams that were used least lately,
 * if there are too many. */
void spanlog_ship_labels_tidy(struct spanlog_ship_labels *labels, struct spanlog_ship_state *state);

#endif
