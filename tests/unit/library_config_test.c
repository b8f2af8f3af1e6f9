/* tests/unit/library_config_test.c: settings from code and environment: good ones work, bad ones
 * are named once on stderr and change nothing. */
#include "tests/unit/library_check.h"

#include <fcntl.h>
#include <sys/stat.h>

static void logs_one(void) {
    spanlog_scope(sp, "op");
    spanlog_info("one", kv("k", 1));
}

/* ---- bad values ---------------------------------------------------------------------------- */

static char huge[100000];

static const struct {
    const char *variable, *value;
} bad[] = {
    {"SPANLOG_LEVEL", "loud"},
    {"SPANLOG_LEVEL", "info,=debug"},
    {"SPANLOG_LEVEL", "db="},
    {"SPANLOG_LEVEL", "7"},
    {"LOG_LEVEL", "verbose"},
    {"SPANLOG_OUTPUT", "nowhere"},
    {"SPANLOG_OUTPUT", "file:"},
    {"SPANLOG_OUTPUT", "+stdout"},
    {"SPANLOG_OUTPUT", ","},
    {"SPANLOG_OUTPUT", "stdout,stdout,stdout,stdout,stdout"},
    {"SPANLOG_OUTPUT", "stdout:x"},
    {"SPANLOG_OUTPUT", "file:log.jsonl?rotate=1"},
    {"SPANLOG_FULL", "maybe"},
    {"SPANLOG_BLOCK_MS", "soon"},
    {"SPANLOG_BLOCK_MS", "-1"},
    {"SPANLOG_BLOCK_MS", "10x"},
    {"SPANLOG_BLOCK_MS", " 10"},
    {"SPANLOG_BLOCK_MS", "99999999999999999999"},
    {"SPANLOG_RING_SIZE", "1"},
    {"SPANLOG_RING_SIZE", "257M"},
    {"SPANLOG_RING_SIZE", "1.5M"},
    {"SPANLOG_RING_SIZE", "99999999999G"},
    {"SPANLOG_SYNC", "yes please"},
    {"SPANLOG_SOURCE", "file"},
    {"SPANLOG_SOURCE", "src,,pid"},
    {"SPANLOG_TRACE_IDS", "uuid"},
    {"SPANLOG_MAX_ATTRIBUTES", "many"},
    {"SPANLOG_MAX_EVENTS", "-5"},
    {"SPANLOG_MAX_LINKS", "1025"},
    {"SPANLOG_MAX_OPEN_SPANS", "1"},
    {"SPANLOG_MAX_OPEN_SPANS", "0x100"},
    {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "x"},
    {"OTEL_SPAN_EVENT_COUNT_LIMIT", "x"},
    {"OTEL_SPAN_LINK_COUNT_LIMIT", "x"},
    {"SPANLOG_PROCESS_LINES", "2"},
    {"SPANLOG_SIGNAL_HANDLERS", "never"},
    {"OTEL_RESOURCE_ATTRIBUTES", "nothing here"},
};

static void a_bad_value_is_named_once_and_changes_nothing(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bool output = strcmp(bad[i].variable, "SPANLOG_OUTPUT") == 0;
        with(bad[i].variable, bad[i].value);
        struct run *run = run_child(logs_one);
        char said[256];
        snprintf(said, sizeof said, "spanlog: %s=%s: ", bad[i].variable, bad[i].value);
        assert_exit(run, 0);
        assert_says(run->err, said, 1);
        if (strstr(run->err, " is used\n") == NULL) { /* out of range: the nearest in it */
            assert_says(run->err, "; right is ", 1);
            assert_says(run->err, " stays\n", 1);
        }
        assert_says(run->err, "\n", 1);
        assert_says(output ? run->out : run->log, "\"msg\":\"one\"", 1);
        assert_says(output ? run->out : run->log, "\"operation\":\"op\"", 1);
    }
}

static const char *const variables[] = {"SPANLOG_LEVEL",
                                        "SPANLOG_OUTPUT",
                                        "SPANLOG_FORMAT",
                                        "SPANLOG_FULL",
                                        "SPANLOG_BLOCK_MS",
                                        "SPANLOG_RING_SIZE",
                                        "SPANLOG_JOURNAL_DIR",
                                        "SPANLOG_SYNC",
                                        "SPANLOG_SOURCE",
                                        "SPANLOG_TRACE_IDS",
                                        "SPANLOG_MAX_ATTRIBUTES",
                                        "SPANLOG_MAX_EVENTS",
                                        "SPANLOG_MAX_LINKS",
                                        "SPANLOG_MAX_OPEN_SPANS",
                                        "SPANLOG_PROCESS_LINES",
                                        "SPANLOG_SIGNAL_HANDLERS",
                                        "OTEL_SERVICE_NAME",
                                        "SERVICE_NAME",
                                        "ENVIRONMENT",
                                        "LOG_LEVEL",
                                        "LOG_FORMAT",
                                        "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT"};

static void a_huge_value_is_named_once_and_changes_nothing(void **state) {
    (void)state;
    memset(huge, '7', sizeof huge - 1);
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        bool output = strcmp(variables[i], "SPANLOG_OUTPUT") == 0;
        with(variables[i], huge);
        struct run *run = run_child(logs_one);
        assert_exit(run, 0);
        assert_says(run->err, variables[i], 1);
        assert_says(run->err, "\n", 1);
        assert_in_range(strlen(run->err), 10, 600);
        assert_says(output ? run->out : run->log, "\"msg\":\"one\"", 1);
    }
}

static void an_empty_value_is_named_once_but_opentelemetrys_are_as_none(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        bool output = strcmp(variables[i], "SPANLOG_OUTPUT") == 0;
        with(variables[i], "");
        struct run *run = run_child(logs_one);
        assert_exit(run, 0);
        assert_says(run->err, "=: empty; right is ", strncmp(variables[i], "OTEL_", 5) != 0);
        assert_says(run->err, "\n", strncmp(variables[i], "OTEL_", 5) != 0);
        assert_says(output ? run->out : run->log, "\"msg\":\"one\"", 1);
    }
}

static void an_unknown_dialect_is_named_and_json_written(void **state) {
    (void)state;
    with("SPANLOG_FORMAT", "xml");
    struct run *run = run_child(logs_one);
    assert_says(run->err, "SPANLOG_FORMAT=xml: there is no such value; right is auto, json, ", 1);
    assert_count(run, "msg", "one", 1);
    with("SPANLOG_OUTPUT", "yaml+file:log.jsonl");
    run = run_child(logs_one);
    assert_says(run->err, "SPANLOG_OUTPUT=yaml: there is no such dialect; right is auto, json, ",
                1);
    assert_count(run, "msg", "one", 1);
}

/* ---- good values --------------------------------------------------------------------------- */

static void services_come_from_the_strongest_name(void **state) {
    (void)state;
    assert_field(need_line(run_child(logs_one), "msg", "one"), "service", "tested");
    with("OTEL_RESOURCE_ATTRIBUTES", "service.name=by-resource,team=a%20b,service.version=1.2");
    with("ENVIRONMENT", "staging");
    struct run *run = run_child(logs_one);
    assert_field(need_line(run, "msg", "one"), "service", "by-resource");
    const char *started = need_line(run, "msg", "process started");
    assert_field(started, "service.version", "1.2");
    assert_field(started, "deployment.environment.name", "staging");
    with("OTEL_RESOURCE_ATTRIBUTES", "service.name=by-resource");
    with("OTEL_SERVICE_NAME", "by-otel");
    assert_field(need_line(run_child(logs_one), "msg", "one"), "service", "by-otel");
    with("SERVICE_NAME", NULL);
    const char *service = field(need_line(run_child(logs_one), "msg", "one"), "service");
    assert_string_equal(service, "library_config_test");
}

static void a_resource_attribute_is_decoded(void **state) {
    (void)state;
    with("OTEL_RESOURCE_ATTRIBUTES", "team=a%20b%3Dc,zone=eu,list=a%2Cb");
    const char *started = need_line(run_child(logs_one), "msg", "process started");
    assert_field(started, "zone", "eu");
    assert_field(started, "team", "a b=c");
    assert_field(started, "list", "a%2Cb"); /* as it was: commas part the pairs */
}

static void a_spanlog_name_beats_a_common_one(void **state) {
    (void)state;
    with("LOG_LEVEL", "trace");
    with("SPANLOG_LEVEL", "error");
    assert_count(run_child(logs_one), "msg", "one", 0);
    with("LOG_FORMAT", "logfmt");
    with("SPANLOG_FORMAT", "json");
    assert_count(run_child(logs_one), "msg", "one", 1);
}

static void source_chooses_what_a_record_carries(void **state) {
    (void)state;
    static const struct {
        const char *value;
        bool src, pid, tid;
    } sources[] = {{NULL, true, true, true},    {"none", false, false, false},
                   {"src", true, false, false}, {"pid", false, true, false},
                   {"tid", false, false, true}, {"tid,src", true, false, true}};
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        with("SPANLOG_SOURCE", sources[i].value);
        struct run *run = run_child(logs_one);
        const char *lines[] = {need_line(run, "msg", "one"), need_line(run, "operation", "op")};
        for (int l = 0; l < 2; l++) {
            assert_int_equal(field(lines[l], "src") != NULL, sources[i].src);
            assert_int_equal(field(lines[l], "pid") != NULL, sources[i].pid);
            assert_int_equal(field(lines[l], "tid") != NULL, sources[i].tid);
        }
        assert_non_null(field(need_line(run, "msg", "process started"), "pid"));
    }
}

static void a_process_says_when_it_starts_and_ends(void **state) {
    (void)state;
    struct run *run = run_child(logs_one);
    char pid[16];
    snprintf(pid, sizeof pid, "%d", (int)run->pid);
    assert_field(run->lines[0], "msg", "process started");
    assert_field(run->lines[0], "pid", pid);
    assert_non_null(field(run->lines[0], "host.name"));
    assert_field(run->lines[run->count - 1], "msg", "process ended");
    assert_field(run->lines[run->count - 1], "pid", pid);
    with("SPANLOG_PROCESS_LINES", "0");
    assert_int_equal(run_child(logs_one)->count, 2);
}

static void logs_levels(void) {
    spanlog_info("low");
    spanlog_error("high");
}

static void each_output_has_a_level_and_a_dialect(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT",
         "file:log.jsonl,error:logfmt+stdout,warn:json+stderr,file:sub file.jsonl");
    struct run *run = run_child(logs_levels);
    assert_count(run, "msg", "low", 1);
    assert_count(run, "msg", "high", 1);
    assert_says(run->out, "low", 0);
    assert_says(run->out, "msg=high", 1);
    assert_says(run->err, "\"msg\":\"high\"", 1);
    assert_says(run->err, "low", 0);
    struct run *other = run_command("cat 'sub file.jsonl'");
    assert_says(other->out, "\"msg\":\"low\"", 1);
}

static void nothing_is_written_to_none(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", "none");
    struct run *run = run_child(logs_levels);
    assert_exit(run, 0);
    assert_string_equal(run->out, "");
    assert_string_equal(run->err, "");
}

static void without_settings_the_log_is_json_on_stdout(void **state) {
    (void)state;
    with("SPANLOG_OUTPUT", NULL);
    struct run *run = run_child(logs_levels);
    assert_says(run->out, "{\"ts\":\"", 4);
    assert_says(run->out, "\"msg\":\"low\"", 1);
}

static void changes_directory(void) {
    spanlog_info("before");
    mkdir("elsewhere", 0700);
    check_equal(chdir("elsewhere"), 0);
    spanlog_info("after");
}

static void a_relative_path_is_fixed_at_the_start(void **state) {
    (void)state;
    assert_count(run_child(changes_directory), "msg", "after", 1);
}

/* ---- spanlog_init -------------------------------------------------------------------------- */

static void initialises(void) {
    char service[] = "in-code";
    spanlog_config config = {.size = sizeof config,
                             .service = service,
                             .version = "9",
                             .environment = "test",
                             .resource = "team=core",
                             .level = "debug",
                             .output = "file:log.jsonl",
                             .source = "pid",
                             .max_events = 1};
    check_equal(spanlog_init(&config), 0);
    service[0] = 'X'; /* it was copied */
    check_equal(spanlog_init(&config), -EALREADY);
    spanlog_debug("debugged");
    check_equal(spanlog_init(NULL), -EALREADY);
}

static void code_configures_what_the_environment_leaves_open(void **state) {
    (void)state;
    with("SERVICE_NAME", NULL);
    with("SPANLOG_OUTPUT", NULL);
    struct run *run = run_child(initialises);
    assert_exit(run, 0);
    const char *line = need_line(run, "msg", "debugged"),
               *started = need_line(run, "msg", "process started");
    assert_field(line, "service", "in-code");
    assert_no_field(line, "src");
    assert_field(started, "service.version", "9");
    assert_field(started, "team", "core");
    assert_field(started, "deployment.environment.name", "test");
}

static void the_environment_beats_code(void **state) {
    (void)state;
    with("SPANLOG_LEVEL", "info");
    with("OTEL_SERVICE_NAME", "by-environment");
    struct run *run = run_child(initialises);
    assert_count(run, "msg", "debugged", 0);
    with("OTEL_SERVICE_NAME", "by-environment");
    run = run_child(initialises);
    assert_field(need_line(run, "msg", "debugged"), "service", "by-environment");
}

static void initialises_wrongly(void) {
    spanlog_config small = {.size = 8}, none = {.service = "x"};
    check_equal(spanlog_init(&small), -EINVAL);
    check_equal(spanlog_init(&none), -EINVAL);
    check_equal(spanlog_init(NULL), 0);
    spanlog_info("one");
}

static void initialises_too_late(void) {
    spanlog_info("one");
    check_equal(spanlog_init(NULL), -EALREADY);
}

static void a_wrong_size_is_refused_and_changes_nothing(void **state) {
    (void)state;
    struct run *run = run_child(initialises_wrongly);
    assert_exit(run, 0);
    assert_field(need_line(run, "msg", "one"), "service", "tested");
}

static void after_the_first_use_it_is_too_late_to_configure(void **state) {
    (void)state;
    struct run *run = run_child(initialises_too_late);
    assert_exit(run, 0);
    assert_count(run, "msg", "one", 1);
}

static void initialises_badly(void) {
    spanlog_config config = {.size = sizeof config, .level = "loud", .ring_size = 5, .full = "x"};
    check_equal(spanlog_init(&config), 0);
    spanlog_info("one");
}

static void bad_settings_in_code_are_named(void **state) {
    (void)state;
    struct run *run = run_child(initialises_badly);
    assert_exit(run, 0);
    assert_says(run->err, "spanlog_config.level=loud", 1);
    assert_says(run->err, "spanlog_config.ring_size=5", 1);
    assert_says(run->err, "spanlog_config.full=x", 1);
    assert_count(run, "msg", "one", 1);
}

static void a_message_about_a_bad_value_is_one_line_whatever_is_in_it(void **state) {
    (void)state;
    with("SPANLOG_LEVEL", "loud\nspanlog: all is well\033[2J");
    struct run *run = run_child(logs_one);
    assert_exit(run, 0);
    assert_says(run->err, "SPANLOG_LEVEL=loud?spanlog: all is well?[2J: ", 1);
    assert_says(run->err, "\n", 1);
}

/* ---- flush, shutdown, statistics ----------------------------------------------------------- */

static size_t lines_of(const char *path, const char *text) {
    size_t count = 0;
    char line[1000];
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        count += strstr(line, text) != NULL;
    if (file != NULL)
        fclose(file);
    return count;
}

static void flushes(void) {
    check_equal(spanlog_flush(10), 0); /* before the first record */
    for (int i = 0; i < 200; i++) {
        spanlog_info("r");
        check_equal(spanlog_flush(5000), 0);
        check_equal(lines_of("log.jsonl", "\"msg\":\"r\""), i + 1);
    }
}

static void after_a_flush_everything_is_in_the_file(void **state) {
    (void)state;
    assert_exit(run_child(flushes), 0);
    with("SPANLOG_SYNC", "1");
    assert_exit(run_child(flushes), 0);
}

static void shuts_down(void) {
    spanlog_ctx none = {.flags = 0};
    spanlog_begin(p, "over the end", SPANLOG_INTERNAL, none);
    spanlog_info("before");
    check_equal(spanlog_shutdown(5000), 0);
    check_equal(lines_of("log.jsonl", "process ended"), 1);
    spanlog_info("after");
    check_equal(lines_of("log.jsonl", "\"msg\":\"after\""), 1); /* at once */
    { spanlog_scope(sp, "late"); }
    check_equal(lines_of("log.jsonl", "\"operation\":\"late\""), 1);
    spanlog_end(p);
    check_equal(spanlog_flush(100), 0);
    check_equal(spanlog_shutdown(100), 0);
}

static void after_a_shutdown_callers_write_for_themselves(void **state) {
    (void)state;
    struct run *run = run_child(shuts_down);
    assert_exit(run, 0);
    assert_count(run, "msg", "process ended", 1);
    assert_count(run, "operation", "over the end", 1);
    assert_count(run, "msg", "span completed", 2);
}

/* As another process does that is stopped in the middle of its batch. */
static int lock_log(void) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open("log.jsonl", O_RDWR);
    check_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
    return fd;
}

static void shuts_down_too_soon(void) {
    spanlog_info("before");
    check_equal(spanlog_flush(5000), 0);
    int lock = lock_log();
    for (int i = 0; i < 2; i++) {
        spanlog_info("held up");
        check_equal(spanlog_shutdown(50), -ETIMEDOUT);
    }
    close(lock);
    for (int i = 0; i < 20000; i++)
        spanlog_info("after", kv("i", i));
    check_equal(spanlog_flush(5000), 0);
    check_equal(lines_of("log.jsonl", "\"msg\":\"after\""), 20000);
    check_equal(lines_of("log.jsonl", "process ended"), 0);
    check_equal(spanlog_shutdown(5000), 0);
    check_equal(lines_of("log.jsonl", "process ended"), 1);
}

static void after_a_shutdown_in_vain_everything_goes_on(void **state) {
    (void)state;
    with("SPANLOG_BLOCK_MS", "100");
    struct run *run = run_child(shuts_down_too_soon);
    assert_exit(run, 0);
    assert_string_equal(run->err, "");
    assert_count(run, "msg", "held up", 2);
    assert_count(run, "msg", "records dropped", 0);
    assert_count(run, "msg", "process ended", 1);
}

static void counts(void) {
    spanlog_statistics stats = {.size = 0};
    check_equal(spanlog_stats(NULL), -EINVAL);
    check_equal(spanlog_stats(&stats), -EINVAL);
    stats.size = sizeof stats;
    check_equal(spanlog_stats(&stats), 0);
    check_equal(stats.records, 0);
    for (int i = 0; i < 10; i++)
        spanlog_info("r");
    {
        spanlog_scope(sp, "s");
        check_equal(spanlog_stats(&stats), 0);
        check_equal(stats.open_spans, 1);
    }
    spanlog_flush(5000);
    check_equal(spanlog_stats(&stats), 0);
    check_equal(stats.records, 12); /* and "process started" */
    check_equal(stats.spans, 1);
    check_equal(stats.dropped, 0);
    check_equal(stats.sink_errors, 0);
    check_equal(stats.threads, 1);
    check_equal(stats.open_spans, 0);
    struct stat status;
    check_equal(stat("log.jsonl", &status), 0);
    check_equal(stats.bytes, status.st_size);
    check(stats.writes >= 1);
    struct {
        size_t size;
        uint64_t records, canary;
    } old = {.size = 16, .canary = 42};
    check_equal(spanlog_stats((spanlog_statistics *)(void *)&old), 0);
    check_equal(old.records, 12);
    check_equal(old.canary, 42);
}

static void statistics_count_what_is_in_the_file(void **state) {
    (void)state;
    assert_exit(run_child(counts), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(a_bad_value_is_named_once_and_changes_nothing),
        sentence(a_huge_value_is_named_once_and_changes_nothing),
        sentence(an_empty_value_is_named_once_but_opentelemetrys_are_as_none),
        sentence(an_unknown_dialect_is_named_and_json_written),
        sentence(services_come_from_the_strongest_name),
        sentence(a_resource_attribute_is_decoded),
        sentence(a_spanlog_name_beats_a_common_one),
        sentence(source_chooses_what_a_record_carries),
        sentence(a_process_says_when_it_starts_and_ends),
        sentence(each_output_has_a_level_and_a_dialect),
        sentence(nothing_is_written_to_none),
        sentence(without_settings_the_log_is_json_on_stdout),
        sentence(a_relative_path_is_fixed_at_the_start),
        sentence(code_configures_what_the_environment_leaves_open),
        sentence(the_environment_beats_code),
        sentence(a_wrong_size_is_refused_and_changes_nothing),
        sentence(after_the_first_use_it_is_too_late_to_configure),
        sentence(bad_settings_in_code_are_named),
        sentence(a_message_about_a_bad_value_is_one_line_whatever_is_in_it),
        sentence(after_a_flush_everything_is_in_the_file),
        sentence(after_a_shutdown_callers_write_for_themselves),
        sentence(after_a_shutdown_in_vain_everything_goes_on),
        sentence(statistics_count_what_is_in_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
