/* tests/fuzz/ship_fuzz.c: any bytes as a state file, as a server's answer, as a target, as labels,
 * as a page of Loki's and as an id to ask it for.
 *
 *     ship_fuzz corpus/ -max_total_time=60
 *
 * A state that is read is saved and read again as it was. A target that is accepted has a URL and a
 * name without its password. A page is in the order of time. No id ends its quotes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/ship/answer.h"
#include "src/ship/ask.h"
#include "src/ship/labels.h"
#include "src/ship/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int folder(void) {
    static char path[] = "/tmp/spanlog-ship-fuzz-XXXXXX";
    static int fd = -1;
    if (fd < 0) {
        if (!mkdtemp(path))
            abort();
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    return fd;
}

static void read_state(const uint8_t *data, size_t size) {
    struct spanlog_ship_state state = {.directory = -1, .lock = -1}, again = state;
    int directory = folder();
    int fd = openat(directory, "s", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    close(fd);
    int rc = spanlog_ship_state_read(&state, directory, "s");
    if (rc != 0 && rc != -EBADMSG)
        abort();
    if (rc == 0 && state.target) {
        state.directory = directory;
        snprintf(state.name, sizeof state.name, "t");
        if (spanlog_ship_state_save(&state, NULL) < 0 ||
            spanlog_ship_state_read(&again, directory, "t") < 0 ||
            again.position_count != state.position_count ||
            again.stream_count != state.stream_count ||
            memcmp(&again.counts, &state.counts, sizeof state.counts) != 0)
            abort();
    }
    spanlog_ship_state_close(&state);
    spanlog_ship_state_close(&again);
}

static void read_text(char *text) {
    struct spanlog_ship_target target = {.to = text};
    struct spanlog_ship_endpoint endpoint;
    struct spanlog_ship_labels labels;
    char problem[SPANLOG_SHIP_PROBLEM] = "";
    if (spanlog_ship_endpoint_read(&target, &endpoint, problem) == 0) {
        if (!endpoint.name || strchr(endpoint.file_name, '/') ||
            (!endpoint.url[0] && !endpoint.url[1]))
            abort();
        spanlog_ship_endpoint_free(&endpoint);
    } else if (!problem[0]) {
        abort();
    }
    if (spanlog_ship_labels_open(&labels, text, text, problem) == 0)
        spanlog_ship_labels_free(&labels);
}

static void read_page(const uint8_t *data, size_t size) {
    struct spanlog_ask_page page = {0};
    char *text = calloc(1, size + 1 + SPANLOG_JSON_PADDING);
    uint64_t next_ns;
    if (!text)
        return;
    for (size_t i = 0; i < size; i++)
        text[i] = data[i] == '\n' ? ' ' : (char)data[i];
    text[size] = '\n';
    if (spanlog_ask_page_read(&page, text, 64) == 0) {
        for (uint32_t i = 1; i < page.count; i++)
            if (page.entries[i].time_ns < page.entries[i - 1].time_ns)
                abort();
        if (page.count && spanlog_ask_page_whole(&page, page.count, 1, &next_ns) >= page.count)
            abort();
    }
    free(page.entries);
    free(text);
}

static void ask_for(const char *id) {
    struct spanlog_output out = {.fd = -1};
    unsigned quotes = 0;
    uint64_t ns;
    spanlog_ask_put_trace(&out, "{a=\"b\"}", id, SPANLOG_ASK_LINE);
    for (size_t i = 0; i < out.size; i++) {
        quotes += out.data[i] == '"';
        i += out.data[i] == '\\';
    }
    if (!out.error && quotes != 10)
        abort();
    (void)spanlog_ask_time_of(id, UINT64_MAX / 2, &ns);
    free(out.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const long statuses[] = {200, 400, 413, 429, 500};
    char *text = malloc(size + 1);
    if (!text || size == 0) {
        free(text);
        return 0;
    }
    memcpy(text, data, size);
    text[size] = 0;
    for (unsigned i = 0; i < 15; i++) {
        struct spanlog_ship_answer answer = {statuses[i % 5], text, size, 0};
        spanlog_ship_judge((enum spanlog_ship_protocol_kind)(i / 5), &answer);
        spanlog_ask_judge(&answer);
        spanlog_ask_allowed(&answer);
    }
    read_page(data, size);
    ask_for(text);
    read_text(text);
    read_state(data, size);
    free(text);
    return 0;
}
