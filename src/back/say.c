/* back/say.c: the lines that the library writes by itself: the process's start and end, losses, and
 * spans whose process died. See drain.h. */
#include "src/back/drain.h"
#include "src/back/mask.h"

#include "src/core/open_span.h"

#include <stdio.h>
#include <string.h>

static struct spanlog_attribute text_attribute(const char *key, const char *value, size_t size) {
    return (struct spanlog_attribute){
        .key = spanlog_text_of(key),
        .value = {.type = SPANLOG_VALUE_TEXT, .size = (uint32_t)size, .text = value}};
}

static struct spanlog_line *start_line(struct drain *drain, uint8_t level, const char *message,
                                       uint64_t ticks) {
    struct spanlog_line *line = &drain->decoder->line;
    struct spanlog_text service = line->service, host = line->host;
    uint32_t pid = line->pid;
    *line = (struct spanlog_line){.line_kind = SPANLOG_LINE_LOG,
                                  .level = level,
                                  .service = service,
                                  .host = host,
                                  .pid = pid,
                                  .message = spanlog_text_of(message),
                                  .second = &drain->decoder->second,
                                  .attributes = drain->decoder->attributes};
    line->time_ns = clock_wall_ns(&drain->decoder->clock, ticks);
    return line;
}

void drain_put_line_everywhere(struct drain *drain) {
    for (uint32_t i = 0; i < drain->output_count; i++) {
        if (drain->decoder->line.level >= drain->outputs[i].level)
            drain_put_line(drain, &drain->outputs[i]);
    }
    drain->counts.records++;
}

void drain_put_loss(struct drain *drain, enum loss cause, uint64_t count, uint32_t tid,
                    uint64_t ticks) {
    static const char *const reasons[LOSS_CAUSES] = {
        [LOSS_FULL] = "the ring was full",
        [LOSS_SINK] = "the output is gone",
        [LOSS_DAMAGED] = "damaged in the journal",
        [LOSS_SPANS] = "too many spans were open",
        [LOSS_TAIL] = "undecided records exceeded SPANLOG_TAIL_MEMORY"};
    const char *message = cause == LOSS_SPANS ? "spans dropped" : "records dropped";
    const char *reason = reasons[cause];
    struct spanlog_line *line = start_line(drain, SPANLOG_WARN, message, ticks);
    struct spanlog_attribute *attributes = drain->decoder->attributes;
    if ((drain->decoder->context.source_fields & SOURCE_TID) != 0)
        line->tid = tid;
    attributes[0] = (struct spanlog_attribute){.key = spanlog_text_of("count"),
                                               .value = {.type = SPANLOG_VALUE_UINT, .u = count}};
    attributes[1] = text_attribute("reason", reason, strlen(reason));
    line->attribute_count = 2;
    drain->counts.lost[cause] += count;
    drain_put_line_everywhere(drain);
}

void drain_put_repeated(struct drain *drain, uint32_t id, uint64_t count, uint64_t ticks) {
    const struct site_entry *site = site_find(drain->journal, id);
    char message[64], source[300];
    if (site == NULL)
        return;
    snprintf(message, sizeof message, "repeated %llu times", (unsigned long long)count);
    struct spanlog_line *line = start_line(drain, site->level, message, ticks);
    struct spanlog_attribute *attributes = drain->decoder->attributes;
    if (site->logger_size > 0)
        line->logger = (struct spanlog_text){site_logger(site), site->logger_size};
    if ((drain->decoder->context.source_fields & SOURCE_SRC) != 0 && site->file_size > 0) {
        snprintf(source, sizeof source, "%s:%u", site_file(site), site->line);
        line->source = spanlog_text_of(source);
    }
    attributes[0] = (struct spanlog_attribute){.key = spanlog_text_of("count"),
                                               .value = {.type = SPANLOG_VALUE_UINT, .u = count}};
    attributes[1] = text_attribute("message", site_text(site), site->text_size);
    line->attribute_count = 2;
    drain_put_line_everywhere(drain);
}

/* Adds the header's resource attributes: key=value,key=value. */
static uint32_t resource_attributes(const char *resource, struct spanlog_attribute *attributes) {
    uint32_t count = 0;
    for (const char *at = resource; *at != '\0' && count < 100;) {
        size_t size = strcspn(at, ",");
        const char *equals = memchr(at, '=', size);
        if (equals != NULL) {
            attributes[count] = text_attribute("", equals + 1, (size_t)(at + size - equals - 1));
            attributes[count++].key = (struct spanlog_text){at, (uint32_t)(equals - at)};
        }
        at += size + (at[size] == ',');
    }
    return count;
}

static void add_if(struct spanlog_attribute *attributes, uint32_t *count, const char *key,
                   const char *value) {
    if (value[0] != '\0')
        attributes[(*count)++] = text_attribute(key, value, strlen(value));
}

void drain_process_started(struct drain *drain) {
    const struct journal_header *header = drain->journal->header;
    drain->now.process_started = 1;
    if (!drain->process_lines)
        return;
    struct spanlog_line *line =
        start_line(drain, SPANLOG_INFO, "process started", header->clock.first_ticks);
    struct spanlog_attribute *attributes = drain->decoder->attributes;
    uint32_t count = 0;
    line->pid = header->pid;
    add_if(attributes, &count, "service.version", header->version_text);
    add_if(attributes, &count, "deployment.environment.name", header->environment);
    add_if(attributes, &count, "host.name", header->host);
    count += resource_attributes(header->resource, attributes + count);
    line->attribute_count = count;
    drain->decoder->masked_used = 0;
    for (uint32_t i = 0; i < count; i++)
        mask_attribute(drain->decoder, &attributes[i]);
    drain_put_line_everywhere(drain);
    line->pid = drain->decoder->context.pid;
}

void drain_process_ended(struct drain *drain) {
    if (!drain->process_lines || drain->now.process_started == 0)
        return;
    struct spanlog_line *line = start_line(drain, SPANLOG_INFO, "process ended", clock_ticks());
    line->pid = drain->journal->header->pid;
    drain_put_line_everywhere(drain);
    line->pid = drain->decoder->context.pid;
}

/* ---- abandoned spans ----------------------------------------------------------------------- */

/* Threads that begin spans add segments. */
static uint64_t span_blocks(const struct journal *journal) {
    uint64_t segments = __atomic_load_n(&journal->span_segment_count, __ATOMIC_ACQUIRE);
    return segments * OPEN_SPANS_PER_SEGMENT;
}

static const struct spanlog__open_span *block_at(const struct journal *journal, uint64_t index) {
    uint64_t segment = index / OPEN_SPANS_PER_SEGMENT;
    if (index >= span_blocks(journal) || journal->span_segment_sizes[segment] < OPEN_SPAN_SEGMENT)
        return NULL;
    return (const struct spanlog__open_span *)(const void *)(journal->span_segments[segment] +
                                                             index % OPEN_SPANS_PER_SEGMENT *
                                                                 OPEN_SPAN_SIZE);
}

/* The end of this span was published: it has been told, or is in the ring and will be. */
static bool has_ended(const struct drain *drain, const struct spanlog__open_span *block) {
    return block->end_position != 0 && block->end_ring < drain->journal->ring_count &&
           drain->now.ring_read[block->end_ring] >= block->end_position;
}

/* Puts the span's record together in `to`, as its end would have. */
static size_t gather(const struct drain *drain, const struct spanlog__open_span *block,
                     uint8_t *to) {
    size_t left = block->used < SPAN_MAX_BODY ? block->used & ~7u : SPAN_MAX_BODY, size = 64;
    memcpy(to, &block->record, sizeof block->record);
    while (block != NULL && left > 0) {
        size_t here = left < OPEN_SPAN_BODY ? left : OPEN_SPAN_BODY;
        memcpy(to + size, block->body, here);
        size += here;
        left -= here;
        block = block->next != 0 ? block_at(drain->journal, block->next - 1) : NULL;
    }
    return size;
}

static void put_abandoned(struct drain *drain, const struct spanlog__open_span *block) {
    static uint64_t
        space[(sizeof(struct span_record) + SPAN_MAX_BODY) / 8]; /* one back at a time */
    struct span_record *record = (struct span_record *)(void *)space;
    size_t size = gather(drain, block, (uint8_t *)space);
    uint64_t last = drain->now.last_ticks;
    record->header.ticks = last > record->start_ticks ? last : record->start_ticks;
    for (uint32_t i = 0; i < drain->output_count; i++) {
        bool damaged = false;
        if (!decode_span(drain->decoder, &drain->outputs[i], record, size, block->tid, &damaged))
            continue;
        struct spanlog_line *line = &drain->decoder->line;
        line->line_kind = SPANLOG_LINE_ABANDONED;
        line->level = SPANLOG_WARN;
        line->head = (struct spanlog_text){NULL, 0}; /* which says "span completed" */
        drain_put_line(drain, &drain->outputs[i]);
    }
    drain->counts.abandoned++;
    drain->counts.records++;
}

void drain_abandoned(struct drain *drain) {
    uint64_t blocks = span_blocks(drain->journal);
    while (drain->now.spans_scanned < blocks) {
        const struct spanlog__open_span *block =
            block_at(drain->journal, drain->now.spans_scanned++);
        if (block == NULL)
            return;
        if (block->state == OPEN_SPAN_OPEN && !has_ended(drain, block))
            put_abandoned(drain, block);
        for (uint32_t i = 0; i < drain->output_count; i++) {
            if (drain->outputs[i].used >= drain->outputs[i].flush && !drain_write(drain))
                return;
        }
    }
}

void drain_count_open(const struct drain *drain, uint64_t *ret_count) {
    uint64_t blocks = span_blocks(drain->journal);
    *ret_count = 0;
    for (uint64_t i = 0; i < blocks; i++) {
        const struct spanlog__open_span *block = block_at(drain->journal, i);
        *ret_count +=
            block != NULL && __atomic_load_n(&block->state, __ATOMIC_RELAXED) == OPEN_SPAN_OPEN;
    }
}
