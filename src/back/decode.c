/* back/decode.c: fields and log records. Spans: decode_span.c. */
#include "src/back/decode_fields.h"
#include "src/back/mask.h"
#include "formatters/printf.h"
#include "src/core/stamp.h"

#include <string.h>

static bool decode_extra(struct spanlog_line *line, struct decoder *decoder, const uint8_t **fields,
                         size_t *size) {
    struct record_extra extra;
    if (*size < sizeof extra)
        return false;
    memcpy(&extra, *fields, sizeof extra);
    *fields += sizeof extra;
    *size -= sizeof extra;
    if (extra.tid != 0 && line->tid != 0)
        line->tid = extra.tid;
    if (extra.logger != 0) {
        const struct site_entry *entry = site_find(decoder->context.journal, extra.logger);
        if (entry == NULL)
            return false;
        line->logger = (struct spanlog_text){site_text(entry), entry->text_size};
        line->tail = (struct spanlog_text){NULL, 0}; /* it has another logger in it */
    }
    return true;
}

size_t decode_stamp(struct decoder *decoder, const uint8_t *data, size_t size) {
    size_t whole = stamp_size(data, size), at = sizeof(struct stamp_head);
    struct stamp_head head;
    if (whole == 0)
        return 0;
    memcpy(&head, data, sizeof head);
    for (uint32_t i = 0; i < head.count; i++) {
        struct stamp_entry entry;
        const char *key, *value;
        if (!stamp_next(data, head.used, &at, &entry, &key, &value) ||
            decoder->attributes_used == DECODE_MAX_ATTRIBUTES)
            return 0;
        if (entry.key_size == 0) {
            decoder->line.parent_text = (struct spanlog_text){value, entry.value_size};
            continue;
        }
        struct spanlog_attribute *attribute = &decoder->attributes[decoder->attributes_used++];
        *attribute = (struct spanlog_attribute){.key = {key, entry.key_size},
                                                .value = {.type = SPANLOG_VALUE_TEXT,
                                                          .size = entry.value_size,
                                                          .original_size = entry.original_size,
                                                          .text = value}};
        mask_attribute(decoder, attribute);
    }
    return whole;
}

/* The stamp's attributes go before the record's own, so that of two with one key the record's
 * counts. */
static bool prepend_stamp(struct decoder *decoder, const uint8_t **fields, size_t *size) {
    decoder->attributes_used = 0;
    size_t whole = decode_stamp(decoder, *fields, *size);
    *fields += whole;
    *size -= whole;
    decoder->line.distinct_keys = false;
    return whole > 0;
}

static void add_stamp(struct decoder *decoder) {
    struct spanlog_line *line = &decoder->line;
    if (line->attribute_count > 0)
        memcpy(decoder->attributes + decoder->attributes_used, line->attributes,
               line->attribute_count * sizeof *line->attributes);
    line->attributes = decoder->attributes;
    line->attribute_count += decoder->attributes_used;
}

static void render_message(struct decoder *decoder, const struct compiled_site *site,
                           const uint8_t *fields, size_t size) {
    size_t slots = 8u * (size_t)site->entry->count;
    struct printf_arguments arguments = {.slots = (const uint64_t *)(const void *)fields,
                                         .count = site->first_field,
                                         .masked = site->masked,
                                         .mask = REDACT_MASK,
                                         .texts = (const char *)fields + slots,
                                         .texts_size = size - slots};
    char *end = printf_render(site_text(site->entry), &arguments, decoder->message,
                              decoder->message + sizeof decoder->message);
    decoder->line.message =
        (struct spanlog_text){decoder->message, (uint32_t)(end - decoder->message)};
    mask_text(decoder, &decoder->line.message);
}

void decode_context(struct spanlog_line *line, uint32_t word) {
    line->has_context = (word & RECORD_CONTEXT) != 0;
    line->trace_flags = (word & RECORD_SAMPLED) != 0 ? 1 : 0;
}

static void start_log(struct decoder *decoder, const struct compiled_site *site, uint32_t tid) {
    struct spanlog_line *line = &decoder->line;
    line->line_kind = SPANLOG_LINE_LOG;
    line->has_parent = false;
    line->parent_text = (struct spanlog_text){NULL, 0};
    line->level = site->entry->level;
    line->tid = (decoder->context.source_fields & SOURCE_TID) != 0 ? tid : 0;
    line->message = site->message;
    line->logger = site->logger;
    line->source = site->source;
    line->head = site->head;
    line->tail = site->tail;
    line->distinct_keys = site->distinct_keys;
    decoder->masked_used = 0;
}

bool decode_log(struct decoder *decoder, struct output *output, const struct record *record,
                size_t size, uint32_t tid, bool *ret_damaged) {
    struct spanlog_line *line = &decoder->line;
    struct compiled_site *site = output_site(output, &decoder->context, record->site);
    *ret_damaged = site == NULL || site->entry->form > SPANLOG__FORM_LOGF;
    if (*ret_damaged || site->entry->level < output->log_level)
        return false;
    start_log(decoder, site, tid);
    line->time_ns = clock_wall_ns(&decoder->clock, record->ticks);
    decode_context(line, record->word);
    const uint8_t *fields = (const uint8_t *)(record + 1);
    size -= sizeof *record;
    if (line->has_context) {
        *ret_damaged = size < sizeof(struct record_ids);
        if (*ret_damaged)
            return false;
        memcpy(line->trace_id, fields, sizeof(struct record_ids));
        fields += sizeof(struct record_ids);
        size -= sizeof(struct record_ids);
    }
    if ((record->word & RECORD_EXTRA) != 0 && !decode_extra(line, decoder, &fields, &size)) {
        *ret_damaged = true;
        return false;
    }
    bool stamped = (record->word & RECORD_STAMP) != 0;
    if (stamped && !prepend_stamp(decoder, &fields, &size)) {
        *ret_damaged = true;
        return false;
    }
    line->attribute_count = site->entry->count - site->first_field;
    line->attributes = site->attributes + site->first_field;
    *ret_damaged =
        !decode_fields(decoder, site, site->attributes, site->entry->count, fields, size);
    if (*ret_damaged)
        return false;
    if (site->entry->form == SPANLOG__FORM_LOGF)
        render_message(decoder, site, fields, size);
    if (stamped)
        add_stamp(decoder);
    return true;
}
