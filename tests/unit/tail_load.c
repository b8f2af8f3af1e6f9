/* tests/unit/tail_load.c: a service under load that writes down what it did, for tail_load_test.py.
 *
 *     SPANLOG_TAIL=errors OTEL_TRACES_SAMPLER_ARG=0.1 ... tail_load THREADS REQUESTS done.txt
 * [HELD]
 *
 * HELD: so many other traces are open meanwhile, with 100 debug records of 200 bytes each. Says at
 * its end how much memory it has had: "VmHWM 12345" (KiB).
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

static void hold(spanlog_span *held, unsigned count) {
    static char text[200];
    memset(text, 't', sizeof text - 1);
    for (unsigned i = 0; i < count; i++) {
        spanlog_begin(root, "held", SPANLOG_SERVER, (spanlog_ctx){.flags = 0});
        held[i] = root;
        spanlog_ctx before = spanlog_ctx_attach(spanlog_span_ctx(&root));
        for (int row = 0; row < 100; row++)
            spanlog_debug("held", kv("text", text));
        spanlog_ctx_attach(before);
    }
}

static void say_memory(void) {
    char line[200];
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0)
            printf("VmHWM %ld\n", strtol(line + 6, NULL, 10));
    }
    if (file != NULL)
        fclose(file);
}

static void *serve_all(void *seed) {
    unsigned random = (unsigned)(size_t)seed;
    for (unsigned i = 0; i < requests; i++)
        serve(&random);
    return NULL;
}

int main(int count, char **arguments) {
    static spanlog_span held[4000];
    pthread_t threads[16];
    unsigned workers = count >= 4 ? (unsigned)atoi(arguments[1]) : 0;
    unsigned to_hold = count == 5 ? (unsigned)atoi(arguments[4]) : 0;
    if (workers == 0 || workers > 16 || to_hold > 4000 || (done = fopen(arguments[3], "w")) == NULL)
        return 2;
    hold(held, to_hold);
    requests = (unsigned)atoi(arguments[2]);
    for (unsigned i = 0; i < workers; i++) {
        if (pthread_create(&threads[i], NULL, serve_all, (void *)(size_t)(i + 1)) != 0)
            return 2;
    }
    for (unsigned i = 0; i < workers; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < to_hold; i++)
        spanlog_end(held[i]);
    say_memory();
    return fclose(done) != 0;
}
