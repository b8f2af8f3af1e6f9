/* sinks/syslog.c: lines to a syslog server: a local socket, UDP, or TCP with octet counting.
 *
 *     syslog:                       /dev/log
 *     syslog:unix:/run/syslog.sock  syslog:udp://127.0.0.1:514  syslog:tcp://logs.example:601
 *
 * Each line is one message (RFC 5424, 5426, 6587). TCP says nothing of what has arrived: what lay
 * in its buffers when a server died is lost; a connection that was closed in order is noticed
 * before the next batch.
 */
#include "src/sinks/socket.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOCAL_SOCKET "unix:/dev/log"
#define CONNECT_MS 1000
#define MARK "...[cut]"

/* ---- connecting ---------------------------------------------------------------------------- */

static int finish_connecting(int fd) {
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t size = sizeof error;
    if (poll(&ready, 1, CONNECT_MS) <= 0)
        return -ETIMEDOUT;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        return -errno;
    return -error;
}

static int connect_one(const struct addrinfo *address) {
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int error = connect(fd, address->ai_addr, address->ai_addrlen) == 0 ? 0 : -errno;
    if (error == -EINPROGRESS)
        error = finish_connecting(fd);
    if (error == 0)
        return fd;
    close(fd);
    return error;
}

/* "127.0.0.1:514", "[::1]:514", "logs.example:601" */
static int open_net(struct sink *sink, const char *address, int type) {
    char host[sizeof sink->target];
    snprintf(host, sizeof host, "%s", address);
    char *colon = strrchr(host, ':'), *name = host;
    if (colon == NULL)
        return -EDESTADDRREQ;
    *colon = '\0';
    if (name[0] == '[' && colon > name + 1 && colon[-1] == ']') {
        name++;
        colon[-1] = '\0';
    }
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = type}, *found = NULL;
    if (getaddrinfo(name, colon + 1, &hints, &found) != 0)
        return -EHOSTUNREACH;
    int fd = -EHOSTUNREACH;
    for (const struct addrinfo *one = found; one != NULL && fd < 0; one = one->ai_next)
        fd = connect_one(one);
    freeaddrinfo(found);
    return fd < 0 ? fd : socket_keep(sink, fd);
}

static bool is_stream(const struct sink *sink) {
    return strncmp(sink->target, "tcp://", 6) == 0;
}

static bool is_udp(const struct sink *sink) {
    return strncmp(sink->target, "udp://", 6) == 0;
}

static int open_target(struct sink *sink) {
    if (is_stream(sink))
        return open_net(sink, sink->target + 6, SOCK_STREAM);
    if (is_udp(sink))
        return open_net(sink, sink->target + 6, SOCK_DGRAM);
    return socket_open_unix(sink, sink->target + strlen("unix:"), SOCK_DGRAM);
}

/* A server that ended in order has said so. */
static bool is_closed(const struct sink *sink) {
    char byte;
    ssize_t got = recv(sink->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

static int syslog_begin(struct sink *sink, struct sink_place *ret_place) {
    *ret_place = (struct sink_place){.regular = false};
    if (sink->target[0] == '\0')
        strcpy(sink->target, LOCAL_SOCKET);
    if (socket_is_open(sink) && is_stream(sink) && is_closed(sink))
        socket_close(sink);
    return socket_is_open(sink) ? 0 : open_target(sink);
}

/* ---- sending ------------------------------------------------------------------------------- */

/* Lines of other dialects get the least of headers. */
static const char *header_of(const char *line, size_t size) {
    return size > 0 && *line == '<' ? "" : "<14>1 - - - - - - ";
}

/* Of UDP a refusal is about a datagram before, so this one goes out at the next try. That nobody
 * is there is an error once. */
static int send_whole(struct sink *sink, const char *end) {
    size_t size = (size_t)(end - sink->scratch);
    ssize_t put = send(sink->fd, sink->scratch, size, MSG_NOSIGNAL);
    if (put < 0 && errno == ECONNREFUSED && sink->refused)
        put = send(sink->fd, sink->scratch, size, MSG_NOSIGNAL);
    if (put >= 0)
        return 0;
    sink->refused |= errno == ECONNREFUSED && is_udp(sink);
    return -errno;
}

/* What is too large for the way is cut, and says so. */
static int send_datagram(struct sink *sink, const char *line, size_t size) {
    static const size_t sizes[] = {60000, 8000, 1000};
    const char *header = header_of(line, size);
    if (socket_scratch(sink, strlen(header) + size + sizeof MARK) != 0)
        return -ENOMEM;
    char *end = mempcpy(stpcpy(sink->scratch, header), line, size);
    int error = send_whole(sink, end);
    for (size_t i = 0; error == -EMSGSIZE && i < sizeof sizes / sizeof *sizes; i++) {
        if (end - sink->scratch <= (ptrdiff_t)sizes[i])
            continue;
        end = sink->scratch + sizes[i];
        while ((*end & 0xc0) == 0x80) /* between characters */
            end--;
        error = send_whole(sink, stpcpy(end, MARK));
    }
    return error;
}

/* "123 <14>1 ...": a frame may go out in pieces, over several calls with the same line. */
static int send_frame(struct sink *sink, const char *line, size_t size) {
    const char *header = header_of(line, size);
    if (sink->sent == 0) {
        if (socket_scratch(sink, size + 64) != 0)
            return -ENOMEM;
        sprintf(sink->scratch, "%zu %s", strlen(header) + size, header);
        memcpy(sink->scratch + strlen(sink->scratch), line, size);
    }
    char length[24];
    size_t frame = (size_t)sprintf(length, "%zu ", strlen(header) + size) + strlen(header) + size;
    while (sink->sent < frame) {
        ssize_t put = send(sink->fd, sink->scratch + sink->sent, frame - sink->sent, MSG_NOSIGNAL);
        if (put < 0 && errno != EINTR)
            return -errno;
        sink->sent += put > 0 ? (size_t)put : 0;
    }
    sink->sent = 0;
    return 0;
}

static int syslog_write(struct sink *sink, const char *data, size_t size, size_t *ret_written) {
    int error = socket_write_lines(sink, data, size, ret_written,
                                   is_stream(sink) ? send_frame : send_datagram);
    if (error != 0 && error != -EAGAIN)
        socket_close(sink); /* the next batch connects again, and begins with a whole line */
    return error;
}

static void nothing(struct sink *sink) {
    (void)sink;
}

const struct sink_type sink_syslog = {"syslog",     false,   syslog_begin,
                                      syslog_write, nothing, socket_close};
