/* ship/labels.c: see labels.h. */
#include "src/ship/labels.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/analyzer/base/hash.h"

#define STREAMS_MAX 256
#define PROCESSES_MAX 512

/* ---- the list ----------------------------------------------------------------------------- */

static int refuse(char *problem, const char *text, const char *why) {
    snprintf(problem, SPANLOG_SHIP_PROBLEM, "%.200s: %s", text, why);
    return -EINVAL;
}

static bool is_label_name(const char *name) {
    if (!isalpha((unsigned char)*name) && *name != '_')
        return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && *name != '_')
            return false;
    return true;
}

static bool is_id(unsigned field) {
    return field == SPANLOG_FIELD_TRACE_ID || field == SPANLOG_FIELD_SPAN_ID ||
           field == SPANLOG_FIELD_PARENT_ID || field == SPANLOG_FIELD_PID ||
           field == SPANLOG_FIELD_TID || field == SPANLOG_FIELD_TS ||
           field == SPANLOG_FIELD_START || field == SPANLOG_FIELD_DURATION_MS ||
           field == SPANLOG_FIELD_MSG || field == SPANLOG_FIELD_EVENTS ||
           field == SPANLOG_FIELD_LINKS;
}

/* request_id, session.id, correlationId, http.request.id, enduser.id: one for each request. */
static bool is_of_one_request(const char *key) {
    static const char *const ends[] = {"requestid", "sessionid", "correlationid", "userid"};
    char plain[128];
    size_t size = 0;
    for (; *key && size < sizeof plain - 1; key++)
        if (isalnum((unsigned char)*key))
            plain[size++] = (char)tolower((unsigned char)*key);
    plain[size] = 0;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (size >= strlen(ends[i]) && strcmp(plain + size - strlen(ends[i]), ends[i]) == 0)
            return true;
    return false;
}

static int add_label(struct spanlog_ship_labels *labels, char *item, char *problem) {
    char *equals = strchr(item, '='), padded[128 + SPANLOG_JSON_PADDING] = {0};
    const char *key = equals ? equals + 1 : item;
    if (equals)
        *equals = 0;
    if (labels->count == SPANLOG_SHIP_LABELS_MAX)
        return refuse(problem, item, "too many labels: Loki takes 15, of which two are ours");
    if (!is_label_name(item))
        return refuse(problem, item, "a label is letters, digits and _; name it: NAME=KEY");
    if (strcmp(item, "late") == 0)
        return refuse(problem, item, "this label tells late records from others: take another");
    if (*key == 0 || strlen(key) > 127)
        return refuse(problem, item, "which key of the line is it? NAME=KEY");
    memcpy(padded, key, strlen(key) + 1);
    unsigned field = spanlog_field_find(spanlog_field_table_canonical(), padded, strlen(key));
    if (field == SPANLOG_FIELD_HOST) /* said once, by the process */
        field = SPANLOG_FIELD_COUNT;
    if (is_id(field))
        return refuse(problem, key,
                      "differs in every record: as a label it would make a stream for each. It "
                      "can be searched without");
    if (is_of_one_request(key))
        return refuse(problem, key,
                      "differs in every request: as a label it would make a stream for each. Leave "
                      "it in the line, where | json finds it, or use structured metadata");
    struct spanlog_ship_label *label = &labels->list[labels->count];
    *label = (struct spanlog_ship_label){strdup(item), strdup(key), field};
    labels->count++;
    labels->needs_process |= field == SPANLOG_FIELD_COUNT;
    return label->name && label->key ? 0 : -ENOMEM;
}

static int add_constant(struct spanlog_ship_labels *labels, char *item, char *problem) {
    char *equals = strchr(item, '=');
    if (!equals)
        return refuse(problem, item, "a constant label is NAME=VALUE");
    *equals = 0;
    if (!is_label_name(item))
        return refuse(problem, item, "a label is letters, digits and _");
    struct spanlog_output *out = &labels->text;
    spanlog_put(out, out->size ? "," : "");
    spanlog_put_json_string(out, spanlog_text_of(item));
    spanlog_put(out, ":");
    spanlog_put_json_string(out, spanlog_text_of(equals + 1));
    return out->error;
}

static int each_item(struct spanlog_ship_labels *labels, const char *list, char *problem,
                     int (*add)(struct spanlog_ship_labels *, char *, char *)) {
    char *copy = strdup(list), *rest = copy, *item;
    int rc = copy ? 0 : -ENOMEM;
    while (rc == 0 && (item = strsep(&rest, ",")) != NULL)
        if (*item)
            rc = add(labels, item, problem);
    free(copy);
    return rc;
}

int spanlog_ship_labels_open(struct spanlog_ship_labels *labels, const char *list,
                             const char *constants, char problem[SPANLOG_SHIP_PROBLEM]) {
    *labels = (struct spanlog_ship_labels){.text = {.fd = -1}};
    int rc = constants ? each_item(labels, constants, problem, add_constant) : 0;
    if (rc == 0 && !(labels->constants =
                         strndup(labels->text.size ? labels->text.data : "", labels->text.size)))
        rc = -ENOMEM;
    labels->text.size = 0;
    if (rc == 0)
        rc = each_item(labels, list ? list : SPANLOG_SHIP_LABELS_DEFAULT, problem, add_label);
    if (rc < 0)
        spanlog_ship_labels_free(labels);
    return rc;
}

void spanlog_ship_labels_free(struct spanlog_ship_labels *labels) {
    for (unsigned i = 0; i < labels->count; i++) {
        free(labels->list[i].name);
        free(labels->list[i].key);
    }
    free(labels->constants);
    free(labels->text.data);
    *labels = (struct spanlog_ship_labels){.text = {.fd = -1}};
}

/* ---- what a process says once ------------------------------------------------------------- */

static uint64_t process_key(const struct spanlog_record *record) {
    const struct spanlog_json_value *service = &record->raw[SPANLOG_FIELD_SERVICE];
    uint64_t hash = service->type == SPANLOG_JSON_STRING
                        ? spanlog_ship_hash(service->begin, (size_t)(service->end - service->begin))
                        : 0;
    return hash ^ (uint64_t)spanlog_record_number(record, SPANLOG_FIELD_PID) * 0x9e3779b97f4a7c15u;
}

static struct spanlog_ship_process *find_process(struct spanlog_ship_state *state, uint64_t key) {
    for (size_t i = state->process_count; i-- > 0;)
        if (state->processes[i].key == key)
            return &state->processes[i];
    return NULL;
}

static const struct spanlog_ship_label *attribute_of(const struct spanlog_ship_labels *labels,
                                                     const struct spanlog_json_value *key) {
    for (unsigned i = 0; i < labels->count; i++) {
        size_t size = strlen(labels->list[i].key);
        if (labels->list[i].field == SPANLOG_FIELD_COUNT &&
            (size_t)(key->end - key->begin) == size &&
            memcmp(key->begin, labels->list[i].key, size) == 0)
            return &labels->list[i];
    }
    return NULL;
}

static struct spanlog_ship_process *new_process(struct spanlog_ship_state *state) {
    if (state->process_count == PROCESSES_MAX) {
        struct spanlog_ship_process *oldest =
            &state->processes[state->process_next++ % PROCESSES_MAX];
        free(oldest->labels);
        return oldest;
    }
    struct spanlog_ship_process *grown =
        realloc(state->processes, (state->process_count + 1) * sizeof *grown);
    if (!grown)
        return NULL;
    state->processes = grown;
    return &grown[state->process_count++];
}

/* From a "process started" line. */
static int learn_process(struct spanlog_ship_labels *labels, struct spanlog_ship_state *state,
                         const struct spanlog_record *record, const char *line) {
    struct spanlog_json_walk walk = {.at = line};
    struct spanlog_json_value key, value;
    struct spanlog_output *out = &labels->text;
    out->size = 0;
    for (int more = spanlog_json_open(&walk); more > 0; more = spanlog_json_next(&walk)) {
        if (!spanlog_json_member(&walk, &key, &value))
            break;
        const struct spanlog_ship_label *label = attribute_of(labels, &key);
        if (!label || value.type != SPANLOG_JSON_STRING || value.begin == value.end)
            continue;
        spanlog_put(out, ",\"");
        spanlog_put(out, label->name);
        spanlog_put(out, "\":\"");
        spanlog_put_bytes(out, value.begin, (size_t)(value.end - value.begin));
        spanlog_put(out, "\"");
    }
    uint64_t id = process_key(record);
    struct spanlog_ship_process *process = find_process(state, id);
    char *copy = out->error ? NULL : strndup(out->size ? out->data : "", out->size);
    if (process)
        free(process->labels);
    else if (copy)
        process = new_process(state);
    if (process)
        *process = (struct spanlog_ship_process){id, copy ? copy : strdup("")};
    else
        free(copy);
    labels->has_last = false;
    return copy && process ? 0 : -ENOMEM;
}

/* ---- streams ------------------------------------------------------------------------------ */

static void put_field(struct spanlog_output *out, const struct spanlog_ship_label *label,
                      const struct spanlog_record *record) {
    const struct spanlog_json_value *value = &record->raw[label->field];
    bool has_value = (value->type == SPANLOG_JSON_STRING || value->type == SPANLOG_JSON_NUMBER) &&
                     value->begin < value->end;
    if (!has_value && label->field != SPANLOG_FIELD_SERVICE)
        return;
    spanlog_put(out, out->size ? ",\"" : "\"");
    spanlog_put(out, label->name);
    spanlog_put(out, "\":\"");
    if (has_value)
        spanlog_put_bytes(out, value->begin, (size_t)(value->end - value->begin));
    else
        spanlog_put(out, "unknown_service");
    spanlog_put(out, "\"");
}

/* The labels' text, into the scratch. */
static void put_labels(struct spanlog_ship_labels *labels, struct spanlog_ship_state *state,
                       const struct spanlog_record *record) {
    struct spanlog_output *out = &labels->text;
    out->size = 0;
    spanlog_put(out, labels->constants);
    for (unsigned i = 0; i < labels->count; i++)
        if (labels->list[i].field != SPANLOG_FIELD_COUNT)
            put_field(out, &labels->list[i], record);
    const struct spanlog_ship_process *process =
        labels->needs_process ? find_process(state, process_key(record)) : NULL;
    if (process && process->labels)
        spanlog_put(out, process->labels + (out->size == 0 && *process->labels));
}

static int64_t intern(struct spanlog_ship_labels *labels, struct spanlog_ship_state *state) {
    struct spanlog_output *out = &labels->text;
    uint64_t hash = spanlog_ship_hash(out->size ? out->data : "", out->size);
    for (size_t i = 0; i < state->stream_count; i++)
        if (state->streams[i].hash == hash && strlen(state->streams[i].labels) == out->size &&
            (out->size == 0 || memcmp(state->streams[i].labels, out->data, out->size) == 0))
            return (int64_t)i;
    struct spanlog_ship_stream *grown =
        realloc(state->streams, (state->stream_count + 1) * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    state->streams = grown;
    char *copy = out->error ? NULL : strndup(out->size ? out->data : "", out->size);
    if (!copy)
        return -ENOMEM;
    grown[state->stream_count] = (struct spanlog_ship_stream){.labels = copy, .hash = hash};
    return (int64_t)state->stream_count++;
}

/* What the labels of a record depend on. */
static uint64_t key_of(const struct spanlog_ship_labels *labels,
                       const struct spanlog_record *record) {
    uint64_t key = labels->needs_process ? spanlog_record_number(record, SPANLOG_FIELD_PID) : 0;
    for (unsigned i = 0; i < labels->count; i++) {
        const struct spanlog_json_value *value = &record->raw[labels->list[i].field];
        if (labels->list[i].field != SPANLOG_FIELD_COUNT && value->type)
            key =
                spanlog_hash_fold(key ^ 0x9e3779b97f4a7c15u,
                                  spanlog_hash(value->begin, (size_t)(value->end - value->begin)));
    }
    return key;
}

static unsigned choose_lane(const struct spanlog_ship_stream *stream, uint64_t time_ns) {
    unsigned least = 0;
    for (unsigned lane = 0; lane < SPANLOG_SHIP_LANES; lane++) {
        if (time_ns + SPANLOG_SHIP_LATE_NS >= stream->heads_ns[lane])
            return lane;
        if (stream->heads_ns[lane] < stream->heads_ns[least])
            least = lane;
    }
    return least;
}

int64_t spanlog_ship_labels_find(struct spanlog_ship_labels *labels,
                                 struct spanlog_ship_state *state,
                                 const struct spanlog_record *record, const char *line,
                                 uint64_t time_ns) {
    if (labels->needs_process && spanlog_record_says(record, "process started") &&
        learn_process(labels, state, record, line) < 0)
        return -ENOMEM;
    uint64_t key = key_of(labels, record);
    if (!labels->has_last || key != labels->last_key) {
        put_labels(labels, state, record);
        int64_t found = intern(labels, state);
        if (found < 0)
            return found;
        labels->last_stream = (uint32_t)found;
        labels->last_key = key;
        labels->has_last = true;
    }
    struct spanlog_ship_stream *stream = &state->streams[labels->last_stream];
    unsigned lane = choose_lane(stream, time_ns);
    if (time_ns > stream->heads_ns[lane])
        stream->heads_ns[lane] = time_ns;
    stream->used = ++labels->clock;
    return (int64_t)labels->last_stream * SPANLOG_SHIP_LANES + lane;
}

void spanlog_ship_labels_put(const struct spanlog_ship_labels *labels,
                             const struct spanlog_ship_state *state, uint32_t group,
                             struct spanlog_output *out) {
    const char *text = state->streams[group / SPANLOG_SHIP_LANES].labels;
    unsigned lane = group % SPANLOG_SHIP_LANES;
    char number[16];
    (void)labels;
    spanlog_put(out, "{");
    spanlog_put(out, text);
    if (lane) {
        snprintf(number, sizeof number, "%u", lane);
        spanlog_put(out, *text ? ",\"late\":\"" : "\"late\":\"");
        spanlog_put(out, lane == 1 ? "true" : number);
        spanlog_put(out, "\"");
    }
    spanlog_put(out, "}");
}

void spanlog_ship_labels_tidy(struct spanlog_ship_labels *labels,
                              struct spanlog_ship_state *state) {
    for (size_t i = 0; i < state->stream_count; i++)
        memcpy(state->streams[i].done_ns, state->streams[i].heads_ns,
               sizeof state->streams[i].done_ns);
    while (state->stream_count > STREAMS_MAX) {
        size_t least = 0;
        for (size_t i = 1; i < state->stream_count; i++)
            if (state->streams[i].used < state->streams[least].used)
                least = i;
        free(state->streams[least].labels);
        state->streams[least] = state->streams[--state->stream_count];
    }
    labels->has_last = false;
}
