/* tests/unit/library_hostile_test.c: what nobody should have written into the control area of a
 * living process's journal harms neither the process nor the tool.
 */
#include "tests/unit/library_living.h"

#include <fcntl.h>

static void put_rules(struct attached *process, const char *text) {
    struct control *control = theirs(process);
    assert_int_equal(control_put(control->rules, &control->generation, text, strlen(text)), 0);
    control_call(control);
    assert_int_equal(attach_wait(process, &process->control->taken, control->generation, SOON_MS),
                     0);
}

static void lines_that_are_wrong_are_said_once_and_the_rest_holds(void **state) {
    (void)state;
    struct run *run;
    char level[200], text[300];
    pid_t pid = start_child(logs_until_stopped);
    struct attach_list list = attach_to(pid);
    uint64_t until = clock_gettime_ns(CLOCK_MONOTONIC) + 1000000000;
    snprintf(text, sizeof text,
             "level = fatal\n@0\nlevel = error\nservice = other\nnonsense\n@soon\nlevel = trace\n"
             "@%llu\nlevel = db=off\n@1\nlevel = debug\n",
             (unsigned long long)until);
    put_rules(&list.found[0], text);
    level_in_force(&list.found[0], level);
    if (clock_gettime_ns(CLOCK_MONOTONIC) < until)
        assert_string_equal(level, "error,db=off");
    for (int i = 0; i < SOON_MS && strcmp(level, "error") != 0; i++) { /* read again */
        sleep_ms(1);
        level_in_force(&list.found[0], level);
    }
    assert_string_equal(level, "error");
    assert_int_equal(list.found[0].control->counts.refused, 4);
    attach_close(&list);
    stop(pid, &run);
    assert_says(run->err, "service\": this one cannot change while the process runs", 1);
    assert_says(run->err, "nonsense\": no \"=\"", 1);
    assert_says(run->err, "right is @ and a time", 2);
    assert_says(run->err, "\n", 4);
}

static void a_mistake_in_rules_is_said_again_only_when_it_is_another(void **state) {
    (void)state;
    static const char wrong[] = "max_events = 5000\nlevel = loud\nnonsense\n@soon\nlevel = off\n";
    struct run *run;
    char text[300];
    pid_t pid = start_child(logs_until_stopped);
    struct attach_list list = attach_to(pid);
    for (int i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "@0\nblock_ms = %d\nsample_rate = %d\n%s", i, i < 2 ? 7 : 8,
                 wrong);
        put_rules(&list.found[0], text);
    }
    attach_close(&list);
    stop(pid, &run);
    assert_says(run->err, "live:2: sample_rate = 7: above the most; 1 is used\n", 1);
    assert_says(run->err, "live:2: sample_rate = 8: above the most; 1 is used\n", 1);
    assert_says(run->err, "live:3: max_events = 5000: above the most; 1024 is used\n", 1);
    assert_says(run->err, "level = loud: there is no such level", 1);
    assert_says(run->err, "nonsense\": no \"=\"", 1);
    assert_says(run->err, "\"@soon\": right is @ and a time", 1);
    assert_says(run->err, "\n", 6);
}

static void damaged_rules_change_nothing_and_are_said_once(void **state) {
    (void)state;
    struct run *run;
    char level[200];
    pid_t pid = start_child(logs_until_stopped);
    struct attach_list list = attach_to(pid);
    struct attached *process = &list.found[0];
    struct control *control = theirs(process);
    change(&list.found[0], "db=debug");
    for (int i = 0; i < 10; i++) {
        control->rules[control->generation & 1].text[i] ^= 64;
        __atomic_add_fetch(&control->generation, 2, __ATOMIC_SEQ_CST); /* the same slot */
        control_call(control);
        assert_int_equal(
            attach_wait(process, &process->control->taken, control->generation, SOON_MS), 0);
        level_in_force(&list.found[0], level);
        assert_string_equal(level, "info,db=debug");
    }
    change(&list.found[0], "db=warn"); /* writes them anew */
    level_in_force(&list.found[0], level);
    assert_string_equal(level, "info,db=warn");
    attach_close(&list);
    stop(pid, &run);
    assert_all_numbers(run);
    assert_says(run->err, "the rules are damaged", 1);
    assert_says(run->err, "\n", 1);
}

static uint64_t next_random(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1Du;
}

/* Whatever it makes of the journal, it ends by itself. */
static void show_status(void) {
    allow_torn_tail(true); /* which is being written */
    struct run *run = run_command("'%s' status --json --dir journals; echo $?; '%s' status --dir "
                                  "journals; echo $?",
                                  SPANLOG_TOOL, SPANLOG_TOOL);
    if (strstr(run->out, "\n0\n") == NULL && strncmp(run->out, "1\n", 2) != 0)
        fail_msg("%s%s", run->out, run->err);
    allow_torn_tail(false);
    assert_exit(run, 0);
    assert_null(strstr(run->err, "Sanitizer"));
}

static void random_bytes_in_the_control_area_harm_nobody(void **state) {
    (void)state;
    struct run *run;
    uint64_t random = 4711;
    pid_t pid = start_child(logs_until_stopped);
    struct attach_list list = attach_to(pid);
    struct control *control = theirs(&list.found[0]);
    uint8_t *from = (uint8_t *)control;
    for (int i = 0; i < 3000; i++) {
        size_t at = i % 3 == 0 ? next_random(&random) % 64 : next_random(&random) % sizeof *control;
        from[at] = (uint8_t)next_random(&random);
        if (i % 7 == 0)
            __atomic_add_fetch(&control->generation, 1, __ATOMIC_SEQ_CST);
        control_call(control);
        if (i % 100 == 0)
            sleep_ms(1);
        if (i % 500 == 0)
            show_status();
    }
    attach_close(&list);
    stop(pid, &run);
    assert_all_numbers(run);
}

/* ---- rules that are as they should be, but for what they say ----------------------------------
 */

static const char *fill(char text[CONTROL_TEXT_SIZE + 1], const char *head, char with) {
    size_t size = strlen(head);
    memcpy(text, head, size);
    memset(text + size, with, CONTROL_TEXT_SIZE - size);
    text[CONTROL_TEXT_SIZE] = '\0';
    return text;
}

/* Of any size and bytes, with a checksum that is right. */
static void put_bytes(struct attached *process, const char *text, size_t size) {
    struct control *control = theirs(process);
    assert_int_equal(control_put(control->rules, &control->generation, text, size), 0);
    control_call(control);
    assert_int_equal(attach_wait(process, &process->control->taken, control->generation, SOON_MS),
                     0);
}

static void rules_with_a_right_checksum_and_nothing_right_in_them_harm_nobody(void **state) {
    (void)state;
    static const char *const heads[] = {"",
                                        "@",
                                        "@0",
                                        "@0\n",
                                        "@0\nlevel = ",
                                        "@0\nlevel",
                                        "@0\nlevel = info,",
                                        "@0\nsample_rules = route=",
                                        "@0\nsample_rules = ",
                                        "@0\nno_such_setting = ",
                                        "@0\noutput = file:/nowhere/",
                                        "@0\noutput = nonsense:",
                                        "@0\notlp_endpoint = http://",
                                        "@0\nmax_attributes = 9",
                                        "@0\n[orders]\nlevel = trace\n",
                                        "@18446744073709551616\nlevel = trace\n",
                                        "@-1\nlevel = trace\n@"};
    static const char fillers[] = {'\0', '\n', '@', '=', ',', ';', ':', '9', 'x', '\x1b', '\xff'};
    struct run *run;
    char text[CONTROL_TEXT_SIZE + 1], level[200];
    pid_t pid = start_child(logs_until_stopped);
    struct attach_list list = attach_to(pid);
    struct attached *process = &list.found[0];
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        for (size_t with = 0; with < sizeof fillers; with++) {
            put_bytes(process, fill(text, heads[i], fillers[with]), CONTROL_TEXT_SIZE);
            put_bytes(process, text, strlen(heads[i]));
        }
        show_status();
    }
    struct control_slot *slot = &theirs(process)->rules[theirs(process)->generation & 1];
    slot->size = UINT32_MAX;
    show_status();
    put_rules(process, "@0\nlevel = info,db=off\n");
    level_in_force(process, level);
    assert_string_equal(level, "info,db=off");
    attach_close(&list);
    stop(pid, &run);
    assert_all_numbers(run);
}

/* ---- the word that the back sleeps on ---------------------------------------------------------
 */

/* Its parent writes into the word whenever it has said where it is. */
static void logs_when_told(void) {
    char name[32];
    for (int i = 0; i < 6; i++) {
        spanlog_info("step", kv("n", i));
        check_equal(spanlog_flush(5000), 0);
        wait_until_asleep();
        snprintf(name, sizeof name, "asleep%d", i);
        close(open(name, O_WRONLY | O_CREAT, 0644));
        snprintf(name, sizeof name, "go%d", i);
        while (access(name, F_OK) != 0)
            sleep_ms(1);
        spanlog_info("woken", kv("n", i));
        snprintf(name, sizeof name, "seen%d", i);
        for (int ms = 0; i < 5 && access(name, F_OK) != 0; ms++, sleep_ms(1))
            check(ms < 10000);
    }
}

static void touch(const char *name, int number) {
    char path[400];
    snprintf(path, sizeof path, "%s/%s%d", run_directory(), name, number);
    close(open(path, O_WRONLY | O_CREAT, 0644));
}

static bool is_there(const char *name, int number) {
    char path[400];
    snprintf(path, sizeof path, "%s/%s%d", run_directory(), name, number);
    return access(path, F_OK) == 0;
}

static void assert_written(unsigned times) {
    char path[400];
    unsigned found = 0;
    snprintf(path, sizeof path, "%s/log.jsonl", run_directory());
    for (int i = 0; i < 500 && found < times; i++, sleep_ms(10)) {
        found = 0;
        for (const char *p = read_text(path); (p = strstr(p, "\"msg\":\"woken\"")) != NULL; p++)
            found++;
    }
    assert_int_equal(found, times);
}

/* The last is not waited for: the process ends at once. */
static void whatever_stands_in_the_word_that_the_back_sleeps_on_all_is_written(void **state) {
    (void)state;
    static const uint32_t words[6] = {1, 0, UINT32_MAX, 2, 3, 1};
    pid_t pid = start_child(logs_when_told);
    struct attach_list list = {.count = 0};
    for (int i = 0; i < 6; i++) {
        for (int ms = 0; !is_there("asleep", i); ms++, sleep_ms(1))
            assert_in_range(ms, 0, SOON_MS);
        if (i == 0)
            list = attach_to(pid);
        uint32_t *wake = &theirs(&list.found[0])->wake;
        __atomic_store_n(wake, i % 2 == 0 ? *wake | words[i] : words[i], __ATOMIC_SEQ_CST);
        touch("go", i);
        if (i < 5)
            assert_written((unsigned)i + 1);
        touch("seen", i);
    }
    attach_close(&list);
    struct run *run = finish_child(pid);
    assert_exit(run, 0);
    assert_count(run, "msg", "woken", 6);
    if (!under_sanitizer() && run->seconds > 30)
        fail_msg("it took %.1f s", run->seconds);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(lines_that_are_wrong_are_said_once_and_the_rest_holds),
        sentence(a_mistake_in_rules_is_said_again_only_when_it_is_another),
        sentence(damaged_rules_change_nothing_and_are_said_once),
        sentence(random_bytes_in_the_control_area_harm_nobody),
        sentence(rules_with_a_right_checksum_and_nothing_right_in_them_harm_nobody),
        sentence(whatever_stands_in_the_word_that_the_back_sleeps_on_all_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
