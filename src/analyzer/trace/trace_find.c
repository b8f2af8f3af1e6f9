/* analyzer/trace/trace_find.c: gathers the lines of one trace; see trace.h.
 *
 * A chunk is searched for the id's digits; only lines that hold them are read. A few lines of each
 * chunk are read besides, to know which services write span lines (that decides what counts as
 * unfinished), and to notice input that is no log at all. Where one of these few had to be
 * translated, ids may be written in other ways (a UUID, a decimal), so that all lines are read.
 */
#include "src/analyzer/trace/trace_find.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/analyzer/base/hash.h"
#include "src/analyzer/index/index.h"
#include "src/analyzer/read/search.h"
#include "src/analyzer/trace/infer.h"

#define NEEDLE_SIZE_MAX 256
#define NEEDLE_SIZE_MIN 4 /* shorter ones must be the whole id */
#define HOSTS_MAX 4096
#define SAMPLE_LINES 16         /* of each chunk */
#define SAMPLE_LINES_FIRST 2048 /* of the first chunk of a source */

struct match {
    struct spanlog_id id;
    struct spanlog_text text;
};

/* Shared by the jobs, under the lock. */
struct matches {
    pthread_mutex_t lock;
    struct match list[SPANLOG_TRACE_MATCHES_MAX];
    size_t count;
    struct spanlog_arena arena;
};

struct finder {
    const char *needle; /* lower case, without dashes */
    size_t needle_size;
    struct matches *matches;
    struct spanlog_lines lines_of; /* to be read */
    struct spanlog_arena arena;
    struct spanlog_found_line *lines;
    uint32_t count, room;
    struct spanlog_strings writers;
    struct spanlog_found_host *hosts;
    uint32_t host_count, host_room;
};

/* ---- which ids match ---------------------------------------------------------------------- */

static bool same_trace(const struct spanlog_id *a, const struct spanlog_id *b) {
    return a->low == b->low && (a->high == b->high || a->high == 0 || b->high == 0);
}

static bool folded_equal(const char *a, const char *b, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (tolower((unsigned char)a[i]) != tolower((unsigned char)b[i]))
            return false;
    return true;
}

static bool id_matches(const struct finder *finder, struct spanlog_text id) {
    size_t size = finder->needle_size;
    if (id.size < size || (size < NEEDLE_SIZE_MIN && id.size != size))
        return false;
    return folded_equal(id.data, finder->needle, size) ||
           folded_equal(id.data + id.size - size, finder->needle, size);
}

/* The number of the id among those that match, or -ENOMEM. */
static int match_number(struct matches *matches, const struct spanlog_record *record) {
    pthread_mutex_lock(&matches->lock);
    size_t known =
        matches->count < SPANLOG_TRACE_MATCHES_MAX ? matches->count : SPANLOG_TRACE_MATCHES_MAX;
    size_t i = 0;
    while (i < known && !same_trace(&matches->list[i].id, &record->trace))
        i++;
    if (i == known) {
        if (known < SPANLOG_TRACE_MATCHES_MAX) {
            struct spanlog_text text = record->trace_text;
            matches->list[i].id = record->trace;
            matches->list[i].text = spanlog_arena_text(&matches->arena, text.data, text.size);
        }
        __atomic_add_fetch(&matches->count, 1, __ATOMIC_RELAXED); /* looked at without the lock */
    } else if (matches->list[i].id.high == 0 && record->trace.high) {
        struct spanlog_text text = record->trace_text;
        matches->list[i].id = record->trace;
        matches->list[i].text = spanlog_arena_text(&matches->arena, text.data, text.size);
    }
    pthread_mutex_unlock(&matches->lock);
    return (int)i;
}

/* ---- chunks ------------------------------------------------------------------------------- */

static int keep_line(struct finder *finder, struct spanlog_text line) {
    const struct spanlog_lines *from = &finder->lines_of;
    size_t size = line.size;
    if (finder->count == finder->room) {
        uint32_t room = finder->room ? 2 * finder->room : 64;
        struct spanlog_found_line *grown = realloc(finder->lines, room * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        finder->lines = grown;
        finder->room = room;
    }
    char *copy = spanlog_arena_alloc(&finder->arena, size + 1 + SPANLOG_JSON_PADDING);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, line.data, size);
    copy[size] = '\n';
    memset(copy + size + 1, 0, SPANLOG_JSON_PADDING);
    finder->lines[finder->count++] = (struct spanlog_found_line){
        .text = copy,
        .size = (uint32_t)size,
        .source = from->chunk->source,
        .offset = from->chunk->offset + (uint64_t)(from->origin - from->chunk->begin),
        .ordinal = from->ordinal,
        .digest = spanlog_hash(copy, size)};
    return 0;
}

static int note_writer(struct finder *finder, const struct spanlog_record *record) {
    if (record->line_kind == SPANLOG_LINE_LOG || !record->service.data)
        return 0;
    return spanlog_strings_add(&finder->writers, record->service.data, record->service.size) ==
                   SPANLOG_STRING_NONE
               ? -ENOMEM
               : 0;
}

/* Only so many are kept: a service may start again and again. */
static int note_host(struct finder *finder, const struct spanlog_record *record) {
    const struct spanlog_json_value *host = &record->raw[SPANLOG_FIELD_HOST];
    if (host->type != SPANLOG_JSON_STRING || host->escaped || !record->service.data ||
        finder->host_count == HOSTS_MAX || !spanlog_record_says(record, "process started"))
        return 0;
    if (finder->host_count == finder->host_room) {
        uint32_t room = finder->host_room ? 2 * finder->host_room : 16;
        struct spanlog_found_host *grown = realloc(finder->hosts, room * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        finder->hosts = grown;
        finder->host_room = room;
    }
    struct spanlog_arena *arena = &finder->arena;
    struct spanlog_found_host note = {
        .source = finder->lines_of.chunk->source,
        .pid = spanlog_record_number(record, SPANLOG_FIELD_PID),
        .service = spanlog_arena_text(arena, record->service.data, record->service.size),
        .host = spanlog_arena_text(arena, host->begin, (size_t)(host->end - host->begin))};
    finder->hosts[finder->host_count++] = note;
    return note.service.data && note.host.data ? 0 : -ENOMEM;
}

/* Reads the first few lines of a chunk. *ret_foreign: not all of them are spanlog's own. */
static int sample_lines(struct finder *finder, const struct spanlog_chunk *chunk,
                        bool *ret_foreign) {
    struct spanlog_lines *lines = &finder->lines_of;
    struct spanlog_record record;
    const char *line, *to = chunk->begin;
    unsigned left = chunk->offset == 0 ? SAMPLE_LINES_FIRST : SAMPLE_LINES;
    int rc;
    for (; left > 0 && to < chunk->end; left--)
        to = spanlog_record_end(chunk, to) + 1;
    struct spanlog_issues *issues = lines->issues;
    lines->issues = NULL; /* these lines may be read once more */
    spanlog_lines_range(lines, chunk, chunk->begin, to);
    while ((rc = spanlog_lines_next(lines, &record, &line)) > 0)
        if (note_writer(finder, &record) < 0 || note_host(finder, &record) < 0)
            return -ENOMEM;
    lines->issues = issues;
    *ret_foreign = lines->translated > 0;
    if (!*ret_foreign && lines->good == 0 && lines->bad)
        spanlog_issues_bad_line(issues, chunk, lines->first_bad, lines->first_reason, false);
    if (!*ret_foreign)
        spanlog_lines_end(lines);
    return rc;
}

/* Reads the lines that begin in from..to and keeps those of the trace. */
static int read_candidates(struct finder *finder, const struct spanlog_chunk *chunk,
                           const char *from, const char *to) {
    struct spanlog_lines *lines = &finder->lines_of;
    struct spanlog_record record;
    const char *line;
    int rc;
    spanlog_lines_range(lines, chunk, from, to);
    while ((rc = spanlog_lines_next(lines, &record, &line)) > 0) {
        if (!record.has_trace || !id_matches(finder, record.trace_text))
            continue;
        int number = match_number(finder->matches, &record);
        /* With more than one trace there will be a list of ids and no tree. */
        if (number != 0 || __atomic_load_n(&finder->matches->count, __ATOMIC_RELAXED) > 1)
            continue;
        if (note_writer(finder, &record) < 0 ||
            keep_line(finder, spanlog_line_trimmed(line, record.end)) < 0)
            return -ENOMEM;
    }
    spanlog_lines_end(lines);
    return rc;
}

static int search_chunk(void *argument, const struct spanlog_chunk *chunk) {
    struct finder *finder = argument;
    bool foreign = false;
    int rc = sample_lines(finder, chunk, &foreign);
    if (rc == 0 && foreign)
        return read_candidates(finder, chunk, chunk->begin, chunk->end);
    const char *at, *from = chunk->begin; /* a line begins at from */
    while (rc == 0 &&
           (at = spanlog_search(from, chunk->end, finder->needle, finder->needle_size)) != NULL) {
        const char *before = memrchr(from, '\n', (size_t)(at - from));
        const char *line = before ? before + 1 : from;
        from = spanlog_line_end(at, chunk->end) + 1;
        rc = read_candidates(finder, chunk, line, from);
    }
    return rc;
}

/* ---- the sidecar indexes ------------------------------------------------------------------ */

/* Of one source: which pieces are to be read. */
struct pieces {
    uint64_t *bits; /* NULL: there is no index, all of them */
    uint32_t indexed;
};

static bool is_elsewhere(void *argument, uint32_t source, uint64_t offset) {
    const struct pieces *pieces = (const struct pieces *)argument + source;
    uint64_t piece = offset / SPANLOG_INDEX_PIECE;
    return pieces->bits && piece < pieces->indexed && !(pieces->bits[piece / 64] >> piece % 64 & 1);
}

/* Of the lines that are not read, this much must be known. */
static int take_writers(struct spanlog_strings *writers, const struct spanlog_index *index) {
    const char *end = index->names + index->header->names_size;
    for (const char *name = index->names; name < end; name += strlen(name) + 1)
        if (spanlog_strings_add(writers, name, strlen(name)) == SPANLOG_STRING_NONE)
            return -ENOMEM;
    return 0;
}

static void say_unused(struct spanlog_issues *issues, const char *path, const char *why) {
    char text[256];
    snprintf(text, sizeof text,
             "its index (.spx) %s: all of the file was read; spanlog index makes a new one", why);
    spanlog_issues_note(issues, path, false, text);
}

/* NULL: no memory. */
static struct pieces *choose_pieces(const struct spanlog_sources *sources,
                                    const struct finder *finder, struct spanlog_strings *writers,
                                    struct spanlog_issues *issues) {
    struct pieces *pieces = calloc(sources->count + 1, sizeof *pieces);
    for (size_t i = 0; pieces && i < sources->count; i++) {
        const struct spanlog_source *source = &sources->list[i];
        struct spanlog_index index;
        const char *why = NULL;
        int rc = spanlog_index_open(&index, source, &why);
        if (rc < 0 && rc != -ENOENT)
            say_unused(issues, source->path, why);
        if (rc < 0)
            continue;
        pieces[i].indexed = spanlog_index_pieces(&index);
        pieces[i].bits = calloc(pieces[i].indexed / 64 + 1, sizeof *pieces[i].bits);
        if (pieces[i].bits && take_writers(writers, &index) == 0)
            spanlog_index_mark(&index, finder->needle, finder->needle_size, pieces[i].bits);
        spanlog_index_close(&index);
    }
    return pieces;
}

/* 0: as usual. Pieces as an index counts them are smaller, and of each some lines are sampled. */
static size_t piece_size(const struct pieces *pieces, size_t count) {
    for (size_t i = 0; pieces && i < count; i++)
        if (pieces[i].bits)
            return SPANLOG_INDEX_PIECE;
    return 0;
}

static void free_pieces(struct pieces *pieces, size_t count) {
    for (size_t i = 0; pieces && i < count; i++)
        free(pieces[i].bits);
    free(pieces);
}

/* ---- all jobs together -------------------------------------------------------------------- */

static int by_place(const void *left, const void *right) {
    const struct spanlog_found_line *a = left, *b = right;
    if (a->source != b->source)
        return a->source < b->source ? -1 : 1;
    if (a->offset != b->offset)
        return a->offset < b->offset ? -1 : 1;
    return (a->ordinal > b->ordinal) - (a->ordinal < b->ordinal);
}

static int by_digest(const void *left, const void *right) {
    const struct spanlog_found_line *a = left, *b = right;
    if (a->digest != b->digest)
        return a->digest < b->digest ? -1 : 1;
    if (a->size != b->size)
        return a->size < b->size ? -1 : 1;
    int order = memcmp(a->text, b->text, a->size);
    return order ? order : by_place(left, right);
}

uint32_t spanlog_found_unique(struct spanlog_found_line *lines, uint32_t count) {
    uint32_t kept = 0;
    qsort(lines, count, sizeof *lines, by_digest);
    for (uint32_t i = 0; i < count; i++) {
        const struct spanlog_found_line *last = kept ? &lines[kept - 1] : NULL;
        if (last && last->digest == lines[i].digest && last->size == lines[i].size &&
            memcmp(last->text, lines[i].text, last->size) == 0)
            continue;
        lines[kept++] = lines[i];
    }
    qsort(lines, kept, sizeof *lines, by_place);
    return kept;
}

/* What all jobs know of hosts, in the first one's list. */
static int merge_hosts(struct finder *finders, unsigned jobs) {
    uint32_t count = 0;
    for (unsigned i = 0; i < jobs; i++)
        count += finders[i].host_count;
    struct spanlog_found_host *grown = realloc(finders[0].hosts, (count + 1) * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    finders[0].hosts = grown;
    for (unsigned i = 1; i < jobs; i++)
        for (uint32_t n = 0; n < finders[i].host_count; n++)
            grown[finders[0].host_count++] = finders[i].hosts[n];
    return 0;
}

static int merge(struct spanlog_trace *trace, struct finder *finders,
                 const struct spanlog_trace_search *search) {
    unsigned jobs = search->jobs;
    uint32_t count = 0, at = 0;
    struct spanlog_strings *writers = &finders[0].writers;
    for (unsigned i = 0; i < jobs; i++)
        count += finders[i].count;
    struct spanlog_found_line *lines = malloc((count + (size_t)1) * sizeof *lines);
    int rc = lines ? merge_hosts(finders, jobs) : -ENOMEM;
    for (unsigned i = 0; rc == 0 && i < jobs; i++) {
        if (finders[i].count)
            memcpy(lines + at, finders[i].lines, finders[i].count * sizeof *lines);
        at += finders[i].count;
        for (uint32_t n = 0; rc == 0 && i > 0 && n < finders[i].writers.count; n++) {
            struct spanlog_text text = finders[i].writers.texts[n];
            if (spanlog_strings_add(writers, text.data, text.size) == SPANLOG_STRING_NONE)
                rc = -ENOMEM;
        }
    }
    for (unsigned i = 0; i < jobs; i++)
        spanlog_arena_join(&trace->arena, &finders[i].arena);
    if (rc == 0 && count) {
        uint32_t kept = spanlog_found_unique(lines, count);
        trace->repeated_lines = count - kept;
        struct spanlog_found found = {lines, kept, writers, finders[0].hosts,
                                      finders[0].host_count};
        rc = spanlog_trace_build(trace, &found, search);
    }
    free(lines);
    return rc;
}

/* As ids are written: in lower case; a UUID without its dashes. */
static size_t make_needle(const char *id, char needle[NEEDLE_SIZE_MAX]) {
    size_t size = 0;
    bool uuid = strlen(id) == 36 && id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-';
    for (; *id && size < NEEDLE_SIZE_MAX; id++)
        if (!(uuid && *id == '-'))
            needle[size++] = (char)tolower((unsigned char)*id);
    return size;
}

static void take_matches(struct spanlog_trace *trace, const struct matches *matches) {
    trace->match_count = matches->count;
    for (size_t i = 0; i < matches->count && i < SPANLOG_TRACE_MATCHES_MAX; i++) {
        struct spanlog_text text = matches->list[i].text;
        trace->matches[i] = spanlog_arena_text(&trace->arena, text.data, text.size);
    }
}

int spanlog_trace_find(const struct spanlog_trace_search *search, struct spanlog_sources *sources,
                       struct spanlog_issues *issues, struct spanlog_trace *ret) {
    char needle[NEEDLE_SIZE_MAX];
    size_t needle_size = make_needle(search->id, needle);
    *ret = (struct spanlog_trace){0};
    if (needle_size == 0)
        return -EINVAL;
    struct matches matches = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct finder *finders = calloc(search->jobs, sizeof *finders);
    int rc = finders ? 0 : -ENOMEM;
    for (unsigned i = 0; rc == 0 && i < search->jobs; i++) {
        finders[i] =
            (struct finder){.needle = needle, .needle_size = needle_size, .matches = &matches};
        spanlog_lines_init(&finders[i].lines_of, &search->translate, search->error_status_min,
                           issues);
    }
    struct pieces *pieces =
        rc == 0 ? choose_pieces(sources, &finders[0], &finders[0].writers, issues) : NULL;
    if (!pieces)
        rc = -ENOMEM;
    struct spanlog_scan scan = {.sources = sources,
                                .issues = issues,
                                .job_count = search->jobs,
                                .piece_size = piece_size(pieces, sources->count),
                                .jobs = {finders, sizeof *finders},
                                .skip = is_elsewhere,
                                .skip_argument = pieces,
                                .chunk = search_chunk,
                                .progress = search->progress};
    if (rc == 0)
        rc = spanlog_scan_run(&scan);
    if (rc == 0)
        take_matches(ret, &matches);
    if (rc == 0 && ret->match_count == 0 && needle_size < NEEDLE_SIZE_MIN)
        rc = -EINVAL;
    if (rc == 0 && ret->match_count == 1)
        rc = merge(ret, finders, search);
    if (rc == 0 && ret->match_count == 1 && search->full)
        rc = spanlog_trace_infer(ret, search, sources);
    for (unsigned i = 0; finders && i < search->jobs; i++) {
        spanlog_arena_free(&finders[i].arena);
        spanlog_strings_free(&finders[i].writers);
        spanlog_lines_free(&finders[i].lines_of);
        free(finders[i].lines);
        free(finders[i].hosts);
    }
    free_pieces(pieces, sources->count);
    spanlog_arena_free(&matches.arena);
    free(finders);
    return rc;
}

void spanlog_trace_free(struct spanlog_trace *trace) {
    spanlog_strings_free(&trace->service_names);
    spanlog_strings_free(&trace->operation_names);
    spanlog_strings_free(&trace->host_names);
    spanlog_names_free(&trace->names);
    spanlog_arena_free(&trace->arena);
}
