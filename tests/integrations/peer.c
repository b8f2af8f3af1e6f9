/* tests/integrations/peer.c: see peer.h. */
#include "tests/integrations/peer.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct peer {
    struct MHD_Daemon *daemon;
    FILE *file;
    pthread_mutex_t lock;
    unsigned flaky;
    uint16_t port;
};

static enum MHD_Result note(void *arg, enum MHD_ValueKind kind, const char *name,
                            const char *value) {
    struct peer *peer = arg;
    (void)kind;
    fprintf(peer->file, "%s: %s\n", name, value);
    return MHD_YES;
}

static unsigned status_of(struct peer *peer, const char *url) {
    if (strncmp(url, "/status/", 8) == 0)
        return (unsigned)atoi(url + 8);
    if (strncmp(url, "/to/", 4) == 0)
        return 302;
    if (strcmp(url, "/flaky") == 0)
        return peer->flaky++ < 2 ? 503 : 200;
    return 200;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *body,
                                  size_t *body_size, void **state) {
    struct peer *peer = arg;
    (void)version, (void)body;
    static char seen, hello[] = "hello";
    if (*state == NULL) {
        *state = &seen;
        return MHD_YES;
    }
    if (*body_size > 0) {
        *body_size = 0;
        return MHD_YES;
    }
    pthread_mutex_lock(&peer->lock);
    fprintf(peer->file, "%s %s\n", method, url);
    MHD_get_connection_values(connection, MHD_HEADER_KIND, note, peer);
    fflush(peer->file);
    unsigned status = status_of(peer, url);
    pthread_mutex_unlock(&peer->lock);
    if (strcmp(url, "/hang") == 0) {
        MHD_suspend_connection(connection);
        return MHD_YES;
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(5, hello, MHD_RESPMEM_PERSISTENT);
    if (status == 302)
        MHD_add_response_header(response, "Location", url + 3);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

struct peer *peer_start(void) {
    struct peer *peer = calloc(1, sizeof *peer);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (peer == NULL)
        abort();
    pthread_mutex_init(&peer->lock, NULL);
    peer->file = fopen("peer.txt", "w");
    peer->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
        on_request, peer, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address, MHD_OPTION_END);
    if (peer->file == NULL || peer->daemon == NULL)
        abort();
    peer->port = MHD_get_daemon_info(peer->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    return peer;
}

uint16_t peer_port(const struct peer *peer) {
    return peer->port;
}

void peer_stop(struct peer *peer) {
    MHD_stop_daemon(peer->daemon);
    fclose(peer->file);
    pthread_mutex_destroy(&peer->lock);
    free(peer);
}
