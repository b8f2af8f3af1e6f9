/* tests/crash/crash_check.c: was everything that had been acknowledged written, once, in whole
 * lines?
 *
 *     $ crash_check /tmp/x.jsonl /tmp/x.ack
 *     lines=90417 records=87650 acknowledged=87650 unacknowledged=1 spans=2741 abandoned=8
 *     dropped=0 lost=0 twice=0 torn=0 wrong=0
 *
 * (one line of output). Exit status 1 when anything was lost, twice, torn or wrong:
 *
 *     lost   an acknowledged record, or the line of a span that had been begun, is missing
 *     twice  a record or a span has two lines
 *     torn   a line that is not one JSON object, or a file that does not end in a newline
 *     wrong  a record that nobody wrote, with another text, or more than one a thread beyond what
 *            was acknowledged; a span that ended but is called abandoned
 *
 *     $ crash_check --state /tmp/x.jsonl /tmp/x.ack     before recovery: status 0, and
 *     torn_tail=1 undrained=312 lines=90101
 *
 * Several ACK files may be given: processes that wrote to one log. --open-spans-optional: spans
 * that were open at an orderly end need no line. Shares no code with spanlog.
 */
#include "acknowledged.h"
#include "json_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_RUNS = 16, MOST_REPORTS = 5 };
#define MOST_NUMBER (UINT64_C(1) << 32)

/* Which numbers of one slot's records, or spans, have a line. */
struct seen {
    uint8_t *bits;
    uint64_t size_bits, count, highest;
};

struct slot_state {
    struct seen records, spans, abandoned;
};

struct run {
    const struct acknowledged_file *file;
    struct slot_state *slots;
};

struct counts {
    uint64_t lines, records, acknowledged, unacknowledged, spans, abandoned, dropped;
    uint64_t lost, twice, torn, wrong, undrained;
    bool torn_tail;
};

static struct run runs[MOST_RUNS];
static int run_count;
static struct counts total;
static bool quiet;
static bool open_spans_optional;

static void report(uint64_t *counter, const char *what, uint64_t run, uint64_t slot, uint64_t n) {
    if (!quiet && *counter < MOST_REPORTS)
        fprintf(stderr, "crash_check: %s: run %llu slot %llu number %llu\n", what,
                (unsigned long long)run, (unsigned long long)slot, (unsigned long long)n);
    ++*counter;
}

/* ---- which numbers were seen -------------------------------------------------------------- */

static bool is_seen(const struct seen *s, uint64_t n) {
    return n < s->size_bits && (s->bits[n / 8] >> (n % 8) & 1) != 0;
}

/* Returns false when it was there already. */
static bool see(struct seen *s, uint64_t n) {
    if (n >= s->size_bits) {
        uint64_t size_bits = s->size_bits == 0 ? 1 << 16 : s->size_bits;
        while (size_bits <= n)
            size_bits *= 2;
        uint8_t *bits = realloc(s->bits, size_bits / 8);
        if (bits == NULL) {
            perror("crash_check");
            exit(2);
        }
        memset(bits + s->size_bits / 8, 0, (size_bits - s->size_bits) / 8);
        s->bits = bits;
        s->size_bits = size_bits;
    }
    if (is_seen(s, n))
        return false;
    s->bits[n / 8] |= (uint8_t)(1u << (n % 8));
    s->count++;
    if (n > s->highest)
        s->highest = n;
    return true;
}

/* ---- one line ----------------------------------------------------------------------------- */

struct fields {
    bool has_run, has_slot, has_n, has_span;
    uint64_t run, slot, n, span, count;
    struct json_part msg, text;
};

static bool part_is(struct json_part part, const char *text) {
    return part.size == strlen(text) && memcmp(part.data, text, part.size) == 0;
}

static uint64_t part_number(struct json_part part, bool *ret_good) {
    uint64_t number = 0;
    *ret_good = part.size > 0 && part.size < 20;
    for (size_t i = 0; i < part.size && *ret_good; i++) {
        *ret_good = part.data[i] >= '0' && part.data[i] <= '9';
        number = number * 10 + (uint64_t)(part.data[i] - '0');
    }
    return number;
}

static void take_member(void *arg, struct json_part key, struct json_part value) {
    struct fields *f = arg;
    bool good = false;
    if (part_is(key, "run"))
        f->run = part_number(value, &f->has_run);
    else if (part_is(key, "slot"))
        f->slot = part_number(value, &f->has_slot);
    else if (part_is(key, "n"))
        f->n = part_number(value, &f->has_n);
    else if (part_is(key, "span"))
        f->span = part_number(value, &f->has_span);
    else if (part_is(key, "count"))
        f->count = part_number(value, &good);
    else if (part_is(key, "msg"))
        f->msg = value;
    else if (part_is(key, "text"))
        f->text = value;
}

static struct slot_state *find_slot(const struct fields *f) {
    for (int i = 0; i < run_count; i++)
        if (runs[i].file->run == f->run && f->slot < ACKNOWLEDGED_SLOTS)
            return &runs[i].slots[f->slot];
    return NULL;
}

static bool text_is_right(const struct fields *f) {
    size_t size = f->n % ACKNOWLEDGED_TEXT;
    return f->text.size == size + 2 && f->text.data[0] == '"' &&
           memcmp(f->text.data + 1, ACKNOWLEDGED_PATTERN, size) == 0;
}

static void check_record(struct slot_state *slot, const struct fields *f) {
    total.records++;
    if (f->n == 0 || f->n >= MOST_NUMBER || !text_is_right(f)) {
        report(&total.wrong, "wrong record", f->run, f->slot, f->n);
        return;
    }
    if (!see(&slot->records, f->n))
        report(&total.twice, "record twice", f->run, f->slot, f->n);
}

static void check_span(struct slot_state *slot, const struct fields *f) {
    bool abandoned = part_is(f->msg, "\"span abandoned\"");
    total.spans++;
    if ((!abandoned && !part_is(f->msg, "\"span completed\"")) || f->span >= MOST_NUMBER) {
        report(&total.wrong, "wrong span", f->run, f->slot, f->span);
        return;
    }
    if (abandoned) {
        total.abandoned++;
        see(&slot->abandoned, f->span);
    }
    if (!see(&slot->spans, f->span))
        report(&total.twice, "span twice", f->run, f->slot, f->span);
}

static void check_line(const char *line, const char *end) {
    struct fields f = {0};
    total.lines++;
    if (!json_check_object(line, end, take_member, &f)) {
        if (!quiet && total.torn < MOST_REPORTS)
            fprintf(stderr, "crash_check: torn line %llu: %.*s\n", (unsigned long long)total.lines,
                    (int)(end - line > 400 ? 400 : end - line), line);
        total.torn++;
        return;
    }
    if (part_is(f.msg, "\"records dropped\""))
        total.dropped += f.count;
    if (!f.has_run || !f.has_slot)
        return; /* "process started" and the like */
    struct slot_state *slot = find_slot(&f);
    if (slot == NULL || f.has_n == f.has_span)
        report(&total.wrong, "nobody's line", f.run, f.slot, f.n);
    else if (f.has_n)
        check_record(slot, &f);
    else
        check_span(slot, &f);
}

static void check_lines(const char *text, size_t size) {
    if (size == 0) /* and text perhaps NULL */
        return;
    const char *end = text + size;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        if (newline == NULL) {
            total.torn_tail = true;
            if (!quiet)
                fprintf(stderr, "crash_check: no newline at the end: %.*s\n",
                        (int)(end - text > 400 ? 400 : end - text), text);
            total.torn++;
            return;
        }
        check_line(text, newline);
        text = newline + 1;
    }
}

/* ---- what should have been there ----------------------------------------------------------- */

static void check_slot_records(const struct run *run, uint64_t index) {
    const struct seen *seen = &run->slots[index].records;
    uint64_t acknowledged = run->file->slots[index].records;
    uint64_t found = 0;
    for (uint64_t n = 1; n <= acknowledged; n++) {
        if (is_seen(seen, n)) {
            found++;
            continue;
        }
        total.undrained++;
        report(&total.lost, "record lost", run->file->run, index, n);
    }
    total.acknowledged += acknowledged;
    total.unacknowledged += seen->count - found;
    if (seen->highest > acknowledged + 1)
        report(&total.wrong, "record beyond the acknowledged", run->file->run, index,
               seen->highest);
}

static void check_slot_spans(const struct run *run, uint64_t index) {
    const struct slot_state *slot = &run->slots[index];
    uint64_t opened = run->file->slots[index].opened, ended = run->file->slots[index].ended;
    for (uint64_t n = 1; n <= opened; n++) {
        bool was_ended = n >= 2 && n <= ended;
        if (!is_seen(&slot->spans, n) && (was_ended || !open_spans_optional))
            report(&total.lost, was_ended ? "span lost" : "open span lost", run->file->run, index,
                   n);
        if (was_ended && is_seen(&slot->abandoned, n))
            report(&total.wrong, "ended span abandoned", run->file->run, index, n);
    }
    if (slot->spans.highest > opened + 1)
        report(&total.wrong, "span beyond the opened", run->file->run, index, slot->spans.highest);
}

/* ---- files --------------------------------------------------------------------------------- */

static const char *map_file(const char *path, size_t *ret_size) {
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0) {
        if (fd >= 0)
            close(fd);
        fprintf(stderr, "crash_check: %s: %s\n", path, strerror(errno));
        exit(2);
    }
    *ret_size = (size_t)st.st_size;
    void *memory = NULL;
    if (st.st_size > 0)
        memory = mmap(NULL, *ret_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (memory == MAP_FAILED) {
        perror("crash_check: mmap");
        exit(2);
    }
    return memory;
}

static void add_run(const char *path) {
    size_t size = 0;
    const struct acknowledged_file *file = (const void *)map_file(path, &size);
    if (run_count == MOST_RUNS || size != sizeof *file ||
        memcmp(file->magic, ACKNOWLEDGED_MAGIC, 8) != 0) {
        fprintf(stderr, "crash_check: %s: not an acknowledgement file, or too many\n", path);
        exit(2);
    }
    runs[run_count].file = file;
    runs[run_count].slots = calloc(ACKNOWLEDGED_SLOTS, sizeof(struct slot_state));
    if (runs[run_count++].slots == NULL)
        exit(2);
}

static void print_check(void) {
    printf("lines=%llu records=%llu acknowledged=%llu unacknowledged=%llu spans=%llu "
           "abandoned=%llu dropped=%llu lost=%llu twice=%llu torn=%llu wrong=%llu\n",
           (unsigned long long)total.lines, (unsigned long long)total.records,
           (unsigned long long)total.acknowledged, (unsigned long long)total.unacknowledged,
           (unsigned long long)total.spans, (unsigned long long)total.abandoned,
           (unsigned long long)total.dropped, (unsigned long long)total.lost,
           (unsigned long long)total.twice, (unsigned long long)total.torn,
           (unsigned long long)total.wrong);
}

static void print_state(void) {
    printf("torn_tail=%d undrained=%llu lines=%llu\n", total.torn_tail ? 1 : 0,
           (unsigned long long)total.undrained, (unsigned long long)total.lines);
}

int main(int argc, char **argv) {
    int at = 1;
    bool state = false;
    for (; at < argc && argv[at][0] == '-'; at++) {
        state = state || strcmp(argv[at], "--state") == 0;
        open_spans_optional = open_spans_optional || strcmp(argv[at], "--open-spans-optional") == 0;
    }
    if (argc - at < 2) {
        fputs("usage: crash_check [--state] [--open-spans-optional] LOG ACK...\n", stderr);
        return 2;
    }
    quiet = state;
    for (int i = at + 1; i < argc; i++)
        add_run(argv[i]);
    size_t size = 0;
    const char *text = map_file(argv[at], &size);
    check_lines(text, size);
    for (int i = 0; i < run_count; i++) {
        for (uint64_t slot = 0; slot < runs[i].file->used; slot++) {
            check_slot_records(&runs[i], slot);
            check_slot_spans(&runs[i], slot);
        }
    }
    if (state) {
        print_state();
        return 0;
    }
    print_check();
    return total.lost + total.twice + total.torn + total.wrong > 0 ? 1 : 0;
}
