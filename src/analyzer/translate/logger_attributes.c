/* analyzer/translate/logger_attributes.c: members that are no field become attributes.
 *
 *     {"req":{"method":"GET"},"fields":{"user":7}}        req.method = "GET"; user = 7
 *
 * Keys stand as they are in the line wherever they can, so that nothing has to be written anew.
 */
#include "src/analyzer/read/line_read.h"
#include "src/analyzer/translate/filling.h"

#define CLASHES_MAX 64

/* ---- keys --------------------------------------------------------------------------------- */

/* The key between comma and colon, as the json dialect writes it; absent where that needs care. */
static struct spanlog_text rendered_in_place(const struct spanlog_member *member, unsigned of,
                                             uint16_t number) {
    if (!member->renders || member->name.size == 0 || member->name.size > SPANLOG_KEY_SIZE_MAX ||
        (number && spanlog_key_is_reserved(member->name, of)))
        return (struct spanlog_text){NULL, 0};
    return (struct spanlog_text){member->name.data - 2, member->name.size + 4};
}

/* `,"prefix.name":` in the arena, with the key in it. */
static void join_key(struct spanlog_filling *f, const struct spanlog_member *member,
                     struct spanlog_attribute *attribute) {
    size_t prefix = member->prefix.size, size = prefix + member->name.size;
    char *text = spanlog_arena_alloc(&f->translator->arena, size + 4 + SPANLOG_JSON_PADDING);
    if (!text) {
        f->no_memory = true;
        attribute->key = member->name;
        return;
    }
    text[0] = ',';
    text[1] = '"';
    if (prefix)
        memcpy(text + 2, member->prefix.data, prefix);
    if (member->name.data)
        memcpy(text + 2 + prefix, member->name.data, member->name.size);
    text[2 + size] = '"';
    text[3 + size] = ':';
    attribute->key = (struct spanlog_text){text + 2, (uint32_t)size};
    bool plain = spanlog_json_plain_short(text + 2) == text + 2 + size;
    if (plain && size <= SPANLOG_KEY_SIZE_MAX)
        attribute->rendered = (struct spanlog_text){text, (uint32_t)size + 4};
}

/* Message templates have @@ where a property of theirs begins with @. */
static bool is_doubled_at(const struct spanlog_filling *f, const struct spanlog_member *member) {
    return member->name.size > 1 && member->name.data[0] == '@' && member->name.data[1] == '@' &&
           strcmp(spanlog_readings[f->dialect].name, "clef") == 0;
}

static void fill_key(struct spanlog_filling *f, const struct spanlog_member *member, unsigned of,
                     struct spanlog_attribute *attribute) {
    attribute->rendered = (struct spanlog_text){NULL, 0};
    if (member->prefix.size && !spanlog_loses_prefix(f, member)) {
        join_key(f, member, attribute);
        return;
    }
    f->moved |= member->prefix.size != 0;
    attribute->key = member->name;
    attribute->rendered =
        rendered_in_place(member, of, member->prefix.size ? member->inner : member->key);
    if (is_doubled_at(f, member)) {
        attribute->key = (struct spanlog_text){member->name.data + 1, member->name.size - 1};
        attribute->rendered = (struct spanlog_text){NULL, 0};
    }
    if (!attribute->rendered.data && attribute->key.size <= SPANLOG_KEY_SIZE_MAX &&
        !spanlog_key_is_reserved(attribute->key, of)) {
        struct spanlog_member alone = *member;
        alone.prefix = (struct spanlog_text){"", 0};
        alone.name = attribute->key;
        join_key(f, &alone, attribute);
    }
}

/* Members that lost the name of their container get it back where two keys are the same. */
static void give_names_back(struct spanlog_filling *f, struct spanlog_attribute *attributes,
                            const struct spanlog_member **members, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (!members[i] || members[i]->prefix.size == 0 || !spanlog_loses_prefix(f, members[i]))
            continue;
        bool clashes = count > CLASHES_MAX;
        for (uint32_t j = 0; j < count && !clashes; j++)
            clashes =
                j != i && attributes[j].key.size == attributes[i].key.size &&
                memcmp(attributes[j].key.data, attributes[i].key.data, attributes[i].key.size) == 0;
        if (clashes) {
            attributes[i].rendered = (struct spanlog_text){NULL, 0};
            join_key(f, members[i], &attributes[i]);
        }
    }
}

/* ---- the list ----------------------------------------------------------------------------- */

static void add_host(const struct spanlog_filling *f, struct spanlog_attribute *attribute) {
    *attribute = (struct spanlog_attribute){.key = SPANLOG_TEXT("host.name"),
                                            .rendered = SPANLOG_TEXT(",\"host.name\":"),
                                            .value = {.type = SPANLOG_VALUE_TEXT}};
    attribute->value.size = f->host.size;
    attribute->value.text = f->host.data;
}

void spanlog_fill_attributes(struct spanlog_filling *f) {
    struct spanlog_members *members = &f->translator->memory->members;
    struct spanlog_line *line = f->line;
    unsigned of = spanlog_keys_of((enum spanlog_line_kind)line->line_kind);
    struct spanlog_attribute *attributes =
        spanlog_arena_array(&f->translator->arena, members->count + 1, sizeof *attributes);
    const struct spanlog_member **from =
        spanlog_arena_array(&f->translator->arena, members->count + 1, sizeof *from);
    uint32_t count = 0;
    if (!attributes || !from) {
        f->no_memory = true;
        return;
    }
    for (uint32_t i = 0; i < members->count; i++) {
        const struct spanlog_member *member = &members->list[i];
        if (member->use != SPANLOG_MEMBER_FREE)
            continue;
        fill_key(f, member, of, &attributes[count]);
        spanlog_line_read_value(&member->value, spanlog_filling_text(f, &member->value),
                                &attributes[count].value);
        from[count++] = member;
    }
    if (f->host.data) {
        from[count] = NULL;
        add_host(f, &attributes[count++]);
    }
    line->distinct_keys = spanlog_keys_are_distinct(attributes, count);
    if (f->moved && !line->distinct_keys)
        give_names_back(f, attributes, from, count);
    line->attributes = attributes;
    line->attribute_count = count;
}
