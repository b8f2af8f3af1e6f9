/* ship/endpoint.h: what `loki:http://127.0.0.1:3100` means. Pure.
 *
 *     struct spanlog_ship_endpoint endpoint;
 *     char problem[SPANLOG_SHIP_PROBLEM];
 *     if (spanlog_ship_endpoint_read(&target, &endpoint, problem) < 0) ... problem ...
 *     endpoint.url[SPANLOG_SHIP_DOOR_LOGS]      "http://127.0.0.1:3100/loki/api/v1/push"
 *     spanlog_ship_endpoint_free(&endpoint);
 */
#ifndef SPANLOG_SHIP_ENDPOINT_H
#define SPANLOG_SHIP_ENDPOINT_H

#include "src/ship/ship.h"

enum spanlog_ship_protocol_kind { SPANLOG_SHIP_LOKI, SPANLOG_SHIP_OTLP, SPANLOG_SHIP_ZIPKIN };

/* A URL that takes one kind of records. */
enum spanlog_ship_door { SPANLOG_SHIP_DOOR_LOGS, SPANLOG_SHIP_DOOR_TRACES, SPANLOG_SHIP_DOORS };

struct spanlog_ship_endpoint {
    enum spanlog_ship_protocol_kind protocol;
    char *url[SPANLOG_SHIP_DOORS]; /* NULL: it takes no such records */
    char *query_url;               /* where Loki is asked for lines; NULL: of the others */
    char *name;                    /* the target without a password, for people and state files */
    char file_name[80];            /* "loki-127.0.0.1_3100-1f3a9c0e" */
    bool is_local;                 /* this host itself */
};

/* 0, -EINVAL with what is wrong and what to do, or -ENOMEM. */
int spanlog_ship_endpoint_read(const struct spanlog_ship_target *target,
                               struct spanlog_ship_endpoint *ret,
                               char problem[SPANLOG_SHIP_PROBLEM]);
void spanlog_ship_endpoint_free(struct spanlog_ship_endpoint *endpoint);

#endif
