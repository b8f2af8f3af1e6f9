/* service: see service.h. */
#include "service.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static bool parse_port(const char *text, uint16_t *ret_port) {
    char *end;
    long port = strtol(text, &end, 10);
    *ret_port = (uint16_t)port;
    return end != text && *end == 0 && port >= 0 && port <= UINT16_MAX;
}

int service_parse(int argc, char **argv, service_options *ret_options) {
    static const struct option names[] = {
        {"port", required_argument, NULL, 'p'},     {"port-file", required_argument, NULL, 'f'},
        {"database", required_argument, NULL, 'd'}, {"prices", required_argument, NULL, 'r'},
        {"upstream", required_argument, NULL, 'u'}, {0}};
    *ret_options = (service_options){.database = "shop.db"};
    bool good = true;
    int option;
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (option == 'p')
            good = good && parse_port(optarg, &ret_options->port);
        else if (option == 'f')
            ret_options->port_file = optarg;
        else if (option == 'd')
            ret_options->database = optarg;
        else if (option == 'r')
            ret_options->prices = optarg;
        else if (option == 'u')
            good = good && parse_port(optarg, &ret_options->upstream);
        else
            good = false;
    }
    if (good && optind == argc)
        return 0;
    fprintf(stderr,
            "usage: %s [--port N] [--port-file FILE] [--database FILE] [--prices CONNINFO]"
            " [--upstream N]\n",
            argv[0]);
    return -EINVAL;
}

/* Under another name first, so that who waits for the file never reads half of it. */
static int write_port(const char *path, uint16_t port) {
    char temporary[512];
    snprintf(temporary, sizeof temporary, "%s.new", path);
    FILE *file = fopen(temporary, "w");
    if (file == NULL)
        return -errno;
    bool written = fprintf(file, "%u\n", port) > 0;
    if (fclose(file) != 0 || !written || rename(temporary, path) != 0)
        return -errno;
    return 0;
}

int service_run(const service_options *options, const http_route *routes) {
    sigset_t stop_signals;
    sigemptyset(&stop_signals);
    sigaddset(&stop_signals, SIGTERM);
    sigaddset(&stop_signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop_signals, NULL); /* the workers inherit it */
    signal(SIGPIPE, SIG_IGN);

    http_server server = {.routes = routes, .port = options->port};
    int failed = http_start(&server);
    if (failed) {
        errno = -failed;
        spanlog_fatal("cannot listen", kv("port", options->port), kv_errno());
        return 1;
    }
    spanlog_info("listening", kv("port", server.port));
    if (options->port_file != NULL && write_port(options->port_file, server.port) != 0)
        spanlog_error("cannot write the port file", kv("file", options->port_file), kv_errno());

    int stop_signal;
    sigwait(&stop_signals, &stop_signal);
    spanlog_info("stopping", kv("signal", stop_signal));
    http_stop(&server);
    return 0;
}
