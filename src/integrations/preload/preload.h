/* integrations/preload/preload.h: libspanlog-preload.so: unchanged programs take part in a trace.
 *
 *     SPANLOG_OUTPUT=file:/tmp/x.jsonl LD_PRELOAD=.../libspanlog-preload.so curl http://...
 *
 * It stands in front of a few functions of the C library, libcurl, SQLite and libpq, and writes
 * with its own copy of libspanlog, which nobody else sees. The program must not notice: no thread,
 * no signal handler, no word on stderr, every line written before the call returns, errno as the
 * real function left it. Where SPANLOG_OUTPUT is not set, or the program uses libspanlog itself,
 * it only calls the real functions.
 *
 * Not seen: static programs, functions found with dlsym, and what a library calls in itself.
 */
#ifndef SPANLOG_PRELOAD_H
#define SPANLOG_PRELOAD_H

#include <spanlog/spanlog.h>

#define PRELOAD_API __attribute__((visibility("default")))

/* True: lines are to be written, and can be. Starts the library at its first call. */
bool preload_active(void);
/* The span that TRACEPARENT named when the program started; all zeros: none. */
spanlog_ctx preload_parent(void);

/* The function that a call is meant for. */
struct preload_real {
    const void *caller;
    const char *name;
    void *function;
    bool internal; /* the library calls itself: not the program's doing */
    struct preload_real *next;
};

/* What `name` stands for where `caller` is: the next one in the global scope, else the one that the
 * caller's own library was linked with. What is nowhere ends the program, as a missing symbol does.
 * errno stays. */
const struct preload_real *preload_real(const char *name, const void *caller);
#define PRELOAD_REAL(name) preload_real(name, __builtin_return_address(0))
/* Another function of the library that `real` is in; NULL: it has none of that name. */
void *preload_sibling(const struct preload_real *real, const char *name);
/* Whether it has all of these; the names end with NULL. A small build may lack some. */
bool preload_has(const struct preload_real *real, const char *const *names);

/* What is known about a handle of the program's. The structs of the shims begin with it. */
struct preload_entry {
    const void *key;
    struct preload_entry *next;
};

/* Finds the entry of that handle, or makes one of `size` zeroed bytes (size 0: NULL). It stays
 * where it is until preload_forget. NULL: no memory. */
void *preload_entry(const void *key, size_t size);
/* Takes it out of the table; the caller frees it. NULL: there was none. */
void *preload_forget(const void *key);

#endif
