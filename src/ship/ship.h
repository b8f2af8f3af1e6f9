/* ship/ship.h: log files sent to where logs and traces are kept: the files are the queue.
 *
 *     struct spanlog_ship_target loki = {.to = "loki:http://127.0.0.1:3100"};
 *     struct spanlog_ship_settings settings = {.targets = &loki, .target_count = 1,
 *                                              .paths = paths, .path_count = 1, .say = say};
 *     int rc = spanlog_ship_run(&settings);       until SIGTERM or SIGINT; with .once until all is
 *                                                 sent
 *     struct spanlog_ship_question question = {.size = SPANLOG_SHIP_ASK_SIZE, .target = &loki,
 *                                              .trace_id = "e266f103", .fd = fd};
 *     rc = spanlog_ship_ask(&question, &lines, problem);
 *
 * Each target has a thread, a position in each file and a state file of its own, so that one that
 * is down keeps none of the others waiting. Nothing is taken from a file before its target has it:
 * a record is sent at least once, whatever dies in between. This header is all that the tool, and
 * src/process, which has it run in a thread of the program, know of libspanlog-ship.
 */
#ifndef SPANLOG_SHIP_SHIP_H
#define SPANLOG_SHIP_SHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPANLOG_SHIP_EXPORT __attribute__((visibility("default")))
#define SPANLOG_SHIP_TARGETS_MAX 16

enum spanlog_ship_signals {
    SPANLOG_SHIP_TRACES = 1,
    SPANLOG_SHIP_LOGS = 2,
};

enum spanlog_ship_compress {
    SPANLOG_SHIP_COMPRESS_AUTO, /* gzip, but not to this host itself */
    SPANLOG_SHIP_COMPRESS_GZIP,
    SPANLOG_SHIP_COMPRESS_NONE,
};

/* NULL or 0: not given. */
struct spanlog_ship_target {
    const char *to; /* "loki:http://127.0.0.1:3100", "otlp:https://…", "zipkin:http://…" */
    const char *traces_url, *logs_url; /* of otlp, used as they are; in place of what `to` gives */
    const char *tenant;                /* X-Scope-OrgID */
    const char *user;                  /* "name:password" */
    const char *bearer;
    const char *ca;                /* a file of certificates */
    const char *certificate, *key; /* files: who we are, where the server asks for it */
    const char *headers;           /* "key=value,key=value", as OTEL_EXPORTER_OTLP_HEADERS */
    const char *labels;    /* of loki: "service_name=service,env=deployment.environment.name" */
    const char *constants; /* of loki: "cluster=eu1,…" */
    unsigned signals;      /* enum spanlog_ship_signals; 0: all that it takes */
    unsigned level;        /* least level, 1 to 24, of what it gets; 0: all */
    unsigned compress;     /* enum spanlog_ship_compress */
    uint64_t timeout_ms;   /* of a request; 10 s */
    uint64_t rate;         /* bytes a second; 0: no limit */
    uint64_t max_age_ns;   /* older records are left out and counted; 0: no limit */
    uint64_t request_size; /* 1 MiB */
};

struct spanlog_ship_settings {
    size_t size; /* SPANLOG_SHIP_SIZE: caller and library know the same structures */
    const struct spanlog_ship_target *targets;
    size_t target_count;
    const char *const *paths;
    size_t path_count;
    const char *state;   /* a directory, made if it is missing */
    bool once;           /* send what is there, and end */
    uint64_t memory;     /* for each target; 64 MiB: longer lines than an eighth are left out */
    uint64_t linger_ms;  /* how long a record waits for others to go with it; 1 s */
    uint64_t grace_ms;   /* for the last request after SIGTERM; 5 s */
    uint64_t give_up_ms; /* with once: without success for so long; 60 s */
    /* What a person should know, one line without its end; from any thread, one at a time. */
    void (*say)(void *argument, const char *text);
    /* NULL, or called at most twice a second while something is sent. */
    void (*progress)(void *argument, const char *text);
    void *argument;
    /* NULL, or inside a program, which ends it by making this 1 and waking it (a private futex):
     * then what is in the files is sent first, within grace_ms. No signal is taken, and the thread
     * that calls must have all of them blocked. A target that another process has is waited for.
     * The paths are a spool: what was let go for want of room is said, and when there is one target
     * only, a rotated file that was sent whole is removed. */
    uint32_t *stop;
    /* NULL, or how many threads it has at present. */
    uint32_t *threads;
    /* NULL, or called once everything is loaded that has to be cleaned up after this has ended. */
    void (*ready)(void *argument);
};

#define SPANLOG_SHIP_SIZE                                                                          \
    (sizeof(struct spanlog_ship_settings) + sizeof(struct spanlog_ship_target))

/* What a Loki is asked for: the lines of a trace, or all between two times. NULL or 0: not given.
 */
struct spanlog_ship_question {
    size_t size;                              /* SPANLOG_SHIP_ASK_SIZE, as of the settings */
    const struct spanlog_ship_target *target; /* of it: to, tenant, user, bearer, ca, headers, and
                                                 timeout_ms, 60 s */
    const char *select;                       /* "{env=\"prod\"}"; all streams */
    const char *trace_id;                     /* or 4 and more characters of either end */
    uint64_t since_ns, until_ns; /* of a trace: found by itself; else to be given, and until now */
    bool as_they_are;            /* labels and metadata fill in nothing */
    int fd;                      /* where the lines go, in the order of time: a file */
    /* What a person should know, one line without its end. */
    void (*say)(void *argument, const char *text);
    /* NULL, or called with the bytes that were read so far. */
    void (*progress)(uint64_t done, uint64_t total);
    void *argument;
};

#define SPANLOG_SHIP_ASK_SIZE                                                                      \
    (sizeof(struct spanlog_ship_question) + sizeof(struct spanlog_ship_target))

#define SPANLOG_SHIP_PROBLEM 512

/* 0, or -errno with what went wrong; then what was had before is in the file, *ret_lines of it. */
SPANLOG_SHIP_EXPORT int spanlog_ship_ask(const struct spanlog_ship_question *question,
                                         uint64_t *ret_lines, char problem[SPANLOG_SHIP_PROBLEM]);

/* 0: all that was to be sent was, or a signal ended it. 1: something was not delivered, which has
 * been said. -errno: it could not begin, which has been said; -EPROTO: the library is of another
 * version. */
SPANLOG_SHIP_EXPORT int spanlog_ship_run(const struct spanlog_ship_settings *settings);

/* What the state files say, target by target. as_json: one object a line. Returns how many targets
 * there are, or -errno. */
SPANLOG_SHIP_EXPORT int spanlog_ship_status(const char *state, bool as_json, int fd);

#endif
