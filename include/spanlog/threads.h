/* spanlog/threads.h: hands a span over to other threads, to tasks of a pool and to callbacks.
 *
 * A thread that goes on in its creator's span:
 *
 *     spanlog_pthread_create(&thread, NULL, work, arg);
 *
 * A task that is queued here and runs on a thread of a pool:
 *
 *     spanlog_task task = spanlog_task_make(work, arg); // the context is captured
 *     ... queue it ...
 *     spanlog_task_run(&task);
 *
 * A callback of an event loop:
 *
 *     static void on_readable(struct request *request) {
 *         spanlog_attach_scope(attached, spanlog_span_ctx(&request->span));
 *         spanlog_info("more to read"); // in the request's span
 *     } // and here the thread is where it was before
 *
 * What is handed over is where records and new spans belong. The span itself must not end before
 * its children begin for the tree to be well-formed, though a late one is still found. Header-only;
 * needs -pthread.
 */
#ifndef SPANLOG_THREADS_H
#define SPANLOG_THREADS_H

#include <spanlog/spanlog.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- tasks ------------------------------------------------------------------------------ */

/* A function with the context in which it was made. Copy it freely; nothing is to be freed. */
typedef struct spanlog_task {
    spanlog_ctx ctx;
    void (*run)(void *arg);
    void *arg;
} spanlog_task;

static inline __attribute__((unused)) spanlog_task spanlog_task_make(void (*run)(void *arg),
                                                                     void *arg) {
    spanlog_task task;
    task.ctx = spanlog_ctx_current();
    task.run = run;
    task.arg = arg;
    return task;
}

/* Runs it in its context, on this thread, which then has its own again. May be repeated. NULL, or a
 * task without a function: nothing. */
static inline __attribute__((unused)) void spanlog_task_run(const spanlog_task *task) {
    if (task == NULL || task->run == NULL)
        return;
    spanlog_ctx before = spanlog_ctx_attach(task->ctx);
    task->run(task->arg);
    spanlog_ctx_attach(before);
}

/* ---- event loops ------------------------------------------------------------------------ */

SPANLOG__INLINE void spanlog__attach_leave(spanlog_ctx *before) {
    spanlog_ctx_attach(*before);
}

/* Declares `name` and makes ctx the thread's context to the end of the block. A zero ctx: none. */
#define spanlog_attach_scope(name, ctx)                                                            \
    __attribute__((cleanup(spanlog__attach_leave), unused)) spanlog_ctx name =                     \
        spanlog_ctx_attach(ctx)

/* ---- threads ---------------------------------------------------------------------------- */

struct spanlog__thread_start {
    spanlog_ctx ctx;
    void *(*run)(void *arg);
    void *arg;
};

static inline __attribute__((unused)) void *spanlog__thread_main(void *arg) {
    struct spanlog__thread_start start = *(struct spanlog__thread_start *)arg;
    free(arg);
    spanlog_ctx_attach(start.ctx); /* the thread's for good */
    return start.run(start.arg);
}

/* pthread_create for a thread that begins in the calling thread's context and stays in it until it
 * attaches another. Arguments and result are those of pthread_create; EAGAIN without memory. */
static inline __attribute__((unused)) int spanlog_pthread_create(pthread_t *ret_thread,
                                                                 const pthread_attr_t *attributes,
                                                                 void *(*run)(void *arg),
                                                                 void *arg) {
    struct spanlog__thread_start *start =
        (struct spanlog__thread_start *)malloc(sizeof(struct spanlog__thread_start));
    if (start == NULL)
        return EAGAIN;
    start->ctx = spanlog_ctx_current();
    start->run = run;
    start->arg = arg;
    int error = pthread_create(ret_thread, attributes, spanlog__thread_main, start);
    if (error != 0)
        free(start);
    return error;
}

#ifdef __cplusplus
}
#endif

#endif
