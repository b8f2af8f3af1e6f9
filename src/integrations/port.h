/* integrations/port.h: the port that stands in an address. Shared by HTTP and gRPC, which are
 * libraries of their own.
 *
 *     uint16_t port = spanlog_port_read(colon + 1, end);      "8080"; 0: no port
 */
#ifndef SPANLOG_INTEGRATIONS_PORT_H
#define SPANLOG_INTEGRATIONS_PORT_H

#include <stdint.h>

static inline uint16_t spanlog_port_read(const char *text, const char *end) {
    unsigned port = 0;
    for (; text < end; text++) {
        if (*text < '0' || *text > '9' || port > 6553)
            return 0;
        port = 10 * port + (unsigned)(*text - '0');
    }
    return port <= UINT16_MAX ? (uint16_t)port : 0;
}

#endif
