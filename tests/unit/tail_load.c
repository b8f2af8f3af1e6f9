/* tests/unit/tail_load.c: a service under load that writes down what it did, for tail_load_test.py.
 *
 *     SPANLOG_TAIL=errors OTEL_TRACES_SAMPLER_ARG=0.1 ... tail_load THREADS REQUESTS done.txt
 *
 * Each thread serves requests; some fail, some hand a part of their work to a helper thread. A
 * request's line in done.txt: trace id, whether it failed, and how many spans, debug records and
 * info records it made; each record and span carries its number within the request as `n`.
 */
#include <spanlog/spanlog.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned requests;
static FILE *done;

static unsigned next_random(unsigned *state) {
    *state = *state * 1103515245u + 12345u;
    return *state >> 16;
}

struct work {
    char trace[33];
    unsigned debugs, infos, spans;
    spanlog_ctx ctx;
};

static void query(struct work *work, unsigned rows) {
    spanlog_scope_kind(sp, SPANLOG_CLIENT, "query", kv("n", work->spans));
    work->spans++;
    for (unsigned i = 0; i < rows; i++) {
        spanlog_debug("row", kv("n", work->debugs), kv("text", "some of what was read"));
        work->debugs++;
    }
}

static void *help(void *argument) {
    struct work *work = argument;
    spanlog_ctx before = spanlog_ctx_attach(work->ctx);
    query(work, 3);
    spanlog_info("helped", kv("n", work->infos));
    work->infos++;
    spanlog_ctx_attach(before);
    return NULL;
}

static void serve(unsigned *random) {
    struct work work = {.spans = 1};
    unsigned kind = next_random(random) % 100;
    bool fails = kind < 3;
    {
        spanlog_scope_kind(root, SPANLOG_SERVER, "request", kv("n", 0));
        spanlog_trace_id(work.trace);
        spanlog_debugf("arrived %d", 0);
        work.debugs++;
        for (unsigned i = next_random(random) % 4; i > 0; i--)
            query(&work, next_random(random) % 8);
        if (kind % 50 == 1) { /* some of those that fail, and of the others */
            pthread_t helper;
            work.ctx = spanlog_ctx_current();
            if (pthread_create(&helper, NULL, help, &work) == 0)
                pthread_join(helper, NULL);
        }
        spanlog_info("served", kv("n", work.infos));
        work.infos++;
        spanlog_status(&root, fails ? 500 : 200);
    }
    fprintf(done, "%s %d %u %u %u\n", work.trace, fails, work.spans, work.debugs, work.infos);
}

static void *serve_all(void *seed) {
    unsigned random = (unsigned)(size_t)seed;
    for (unsigned i = 0; i < requests; i++)
        serve(&random);
    return NULL;
}

int main(int count, char **arguments) {
    pthread_t threads[16];
    unsigned workers = count == 4 ? (unsigned)atoi(arguments[1]) : 0;
    if (workers == 0 || workers > 16 || (done = fopen(arguments[3], "w")) == NULL)
        return 2;
    requests = (unsigned)atoi(arguments[2]);
    for (unsigned i = 0; i < workers; i++) {
        if (pthread_create(&threads[i], NULL, serve_all, (void *)(size_t)(i + 1)) != 0)
            return 2;
    }
    for (unsigned i = 0; i < workers; i++)
        pthread_join(threads[i], NULL);
    return fclose(done) != 0;
}
