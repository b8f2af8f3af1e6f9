/* tests/bench/bench_drain.c: from the call to the file, and what happens when nothing happens.
 *
 *     SPANLOG_OUTPUT=file:/dev/null bench_drain throughput 2000000
 *     SPANLOG_OUTPUT=file:/tmp/x.jsonl bench_drain idle 5
 *     SPANLOG_OUTPUT=file:/tmp/x.jsonl bench_drain lone /tmp/x.jsonl
 *     bench_drain fprintf /tmp/x.jsonl 400000
 *     bench_drain floor /tmp/x.jsonl 160000000 524288
 *
 * prints `name value` lines:
 *
 *     throughput  one thread logs (four fields, inside a span) as fast as it can and waits when the
 *                 ring is full; ns and CPU seconds until the last line is written; memory
 *     idle        how often the threads of the process run while nobody logs
 *     lone        from the call of a single record until its line is in the file, median of 100;
 *                 as an anchor, the same for a thread that waits on a semaphore and writes
 *     fprintf     the line of `throughput`, by stdio
 *     floor       that many bytes, made beforehand, by write(2) in batches of that size: what no
 *                 logger can be faster than on that disk; ns for a record's share of 340
 */
#include "measure.h"

#include <spanlog/spanlog.h>

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONE_RECORDS = 100, LONE_PAUSE_MS = 150, SETTLE_MS = 500, LINE_BYTES = 340 };

static const char *volatile user = "user:7";
static const char *volatile peer = "10.20.30.40";

static void log_record(uint64_t i) {
    spanlog_info("cache miss", kv("key", user), kv("peer", peer), kv("hits", (int)i),
                 kv("ms", 1.25));
}

static void sleep_ms(unsigned ms) {
    usleep(ms * 1000);
}

/* ---- throughput ------------------------------------------------------------------------------ */

static spanlog_statistics statistics(void) {
    spanlog_statistics s = {.size = sizeof s};
    spanlog_stats(&s);
    return s;
}

static int bench_throughput(uint64_t count) {
    spanlog_scope(request, "request");
    for (uint64_t i = 0; i < 100000; i++)
        log_record(i); /* the ring grows, the file is there */
    spanlog_flush(-1);
    spanlog_statistics before = statistics();
    double cpu = cpu_seconds();
    uint64_t start = monotonic_ns();
    for (uint64_t i = 0; i < count; i++)
        log_record(i);
    spanlog_flush(-1);
    double ns = (double)(monotonic_ns() - start);
    cpu = cpu_seconds() - cpu;
    spanlog_statistics after = statistics();
    report("record_ns", ns / (double)count);
    report("rdtsc_ns", rdtsc_ns(1000000));
    report("cpu_s_per_million", cpu / (double)count * 1e6);
    report("record_bytes", (double)(after.bytes - before.bytes) / (double)count);
    report("bytes_per_write",
           (double)(after.bytes - before.bytes) / (double)(after.writes - before.writes + 1));
    report("dropped", (double)(after.dropped - before.dropped));
    report("most_memory_mb", measure_status_kb("VmHWM:") / 1024);
    /* Rings and the rest of the journal are the shared part. */
    report("private_memory_mb",
           (measure_status_kb("RssAnon:") + measure_status_kb("RssFile:")) / 1024);
    report("shared_memory_mb", measure_status_kb("RssShmem:") / 1024);
    return 0;
}

static int bench_fprintf(const char *path, uint64_t count) {
    FILE *file = fopen(path, "we");
    if (file == NULL) {
        perror(path);
        return 2;
    }
    double cpu = cpu_seconds();
    uint64_t start = monotonic_ns();
    for (uint64_t i = 0; i < count; i++)
        fprintf(
            file,
            "{\"ts\":\"%04d-%02d-%02dT%02d:%02d:%02d.%09uZ\",\"level\":\"%s\",\"msg\":\"%s\","
            "\"service\":\"%s\",\"trace_id\":\"%016llx%016llx\",\"span_id\":\"%016llx\","
            "\"trace_flags\":\"%02x\",\"logger\":\"%s\",\"src\":\"%s:%d\",\"pid\":%d,\"tid\":%d,"
            "\"key\":\"%s\",\"peer\":\"%s\",\"hits\":%d,\"ms\":%.17g}\n",
            2026, 11, 21, 10, 30, 45, (unsigned)(i % 1000000000), "info", "cache miss",
            "bench_drain", 0x193500000004bf9ull, 0xa3ce929d0e0e473ull, 0xf067aa0ba902b7ull, 3,
            "bench", "tests/bench/bench_drain.c", 42, 71123, 71125, user, peer, (int)i, 1.25);
    double bytes = (double)ftell(file);
    fclose(file);
    report("fprintf_ns", (double)(monotonic_ns() - start) / (double)count);
    report("fprintf_cpu_s_per_million", (cpu_seconds() - cpu) / (double)count * 1e6);
    report("fprintf_bytes", bytes / (double)count);
    return 0;
}

/* ---- idle ------------------------------------------------------------------------------------ */

/* Context switches, chosen and forced, of all threads but this one. */
static double switches(void) {
    char path[300], line[256];
    double sum = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *entry; tasks != NULL && (entry = readdir(tasks)) != NULL;) {
        if (entry->d_name[0] == '.' || atoi(entry->d_name) == gettid())
            continue;
        snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
        FILE *f = fopen(path, "re");
        while (f != NULL && fgets(line, sizeof line, f) != NULL) {
            char *counter = strstr(line, "_ctxt_switches:");
            if (counter != NULL)
                sum += atof(strchr(counter, ':') + 1);
        }
        if (f != NULL)
            fclose(f);
    }
    if (tasks != NULL)
        closedir(tasks);
    return sum;
}

static int bench_idle(unsigned seconds) {
    for (uint64_t i = 0; i < 100000; i++)
        log_record(i);
    spanlog_flush(-1);
    sleep_ms(SETTLE_MS);
    double before = switches(), cpu = cpu_seconds();
    sleep_ms(seconds * 1000);
    report("idle_switches", switches() - before);
    report("idle_cpu_percent", (cpu_seconds() - cpu) / seconds * 100);
    return 0;
}

/* ---- lone ------------------------------------------------------------------------------------ */

static off_t size_of(int fd) {
    struct stat st;
    return fstat(fd, &st) == 0 ? st.st_size : -1;
}

/* Calls `act` and returns the us until the file behind fd has grown. */
static double time_until_grown(int fd, void (*act)(uint64_t), uint64_t i) {
    sleep_ms(LONE_PAUSE_MS);
    off_t before = size_of(fd);
    uint64_t start = monotonic_ns(), now = start;
    act(i);
    while (size_of(fd) <= before && now - start < 1000000000) {
        sched_yield(); /* the kernel may have put the writer behind us on this processor */
        now = monotonic_ns();
    }
    return (double)(monotonic_ns() - start) / 1000;
}

/* The anchor: the least that a thread which writes for others can do. */
static sem_t asked;
static int plain_fd;

static void *write_when_asked(void *arg) {
    static const char line[300] = {[299] = '\n'};
    (void)arg;
    for (;;) {
        while (sem_wait(&asked) != 0) {
        }
        if (write(plain_fd, line, sizeof line) < 0)
            exit(2);
    }
    return NULL;
}

static void ask(uint64_t i) {
    (void)i;
    sem_post(&asked);
}

static int bench_lone(const char *path) {
    double latencies[LONE_RECORDS], plain[LONE_RECORDS];
    char plain_path[4096];
    pthread_t thread;
    log_record(0);
    spanlog_flush(-1);
    snprintf(plain_path, sizeof plain_path, "%s.plain", path);
    plain_fd = open(plain_path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || plain_fd < 0 || sem_init(&asked, 0, 0) != 0 ||
        pthread_create(&thread, NULL, write_when_asked, NULL) != 0) {
        perror(path);
        return 2;
    }
    for (size_t i = 0; i < LONE_RECORDS; i++) {
        latencies[i] = time_until_grown(fd, log_record, i);
        plain[i] = time_until_grown(plain_fd, ask, i);
    }
    close(fd);
    unlink(plain_path);
    report("lone_us", median_of(latencies, LONE_RECORDS));
    report("lone_p90_us", quantile_of(latencies, LONE_RECORDS, 0.9));
    report("lone_plain_us", median_of(plain, LONE_RECORDS));
    return 0;
}

/* ---- the floor ------------------------------------------------------------------------------- */

static int bench_floor(const char *path, uint64_t bytes, size_t batch) {
    char *data = malloc(batch);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || data == NULL) {
        perror(path);
        return 2;
    }
    memset(data, 'x', batch);
    double cpu = cpu_seconds();
    uint64_t start = monotonic_ns(), done = 0;
    while (done < bytes) {
        ssize_t put = write(fd, data, batch);
        if (put <= 0) {
            perror(path);
            return 2;
        }
        done += (uint64_t)put;
    }
    double lines = (double)done / LINE_BYTES;
    report("floor_ns", (double)(monotonic_ns() - start) / lines);
    report("floor_cpu_s_per_million", (cpu_seconds() - cpu) / lines * 1e6);
    close(fd);
    free(data);
    return 0;
}

int main(int argc, char **argv) {
    const char *mode = argc > 1 ? argv[1] : "";
    measure_calibrate();
    if (argc == 3 && strcmp(mode, "throughput") == 0)
        return bench_throughput(strtoull(argv[2], NULL, 10));
    if (argc == 3 && strcmp(mode, "idle") == 0)
        return bench_idle((unsigned)atoi(argv[2]));
    if (argc == 3 && strcmp(mode, "lone") == 0)
        return bench_lone(argv[2]);
    if (argc == 4 && strcmp(mode, "fprintf") == 0)
        return bench_fprintf(argv[2], strtoull(argv[3], NULL, 10));
    if (argc == 5 && strcmp(mode, "floor") == 0)
        return bench_floor(argv[2], strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
    fputs("usage: bench_drain throughput COUNT | idle SECONDS | lone FILE | fprintf FILE COUNT |\n"
          "       floor FILE BYTES BATCH\n",
          stderr);
    return 2;
}
