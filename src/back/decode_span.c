/* back/decode_span.c: the record of a span, group by group. See core/record.h. */
#include "src/back/decode_fields.h"
#include "src/back/mask.h"

#include "formatters/escape.h"
#include "formatters/utf8.h"

#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(struct spanlog_span_link) == 24, "a link is its two ids");

static void set_status_code(struct decoder *decoder, int64_t code) {
    struct spanlog_line *line = &decoder->line;
    line->has_status_code = true;
    line->status_code = (int32_t)code;
    bool grpc = code >= 0 && code < 100;
    bool server_error = grpc ? code == 2 || code == 4 || (code >= 12 && code <= 15)
                             : code >= (int64_t)decoder->error_status_min;
    if (server_error)
        line->span_status = SPANLOG_STATUS_ERROR;
    else if (line->span_status != SPANLOG_STATUS_ERROR &&
             (code == 0 || (code >= 100 && code < 400)))
        line->span_status = SPANLOG_STATUS_OK;
}

/* Whether no two of the record's keys are the same, as far as that is known without comparing
 * them: of each site's it is, and keys of two sites differ where their bits do. */
static bool are_distinct(struct decoder *decoder, const struct compiled_site *site, bool first) {
    uint64_t both = 0;
    if (first)
        memset(decoder->key_bits, 0, sizeof decoder->key_bits);
    for (unsigned i = 0; i < KEY_BITS / 64; i++) {
        both |= decoder->key_bits[i] & site->key_bits[i];
        decoder->key_bits[i] |= site->key_bits[i];
    }
    return both == 0 && site->distinct_keys && (first || decoder->line.distinct_keys);
}

static inline bool add_attributes(struct decoder *decoder, struct output *output, uint32_t site_id,
                                  unsigned count, const uint8_t *fields, size_t size,
                                  const struct compiled_site **ret_site) {
    const struct compiled_site *site = output_site(output, &decoder->context, site_id);
    if (site == NULL || count > site->entry->count ||
        decoder->attributes_used + count > DECODE_MAX_ATTRIBUTES)
        return false;
    struct spanlog_attribute *to = decoder->attributes + decoder->attributes_used;
    for (unsigned i = 0; i < count; i++) { /* not the values, which come now */
        to[i].key = site->attributes[i].key;
        to[i].rendered = site->attributes[i].rendered;
        to[i].value.type = site->attributes[i].value.type;
    }
    decoder->line.distinct_keys = are_distinct(decoder, site, decoder->attributes_used == 0);
    decoder->attributes_used += count;
    *ret_site = site;
    return decode_fields(decoder, site, to, count, fields, size);
}

static bool group_text(const uint8_t *data, size_t size, struct spanlog_text *ret_text,
                       uint32_t *ret_original_size) {
    uint64_t slot;
    if (size < 8)
        return false;
    memcpy(&slot, data, 8);
    *ret_original_size = (uint32_t)(slot >> 32);
    if ((uint32_t)slot == TEXT_NULL) {
        *ret_text = (struct spanlog_text){NULL, 0};
        return true;
    }
    *ret_text = (struct spanlog_text){(const char *)data + 8, (uint32_t)slot};
    return (uint32_t)slot <= size - 8;
}

/* A text that was cut says so at its end, as values do. */
static void mark_cut(struct decoder *decoder, struct spanlog_text *text, uint32_t original_size) {
    char *to = decoder->masked + decoder->masked_used;
    size_t room = sizeof decoder->masked - decoder->masked_used;
    size_t size = spanlog_utf8_trim(text->data, text->size);
    if (size + SPANLOG_CUT_MARK_MAX > room)
        return;
    memcpy(to, text->data, size);
    size += (size_t)snprintf(to + size, room - size, "\u2026[truncated, %u bytes]", original_size);
    *text = (struct spanlog_text){to, (uint32_t)size};
    decoder->masked_used += size;
}

static bool said_text(struct decoder *decoder, const uint8_t *data, size_t size,
                      struct spanlog_text *ret_text) {
    uint32_t original_size;
    if (!group_text(data, size, ret_text, &original_size))
        return false;
    mask_text(decoder, ret_text);
    if (original_size != 0 && ret_text->data != NULL)
        mark_cut(decoder, ret_text, original_size);
    return true;
}

/* Only for groups that carry no fields. */
static bool plain_group(struct decoder *decoder, enum group_kind kind, const uint8_t *data,
                        size_t size) {
    struct spanlog_line *line = &decoder->line;
    int64_t code;
    switch (kind) {
    case GROUP_LINK:
        if (size < 24 || line->link_count == DECODE_MAX_LINKS)
            return false;
        memcpy(&decoder->links[line->link_count++], data, 24);
        return true;
    case GROUP_STATUS:
        if (size < 8)
            return false;
        memcpy(&code, data, 8);
        set_status_code(decoder, code);
        return true;
    case GROUP_FAIL:
        line->span_status = SPANLOG_STATUS_ERROR;
        return said_text(decoder, data, size, &line->error);
    case GROUP_RATIO:
        if (size < sizeof line->sample_ratio)
            return false;
        memcpy(&line->sample_ratio, data, sizeof line->sample_ratio);
        return true;
    case GROUP_NAME:
        return said_text(decoder, data, size, &line->operation);
    default:
        return false;
    }
}

struct groups {
    const uint8_t *at;
    size_t left;
};

struct found {
    enum group_kind kind;
    unsigned count;
    uint32_t site;
    const uint8_t *data;
    size_t size;
};

/* False: the next group is damaged. */
static inline bool take_group(struct groups *groups, struct found *ret) {
    struct group group;
    if (groups->left < sizeof group)
        return false;
    memcpy(&group, groups->at, sizeof group);
    size_t whole = group.shape & RECORD_SIZE_MASK;
    if (whole < sizeof group || whole > groups->left || whole % 8 != 0)
        return false;
    ret->kind = (group.shape >> GROUP_KIND_SHIFT) & GROUP_KIND_MASK;
    ret->count = group.shape >> GROUP_COUNT_SHIFT;
    ret->site = group.site;
    ret->data = groups->at + sizeof group;
    ret->size = whole - sizeof group;
    groups->at += whole;
    groups->left -= whole;
    return true;
}

/* Events are passed over and put behind: the span's own attributes have to lie in one run. */
static bool walk_groups(struct decoder *decoder, struct output *output, struct groups groups,
                        bool *ret_has_events) {
    struct found group;
    const struct compiled_site *site;
    while (groups.left > 0) {
        bool good = take_group(&groups, &group);
        if (good && group.kind == GROUP_FIELDS)
            good = add_attributes(decoder, output, group.site, group.count, group.data, group.size,
                                  &site);
        else if (good && group.kind == GROUP_EVENT)
            *ret_has_events = true;
        else if (good && group.kind == GROUP_STAMP)
            good = decode_stamp(decoder, group.data, group.size) > 0;
        else if (good)
            good = plain_group(decoder, group.kind, group.data, group.size);
        if (!good)
            return false;
    }
    return true;
}

static bool event_group(struct decoder *decoder, struct output *output, const struct found *group) {
    struct spanlog_line *line = &decoder->line;
    const struct compiled_site *site = NULL;
    uint64_t ticks;
    uint32_t first = decoder->attributes_used;
    if (group->size < 8 || line->event_count == DECODE_MAX_EVENTS)
        return false;
    memcpy(&ticks, group->data, 8);
    if (!add_attributes(decoder, output, group->site, group->count, group->data + 8,
                        group->size - 8, &site))
        return false;
    struct spanlog_event *event = &decoder->events[line->event_count++];
    event->time_ns = clock_wall_ns(&decoder->clock, ticks);
    event->name = site->message;
    event->attributes = decoder->attributes + first;
    event->attribute_count = group->count;
    return true;
}

static bool walk_events(struct decoder *decoder, struct output *output, struct groups groups) {
    struct found group;
    while (groups.left > 0) {
        if (!take_group(&groups, &group) ||
            (group.kind == GROUP_EVENT && !event_group(decoder, output, &group)))
            return false;
    }
    return true;
}

static void start_span(struct decoder *decoder, const struct compiled_site *site,
                       const struct span_record *record, uint32_t tid) {
    struct spanlog_line *line = &decoder->line;
    line->line_kind = SPANLOG_LINE_SPAN;
    line->level = site->entry->level;
    line->span_kind = site->entry->kind;
    line->tid = (decoder->context.source_fields & SOURCE_TID) != 0 ? tid : 0;
    line->operation = site->message;
    line->logger = site->logger;
    line->source = site->source;
    line->head = site->head;
    line->tail = site->tail;
    line->time_ns = clock_wall_ns(&decoder->clock, record->header.ticks);
    line->start_ns = clock_wall_ns(&decoder->clock, record->start_ticks);
    line->duration_ns =
        clock_duration_ns(&decoder->clock, record->start_ticks, record->header.ticks);
    decode_context(line, record->header.word);
    memcpy(line->trace_id, &record->ids, sizeof record->ids);
    line->has_parent = record->parent_id != 0;
    memcpy(line->parent_id, &record->parent_id, 8);
    line->parent_text = (struct spanlog_text){NULL, 0};
    line->span_status = SPANLOG_STATUS_UNSET;
    line->has_status_code = false;
    line->sample_ratio = 0;
    line->error = (struct spanlog_text){NULL, 0};
    line->dropped_attributes = record->dropped_attributes;
    line->dropped_events = record->dropped_events;
    line->dropped_links = record->dropped_links;
    line->event_count = line->link_count = 0;
    line->events = decoder->events;
    line->links = decoder->links;
    decoder->attributes_used = 0;
    decoder->masked_used = 0;
    line->distinct_keys = false;
}

static bool decode(struct decoder *decoder, struct output *output, const struct compiled_site *site,
                   const struct span_record *record, size_t size, uint32_t tid) {
    start_span(decoder, site, record, tid);
    struct groups groups = {(const uint8_t *)(record + 1), size - sizeof *record};
    struct spanlog_line *line = &decoder->line;
    line->attributes = decoder->attributes;
    bool has_events = false;
    bool good = walk_groups(decoder, output, groups, &has_events);
    line->attribute_count = decoder->attributes_used;
    bool distinct = line->distinct_keys;
    if (has_events)
        good = good && walk_events(decoder, output, groups);
    line->distinct_keys = distinct; /* of the span's own, not of its last event's */
    return good;
}

/* NULL: the record is damaged. */
static const struct compiled_site *site_of(struct decoder *decoder, struct output *output,
                                           const struct span_record *record, size_t size) {
    const struct compiled_site *site =
        size >= sizeof *record ? output_site(output, &decoder->context, record->header.site) : NULL;
    return site != NULL && site->entry->form == SPANLOG__FORM_SPAN ? site : NULL;
}

bool decode_whole_span(struct decoder *decoder, struct output *output,
                       const struct span_record *record, size_t size, uint32_t tid,
                       bool *ret_damaged) {
    const struct compiled_site *site = site_of(decoder, output, record, size);
    *ret_damaged = site == NULL || !decode(decoder, output, site, record, size, tid);
    return !*ret_damaged;
}

bool decode_span(struct decoder *decoder, struct output *output, const struct span_record *record,
                 size_t size, uint32_t tid, bool *ret_damaged) {
    const struct compiled_site *site = site_of(decoder, output, record, size);
    *ret_damaged = site == NULL;
    if (*ret_damaged || site->entry->level < output->level)
        return false;
    *ret_damaged = !decode(decoder, output, site, record, size, tid);
    return !*ret_damaged;
}
