/* cli/ship.c: `spanlog ship`: log files to Loki, OTLP and Zipkin. The work is done by
 * libspanlog-ship, which is opened here: no other verb has to load what it needs. */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/cli/input.h"
#include "src/cli/ship_options.h"
#include "src/cli/verbs.h"

#ifndef SPANLOG_SHIP_LIBRARY
#define SPANLOG_SHIP_LIBRARY "libspanlog-ship.so.0"
#endif

struct library {
    int (*run)(const struct spanlog_ship_settings *settings);
    int (*status)(const char *state, bool as_json, int fd);
};

/* Beside the program, as in a build; else where libraries are. */
static void *find_library(void) {
    char path[4096];
    ssize_t size = readlink("/proc/self/exe", path, sizeof path - sizeof SPANLOG_SHIP_LIBRARY);
    char *slash = size > 0 ? memrchr(path, '/', (size_t)size) : NULL;
    if (slash) {
        memcpy(slash + 1, SPANLOG_SHIP_LIBRARY, sizeof SPANLOG_SHIP_LIBRARY);
        void *handle = access(path, R_OK) == 0 ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
        if (handle)
            return handle;
    }
    return dlopen(SPANLOG_SHIP_LIBRARY, RTLD_NOW | RTLD_LOCAL);
}

static bool open_library(struct library *ret) {
    void *handle = find_library();
    if (handle) {
        *(void **)&ret->run = dlsym(handle, "spanlog_ship_run");
        *(void **)&ret->status = dlsym(handle, "spanlog_ship_status");
    }
    if (handle && ret->run && ret->status)
        return true;
    fprintf(stderr, "spanlog: ship: %s is needed and cannot be loaded: %s\n", SPANLOG_SHIP_LIBRARY,
            dlerror());
    return false;
}

static bool shows_progress;

static void clear_line(void) {
    if (shows_progress)
        fputs("\r\033[K", stderr);
}

static void say(void *argument, const char *text) {
    (void)argument;
    clear_line();
    fputs("spanlog: ship: ", stderr);
    spanlog_say_visible(text);
    fputc('\n', stderr);
}

static void show(void *argument, const char *text) {
    (void)argument;
    clear_line();
    spanlog_say_visible(text);
    fflush(stderr);
}

static int show_status(const struct library *library, const struct spanlog_ship_options *options) {
    int count = library->status(options->settings.state, options->json, STDOUT_FILENO);
    if (count < 0) {
        fprintf(stderr, "spanlog: ship: the state cannot be read: %s\n", strerror(-count));
        return SPANLOG_EXIT_ERROR;
    }
    if (count == 0)
        fprintf(stderr, "spanlog: ship: nothing was sent yet with this state\n");
    return count ? SPANLOG_EXIT_DONE : SPANLOG_EXIT_NOTHING;
}

int spanlog_verb_ship(int argc, char **argv) {
    static struct spanlog_ship_options options;
    struct library library = {0};
    int status = spanlog_ship_options_read(&options, argc, argv);
    if (status >= 0)
        return status;
    if (!open_library(&library))
        return SPANLOG_EXIT_ERROR;
    if (options.status)
        return show_status(&library, &options);
    shows_progress = isatty(STDERR_FILENO);
    options.settings.say = say;
    options.settings.progress = shows_progress ? show : NULL;
    int rc = library.run(&options.settings);
    if (shows_progress)
        fputc('\n', stderr);
    if (rc == -EPROTO)
        fprintf(stderr, "spanlog: ship: %s is of another version\n", SPANLOG_SHIP_LIBRARY);
    return rc == 0 ? SPANLOG_EXIT_DONE : SPANLOG_EXIT_ERROR;
}
