/* analyzer/questions/by.c: see by.h. */
#include "src/analyzer/questions/by.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "formatters/json.h"

/* What one thread that reads lines has. */
struct spanlog_by_job {
    const char *field;
    size_t size;
    const char *quoted; /* "field": where it does not occur, there is nothing to be found */
    size_t quoted_size;
    unsigned canonical; /* the record's field, or SPANLOG_FIELD_COUNT: an attribute */
    struct spanlog_arena scratch;
};

/* ---- the field of a line ------------------------------------------------------------------ */

static bool is_key(const struct spanlog_by_job *job, const struct spanlog_json_value *key) {
    return (size_t)(key->end - key->begin) == job->size &&
           memcmp(key->begin, job->field, job->size) == 0;
}

/* The attribute; of two with one key the last. */
static struct spanlog_json_value find_attribute(const struct spanlog_by_job *job,
                                                const char *line) {
    struct spanlog_json_walk walk = {.at = line};
    struct spanlog_json_value key, value, found = {.type = SPANLOG_JSON_ABSENT};
    for (int more = spanlog_json_open(&walk); more > 0; more = spanlog_json_next(&walk)) {
        if (!spanlog_json_member(&walk, &key, &value))
            break;
        if (is_key(job, &key))
            found = value;
    }
    return found;
}

static struct spanlog_text text_of(struct spanlog_by_job *job,
                                   const struct spanlog_json_value *value) {
    static const struct spanlog_text none = {NULL, 0};
    if (value->type == SPANLOG_JSON_ABSENT || value->type == SPANLOG_JSON_NULL)
        return none;
    struct spanlog_text text = {value->begin, (uint32_t)(value->end - value->begin)};
    if (text.size == 0) /* as good as none: it is shown alike */
        return none;
    if (!value->escaped)
        return text;
    spanlog_arena_reset(&job->scratch);
    char *plain = spanlog_arena_alloc(&job->scratch, text.size);
    ssize_t size = plain ? spanlog_json_unescape(text.data, text.size, plain) : -1;
    return size < 0 ? none : (struct spanlog_text){plain, (uint32_t)size};
}

static struct spanlog_text group_of_line(void *argument, const struct spanlog_record *record,
                                         const char *line, const char *end) {
    struct spanlog_by_job *job = argument;
    if (job->canonical == SPANLOG_FIELD_STATUS && record->is_error)
        return SPANLOG_TEXT("error");
    if (job->canonical == SPANLOG_FIELD_KIND) {
        const char *word = record->span_kind ? spanlog_kind_word(record->span_kind) : "internal";
        return spanlog_text_of(word);
    }
    if (job->canonical != SPANLOG_FIELD_COUNT)
        return text_of(job, &record->raw[job->canonical]);
    if (record->others == 0 || !memmem(line, (size_t)(end - line), job->quoted, job->quoted_size))
        return (struct spanlog_text){NULL, 0};
    struct spanlog_json_value value = find_attribute(job, line);
    return text_of(job, &value);
}

/* ---- opening ------------------------------------------------------------------------------ */

static unsigned canonical_field(const char *field) {
    char padded[64] = {0}; /* the table reads whole words */
    size_t size = strlen(field);
    if (size + 16 > sizeof padded)
        return SPANLOG_FIELD_COUNT;
    memcpy(padded, field, size + 1);
    return spanlog_field_find(spanlog_field_table_canonical(), padded, size);
}

static enum spanlog_by_kind kind_of(const char *field) {
    if (!field)
        return SPANLOG_BY_NAME;
    return strcmp(field, "service") == 0     ? SPANLOG_BY_SERVICE
           : strcmp(field, "operation") == 0 ? SPANLOG_BY_OPERATION
           : strcmp(field, "host") == 0      ? SPANLOG_BY_HOST
                                             : SPANLOG_BY_FIELD;
}

int spanlog_by_open(struct spanlog_by *by, const char *field, unsigned jobs) {
    *by = (struct spanlog_by){.kind = kind_of(field), .field = field, .job_count = jobs};
    if (by->kind != SPANLOG_BY_FIELD)
        return 0;
    by->jobs = calloc(jobs, sizeof *by->jobs);
    by->probe =
        (struct spanlog_probe){.jobs = {by->jobs, sizeof *by->jobs}, .group = group_of_line};
    if (!by->jobs || asprintf(&by->quoted, "\"%s\"", field) < 0)
        return -ENOMEM;
    for (unsigned i = 0; i < jobs; i++)
        by->jobs[i] = (struct spanlog_by_job){.field = field,
                                              .size = strlen(field),
                                              .quoted = by->quoted,
                                              .quoted_size = strlen(by->quoted),
                                              .canonical = canonical_field(field)};
    return 0;
}

const struct spanlog_probe *spanlog_by_probe(const struct spanlog_by *by) {
    return by->kind == SPANLOG_BY_FIELD ? &by->probe : NULL;
}

static uint32_t group_of_name(struct spanlog_by *by, const struct spanlog_name *name) {
    switch (by->kind) {
    case SPANLOG_BY_SERVICE:
        return name->service + 1;
    case SPANLOG_BY_OPERATION:
        return name->operation + 1;
    case SPANLOG_BY_HOST:
        return name->host + 1;
    default:
        return spanlog_names_add(&by->pairs, name->service, name->operation, SPANLOG_STRING_NONE) +
               1;
    }
}

int spanlog_by_prepare(struct spanlog_by *by, const struct spanlog_collection *all) {
    by->all = all;
    if (by->kind == SPANLOG_BY_FIELD)
        return 0;
    by->group_of_name = malloc((all->names.count + (size_t)1) * sizeof *by->group_of_name);
    if (!by->group_of_name)
        return -ENOMEM;
    for (uint32_t i = 0; i < all->names.count; i++) {
        by->group_of_name[i] = group_of_name(by, &all->names.list[i]);
        if (by->kind == SPANLOG_BY_NAME && by->group_of_name[i] == 0)
            return -ENOMEM;
    }
    return 0;
}

struct spanlog_by_text spanlog_by_text(const struct spanlog_by *by, uint32_t group) {
    const struct spanlog_collection *all = by->all;
    struct spanlog_by_text text = {{"", 0}, {"", 0}};
    if (group == 0)
        return text;
    group--;
    switch (by->kind) {
    case SPANLOG_BY_SERVICE:
        text.text = spanlog_strings_text(&all->services, group);
        break;
    case SPANLOG_BY_OPERATION:
        text.text = spanlog_strings_text(&all->operations, group);
        break;
    case SPANLOG_BY_HOST:
        text.text = spanlog_strings_text(&all->hosts, group);
        break;
    case SPANLOG_BY_NAME:
        text.service = spanlog_strings_text(&all->services, by->pairs.list[group].service);
        text.text = spanlog_strings_text(&all->operations, by->pairs.list[group].operation);
        break;
    default:
        text.text = spanlog_strings_text(&all->groups, group);
    }
    return text;
}

void spanlog_by_free(struct spanlog_by *by) {
    for (unsigned i = 0; by->jobs && i < by->job_count; i++)
        spanlog_arena_free(&by->jobs[i].scratch);
    free(by->jobs);
    free(by->quoted);
    free(by->group_of_name);
    spanlog_names_free(&by->pairs);
    *by = (struct spanlog_by){0};
}
