/* service: what the main functions of the three shop programs have in common.
 *
 *     service_options options;
 *     if (service_parse(argc, argv, &options) != 0)
 *         return 2;
 *     return service_run(&options, routes);
 */
#ifndef SHOP_SERVICE_H
#define SHOP_SERVICE_H

#include "http.h"

typedef struct service_options {
    uint16_t port;         /* --port N, 0: any */
    const char *port_file; /* --port-file FILE: the port is written there once it is open */
    const char *database;  /* --database FILE */
    const char *prices;    /* --prices CONNINFO: the PostgreSQL with the price list; NULL: none */
    uint16_t upstream;     /* --upstream N: the port of the service that this one calls */
} service_options;

/* Returns 0, or -EINVAL after printing the usage. */
int service_parse(int argc, char **argv, service_options *ret_options);
/* Serves until SIGTERM or SIGINT. Returns main's exit status. */
int service_run(const service_options *options, const http_route *routes);

#endif
