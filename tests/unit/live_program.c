/* tests/unit/live_program.c: a program that logs when it is told to, for tests of live control.
 *
 *     $ live_program [PLUGIN]
 *     debug one          logs "one" at that level; answers "ok" when the call has returned
 *     named db one       logs "one" at debug with the logger db
 *     span one two       logs "two" in the span "two" in the span "one"
 *     load one           loads the plugin, has it log "one" at debug, unloads it
 *     fork one           a forked child logs "one" at debug
 *
 * With `fork` as a further argument it is a forked child itself, made before the first record.
 */
#include <spanlog/spanlog.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void log_debug(const char *text) {
    spanlog_debug("debug", kv("text", text));
}

static void log_named(const char *name, const char *text) {
    static spanlog_logger db = SPANLOG_LOGGER("db"), pool = SPANLOG_LOGGER("db.pool"),
                          http = SPANLOG_LOGGER("http");
    if (strcmp(name, "db") == 0)
        spanlog_debug_to(db, "named", kv("text", text));
    else if (strcmp(name, "db.pool") == 0)
        spanlog_debug_to(pool, "named", kv("text", text));
    else
        spanlog_debug_to(http, "named", kv("text", text));
}

static void open_spans(const char *outer, const char *inner) {
    spanlog_scope(first, "outer", kv("text", outer));
    spanlog_scope(second, "inner", kv("text", inner));
    spanlog_error("in the spans", kv("text", inner));
}

static void load(const char *plugin, const char *text) {
    void *library = dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        exit(3);
    void (*say)(const char *) = (void (*)(const char *))(uintptr_t)dlsym(library, "plugin_debugs");
    if (say == NULL)
        exit(4);
    say(text);
    dlclose(library);
}

static void fork_child(const char *text) {
    pid_t pid = fork();
    if (pid == 0) {
        log_debug(text);
        exit(0);
    }
    waitpid(pid, NULL, 0);
}

int main(int argc, char **argv) {
    char line[1000];
    if (argc > 2 && strcmp(argv[2], "fork") == 0) {
        pid_t pid = fork();
        if (pid != 0)
            return waitpid(pid, NULL, 0) == pid ? 0 : 1;
    }
    while (fgets(line, sizeof line, stdin) != NULL) {
        const char *verb = strtok(line, " \n"), *one = strtok(NULL, " \n"),
                   *two = strtok(NULL, " \n");
        if (verb == NULL || one == NULL)
            return 2;
        if (strcmp(verb, "debug") == 0)
            log_debug(one);
        else if (strcmp(verb, "info") == 0)
            spanlog_info("info", kv("text", one));
        else if (strcmp(verb, "named") == 0 && two != NULL)
            log_named(one, two);
        else if (strcmp(verb, "span") == 0 && two != NULL)
            open_spans(one, two);
        else if (strcmp(verb, "load") == 0 && argc > 1)
            load(argv[1], one);
        else if (strcmp(verb, "fork") == 0)
            fork_child(one);
        else
            return 2;
        printf("ok\n");
        fflush(stdout);
    }
    return 0;
}
