/* tests/bench/bench_format.c: the formatter against snprintf of the same line.
 *
 *     bench_format                  each shape alone, and all in turn: name_ns, name_snprintf_ns
 *     bench_format dialects         the standard line and a span in every dialect of JSON,
 *                                   against snprintf of the json line
 *     bench_format write /tmp/x     the standard line, formatted and written in batches of
 *                                   1 MiB, against fprintf of it to the same file
 *
 * Both sides write the same bytes, which is checked first.
 */
#include "format_shapes.h"
#include "measure.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { ROUNDS = 7, LINES = 20000, WRITE_LINES = 200000, WRITE_ROUNDS = 5, BATCH = 1 << 20 };

static char out[FORMAT_LINE_BYTES], other[FORMAT_LINE_BYTES];

static const struct spanlog_dialect *dialect = &spanlog_dialect_json;

static size_t write_ours(struct format_shape *s) {
    char *end = dialect->write(&s->line, out, out + sizeof out);
    MEASURE_KEEP(out);
    return end == NULL ? 0 : (size_t)(end - out);
}

static size_t write_theirs(struct format_shape *s) {
    int size = s->print(s, other, sizeof other);
    MEASURE_KEEP(other);
    return (size_t)size;
}

static void check_same_bytes(struct format_shape *s) {
    size_t ours = write_ours(s), theirs = write_theirs(s);
    if (s->inexact ? ours == 0 : ours != theirs || memcmp(out, other, ours) != 0) {
        fprintf(stderr, "bench_format: %s: not the same line\n%.*s%.*s", s->name, (int)ours, out,
                (int)theirs, other);
        exit(2);
    }
}

/* ns a line; `all` takes the shapes in turn, so that nothing is learned from the line before. */
static double time_lines(size_t (*write_line)(struct format_shape *s), struct format_shape *one,
                         size_t count) {
    uint64_t start = ticks(), i = 0;
    for (size_t at = 0; i < count; i++) {
        struct format_shape *s = one;
        if (s == NULL) {
            s = format_shape_at(at++);
            if (s == NULL)
                s = format_shape_at(0), at = 1;
        }
        format_shape_step(s, i);
        write_line(s);
    }
    return ticks_ns(ticks() - start) / (double)count;
}

static size_t write_nothing(struct format_shape *s) {
    MEASURE_KEEP(s);
    return 0;
}

static void report_shape(const char *name, struct format_shape *shape) {
    double ours[ROUNDS], theirs[ROUNDS], steps[ROUNDS];
    char full[64];
    for (int i = 0; i < ROUNDS; i++) {
        steps[i] = time_lines(write_nothing, shape, LINES);
        ours[i] = time_lines(write_ours, shape, LINES);
        theirs[i] = time_lines(write_theirs, shape, LINES / 10);
    }
    double step = median_of(steps, ROUNDS);
    report(name, median_of(ours, ROUNDS) - step);
    snprintf(full, sizeof full, "%s_snprintf", name);
    report(full, median_of(theirs, ROUNDS) - step);
}

static void bench_dialects(void) {
    const struct spanlog_dialect *d;
    static const char *const names[] = {"standard", "span"};
    for (size_t i = 0; (d = spanlog_dialect_at(i)) != NULL; i++) {
        struct format_shape *s;
        if (d->syntax != SPANLOG_SYNTAX_JSON)
            continue;
        dialect = d;
        for (size_t j = 0; (s = format_shape_at(j)) != NULL; j++) {
            char name[64];
            if (strcmp(s->name, names[0]) != 0 && strcmp(s->name, names[1]) != 0)
                continue;
            snprintf(name, sizeof name, "%s_%s", d->name, s->name);
            format_shape_use(s, d);
            report_shape(name, s);
        }
    }
}

/* ---- with write ------------------------------------------------------------------------------ */

static double time_batches(struct format_shape *s, int fd) {
    char *batch = malloc(BATCH + FORMAT_LINE_BYTES), *at = batch;
    if (batch == NULL)
        exit(2);
    memset(batch, 0, BATCH);
    uint64_t start = ticks();
    for (uint64_t i = 0; i < WRITE_LINES; i++) {
        format_shape_step(s, i);
        at = dialect->write(&s->line, at, batch + BATCH + FORMAT_LINE_BYTES);
        if (at - batch >= BATCH || i == WRITE_LINES - 1) {
            if (write(fd, batch, (size_t)(at - batch)) != at - batch)
                exit(2);
            at = batch;
        }
    }
    double ns = ticks_ns(ticks() - start) / WRITE_LINES;
    free(batch);
    return ns;
}

/* snprintf and fwrite do what fprintf does, less one pass over the format's locale. */
static double time_stdio(struct format_shape *s, FILE *file) {
    uint64_t start = ticks();
    for (uint64_t i = 0; i < WRITE_LINES / 4; i++) {
        format_shape_step(s, i);
        size_t size = write_theirs(s);
        if (fwrite(other, 1, size, file) != size)
            exit(2);
    }
    fflush(file);
    return ticks_ns(ticks() - start) * 4 / WRITE_LINES;
}

/* The first pass is not timed: it takes the memory that the others write to from the system. */
static int bench_write(const char *path) {
    struct format_shape *s = format_shape_at(0);
    double ours[WRITE_ROUNDS], theirs[WRITE_ROUNDS];
    for (int i = -1; i < WRITE_ROUNDS; i++) {
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        FILE *file = fd < 0 ? NULL : fdopen(dup(fd), "w");
        if (file == NULL) {
            perror(path);
            return 2;
        }
        double ours_ns = time_batches(s, fd);
        double theirs_ns = time_stdio(s, file);
        if (i >= 0) {
            ours[i] = ours_ns;
            theirs[i] = theirs_ns;
        }
        fclose(file);
        close(fd);
    }
    unlink(path);
    report("write_ns", median_of(ours, WRITE_ROUNDS));
    report("write_stdio_ns", median_of(theirs, WRITE_ROUNDS));
    return 0;
}

int main(int argc, char **argv) {
    struct format_shape *s;
    measure_calibrate();
    if (argc == 3 && strcmp(argv[1], "write") == 0)
        return bench_write(argv[2]);
    if (argc == 2 && strcmp(argv[1], "dialects") == 0) {
        bench_dialects();
        return 0;
    }
    for (size_t i = 0; (s = format_shape_at(i)) != NULL; i++)
        check_same_bytes(s);
    report("standard_bytes", (double)write_ours(format_shape_at(0)));
    for (size_t i = 0; (s = format_shape_at(i)) != NULL; i++)
        report_shape(s->name, s);
    report_shape("in_turn", NULL);
    return 0;
}
