/* sinks/journald.c: journald's native protocol, from lines of flat JSON.
 *
 *     {"ts":"...","level":"info","msg":"cache miss","service":"orders","trace_id":"...","hits":3}
 *
 * is sent as MESSAGE=cache miss, PRIORITY=6, SYSLOG_IDENTIFIER=orders, TRACE_ID=4bf9..., HITS=3 and
 * TS=...: each key in upper case, what no field's name may hold as '_'. A record too large for the
 * socket goes as a sealed file in memory.
 */
#include "src/sinks/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define JOURNALD_SOCKET "/run/systemd/journal/socket"
#define NAME_MAX_SIZE 64

/* ---- JSON, as our own writer makes it ------------------------------------------------------ */

/* The byte behind the string whose first quote is at p; NULL: it does not end. */
static const char *string_end(const char *p, const char *end) {
    for (p++; p < end && *p != '"'; p++)
        p += *p == '\\';
    return p < end ? p + 1 : NULL;
}

/* The byte behind the value at p. */
static const char *value_end(const char *p, const char *end) {
    int depth = 0;
    while (p < end) {
        if (*p == '"') {
            if ((p = string_end(p, end)) == NULL)
                return NULL;
        } else {
            if (depth == 0 && (*p == ',' || *p == '}'))
                return p;
            depth += *p == '{' || *p == '[';
            depth -= *p == '}' || *p == ']';
            p++;
        }
        if (depth == 0 && p < end && (*p == ',' || *p == '}'))
            return p;
    }
    return NULL;
}

static unsigned hex4(const char *p) {
    unsigned code = 0;
    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)p[i];
        code = code << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return code & 0xffff;
}

/* Our writer escapes what is below U+3000 and no surrogate. */
static char *put_code(char *to, unsigned code) {
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 63));
    } else {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 63));
        *to++ = (char)(0x80 | (code & 63));
    }
    return to;
}

/* Without quotes and escapes; never longer than it was. */
static char *put_string(char *to, const char *p, const char *end) {
    while (p < end) {
        if (*p != '\\') {
            *to++ = *p++;
        } else if (p[1] == 'u' && end - p >= 6) {
            to = put_code(to, hex4(p + 2));
            p += 6;
        } else {
            static const char names[] = "bfnrt", codes[] = "\b\f\n\r\t";
            const char *name = p[1] != '\0' ? strchr(names, p[1]) : NULL;
            *to++ = name != NULL ? codes[name - names] : p[1];
            p += 2;
        }
    }
    return to;
}

/* ---- fields -------------------------------------------------------------------------------- */

static const struct {
    const char *key, *field;
} renamed[] = {{"msg", "MESSAGE"}, {"service", "SYSLOG_IDENTIFIER"}, {"pid", "SYSLOG_PID"}};

/* Upper case, digits and '_'; a client's field must not begin with a digit or '_'. */
static char *put_name(char *to, const char *key, size_t size) {
    for (size_t i = 0; i < sizeof renamed / sizeof *renamed; i++)
        if (strlen(renamed[i].key) == size && memcmp(renamed[i].key, key, size) == 0)
            return stpcpy(to, renamed[i].field);
    if (size == 0 || !((key[0] | 0x20) >= 'a' && (key[0] | 0x20) <= 'z'))
        *to++ = 'X';
    for (size_t i = 0; i < size && i < NAME_MAX_SIZE - 1; i++) {
        char c = key[i];
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        *to++ = letter ? (char)(c & ~0x20) : (c >= '0' && c <= '9') ? c : '_';
    }
    return to;
}

/* "NAME=value", or with newlines in it: NAME, its size, value. `to` is behind the name. */
static char *put_value(char *to, const char *value, const char *end) {
    char *start = to + 9; /* in the longer form */
    bool text = *value == '"';
    char *after =
        text ? put_string(start, value + 1, end - 1) : mempcpy(start, value, (size_t)(end - value));
    uint64_t size = (uint64_t)(after - start);
    if (memchr(start, '\n', size) == NULL) {
        *to++ = '=';
        memmove(to, start, size);
        to += size;
    } else {
        *to++ = '\n';
        for (int i = 0; i < 8; i++)
            *to++ = (char)(size >> (8 * i));
        to += size;
    }
    *to++ = '\n';
    return to;
}

static char *put_priority(char *to, const char *value) {
    static const struct {
        char first;
        const char *field;
    } of[] = {{'t', "7"}, {'d', "7"}, {'i', "6"}, {'w', "4"}, {'e', "3"}, {'f', "2"}};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++)
        if (value[1] == of[i].first)
            to = stpcpy(stpcpy(stpcpy(to, "PRIORITY="), of[i].field), "\n");
    return to;
}

/* All members of the line; what is no such object is a message as it stands. */
static size_t put_fields(char *out, const char *line, const char *end) {
    char *to = out;
    const char *p = line + 1, *after;
    while (p < end && line[0] == '{' && *p == '"') {
        const char *key_end = string_end(p, end);
        const char *value = key_end != NULL && key_end < end ? key_end + 1 : end;
        if (value >= end || (after = value_end(value, end)) == NULL)
            break;
        size_t key_size = (size_t)(key_end - p) - 2;
        if (key_size == 5 && memcmp(p + 1, "level", 5) == 0 && *value == '"')
            to = put_priority(to, value);
        to = put_value(put_name(to, p + 1, key_size), value, after);
        if (*after == '}')
            return (size_t)(to - out);
        p = after + 1;
    }
    to = stpcpy(out, "MESSAGE=");
    to = mempcpy(to, line, (size_t)(end - line));
    *to++ = '\n';
    return (size_t)(to - out);
}

/* ---- sending ------------------------------------------------------------------------------- */

/* journald takes a file that nobody can change any more. */
static int send_file(struct sink *sink, const char *data, size_t size) {
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)),
                            .cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS}};
    struct msghdr message = {.msg_control = &control, .msg_controllen = sizeof control};
    int fd = memfd_create("spanlog", MFD_ALLOW_SEALING | MFD_CLOEXEC), error = 0;
    if (fd < 0)
        return -errno;
    memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    for (size_t done = 0; done < size && error == 0;) {
        ssize_t put = write(fd, data + done, size - done);
        if (put < 0 && errno != EINTR)
            error = -errno;
        done += put > 0 ? (size_t)put : 0;
    }
    if (error == 0 &&
        (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0 ||
         sendmsg(sink->fd, &message, MSG_NOSIGNAL) < 0))
        error = -errno;
    close(fd);
    return error;
}

static int send_line(struct sink *sink, const char *line, size_t size) {
    /* A field takes at most eleven bytes more than its member, which has five at least. */
    if (socket_scratch(sink, 4 * size + 256) != 0)
        return -ENOMEM;
    size_t packet = put_fields(sink->scratch, line, line + size);
    if (send(sink->fd, sink->scratch, packet, MSG_NOSIGNAL) >= 0)
        return 0;
    if (errno == EMSGSIZE || errno == ENOBUFS)
        return send_file(sink, sink->scratch, packet);
    return -errno;
}

static int journald_begin(struct sink *sink, struct sink_place *ret_place) {
    *ret_place = (struct sink_place){.regular = false};
    if (sink->target[0] == '\0')
        strcpy(sink->target, JOURNALD_SOCKET);
    if (socket_is_open(sink))
        return 0;
    return socket_open_unix(sink, sink->target, SOCK_DGRAM);
}

/* journald may have been started anew: the next batch connects again. */
static int journald_write(struct sink *sink, const char *data, size_t size, size_t *ret_written) {
    int error = socket_write_lines(sink, data, size, ret_written, send_line);
    if (error != 0 && error != -EAGAIN)
        socket_close(sink);
    return error;
}

static void nothing(struct sink *sink) {
    (void)sink;
}

const struct sink_type sink_journald = {"journald",     false,   journald_begin,
                                        journald_write, nothing, socket_close};
