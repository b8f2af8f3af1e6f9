/* sinks/socket.h: what sinks that send line by line over a socket have in common.
 *
 *     if (!socket_is_open(sink))
 *         error = socket_open_unix(sink, "/dev/log", SOCK_DGRAM);
 *     error = socket_write_lines(sink, data, size, ret_written, send_line);
 */
#ifndef SPANLOG_SINKS_SOCKET_H
#define SPANLOG_SINKS_SOCKET_H

#include "src/sinks/sink.h"

/* False also when the program has closed the descriptor, or has another file there since. */
bool socket_is_open(struct sink *sink);
/* Connects. 0 or -errno. */
int socket_open_unix(struct sink *sink, const char *path, int type);
/* Takes fd, which is connected. 0 or -errno. */
int socket_keep(struct sink *sink, int fd);
void socket_close(struct sink *sink);

/* As sink_type.write: `send` gets each line without its newline and returns 0 or -errno; after
 * -EAGAIN it is called once more when the socket takes more. */
int socket_write_lines(struct sink *sink, const char *data, size_t size, size_t *ret_written,
                       int (*send)(struct sink *sink, const char *line, size_t size));
/* At least so many bytes at sink->scratch. -ENOMEM. */
int socket_scratch(struct sink *sink, size_t size);

#endif
