/* tests/fuzz/journal_seed_writer.c N: logs a little of everything and kills itself. */
#include <spanlog/spanlog.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *get(void *arg, const char *name) {
    static const char *const headers[][2] = {{"x-trace-id", "550e8400-e29b-41d4-a716-446655440000"},
                                             {"x-span-id", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"},
                                             {"x-correlation-id", "order-7"}};
    (void)arg;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        if (strcmp(name, headers[i][0]) == 0)
            return headers[i][1];
    }
    return NULL;
}

int main(int argc, char **argv) {
    static spanlog_logger named = SPANLOG_LOGGER("named");
    int records = argc > 1 ? 3 * atoi(argv[1]) : 1;
    spanlog_ctx from_caller;
    if (spanlog_extract(get, NULL, &from_caller) == 0)
        spanlog_ctx_attach(from_caller);
    spanlog_scope(sp, "open", kv("k", 1), kv("t", "text"));
    spanlog_event(&sp, "event", kv("attempt", 2));
    spanlog_link(&sp, spanlog_ctx_current());
    spanlog_status(&sp, 500);
    spanlog_fail(&sp, "broken");
    spanlog_rename(&sp, "renamed");
    if (records > 3)
        spanlog_flush(1000);
    for (int i = 0; i < records; i++) {
        spanlog_scope(step, "step", kv("i", i));
        spanlog_info_to(named, "n", kv_hex("h", "\x01\x02", 2), kv_json("j", "[1]"), kv("d", 1.5));
        spanlog_infof("printed %d %s %.*s", i, "text", 3, "abcdef");
    }
    return kill(getpid(), SIGKILL);
}
