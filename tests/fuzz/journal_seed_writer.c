/* tests/fuzz/journal_seed_writer.c N: logs a little of everything and kills itself. */
#include <spanlog/spanlog.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
    static spanlog_logger named = SPANLOG_LOGGER("named");
    int records = argc > 1 ? 3 * atoi(argv[1]) : 1;
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
