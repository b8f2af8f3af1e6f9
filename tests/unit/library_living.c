/* tests/unit/library_living.c: see library_living.h. */
#include "tests/unit/library_living.h"

#include "src/control/rules.h"

bool is_told_to_stop(void) {
    return access("stop", F_OK) == 0;
}

static void *logs_numbers(void *arg) {
    static spanlog_logger db = SPANLOG_LOGGER("db");
    int thread = (int)(intptr_t)arg;
    for (int i = 0; !is_told_to_stop(); sleep_ms(1)) {
        for (int burst = 0; burst < 10; burst++, i++) {
            spanlog_info("always", kv("thread", thread), kv("n", i));
            spanlog_debug("sometimes", kv("thread", thread), kv("n", i));
            spanlog_debug_to(db, "db", kv("thread", thread), kv("n", i));
        }
    }
    return NULL;
}

void logs_until_stopped(void) {
    pthread_t threads[2];
    setenv("SPANLOG_BLOCK_MS", "20000", 1); /* none of them is dropped */
    for (intptr_t i = 0; i < 2; i++)
        check_equal(pthread_create(&threads[i], NULL, logs_numbers, (void *)i), 0);
    for (int i = 0; i < 2; i++)
        check_equal(pthread_join(threads[i], NULL), 0);
}

struct attach_list attach_to(pid_t pid) {
    char directory[300], target[16];
    struct attach_list list;
    snprintf(directory, sizeof directory, "%s/journals", run_directory());
    snprintf(target, sizeof target, "%d", (int)pid);
    for (double end = now_seconds() + SOON_MS / 1e3; now_seconds() < end;) {
        int error = attach_find(&list, directory, target, false);
        if (error == 0 && list.count == 1 && list.found[0].control != NULL &&
            list.found[0].control->counts.records > 0)
            return list;
        attach_close(&list);
        usleep(1000);
    }
    fail_msg("process %d does not log", (int)pid);
    return list;
}

void stop(pid_t pid, struct run **ret_run) {
    char path[300];
    snprintf(path, sizeof path, "%s/stop", run_directory());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    *ret_run = finish_child(pid);
    assert_exit(*ret_run, 0);
}

size_t assert_all_numbers(const struct run *run) {
    size_t next[2] = {0, 0};
    for (size_t i = 0; i < run->count; i++) {
        if (strstr(run->lines[i], "\"msg\":\"always\"") == NULL)
            continue;
        int thread;
        size_t n;
        const char *fields = strstr(run->lines[i], ",\"thread\":");
        assert_non_null(fields);
        assert_int_equal(sscanf(fields, ",\"thread\":%d,\"n\":%zu", &thread, &n), 2);
        assert_in_range(thread, 0, 1);
        assert_int_equal(n, next[thread]);
        next[thread]++;
    }
    assert_true(next[0] > 0 && next[1] > 0);
    return next[0] + next[1];
}

int set_level(char text[CONTROL_TEXT_SIZE + 1], void *arg) {
    return rules_add(text, 0, 0, "level", arg);
}

void change(struct attached *process, const char *level) {
    char copy[100];
    uint32_t generation;
    snprintf(copy, sizeof copy, "%s", level);
    assert_int_equal(attach_change(process, set_level, copy, &generation), 0);
    if (attach_wait(process, &process->control->taken, generation, SOON_MS) != 0)
        fail_msg("taken is %u, not %u", process->control->taken, generation);
}

void level_in_force(struct attached *process, char ret_level[200]) {
    assert_int_equal(attach_look(process), 0);
    attach_value(process->state, "level", ret_level, 200);
}

struct control *theirs(const struct attached *process) {
    return (struct control *)(void *)(process->words + offsetof(struct journal_header, control));
}
