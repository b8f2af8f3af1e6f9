/* integrations/grpc_address.c: what gRPC's texts for targets and peers name. See spanlog/grpc.h.
 *
 *     dns://resolver/host:port   ipv4:10.0.0.9:80,10.0.0.8:80   ipv6:%5B::1%5D:80   unix:/path
 */
#include "src/integrations/port.h"

#include <spanlog/grpc.h>

#include <errno.h>
#include <string.h>
#include <strings.h>

/* gRPC's schemes: any other word before a colon is a host. */
static bool has_scheme(const char *text, const char *scheme, size_t size) {
    return strncmp(text, scheme, size) == 0 && text[size] == ':';
}

/* Behind "scheme:", and the "//authority/" that may follow it. */
static const char *skip_scheme(const char *text, bool *ret_path) {
    static const char *const schemes[] = {"dns",  "ipv4",          "ipv6",        "xds",
                                          "unix", "unix-abstract", "passthrough", "vsock"};
    *ret_path = false;
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t size = strlen(schemes[i]);
        if (!has_scheme(text, schemes[i], size))
            continue;
        *ret_path = strncmp(schemes[i], "unix", 4) == 0;
        text += size + 1;
        if (strncmp(text, "//", 2) != 0)
            return text;
        text += 2 + strcspn(text + 2, "/");
        return *text == '/' && !*ret_path ? text + 1 : text;
    }
    return text;
}

/* An opening bracket at the start of an IPv6 address, or behind it a closing one; peers have them
 * percent-encoded. Returns its size, 0: none. */
static size_t bracket(const char *text, const char *end, char sign, const char *encoded) {
    if (text < end && *text == sign)
        return 1;
    return end - text >= 3 && strncasecmp(text, encoded, 3) == 0 ? 3 : 0;
}

static const char *closing_bracket(const char *text, const char *end) {
    while (text < end && bracket(text, end, ']', "%5D") == 0)
        text++;
    return text;
}

int spanlog_grpc_address(const char *text, char *ret_host, size_t size, uint16_t *ret_port) {
    bool path;
    *ret_port = 0;
    if (size > 0)
        *ret_host = '\0';
    if (text == NULL)
        return -EINVAL;
    const char *host = skip_scheme(text, &path);
    const char *end = host + (path ? strlen(host) : strcspn(host, ",/?#"));
    size_t open = path ? 0 : bracket(host, end, '[', "%5B");
    const char *host_end = end, *port = end;
    if (open > 0) {
        host += open;
        host_end = closing_bracket(host, end);
        port = host_end + bracket(host_end, end, ']', "%5D");
    } else if (!path) {
        const char *colon = memchr(host, ':', (size_t)(end - host));
        /* two colons and no brackets: an IPv6 address alone */
        if (colon != NULL && memchr(colon + 1, ':', (size_t)(end - colon) - 1) == NULL)
            host_end = port = colon;
    }
    size_t length = (size_t)(host_end - host);
    if (length == 0 || length >= size)
        return -EINVAL;
    memcpy(ret_host, host, length);
    ret_host[length] = '\0';
    *ret_port = port < end && *port == ':' ? spanlog_port_read(port + 1, end) : 0;
    return 0;
}
