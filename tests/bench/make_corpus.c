/* tests/bench/make_corpus.c: log lines to measure the analyzer with, the same for the same seed.
 *
 *     make_corpus 200 > corpus.jsonl                 200 MB, canonical order of fields
 *     make_corpus 200 --shuffle > shuffled.jsonl     the same records, each with its keys shuffled
 *     make_corpus 50 --seed 7 --chain 100000         one chain of 100,000 spans in front
 *     make_corpus 1 --begin 1795257045               of this time, in seconds
 *
 * Traces of 6 services overlap in time, as in a real file; about 22 spans and 33 logs a trace, 285
 * bytes a line. Writes to stdout; stdio and libc only.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIELDS_MAX 32
#define LINE_MAX_SIZE 1200
#define EPOCH_NS 1795257045000000000u /* 2026-11-21T10:30:45Z */

static uint64_t random_state = 42;
static bool shuffle;
static uint64_t bytes_written, size_wanted;

static uint64_t random_from(uint64_t *state) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t random_next(void) {
    return random_from(&random_state);
}

static uint64_t random_below(uint64_t limit) {
    return random_next() % limit;
}

/* ---- lines wait here until no earlier one can come ---------------------------------------- */

struct waiting {
    uint64_t time_ns;
    uint64_t number; /* keeps lines of equal times in order */
    char *line;
};
static struct waiting *heap;
static size_t heap_count, heap_room;
static uint64_t heap_number;

static bool before(const struct waiting *a, const struct waiting *b) {
    return a->time_ns != b->time_ns ? a->time_ns < b->time_ns : a->number < b->number;
}

static void heap_push(uint64_t time_ns, const char *line) {
    if (heap_count == heap_room) {
        heap_room = heap_room ? 2 * heap_room : 1024;
        heap = realloc(heap, heap_room * sizeof *heap);
        if (!heap)
            abort();
    }
    struct waiting new = {time_ns, heap_number++, strdup(line)};
    size_t at = heap_count++;
    for (; at > 0 && before(&new, &heap[(at - 1) / 2]); at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = new;
}

static struct waiting heap_pop(void) {
    struct waiting top = heap[0], last = heap[--heap_count];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < heap_count; at = child) {
        if (child + 1 < heap_count && before(&heap[child + 1], &heap[child]))
            child++;
        if (!before(&heap[child], &last))
            break;
        heap[at] = heap[child];
    }
    heap[at] = last;
    return top;
}

static void flush_before(uint64_t time_ns) {
    while (heap_count && heap[0].time_ns < time_ns) {
        struct waiting top = heap_pop();
        fputs(top.line, stdout);
        bytes_written += strlen(top.line);
        free(top.line);
    }
}

/* ---- one line ----------------------------------------------------------------------------- */

static char fields[FIELDS_MAX][320];
static int field_count;

#define FIELD(...) snprintf(fields[field_count++], sizeof fields[0], __VA_ARGS__)

static void timestamp(uint64_t ns, char *out, size_t size) {
    time_t seconds = (time_t)(ns / 1000000000u);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    char date[32];
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out, size, "%s.%09uZ", date, (unsigned)(ns % 1000000000u));
}

static void emit(uint64_t time_ns) {
    static uint64_t shuffle_state = 1; /* of its own: the records stay the same */
    if (shuffle)
        for (int i = field_count - 1; i > 0; i--) {
            int j = (int)(random_from(&shuffle_state) % ((uint64_t)i + 1));
            char swap[sizeof fields[0]];
            memcpy(swap, fields[i], sizeof swap);
            memcpy(fields[i], fields[j], sizeof swap);
            memcpy(fields[j], swap, sizeof swap);
        }
    char line[LINE_MAX_SIZE * 4];
    char *at = line;
    for (int i = 0; i < field_count; i++) {
        *at++ = i ? ',' : '{';
        at = stpcpy(at, fields[i]);
    }
    memcpy(at, "}\n", 3);
    heap_push(time_ns, line);
    field_count = 0;
}

/* ---- one trace ---------------------------------------------------------------------------- */

struct operation {
    const char *service, *name, *kind, *source;
};
static const struct operation operations[] = {
    {"gateway", "GET /checkout", "server", "src/gateway.c:88"},
    {"gateway", "POST /orders", "client", "src/gateway.c:131"},
    {"orders", "POST /orders", "server", "src/orders/http.c:52"},
    {"orders", "place order", "internal", "src/orders/place.c:17"},
    {"orders", "db.query", "client", "src/orders/db.c:42"},
    {"inventory", "reserve", "server", "src/inventory/reserve.c:70"},
    {"inventory", "cache.get", "internal", "src/inventory/cache.c:12"},
    {"payment", "charge", "server", "src/payment/charge.c:33"},
    {"payment", "POST card network", "client", "src/payment/network.c:91"},
    {"mailer", "send receipt", "consumer", "src/mailer/main.c:60"},
    {"search", "suggest", "server", "src/search/suggest.c:25"},
};
#define OPERATIONS (sizeof operations / sizeof operations[0])

struct trace {
    char id[33];
    uint64_t spans;
};

static void log_line(const struct trace *trace, uint64_t span, const struct operation *o,
                     uint64_t ns) {
    static const char *const messages[] = {"cache miss", "order placed", "reserving items",
                                           "request handled by worker", "retrying after timeout"};
    char ts[64];
    timestamp(ns, ts, sizeof ts);
    FIELD("\"ts\":\"%s\"", ts);
    uint64_t dice = random_below(100);
    FIELD("\"level\":\"%s\"", dice < 90   ? "info"
                              : dice < 95 ? "debug"
                              : dice < 99 ? "warn"
                                          : "error");
    FIELD("\"msg\":\"%s\"", messages[random_below(5)]);
    FIELD("\"service\":\"%s\"", o->service);
    FIELD("\"trace_id\":\"%s\"", trace->id);
    FIELD("\"span_id\":\"%016" PRIx64 "\"", span);
    FIELD("\"trace_flags\":\"03\"");
    FIELD("\"logger\":\"%s\"", o->service);
    FIELD("\"src\":\"%s\"", o->source);
    FIELD("\"pid\":%u", 700 + o->service[0] % 8u);
    FIELD("\"tid\":%u", 710 + (unsigned)random_below(8));
    FIELD("\"key\":\"user:%u\"", (unsigned)random_below(100000));
    FIELD("\"hits\":%u", (unsigned)random_below(50));
    if (dice % 4 == 0)
        FIELD("\"ratio\":%.3f", (double)random_below(1000) / 1000);
    emit(ns);
}

static void span_line(const struct trace *trace, uint64_t id, uint64_t parent,
                      const struct operation *o, uint64_t start, uint64_t end) {
    char ts[64], begin[64], duration[32];
    timestamp(end, ts, sizeof ts);
    timestamp(start, begin, sizeof begin);
    snprintf(duration, sizeof duration, "%" PRIu64 ".%06u", (end - start) / 1000000,
             (unsigned)((end - start) % 1000000));
    for (size_t n = strlen(duration); duration[n - 1] == '0' || duration[n - 1] == '.'; n--) {
        bool point = duration[n - 1] == '.';
        duration[n - 1] = 0;
        if (point)
            break;
    }
    bool error = random_below(60) == 0;
    FIELD("\"ts\":\"%s\"", ts);
    FIELD("\"level\":\"info\"");
    FIELD("\"msg\":\"span completed\"");
    FIELD("\"service\":\"%s\"", o->service);
    FIELD("\"trace_id\":\"%s\"", trace->id);
    FIELD("\"span_id\":\"%016" PRIx64 "\"", id);
    if (parent)
        FIELD("\"parent_id\":\"%016" PRIx64 "\"", parent);
    FIELD("\"trace_flags\":\"03\"");
    FIELD("\"operation\":\"%s\"", o->name);
    FIELD("\"kind\":\"%s\"", o->kind);
    FIELD("\"start\":\"%s\"", begin);
    FIELD("\"duration_ms\":%s", duration);
    if (error)
        FIELD("\"status\":\"error\",\"status_code\":500,\"error\":\"timeout\"");
    FIELD("\"src\":\"%s\"", o->source);
    FIELD("\"pid\":%u", 700 + o->service[0] % 8u);
    FIELD("\"tid\":%u", 710 + (unsigned)random_below(8));
    FIELD("\"http.route\":\"/orders/{id}\"");
    emit(end);
}

static void one_trace(uint64_t start, uint64_t spans) {
    struct trace trace;
    snprintf(trace.id, sizeof trace.id, "%012" PRIx64 "%04x%016" PRIx64, start / 1000000,
             (unsigned)random_below(65536), random_next() | 1);
    uint64_t ids[64], begins[64], ends[64], parents[64];
    for (uint64_t i = 0; i < spans && i < 64; i++) {
        uint64_t up = i ? random_below(i) : 0;
        uint64_t room = i ? ends[up] - begins[up] : 40000000;
        ids[i] = random_next() | 1;
        parents[i] = i ? ids[up] : 0;
        begins[i] = i ? begins[up] + room / 8 + random_below(room / 4 + 1) : start;
        ends[i] = begins[i] + room / 8 + random_below(room / 2 + 1);
        const struct operation *o = &operations[i ? 1 + random_below(OPERATIONS - 1) : 0];
        for (uint64_t n = random_below(4); n > 0; n--)
            log_line(&trace, ids[i], o, begins[i] + random_below(ends[i] - begins[i] + 1));
        span_line(&trace, ids[i], parents[i], o, begins[i], ends[i]);
    }
}

static void chain(uint64_t start, uint64_t depth) {
    struct trace trace = {.id = "000000000000c4a10000000000000001"};
    for (uint64_t i = 1; i <= depth; i++)
        span_line(&trace, i, i - 1, &operations[3], start + i * 100,
                  start + 4 * depth * 100 - i * 100);
}

int main(int argc, char **argv) {
    uint64_t depth = 0, now = EPOCH_NS;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--shuffle") == 0)
            shuffle = true;
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            random_state = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--chain") == 0 && i + 1 < argc)
            depth = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--begin") == 0 && i + 1 < argc)
            now = strtoull(argv[++i], NULL, 10) * 1000000000u;
        else
            size_wanted = (uint64_t)(strtod(argv[i], NULL) * 1e6);
    }
    if (depth)
        chain(now, depth);
    while (bytes_written < size_wanted) {
        flush_before(now);
        one_trace(now, 12 + random_below(21));
        now += 2000000 + random_below(3000000);
    }
    flush_before(UINT64_MAX);
    return fflush(stdout) != 0;
}
