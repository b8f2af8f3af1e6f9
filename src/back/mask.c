/* back/mask.c: see mask.h. */
#include "src/back/mask.h"

#include "src/core/printf_format.h"
#include "src/core/tell.h"

#include <stdlib.h>
#include <string.h>

/* ---- once a site ----------------------------------------------------------------------------- */

static bool in_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || (c & 0x80) != 0;
}

/* Back from `end` over what may stand between a name and its value. */
static const char *skip_back(const char *format, const char *end) {
    while (end > format && strchr(" \t'\"", end[-1]) != NULL)
        end--;
    return end;
}

static const char *name_before(const char *format, const char *end) {
    while (end > format && in_name(end[-1]))
        end--;
    return end;
}

/* "user=%s, \"pass-word\": '%s', Authorization: Basic %s": the name that an "=" or ":" gives to
 * what comes at `at`, perhaps with one word between them. */
static bool is_named_by_key(const struct redact_rules *rules, const char *format, const char *at) {
    const char *end = skip_back(format, at);
    for (int word = 0; word < 2; word++) {
        if (end > format && (end[-1] == '=' || end[-1] == ':')) {
            end = skip_back(format, end - 1);
            const char *name = name_before(format, end);
            return redact_key(rules, name, (size_t)(end - name));
        }
        end = skip_back(format, name_before(format, end));
    }
    return false;
}

static uint32_t mask_of_format(const struct redact_rules *rules, const char *format) {
    uint32_t masked = 0;
    unsigned slot = 0;
    for (const char *at = strchr(format, '%'); at != NULL; at = strchr(at, '%')) {
        struct printf_conversion c;
        if (!printf_conversion(at, &c)) {
            at++;
            continue;
        }
        slot += (c.width == -2) + (c.precision == -2);
        if (c.type != 0 && slot < RECORD_MAX_FIELDS && is_named_by_key(rules, format, at))
            masked |= 1u << slot;
        slot += c.type != 0;
        at = c.end;
    }
    return masked;
}

uint32_t mask_of_site(const struct redact_rules *rules, const struct site_entry *entry) {
    unsigned first = entry->count - site_key_count(entry);
    bool printf_site = entry->form == SPANLOG__FORM_LOGF;
    uint32_t masked = printf_site ? mask_of_format(rules, site_text(entry)) : 0;
    const char *key = site_keys(entry);
    masked &= (1u << first) - 1;
    for (unsigned i = first; i < entry->count; i++) {
        size_t size = strlen(key);
        if (redact_key(rules, key, size))
            masked |= 1u << i;
        key += size + 1;
    }
    return masked;
}

bool mask_take_rules(struct decoder *decoder, const struct redact_lists *lists) {
    uint32_t changes = __atomic_load_n(&lists->changes, __ATOMIC_ACQUIRE);
    if (decoder->has_rules && changes == decoder->rules_seen)
        return false;
    const char *wrong = redact_parse(&decoder->rules, lists->lists[changes & 1]);
    if (wrong != NULL) { /* of a damaged journal: the rest of its list, and ours */
        tell("redact: %s; the default list is used", wrong);
        redact_parse(&decoder->rules, REDACT_DEFAULT);
    }
    decoder->rules_seen = changes;
    decoder->has_rules = true;
    return true;
}

/* ---- each record ----------------------------------------------------------------------------- */

static void set_mask(struct spanlog_value *value) {
    *value = (struct spanlog_value){
        .type = SPANLOG_VALUE_TEXT, .size = sizeof REDACT_MASK - 1, .text = REDACT_MASK};
}

/* Takes the text, if anything in it was masked, out of the buffer; one that has no room is masked
 * as a whole. */
static bool take(struct decoder *decoder, size_t size, struct spanlog_text *text) {
    if (size == 0)
        return false;
    if (size == REDACT_NO_ROOM) {
        *text = SPANLOG_TEXT(REDACT_MASK);
        return true;
    }
    *text = (struct spanlog_text){decoder->masked + decoder->masked_used, (uint32_t)size};
    decoder->masked_used += size;
    return true;
}

void mask_text(struct decoder *decoder, struct spanlog_text *text) {
    if (text->size < decoder->rules.shortest || text->data == NULL)
        return;
    take(decoder,
         redact_text(&decoder->rules, text->data, text->size,
                     decoder->masked + decoder->masked_used,
                     sizeof decoder->masked - decoder->masked_used),
         text);
}

static void mask_value(struct decoder *decoder, struct spanlog_value *value) {
    struct spanlog_text text = {value->text, value->size};
    if ((value->type != SPANLOG_VALUE_TEXT && value->type != SPANLOG_VALUE_JSON) ||
        value->text == NULL)
        return;
    if (value->type == SPANLOG_VALUE_JSON)
        take(decoder,
             redact_json(&decoder->rules, text.data, text.size,
                         decoder->masked + decoder->masked_used,
                         sizeof decoder->masked - decoder->masked_used),
             &text);
    mask_text(decoder, &text);
    value->text = text.data;
    value->size = text.size;
}

void mask_attribute(struct decoder *decoder, struct spanlog_attribute *attribute) {
    if (redact_key(&decoder->rules, attribute->key.data, attribute->key.size))
        set_mask(&attribute->value);
    else
        mask_value(decoder, &attribute->value);
}

void mask_fields(struct decoder *decoder, const struct compiled_site *site,
                 struct spanlog_attribute *attributes, uint32_t which) {
    for (; which != 0; which &= which - 1) {
        unsigned i = (unsigned)__builtin_ctz(which);
        if ((site->masked >> i & 1u) != 0)
            set_mask(&attributes[i].value);
        else
            mask_value(decoder, &attributes[i].value);
    }
}
