/* tests/unit/library_journal_test.c: journals are read with care: whoever they are from, whatever
 * is in them. And the library does without one where there is no room. */
#include "tests/unit/library_check.h"

#include "src/back/recover.h"
#include "src/core/futex.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static void leaves_a_journal(void) {
    static char text[1500];
    memset(text, 't', sizeof text - 1);
    static spanlog_logger named = SPANLOG_LOGGER("named");
    spanlog_scope(sp, "open", kv("k", 1), kv("t", text));
    spanlog_event(&sp, "event", kv("attempt", 2));
    spanlog_link(&sp, spanlog_ctx_current());
    spanlog_fail(&sp, "broken");
    check_equal(spanlog_flush(5000), 0);
    for (int i = 0; i < 30; i++) {
        spanlog_scope(step, "step", kv("i", i));
        spanlog_info_to(named, "n", kv("i", i), kv_hex("h", text, 5), kv_json("j", "[1]"),
                        kv("d", 1.5));
        spanlog_infof("printed %d %s %.*s", i, "text", 3, text);
    }
    kill(getpid(), SIGKILL);
}

/* Dies with records in its ring; returns the journal's path. */
static const char *dead_journal(void) {
    static char path[400];
    allow_torn_tail(true);
    assert_signal(run_child(leaves_a_journal), SIGKILL);
    struct run *listing = run_command("ls journals/*.journal");
    listing->out[strcspn(listing->out, "\n")] = '\0';
    snprintf(path, sizeof path, "%s/%s", run_directory(), listing->out);
    return path;
}

static struct run *recover_all(int status) {
    struct run *run = run_command("'%s' recover --dir journals", SPANLOG_TOOL);
    assert_exit(run, status);
    return run;
}

/* ---- whose it is --------------------------------------------------------------------------- */

static void a_link_is_refused_and_kept(void **state) {
    (void)state;
    dead_journal();
    run_command("mv journals/*.journal away; ln -s ../away journals/x.journal");
    struct run *run = recover_all(2);
    assert_count(run, "msg", "span abandoned", 0);
    assert_says(run->err, "x.journal", 1);
    assert_string_equal(run_command("ls away journals/x.journal | wc -l")->out, "2\n");
    assert_exit(run_command("'%s' recover journals/x.journal", SPANLOG_TOOL), 2);
}

static void a_journal_with_a_second_name_is_refused_and_kept(void **state) {
    (void)state;
    const char *path = dead_journal();
    run_command("ln %s away", path);
    struct run *run = recover_all(2);
    assert_count(run, "msg", "span abandoned", 0);
    assert_says(run->err, "kept", 1);
    assert_int_equal(access(path, F_OK), 0);
}

static void somebody_elses_journal_is_refused_and_kept(void **state) {
    (void)state;
    const char *path = dead_journal();
    if (chown(path, 65534, 65534) != 0)
        not_permitted("a file cannot be given away");
    assert_count(recover_all(2), "msg", "span abandoned", 0);
    assert_int_equal(access(path, F_OK), 0);
}

static void what_is_no_file_is_refused(void **state) {
    (void)state;
    dead_journal();
    run_command("mkfifo journals/f.journal; mkdir journals/d.journal; : > journals/e.journal; "
                "echo text > journals/t.journal");
    struct run *run = recover_all(2);
    assert_count(run, "msg", "span abandoned", 1); /* the good one all the same */
    assert_says(run->err, "f.journal", 1);
    assert_says(run->err, "d.journal", 1);
    assert_says(run->err, "t.journal", 1);
}

static void a_directory_of_others_is_not_used(void **state) {
    (void)state;
    dead_journal();
    run_command("chmod 777 journals");
    assert_count(run_command("'%s' recover --dir journals", SPANLOG_TOOL), "msg", "span abandoned",
                 0);
}

static void lives_on(void) {
    spanlog_info("one");
    check_equal(spanlog_flush(5000), 0);
    check_equal(system("touch there"), 0);
    sleep_ms(20000);
}

static void a_living_process_is_left_alone(void **state) {
    (void)state;
    char there[300];
    pid_t pid = start_child(lives_on);
    snprintf(there, sizeof there, "%s/there", run_directory());
    while (access(there, F_OK) != 0)
        usleep(1000);
    struct run *all = run_command("'%s' recover --dir journals", SPANLOG_TOOL);
    assert_exit(all, 0);
    assert_string_equal(all->err, "");
    assert_exit(run_command("'%s' recover journals/*.journal", SPANLOG_TOOL), 2);
    struct run *still = run_command("ls journals/*.journal | wc -l");
    assert_string_equal(still->out, "1\n");
    kill(pid, SIGKILL);
    finish_child(pid);
    assert_exit(recover_all(0), 0);
    assert_string_equal(run_command("ls journals | wc -l")->out, "0\n");
}

/* ---- what is in it ------------------------------------------------------------------------- */

static uint64_t next_random(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1Du;
}

static size_t journal_size, used_size;
static uint8_t *journal_bytes, *damaged;
static uint32_t *used_offsets; /* where it is not zero */

static void load_journal(const char *path) {
    FILE *file = fopen(path, "rb");
    struct stat status;
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &status), 0);
    journal_size = (size_t)status.st_size;
    journal_bytes = malloc(journal_size);
    damaged = malloc(journal_size);
    used_offsets = malloc(journal_size * sizeof *used_offsets);
    assert_int_equal(fread(journal_bytes, 1, journal_size, file), journal_size);
    fclose(file);
    used_size = 0;
    for (size_t i = 0; i < journal_size; i++) {
        if (journal_bytes[i] != 0)
            used_offsets[used_size++] = (uint32_t)i;
    }
}

/* A few bytes near to what is in use become others; sometimes the file is cut. */
static size_t damage(uint64_t *random) {
    size_t size = journal_size;
    memcpy(damaged, journal_bytes, size);
    for (uint64_t n = 1 + next_random(random) % 8; n > 0; n--) {
        size_t at = used_offsets[next_random(random) % used_size] + next_random(random) % 8;
        uint64_t kind = next_random(random) % 4;
        if (next_random(random) % 2 != 0) /* the header is where it hurts */
            at = next_random(random) % sizeof(struct journal_header);
        if (at + 8 > size)
            continue;
        if (kind == 0)
            damaged[at] ^= (uint8_t)(1u << next_random(random) % 8);
        else if (kind == 1)
            damaged[at] = (uint8_t)next_random(random);
        else if (kind == 2)
            memset(damaged + at, 0xff, 8);
        else
            memcpy(damaged + at, damaged + next_random(random) % (size - 8), 8);
    }
    if (next_random(random) % 5 == 0)
        size = next_random(random) % size;
    /* Not the place where the lines go: it could become any file of this machine. */
    size_t outputs = offsetof(struct journal_header, outputs);
    size_t places = offsetof(struct journal_header, redact) - outputs;
    memcpy(damaged + outputs, journal_bytes + outputs, places);
    return size;
}

static size_t damaged_size;

static void recovers_damaged(void) {
    struct recover_result result;
    mode_t before = umask(077);
    FILE *file = fopen("damaged.journal", "wb");
    check(file != NULL && fwrite(damaged, 1, damaged_size, file) == damaged_size);
    fclose(file);
    umask(before);
    recover_journal("damaged.journal", true, 300, &result);
    exit(result.error != 0 ? 3 : 4);
}

static void a_damaged_journal_never_crashes_recovery(void **state) {
    (void)state;
    uint64_t random = 0x9E3779B97F4A7C15u;
    int refused = 0, rounds = under_sanitizer() ? 150 : 500;
    load_journal(dead_journal());
    char log[300];
    snprintf(log, sizeof log, "%s/log.jsonl", run_directory());
    long log_size = (long)strlen(read_text(log));
    for (int i = 0; i < rounds; i++) {
        forget_runs();
        if (access(log, F_OK) == 0)
            assert_int_equal(truncate(log, log_size), 0);
        damaged_size = damage(&random);
        allow_torn_tail(true);
        allow_damaged_lines(true);
        struct run *run = run_again(recovers_damaged);
        if (!WIFEXITED(run->status) ||
            (WEXITSTATUS(run->status) != 3 && WEXITSTATUS(run->status) != 4))
            fail_msg("round %d: wait status 0x%x, %.3000s", i, (unsigned)run->status, run->err);
        refused += WEXITSTATUS(run->status) == 3;
        assert_true(run->seconds < 10);
    }
    print_message("%d of %d refused\n", refused, rounds);
    assert_true(refused > 0 && refused < rounds);
    free(journal_bytes);
    free(damaged);
    free(used_offsets);
}

/* Every place of every ring looks like a record: there is no end to come to. */
static void close_the_rings(void) {
    const struct journal_header *header = (const struct journal_header *)(void *)journal_bytes;
    memcpy(damaged, journal_bytes, journal_size);
    for (uint32_t i = 0; i < header->segment_count; i++) {
        const struct segment *segment = &header->segments[i];
        if (segment->kind != SEGMENT_RING)
            continue;
        for (uint64_t at = RING_HEADER_SIZE; at < segment->size; at += sizeof(struct record)) {
            struct record record = {.word = sizeof record, .site = 1, .ticks = 1};
            memcpy(damaged + segment->offset + at, &record, sizeof record);
        }
    }
    damaged_size = journal_size;
}

static void a_ring_without_an_end_is_read_once_around(void **state) {
    (void)state;
    load_journal(dead_journal());
    close_the_rings();
    struct run *run = run_again(recovers_damaged);
    assert_exit(run, 4);
    assert_true(run->seconds < 10);
    assert_in_range(run->count, 1, 50000);
    free(journal_bytes);
    free(damaged);
    free(used_offsets);
}

/* ---- no room for one ----------------------------------------------------------------------- */

static const char *room = "size=256k,mode=0700"; /* for journals */

static void logs_where_memory_is_short(void) {
    mkdir("small", 0700);
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", "small", "tmpfs", 0, room) != 0)
        _exit(77);
    for (int i = 0; i < 100; i++)
        spanlog_info("n", kv("i", i));
}

static void without_room_for_a_journal_callers_write_and_it_is_said_once(void **state) {
    (void)state;
    with("SPANLOG_JOURNAL_DIR", "small");
    struct run *run = run_child(logs_where_memory_is_short);
    if (WIFEXITED(run->status) && WEXITSTATUS(run->status) == 77)
        not_permitted("a tmpfs cannot be mounted");
    assert_exit(run, 0);
    assert_says(run->err, "records are written by their callers", 1);
    assert_says(run->err, "\n", 1);
    assert_count(run, "msg", "n", 100);
}

/* As a file system does that has no locks. */
static void refuse_locks(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fcntl, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, F_SETLK, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOLCK),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        _exit(77);
}

static void logs_without_locks(void) {
    refuse_locks();
    for (int i = 0; i < 100; i++)
        spanlog_info("n", kv("i", i));
}

static void where_files_cannot_be_locked_no_journal_is_left_behind(void **state) {
    (void)state;
    struct run *run = run_child(logs_without_locks);
    if (WIFEXITED(run->status) && WEXITSTATUS(run->status) == 77)
        not_permitted("a seccomp filter cannot be set");
    assert_exit(run, 0);
    assert_says(run->err, "No locks available; records are written by their callers", 1);
    assert_says(run->err, "\n", 1);
    assert_count(run, "msg", "n", 100);
    assert_string_equal(run_command("ls journals | wc -l")->out, "0\n");
}

/* From a journal that lacks a ring to one with all that it needs. */
static void whatever_the_journal_has_room_for_every_record_is_written(void **state) {
    (void)state;
    char text[40];
    for (unsigned kib = 832; kib <= 1408; kib += 64) {
        snprintf(text, sizeof text, "size=%uk,mode=0700", kib);
        room = text;
        with("SPANLOG_JOURNAL_DIR", "small");
        struct run *run = run_child(logs_where_memory_is_short);
        room = "size=256k,mode=0700";
        if (WIFEXITED(run->status) && WEXITSTATUS(run->status) == 77)
            not_permitted("a tmpfs cannot be mounted");
        assert_exit(run, 0);
        assert_count(run, "msg", "n", 100);
        forget_runs();
    }
}

static void fill_the_rest(void) {
    static const char zeros[4096];
    int fd = open("small/filler", O_WRONLY | O_CREAT, 0600);
    while (write(fd, zeros, sizeof zeros) > 0) {
    }
    close(fd);
}

/* Names enough for more than one segment of the dictionary. */
static void use_many_loggers(void) {
    static char names[2000][100];
    static spanlog_logger loggers[2000];
    for (int i = 0; i < 2000; i++) {
        snprintf(names[i], sizeof names[i], "logger-%080d", i);
        loggers[i].name = names[i];
        spanlog_info_to(loggers[i], "of a logger", kv("i", i));
    }
}

/* One thread has its ring from before, the other comes later. */
static void *logs_at_new_places(void *unused) {
    spanlog_info("new place");
    spanlog_infof("new place of %s", "printf");
    return unused;
}

static void has_no_room_for_more_call_sites(void) {
    pthread_t thread;
    mkdir("small", 0700);
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", "small", "tmpfs", 0, "size=2m,mode=0700") != 0)
        _exit(77);
    spanlog_info("first");
    spanlog_scope(outer, "outer"); /* the journal has spans from now on */
    fill_the_rest();
    use_many_loggers();
    logs_at_new_places(NULL);
    pthread_create(&thread, NULL, logs_at_new_places, NULL);
    pthread_join(thread, NULL);
    spanlog_scope(sp, "new span");
    spanlog_set(&sp, kv("new", "field"));
    spanlog_end(sp);
    raise(SIGKILL);
}

static void without_room_for_more_call_sites_callers_write_and_it_is_said_once(void **state) {
    (void)state;
    with("SPANLOG_JOURNAL_DIR", "small");
    struct run *run = run_child(has_no_room_for_more_call_sites);
    if (WIFEXITED(run->status) && WEXITSTATUS(run->status) == 77)
        not_permitted("a tmpfs cannot be mounted");
    assert_int_equal(run->status, SIGKILL);
    assert_says(run->err, "no room for more call sites in the journal", 1);
    assert_says(run->err, "\n", 1);
    assert_count(run, "msg", "first", 1);
    assert_count(run, "msg", "of a logger", 2000);
    assert_count(run, "msg", "new place", 2);
    assert_count(run, "msg", "new place of printf", 2);
    assert_count(run, "operation", "new span", 1);
    assert_field(find_line(run, "operation", "new span", 0), "new", "field");
}

static void fills_the_dictionary(void) {
    static char names[600][16001];
    static spanlog_logger loggers[600];
    for (int i = 0; i < 600; i++) {
        snprintf(names[i], sizeof names[i], "%016000d", i);
        loggers[i].name = names[i];
        spanlog_info_to(loggers[i], "of a logger");
    }
    for (int i = 0; i < 7; i++) {
        spanlog_info("new place");
        spanlog_infof("new place of %s", "printf");
        spanlog_debug("too low");
    }
}

static void what_the_full_dictionary_refuses_is_counted_and_said_once(void **state) {
    (void)state;
    struct run *run = run_child(fills_the_dictionary);
    assert_exit(run, 0);
    assert_says(run->err, "the records of new ones are dropped and counted", 1);
    assert_says(run->err, "\n", 1);
    size_t written = 0, dropped = 0;
    for (size_t i = 0; i < run->count; i++) {
        const char *message = field(run->lines[i], "msg");
        written += strcmp(message, "of a logger") == 0;
        if (strcmp(message, "records dropped") == 0)
            dropped += (size_t)number_field(run->lines[i], "count");
    }
    assert_in_range(written, 64 * 7, 599);
    assert_int_equal(written + dropped, 600 + 14);
}

static void *logs_a_lot(void *unused) {
    for (int i = 0; i < 3000; i++)
        spanlog_info("n", kv("i", i),
                     kv("t", "some text that takes room in the ring of this thread"));
    return unused;
}

static void grows_where_memory_is_short(void) {
    pthread_t threads[8];
    mkdir("small", 0700);
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", "small", "tmpfs", 0, "size=1600k,mode=0700") != 0)
        _exit(77);
    for (int i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, logs_a_lot, NULL);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 300; i++) {
        spanlog_scope(sp, "s");
    }
}

static void a_journal_that_cannot_grow_is_used_as_it_is(void **state) {
    (void)state;
    with("SPANLOG_JOURNAL_DIR", "small");
    with("SPANLOG_BLOCK_MS", "20000");
    struct run *run = run_child(grows_where_memory_is_short);
    if (WIFEXITED(run->status) && WEXITSTATUS(run->status) == 77)
        not_permitted("a tmpfs cannot be mounted");
    assert_exit(run, 0);
    assert_count(run, "msg", "n", 24000);
    size_t spans = count_lines(run, "operation", "s");
    for (size_t n = 0; find_line(run, "msg", "spans dropped", n) != NULL; n++)
        spans += (size_t)number_field(find_line(run, "msg", "spans dropped", n), "count");
    assert_int_equal(spans, 300);
}

/* Under every lock of the library, on the program's threads. */
static void a_wait_for_what_is_over_keeps_errno(void **state) {
    (void)state;
    uint32_t word = 1;
    errno = EDOM;
    futex_wait(&word, 0, -1);
    assert_int_equal(errno, EDOM);
    futex_wait_shared(&word, 1, 1000);
    assert_int_equal(errno, EDOM);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(a_link_is_refused_and_kept),
        sentence(a_journal_with_a_second_name_is_refused_and_kept),
        sentence(somebody_elses_journal_is_refused_and_kept),
        sentence(what_is_no_file_is_refused),
        sentence(a_directory_of_others_is_not_used),
        sentence(a_living_process_is_left_alone),
        sentence(a_damaged_journal_never_crashes_recovery),
        sentence(a_ring_without_an_end_is_read_once_around),
        sentence(without_room_for_a_journal_callers_write_and_it_is_said_once),
        sentence(where_files_cannot_be_locked_no_journal_is_left_behind),
        sentence(whatever_the_journal_has_room_for_every_record_is_written),
        sentence(without_room_for_more_call_sites_callers_write_and_it_is_said_once),
        sentence(what_the_full_dictionary_refuses_is_counted_and_said_once),
        sentence(a_journal_that_cannot_grow_is_used_as_it_is),
        sentence(a_wait_for_what_is_over_keeps_errno),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
