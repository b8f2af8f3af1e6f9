/* tests/unit/library_stats_test.c: spanlog_stats and `spanlog status --json` against what was
 * really lost, by cause, and against what really waits.
 */
#include "tests/unit/library_living.h"
#include "tests/unit/library_pipe.h"

#include "src/core/mapping.h"

#include <fcntl.h>

/* ---- the two halves of a test: the child says where it is, the parent lets it go on -----------
 */

static void says(const char *place) {
    close(open(place, O_WRONLY | O_CREAT, 0644));
}

static void waits_for(const char *place) {
    for (int ms = 0; access(place, F_OK) != 0; ms++, sleep_ms(1))
        check(ms < SOON_MS);
}

static void at_place(const char *name, char ret_path[400]) {
    snprintf(ret_path, 400, "%s/%s", run_directory(), name);
}

static void wait_until(const char *place) {
    char path[400];
    at_place(place, path);
    for (int ms = 0; access(path, F_OK) != 0; ms++, sleep_ms(1)) {
        if (ms > SOON_MS)
            fail_msg("the child does not say %s", place);
    }
}

static void let_go_on(const char *place) {
    char path[400];
    at_place(place, path);
    close(open(path, O_WRONLY | O_CREAT, 0644));
}

/* In the child; they go to the parent as lines of the tool's keys. */
static void says_stats(const char *place) {
    spanlog_statistics now = {.size = sizeof now};
    check_equal(spanlog_stats(&now), 0);
    check_equal(now.dropped, now.dropped_full + now.dropped_sink + now.dropped_damaged +
                                 now.dropped_spans + now.dropped_tail);
    FILE *file = fopen("stats", "w");
    check(file != NULL);
    fprintf(
        file,
        "{\"dropped\":%llu,\"dropped_full\":%llu,\"dropped_sink\":%llu,\"dropped_damaged\":%llu,"
        "\"dropped_spans\":%llu,\"dropped_tail\":%llu,\"ring_used\":%llu,\"ring_size\":%llu,"
        "\"lag_ns\":%llu}\n",
        (unsigned long long)now.dropped, (unsigned long long)now.dropped_full,
        (unsigned long long)now.dropped_sink, (unsigned long long)now.dropped_damaged,
        (unsigned long long)now.dropped_spans, (unsigned long long)now.dropped_tail,
        (unsigned long long)now.ring_used, (unsigned long long)now.ring_size,
        (unsigned long long)now.lag_ns);
    fclose(file);
    says(place);
}

static const char *status_of_child(void) {
    allow_torn_tail(true); /* of a log that is being written */
    struct run *run = run_command("'%s' status --json --dir journals", SPANLOG_TOOL);
    allow_torn_tail(false);
    assert_exit(run, 0);
    assert_says(run->out, "\n", 1);
    return run->out;
}

static const char *stats_of_child(void) {
    char path[400];
    at_place("stats", path);
    return read_text(path);
}

/* What both say is lost: `count` for that cause, nothing for any other. */
static void assert_lost(const char *cause, double count) {
    static const char *const keys[] = {"dropped_full", "dropped_sink", "dropped_damaged",
                                       "dropped_spans", "dropped_tail"};
    const char *stats = stats_of_child(), *status = status_of_child();
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        double wanted = strcmp(keys[i], cause) == 0 ? count : 0;
        if (number_field(stats, keys[i]) != wanted || number_field(status, keys[i]) != wanted)
            fail_msg("%s is %g in spanlog_stats and %g in status, expected %g", keys[i],
                     number_field(stats, keys[i]), number_field(status, keys[i]), wanted);
    }
    assert_true(number_field(stats, "dropped") == count);
    assert_true(number_field(status, "dropped") == count);
}

/* What the log itself says. */
static double said_in(const struct run *run, const char *message, const char *reason) {
    double sum = 0;
    const char *line;
    for (size_t n = 0; (line = find_line(run, "msg", message, n)) != NULL; n++) {
        assert_field(line, "reason", reason);
        sum += number_field(line, "count");
    }
    return sum;
}

static void assert_waiting(bool some) {
    const char *stats = stats_of_child(), *status = status_of_child();
    double used = number_field(stats, "ring_used"), size = number_field(stats, "ring_size");
    double lag_ms = number_field(stats, "lag_ns") / 1e6;
    double their_lag_ms = number_field(status, "lag_ms");
    print_message("%g of %g bytes wait, the oldest for %g ms, later for %g ms\n", used, size,
                  lag_ms, their_lag_ms);
    assert_true(number_field(status, "ring_used") == used);
    assert_true(number_field(status, "ring_size") == size);
    assert_true(used <= size && (used > 0) == some && (lag_ms > 0) == some);
    assert_true(some ? their_lag_ms >= lag_ms && their_lag_ms < 120000 : their_lag_ms == 0);
}

/* ---- an output that does not move -------------------------------------------------------------
 */

enum { RECORDS = 40000 };

/* So many that what waits for the reader fills the ring, and with `drop` is more than it holds. */
static void logs_to_a_reader_that_rests(void) {
    static char text[200];
    pthread_t thread;
    int reader = pipe_stdout();
    memset(text, 't', sizeof text - 1);
    for (int i = 0; i < RECORDS; i++)
        spanlog_info("n", kv("i", i), kv("t", text));
    sleep_ms(300); /* the back has what it can take */
    says_stats("stopped");
    waits_for("read");
    check_equal(pthread_create(&thread, NULL, reads_to_the_end, &reader), 0);
    check_equal(spanlog_flush(SOON_MS), 0);
    says_stats("drained");
    waits_for("end");
    check_equal(spanlog_shutdown(SOON_MS), 0);
    close(STDOUT_FILENO);
    pthread_join(thread, NULL);
}

static void what_waits_for_a_stopped_reader_shows_and_what_it_costs_is_counted(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "stdout");
    with("SPANLOG_FULL", "drop");
    pid_t pid = start_child(logs_to_a_reader_that_rests);
    wait_until("stopped");
    assert_waiting(true);
    let_go_on("read");
    wait_until("drained");
    assert_waiting(false);
    double dropped = number_field(stats_of_child(), "dropped");
    assert_lost("dropped_full", dropped);
    let_go_on("end");
    struct run *run = finish_child(pid);
    assert_exit(run, 0);
    size_t written = count_lines(run, "msg", "n");
    assert_true(dropped > 0 && written > 0);
    assert_int_equal(written + (size_t)dropped, RECORDS);
    assert_true(said_in(run, "records dropped", "the ring was full") == dropped);
}

static void its_reader_goes(void) {
    int reader = pipe_stdout();
    spanlog_info("one");
    check_equal(spanlog_flush(SOON_MS), 0);
    close(reader);
    for (int i = 0; i < 5000; i++)
        spanlog_info("n", kv("i", i));
    check_equal(spanlog_flush(SOON_MS), 0);
    says_stats("gone");
    waits_for("end");
}

static void what_a_reader_that_is_gone_does_not_get_is_counted(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "stdout");
    pid_t pid = start_child(its_reader_goes);
    wait_until("gone");
    assert_waiting(false);
    assert_lost("dropped_sink", 5000);
    let_go_on("end");
    assert_exit(finish_child(pid), 0);
}

/* ---- damage -----------------------------------------------------------------------------------
 */

enum { DAMAGED = 5, IN_RING = 300 };

static void logs_until_the_ring_holds_some(void) {
    static char text[200];
    pthread_t thread;
    spanlog_statistics now = {.size = sizeof now};
    int reader = pipe_stdout();
    memset(text, 't', sizeof text - 1);
    int i = 0;
    for (; now.ring_used < IN_RING * 256; i++) {
        spanlog_info("n", kv("i", i), kv("t", text));
        sleep_ms(i % 100 == 0);
        spanlog_stats(&now);
    }
    fprintf(stderr, "%d", i);
    says("stopped");
    waits_for("read");
    check_equal(pthread_create(&thread, NULL, reads_to_the_end, &reader), 0);
    check_equal(spanlog_flush(SOON_MS), 0);
    says_stats("drained");
    waits_for("end");
    check_equal(spanlog_shutdown(SOON_MS), 0);
    close(STDOUT_FILENO);
    pthread_join(thread, NULL);
}

/* Gives that many records of the ring, of its newest, a call site that there is not. */
static unsigned damage(struct ring *ring, unsigned count) {
    static uint64_t places[1 << 16];
    size_t found = 0;
    for (uint64_t at = ring->read; found < sizeof places / sizeof *places;) {
        uint32_t word = record_word(ring_at(ring, at));
        if (word == 0)
            break;
        places[found++] = at;
        at += word & RECORD_SIZE_MASK;
    }
    if (found < 2 * (size_t)count)
        return 0;
    for (unsigned i = 1; i <= count; i++)
        ring_at(ring, places[found - 3 * i])->site = UINT32_MAX;
    return count;
}

static unsigned damage_newest_ring(const struct attached *process) {
    unsigned done = 0;
    for (uint32_t i = 0; i < process->header->segment_count; i++) {
        const struct segment *segment = &process->header->segments[i];
        if (segment->kind != SEGMENT_RING)
            continue;
        uint64_t size = segment->size - RING_HEADER_SIZE;
        struct ring *ring = mapping_ring(process->fd, segment->offset, RING_HEADER_SIZE, size);
        assert_non_null(ring);
        done = done > 0 ? done : damage(ring, DAMAGED);
        mapping_remove(ring, RING_HEADER_SIZE + 2 * size);
    }
    return done;
}

static void what_somebody_damages_is_counted(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "stdout");
    pid_t pid = start_child(logs_until_the_ring_holds_some);
    wait_until("stopped");
    struct attach_list list = attach_to(pid);
    assert_int_equal(damage_newest_ring(&list.found[0]), DAMAGED);
    attach_close(&list);
    let_go_on("read");
    wait_until("drained");
    assert_lost("dropped_damaged", DAMAGED);
    let_go_on("end");
    struct run *run = finish_child(pid);
    assert_exit(run, 0);
    assert_true(said_in(run, "records dropped", "damaged in the journal") == DAMAGED);
}

/* ---- spans and traces -------------------------------------------------------------------------
 */

static void opens_a_thousand(void) {
    enum { SPANS = 1000 };
    static spanlog_span spans[SPANS];
    for (int i = 0; i < SPANS; i++) {
        spanlog_begin(span, "many", SPANLOG_INTERNAL, (spanlog_ctx){.flags = 0});
        spans[i] = span;
    }
    for (int i = 0; i < SPANS; i++)
        spanlog_end(spans[i]);
    check_equal(spanlog_flush(SOON_MS), 0);
    says_stats("ended");
    waits_for("end");
}

static void spans_beyond_those_that_may_be_open_are_counted(void **state) {
    (void)state;
    with("SPANLOG_MAX_OPEN_SPANS", "256");
    pid_t pid = start_child(opens_a_thousand);
    wait_until("ended");
    assert_lost("dropped_spans", 744);
    let_go_on("end");
    struct run *run = finish_child(pid);
    assert_exit(run, 0);
    assert_count(run, "msg", "span completed", 256);
    assert_true(said_in(run, "spans dropped", "too many spans were open") == 744);
}

static void much_in_one_trace(void) {
    char text[1000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    {
        spanlog_scope(root, "root");
        for (int i = 0; i < 10000; i++)
            spanlog_debug("much", kv("n", i), kv("text", text));
        spanlog_fail(&root, "in the end");
    }
    check_equal(spanlog_flush(SOON_MS), 0);
    says_stats("ended");
    waits_for("end");
}

static void what_the_tail_lets_go_of_a_kept_trace_is_counted(void **state) {
    (void)state;
    with("SPANLOG_TAIL", "errors");
    with("OTEL_TRACES_SAMPLER", "always_off");
    with("SPANLOG_TAIL_MEMORY", "1M");
    with("SPANLOG_BLOCK_MS", "20000");
    pid_t pid = start_child(much_in_one_trace);
    wait_until("ended");
    double dropped = number_field(stats_of_child(), "dropped_tail");
    assert_lost("dropped_tail", dropped);
    let_go_on("end");
    struct run *run = finish_child(pid);
    assert_exit(run, 0);
    assert_true(dropped > 0);
    assert_int_equal(count_lines(run, "msg", "much") + (size_t)dropped, 10000);
    assert_true(said_in(run, "records dropped", "undecided records exceeded SPANLOG_TAIL_MEMORY") ==
                dropped);
}

/* ---- after death ------------------------------------------------------------------------------
 */

static void dies_with_a_full_ring(void) {
    pipe_stdout();
    for (int i = 0; i < RECORDS; i++)
        spanlog_info("n", kv("i", i), kv("t", "some text that fills the ring in time"));
    kill(getpid(), SIGKILL);
}

/* Nothing of the ring may have been read; recovery has a clock of its own. */
static void a_loss_of_a_dead_process_is_of_its_time(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "stdout");
    with("SPANLOG_FULL", "drop");
    with("SPANLOG_RING_SIZE", "64K");
    char died[64];
    assert_signal(run_child(dies_with_a_full_ring), SIGKILL);
    time_t after = time(NULL) + 1;
    strftime(died, sizeof died, "%FT%TZ", gmtime(&after));
    struct run *run =
        run_command("'%s' recover --dir journals > log.jsonl; cat log.jsonl", SPANLOG_TOOL);
    assert_exit(run, 0);
    const char *at = field(need_line(run, "msg", "records dropped"), "ts");
    const char *first = field(need_line(run, "msg", "n"), "ts");
    if (at == NULL || first == NULL || strcmp(at, first) < 0 || strcmp(at, died) > 0)
        fail_msg("the loss is of %s, the first record of %s, the death of %s", at, first, died);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(what_waits_for_a_stopped_reader_shows_and_what_it_costs_is_counted),
        sentence(what_a_reader_that_is_gone_does_not_get_is_counted),
        sentence(what_somebody_damages_is_counted),
        sentence(spans_beyond_those_that_may_be_open_are_counted),
        sentence(what_the_tail_lets_go_of_a_kept_trace_is_counted),
        sentence(a_loss_of_a_dead_process_is_of_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
