/* ship/protocol.h: how records are written for one kind of server. One table each, named in
 * protocol_of.
 *
 *     const struct spanlog_ship_protocol *protocol = spanlog_ship_protocol_of(SPANLOG_SHIP_LOKI);
 *     rc = protocol->add(&writer, &record);          0, 1: it has no place there, -ENOMEM
 *     protocol->body(&writer, door, from, to, &out);
 */
#ifndef SPANLOG_SHIP_PROTOCOL_H
#define SPANLOG_SHIP_PROTOCOL_H

#include "src/analyzer/read/line_read.h"
#include "src/ship/batch.h"
#include "src/ship/endpoint.h"
#include "src/ship/files.h"
#include "src/ship/labels.h"

struct spanlog_ship_record {
    const struct spanlog_record *record;
    const char *line; /* canonical, up to record->end */
    uint64_t time_ns; /* never 0 */
    struct spanlog_ship_file *file;
};

struct spanlog_ship_protocol;

struct spanlog_ship_writer {
    const struct spanlog_ship_protocol *protocol;
    struct spanlog_ship_batch batches[SPANLOG_SHIP_DOORS];
    bool is_open[SPANLOG_SHIP_DOORS]; /* what has no open door is left out */
    struct spanlog_ship_state *state;
    struct spanlog_ship_labels labels; /* of Loki */
    struct spanlog_reader reader;      /* of the others: */
    struct spanlog_arena arena;
    uint64_t clock;
};

struct spanlog_ship_protocol {
    int (*add)(struct spanlog_ship_writer *writer, const struct spanlog_ship_record *record);
    void (*body)(const struct spanlog_ship_writer *writer, enum spanlog_ship_door door, size_t from,
                 size_t to, struct spanlog_output *out);
};

const struct spanlog_ship_protocol *spanlog_ship_protocol_of(enum spanlog_ship_protocol_kind kind);
extern const struct spanlog_ship_protocol spanlog_ship_loki;
extern const struct spanlog_ship_protocol spanlog_ship_otlp;
extern const struct spanlog_ship_protocol spanlog_ship_zipkin;

void spanlog_ship_writer_free(struct spanlog_ship_writer *writer);

/* How many equal lines of the same time stood before this one in the file: loki.c. */
uint64_t spanlog_ship_twins(struct spanlog_ship_file *file, uint64_t time_ns, const char *line,
                            size_t size);

/* Entries with commas between them. */
void spanlog_ship_put_entries(const struct spanlog_ship_batch *batch, size_t from, size_t to,
                              struct spanlog_output *out);

#endif
