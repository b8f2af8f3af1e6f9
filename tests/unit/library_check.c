/* tests/unit/library_check.c: see library_check.h. */
#include "tests/unit/library_check.h"
#include "tests/crash/json_check.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#define MOST_SECONDS 60

extern char **environ;

static char root[64], directory[128];
static unsigned directories;

static bool torn_tail_allowed, damaged_lines_allowed;

static struct { const char *name, *value; } settings[16];
static unsigned setting_count;

/* Everything that a test allocates is freed after it. */
static void *kept[200000];
static size_t kept_count;

static void *keep(void *memory) {
    if (memory == NULL || kept_count == sizeof kept / sizeof *kept)
        fail_msg("out of memory");
    return kept[kept_count++] = memory;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where) {
    (void)status, (void)type, (void)where;
    return remove(path);
}

int fresh_directory(void **state) {
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(root, sizeof root, "%s/spanlog-test-XXXXXX",
             base != NULL && strlen(base) < 30 ? base : "/tmp");
    directories = setting_count = 0;
    torn_tail_allowed = damaged_lines_allowed = false;
    return mkdtemp(root) == NULL;
}

void forget_runs(void) {
    while (kept_count > 0)
        free(kept[--kept_count]);
}

int remove_directory(void **state) {
    (void)state;
    forget_runs();
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *run_directory(void) {
    return directory;
}

void allow_torn_tail(bool allowed) {
    torn_tail_allowed = allowed;
}

void allow_damaged_lines(bool allowed) {
    damaged_lines_allowed = allowed;
}

void with(const char *name, const char *value) {
    assert_true(setting_count < sizeof settings / sizeof *settings);
    settings[setting_count].name = name;
    settings[setting_count++].value = value;
}

/* ---- running ------------------------------------------------------------------------------- */

static void clear_environment(void) {
    static const char *const names[] = {"SPANLOG_", "OTEL_", "LOG_", "SERVICE_NAME", "ENVIRONMENT"};
    for (char **entry = environ; *entry != NULL;) {
        char name[128];
        bool ours = false;
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            ours |= strncmp(*entry, names[i], strlen(names[i])) == 0;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(*entry, "="), *entry);
        if (ours)
            unsetenv(name); /* and another entry stands here */
        else
            entry++;
    }
}

static void redirect(int fd, const char *path) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
    if (file < 0 || dup2(file, fd) != fd)
        _exit(98);
    close(file);
}

/* cmocka's handlers of signals would make a child that faults go on with the other tests: it gets
 * back what was there at the program's start. */
static const int taken_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTERM};
static struct sigaction first_actions[sizeof taken_signals / sizeof *taken_signals];

__attribute__((constructor)) static void note_signals(void) {
    for (size_t i = 0; i < sizeof taken_signals / sizeof *taken_signals; i++)
        sigaction(taken_signals[i], NULL, &first_actions[i]);
}

static void enter_child(void) {
    char journals[160];
    for (size_t i = 0; i < sizeof taken_signals / sizeof *taken_signals; i++)
        sigaction(taken_signals[i], &first_actions[i], NULL);
    clear_environment();
    if (chdir(directory) != 0)
        _exit(98);
    redirect(STDOUT_FILENO, "stdout");
    redirect(STDERR_FILENO, "stderr");
    snprintf(journals, sizeof journals, "%s/journals", directory);
    setenv("SPANLOG_OUTPUT", "file:log.jsonl", 1);
    setenv("SPANLOG_JOURNAL_DIR", journals, 1);
    setenv("SERVICE_NAME", "tested", 1);
    setenv("SPANLOG_CONFIG", "/dev/null", 1); /* not what this machine is configured for */
    for (unsigned i = 0; i < setting_count; i++) {
        if (settings[i].value != NULL)
            setenv(settings[i].name, settings[i].value, 1);
        else
            unsetenv(settings[i].name);
    }
}

static pid_t start_here(void (*body)(void)) {
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        enter_child();
        body();
        exit(0);
    }
    setting_count = 0;
    assert_true(pid > 0);
    return pid;
}

pid_t start_child(void (*body)(void)) {
    snprintf(directory, sizeof directory, "%s/%u", root, directories++);
    assert_int_equal(mkdir(directory, 0755), 0);
    return start_here(body);
}

static char *file_here(const char *name) {
    char path[300];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return read_text(path);
}

struct run *finish_child(pid_t pid) {
    struct run *run = keep(calloc(1, sizeof *run));
    double start = now_seconds();
    run->pid = pid;
    while (waitpid(pid, &run->status, WNOHANG) == 0) {
        run->seconds = now_seconds() - start;
        if (run->seconds > MOST_SECONDS) {
            kill(pid, SIGKILL);
            waitpid(pid, &run->status, 0);
            fail_msg("the child hung for %d s", MOST_SECONDS);
        }
        usleep(1000);
    }
    run->seconds = now_seconds() - start;
    run->out = file_here("stdout");
    run->err = file_here("stderr");
    char path[300];
    snprintf(path, sizeof path, "%s/log.jsonl", directory);
    read_lines(run, path);
    return run;
}

struct run *run_child(void (*body)(void)) {
    return finish_child(start_child(body));
}

#define TOO_LATE 78

void child_is_late(const char *file, int line, const char *what) {
    fprintf(stderr, "%s:%d: not in time: %s\n", file, line, what);
    _exit(TOO_LATE);
}

struct run *run_in_time(void (*body)(void), double seconds) {
    unsigned settings_of_all = setting_count;
    for (int tries = 0; tries < 5; tries++) {
        setting_count = settings_of_all;
        struct run *run = run_child(body);
        bool was_late = WIFEXITED(run->status) && WEXITSTATUS(run->status) == TOO_LATE;
        if (!was_late && run->seconds < seconds)
            return run;
        print_message("a try took %g s; %s", run->seconds, was_late ? run->err : "\n");
    }
    fail_msg("not within %g s, or late by a check of its own, in any of five tries", seconds);
    return NULL;
}

struct run *run_again(void (*body)(void)) {
    return finish_child(start_here(body));
}

static char command_line[2000];

static void run_command_line(void) {
    execl("/bin/sh", "sh", "-c", command_line, (char *)NULL);
    _exit(127);
}

struct run *run_command(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command_line, sizeof command_line, format, arguments);
    va_end(arguments);
    return run_again(run_command_line);
}

/* ---- reading ------------------------------------------------------------------------------- */

void wait_until_said(unsigned lines) {
    for (int i = 0; i < 2000; i++) {
        unsigned there = 0;
        FILE *file = fopen("stderr", "r");
        for (int c; file != NULL && (c = fgetc(file)) != EOF;)
            there += c == '\n';
        if (file != NULL)
            fclose(file);
        if (there >= lines)
            return;
        sleep_ms(10);
    }
    check(!"said within 20 s");
}

void wait_until_asleep(void) {
    spanlog_statistics now = {.size = sizeof now};
    uint64_t before;
    int tries = 0;
    do {
        spanlog_stats(&now);
        before = now.sleeps;
        sleep_ms(400);
        spanlog_stats(&now);
    } while ((now.sleeps == 0 || now.sleeps != before) && ++tries < 50);
    check(now.sleeps == before && before > 0);
}

char *read_text(const char *path) {
    FILE *file = fopen(path, "r");
    size_t size = 0, room = 1 << 16;
    char *text = malloc(room);
    while (file != NULL && text != NULL) {
        size_t got = fread(text + size, 1, room - size - 1, file);
        if (got == 0)
            break;
        size += got;
        if (room - size < 2)
            text = realloc(text, room *= 2);
    }
    if (file != NULL)
        fclose(file);
    keep(text);
    text[size] = '\0';
    return text;
}

void read_lines(struct run *run, const char *path) {
    run->log = read_text(path);
    run->count = 0;
    size_t lines = 0;
    for (const char *p = run->log; (p = strchr(p, '\n')) != NULL; p++)
        lines++;
    run->lines = keep(calloc(lines + 1, sizeof *run->lines));
    char *copy = keep(strdup(run->log));
    for (char *line = copy; *line != '\0';) {
        size_t size = strcspn(line, "\n");
        if (line[size] != '\n' && torn_tail_allowed)
            break;
        if (line[size] != '\n')
            fail_msg("the log ends in the middle of a line: %.300s", line);
        bool right = json_check_object(line, line + size, NULL, NULL);
        if (!right && !damaged_lines_allowed)
            fail_msg("not one JSON object: %.2000s", line);
        line[size] = '\0';
        if (right)
            run->lines[run->count++] = line;
        line += size + 1;
    }
}

unsigned count_files(const char *path, const char *suffix) {
    unsigned count = 0;
    DIR *entries = opendir(path);
    if (entries == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        size_t size = strlen(entry->d_name), end = strlen(suffix);
        count += size >= end && strcmp(entry->d_name + size - end, suffix) == 0;
    }
    closedir(entries);
    return count;
}

/* ---- fields -------------------------------------------------------------------------------- */

struct wanted {
    const char *key;
    struct json_part value;
    unsigned times;
};

static void look_at(void *arg, struct json_part key, struct json_part value) {
    struct wanted *wanted = arg;
    if (key.size > 2 && *key.data == '"') { /* with its quotes */
        key.data++;
        key.size -= 2;
    }
    if (strlen(wanted->key) == key.size && memcmp(wanted->key, key.data, key.size) == 0) {
        wanted->value = value;
        wanted->times++;
    }
}

const char *field(const char *line, const char *key) {
    struct wanted wanted = {.key = key};
    if (line == NULL)
        return NULL;
    json_check_object(line, line + strlen(line), look_at, &wanted);
    if (wanted.times > 1)
        fail_msg("\"%s\" stands %u times in %s", key, wanted.times, line);
    if (wanted.times == 0)
        return NULL;
    struct json_part value = wanted.value;
    if (*value.data == '"') {
        value.data++;
        value.size -= 2;
    }
    return keep(strndup(value.data, value.size));
}

double number_field(const char *line, const char *key) {
    const char *text = field(line, key);
    if (text == NULL)
        fail_msg("no \"%s\" in %s", key, line);
    return strtod(text, NULL);
}

/* Compares without keeping anything: tests look at many lines. */
static bool has_value(const char *line, const char *key, const char *value) {
    struct wanted wanted = {.key = key};
    json_check_object(line, line + strlen(line), look_at, &wanted);
    struct json_part found = wanted.value;
    if (wanted.times == 0)
        return false;
    if (*found.data == '"') {
        found.data++;
        found.size -= 2;
    }
    return strlen(value) == found.size && memcmp(value, found.data, found.size) == 0;
}

const char *find_line(const struct run *run, const char *key, const char *value, size_t n) {
    for (size_t i = 0; i < run->count; i++) {
        if (has_value(run->lines[i], key, value) && n-- == 0)
            return run->lines[i];
    }
    return NULL;
}

size_t count_lines(const struct run *run, const char *key, const char *value) {
    size_t count = 0;
    for (size_t i = 0; i < run->count; i++)
        count += has_value(run->lines[i], key, value);
    return count;
}

const char *need_line(const struct run *run, const char *key, const char *value) {
    const char *line = find_line(run, key, value, 0);
    if (line == NULL)
        fail_msg("no line with %s=%s (wait status 0x%x) in:\n%.4000s\nstderr: %.1000s", key, value,
                 (unsigned)run->status, run->log, run->err);
    return line;
}

/* ---- assertions ---------------------------------------------------------------------------- */

void assert_field_(const char *line, const char *key, const char *expected, const char *file,
                   int at) {
    const char *value = field(line, key);
    if (value == NULL && expected == NULL)
        return;
    if (value == NULL || expected == NULL || strcmp(value, expected) != 0) {
        print_error("%s: is %s, expected %s in %.2000s\n", key, value != NULL ? value : "absent",
                    expected != NULL ? expected : "absent", line);
        _fail(file, at);
    }
}

void assert_count_(const struct run *run, const char *key, const char *value, size_t expected,
                   const char *file, int at) {
    size_t count = count_lines(run, key, value);
    if (count != expected) {
        print_error("%zu lines with %s=%s, expected %zu, in %zu lines:\n%.3000s\nstderr: %.1000s\n",
                    count, key, value, expected, run->count, run->log, run->err);
        _fail(file, at);
    }
}

void assert_exit_(const struct run *run, int code, const char *file, int at) {
    int is = WIFSIGNALED(run->status) ? -WTERMSIG(run->status) : WEXITSTATUS(run->status);
    if (is != code) {
        print_error(
            "ended with %d, expected %d (negative: a signal)\nstderr: %.3000s\nlog: %.1000s\n", is,
            code, run->err, run->log);
        _fail(file, at);
    }
}

void assert_says_(const char *in, const char *text, unsigned times, const char *file, int at) {
    unsigned found = 0;
    for (const char *p = in; (p = strstr(p, text)) != NULL; p++)
        found++;
    if (found != times) {
        print_error("\"%s\" stands %u times, expected %u, in: %.3000s\n", text, found, times, in);
        _fail(file, at);
    }
}

/* ---- inside a child ------------------------------------------------------------------------ */

void child_failed(const char *file, int line, const char *what) {
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
    fflush(stderr);
    _exit(99);
}

double now_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void sleep_ms(unsigned ms) {
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

void on_thread(void *(*body)(void *), void *arg) {
    pthread_t thread;
    check_equal(pthread_create(&thread, NULL, body, arg), 0);
    check_equal(pthread_join(thread, NULL), 0);
}

void not_permitted(const char *why) {
    if (getenv("CI") != NULL)
        fail_msg("CI is set and %s", why);
    print_message("not tested here: %s\n", why);
    skip();
}

#if defined(__has_feature)
#define HAS(feature) __has_feature(feature)
#else
#define HAS(feature) 0
#endif

bool under_thread_sanitizer(void) {
#if defined(__SANITIZE_THREAD__)
    return true;
#else
    return HAS(thread_sanitizer);
#endif
}

bool under_sanitizer(void) {
#if defined(__SANITIZE_ADDRESS__)
    return true;
#else
    return HAS(address_sanitizer) || under_thread_sanitizer();
#endif
}

/* A child of a process with threads goes on in these tests. */
__attribute__((visibility("default"))) const char *__tsan_default_options(void);
const char *__tsan_default_options(void) {
    return "die_after_fork=0";
}
