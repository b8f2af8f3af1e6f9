/* tests/unit/sink_journald_test.c: what journald's socket is sent. A real journald is in
 * tests/interop/daemons; here are the bytes, and what a test there cannot bring about. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/sinks/sink.h"

static int server;
static char path[] = "/tmp/sink_journald_XXXXXX/socket";
static struct sink sink;

static int set_up(void **state) {
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct sink_place place;
    strcpy(path, "/tmp/sink_journald_XXXXXX");
    if (mkdtemp(path) == NULL)
        return -1;
    strcat(path, "/socket");
    strcpy(address.sun_path, path);
    server = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bind(server, (struct sockaddr *)(void *)&address, sizeof address) != 0)
        return -1;
    if (sink_open(&sink, "journald", path, "") != 0)
        return -1;
    return sink.type->begin(&sink, &place);
}

static int tear_down(void **state) {
    (void)state;
    sink.type->close(&sink);
    close(server);
    unlink(path);
    *strrchr(path, '/') = '\0';
    return rmdir(path);
}

static void send_text(const char *text) {
    size_t written = 0;
    assert_int_equal(sink.type->write(&sink, text, strlen(text), &written), 0);
    assert_int_equal(written, strlen(text));
}

static void assert_received(const char *expected, size_t size) {
    char got[8192];
    ssize_t count = recv(server, got, sizeof got, 0);
    assert_int_equal(count, size);
    assert_memory_equal(got, expected, size);
}

#define becomes(line, expected) becomes_(line "\n", expected, sizeof(expected) - 1)
static void becomes_(const char *line, const char *expected, size_t size) {
    send_text(line);
    assert_received(expected, size);
}

static void members_are_fields(void **state) {
    (void)state;
    becomes(
        "{\"ts\":\"T\",\"level\":\"warn\",\"msg\":\"cache miss\",\"service\":\"orders\","
        "\"trace_id\":\"4b\",\"pid\":711,\"http.route\":\"/x\",\"ok\":true}",
        "TS=T\nPRIORITY=4\nLEVEL=warn\nMESSAGE=cache miss\nSYSLOG_IDENTIFIER=orders\nTRACE_ID=4b"
        "\nSYSLOG_PID=711\nHTTP_ROUTE=/x\nOK=true\n");
}

static void lists_are_their_json(void **state) {
    (void)state;
    becomes("{\"events\":[{\"a\":\"]\\\"}\"}],\"e\":{},\"n\":-1.5e3}",
            "EVENTS=[{\"a\":\"]\\\"}\"}]\nE={}\nN=-1.5e3\n");
}

static void escapes_are_undone(void **state) {
    (void)state;
    becomes("{\"a\":\"\\\"\\\\ \\u001b \\u0085 \\u2028 \xc3\xbc\"}",
            "A=\"\\ \033 \xc2\x85 \xe2\x80\xa8 \xc3\xbc\n");
}

static void a_value_with_newlines_has_its_size_before_it(void **state) {
    (void)state;
    becomes("{\"a\":\"x\\u000ay\",\"b\":1}", "A\n\3\0\0\0\0\0\0\0x\ny\nB=1\n");
}

static void names_are_what_journald_takes(void **state) {
    (void)state;
    becomes("{\"_a\":1,\"7up\":2,\"\":3,\"\xc3\xbc\":4,\"a b-c\":5}",
            "X_A=1\nX7UP=2\nX=3\nX__=4\nA_B_C=5\n");
}

static void what_is_no_object_is_a_message(void **state) {
    (void)state;
    becomes("plain text", "MESSAGE=plain text\n");
    becomes("{\"a\":\"no end", "MESSAGE={\"a\":\"no end\n");
    becomes("{\"a\"", "MESSAGE={\"a\"\n");
    becomes("{\"a\":1", "MESSAGE={\"a\":1\n");
    becomes("{", "MESSAGE={\n");
    becomes("", "MESSAGE=\n");
}

static void a_batch_is_a_datagram_a_line(void **state) {
    (void)state;
    send_text("{\"a\":1}\n{\"a\":2}\n");
    assert_received("A=1\n", 4);
    assert_received("A=2\n", 4);
}

static void what_is_too_large_for_the_socket_goes_as_a_sealed_file(void **state) {
    (void)state;
    enum { LENGTH = 60000 };
    int small = 4096, fd;
    static char line[LENGTH + 16], got[LENGTH + 16];
    char room[CMSG_SPACE(sizeof(int))];
    struct msghdr message = {.msg_control = room, .msg_controllen = sizeof room};
    setsockopt(sink.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    strcpy(line, "{\"a\":\"");
    memset(line + 6, 'x', LENGTH);
    strcpy(line + 6 + LENGTH, "\"}\n");
    send_text(line);
    assert_int_equal(recvmsg(server, &message, 0), 0);
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    assert_int_equal(pread(fd, got, sizeof got, 0), LENGTH + 3);
    assert_memory_equal(got, "A=xx", 4);
    assert_int_equal(got[LENGTH + 2], '\n');
    assert_int_equal(write(fd, "y", 1), -1);
    close(fd);
}

static void a_reader_that_does_not_read_is_not_waited_for(void **state) {
    (void)state;
    static char lines[64 * 1024];
    size_t size = 0, written = 0;
    while (size + 8 < sizeof lines)
        size += (size_t)sprintf(lines + size, "{\"a\":1}\n");
    assert_int_equal(sink.type->write(&sink, lines, size, &written), -EAGAIN);
    assert_int_equal(written % 8, 0);
    assert_true(written < size);
    for (size_t i = 0; i < written; i += 8)
        assert_received("A=1\n", 4);
    assert_int_equal(recv(server, lines, 8, 0), -1);
}

static void a_journald_that_is_started_anew_is_found(void **state) {
    struct sink_place place;
    size_t written = 0;
    close(server);
    unlink(path);
    assert_int_equal(sink.type->write(&sink, "{\"a\":1}\n", 8, &written), -ECONNREFUSED);
    *strrchr(path, '/') = '\0';
    rmdir(path);
    assert_int_equal(sink.type->begin(&sink, &place), -ENOENT);
    assert_int_equal(set_up(state), 0);
    becomes("{\"a\":1}", "A=1\n");
}

int main(void) {
#define sentence(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        sentence(members_are_fields),
        sentence(lists_are_their_json),
        sentence(escapes_are_undone),
        sentence(a_value_with_newlines_has_its_size_before_it),
        sentence(names_are_what_journald_takes),
        sentence(what_is_no_object_is_a_message),
        sentence(a_batch_is_a_datagram_a_line),
        sentence(what_is_too_large_for_the_socket_goes_as_a_sealed_file),
        sentence(a_reader_that_does_not_read_is_not_waited_for),
        sentence(a_journald_that_is_started_anew_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
