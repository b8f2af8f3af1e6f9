/* cli/ship.c: `spanlog ship`: log files to Loki, OTLP and Zipkin. The work is done by
 * libspanlog-ship (ship_library.h). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/cli/input.h"
#include "src/cli/ship_library.h"
#include "src/cli/ship_options.h"
#include "src/cli/verbs.h"

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

static int show_status(const struct spanlog_ship_library *library,
                       const struct spanlog_ship_options *options) {
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
    struct spanlog_ship_library library;
    int status = spanlog_ship_options_read(&options, argc, argv);
    if (status >= 0)
        return status;
    if (!spanlog_ship_library_open(&library, "ship"))
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
