/* analyzer/input/issues.c: see issues.h. */
#include "src/analyzer/input/issues.h"
#include "src/analyzer/input/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int spanlog_issues_sources(struct spanlog_issues *issues, size_t count) {
    issues->sources = calloc(count + 1, sizeof *issues->sources);
    issues->source_count = issues->sources ? count : 0;
    return issues->sources ? 0 : -ENOMEM;
}

int spanlog_issues_add_source(struct spanlog_issues *issues) {
    pthread_mutex_lock(&issues->lock);
    struct spanlog_source_issues *grown =
        realloc(issues->sources, (issues->source_count + 1) * sizeof *grown);
    if (grown) {
        issues->sources = grown;
        grown[issues->source_count++] = (struct spanlog_source_issues){0};
    }
    pthread_mutex_unlock(&issues->lock);
    return grown ? 0 : -1;
}

void spanlog_issues_unreadable(struct spanlog_issues *issues, const char *path, int error) {
    pthread_mutex_lock(&issues->lock);
    size_t count = issues->unreadable_count;
    bool known = false;
    for (size_t i = 0; i < count; i++)
        known = known || strcmp(issues->unreadable[i].path, path) == 0;
    struct spanlog_unreadable *grown =
        known ? NULL : realloc(issues->unreadable, (count + 1) * sizeof *grown);
    if (grown) {
        issues->unreadable = grown;
        grown[count].path = strdup(path);
        grown[count].error = error;
        issues->unreadable_count += grown[count].path != NULL;
    }
    pthread_mutex_unlock(&issues->lock);
}

void spanlog_issues_note(struct spanlog_issues *issues, const char *path, bool is_error,
                         const char *text) {
    pthread_mutex_lock(&issues->lock);
    size_t count = issues->note_count;
    struct spanlog_note *grown = realloc(issues->notes, (count + 1) * sizeof *grown);
    if (grown) {
        issues->notes = grown;
        grown[count] = (struct spanlog_note){strdup(path), strdup(text), is_error};
        issues->note_count++;
    }
    pthread_mutex_unlock(&issues->lock);
}

static uint64_t line_number(const struct spanlog_chunk *chunk, const char *line) {
    uint64_t number = chunk->first_line;
    for (const char *p = chunk->begin; number && p < line; number++)
        p = (const char *)memchr(p, '\n', (size_t)(line - p)) + 1;
    return number;
}

void spanlog_issues_bad_line(struct spanlog_issues *issues, const struct spanlog_chunk *chunk,
                             const char *line, const char *reason, bool is_partly) {
    struct spanlog_source_issues *source = &issues->sources[chunk->source];
    uint64_t offset = chunk->offset + (uint64_t)(line - chunk->begin);
    bool last = chunk->unfinished_last &&
                memchr(line, '\n', (size_t)(chunk->end - line)) == (const void *)(chunk->end - 1);
    pthread_mutex_lock(&issues->lock);
    if (last && !is_partly) {
        source->truncated = true;
    } else {
        source->lines_partly += is_partly;
        if (source->lines_bad++ == 0 || offset < source->first_offset) {
            source->first_offset = offset;
            source->first_line = line_number(chunk, line);
            source->first_reason = reason;
        }
        if (strncmp(reason, "longer than", 11) == 0 && source->lines_long++ == 0) {
            source->first_long_offset = offset;
            source->first_long_line = line_number(chunk, line);
        }
    }
    pthread_mutex_unlock(&issues->lock);
}

void spanlog_issues_good_lines(struct spanlog_issues *issues, const struct spanlog_chunk *chunk,
                               uint64_t count) {
    pthread_mutex_lock(&issues->lock);
    issues->sources[chunk->source].lines_good += count;
    pthread_mutex_unlock(&issues->lock);
}

void spanlog_issues_free(struct spanlog_issues *issues) {
    for (size_t i = 0; i < issues->unreadable_count; i++)
        free(issues->unreadable[i].path);
    for (size_t i = 0; i < issues->note_count; i++) {
        free(issues->notes[i].path);
        free(issues->notes[i].text);
    }
    free(issues->notes);
    free(issues->unreadable);
    free(issues->sources);
    issues->unreadable = NULL;
    issues->notes = NULL;
    issues->note_count = 0;
    issues->sources = NULL;
    issues->unreadable_count = issues->source_count = 0;
}
