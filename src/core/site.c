/* core/site.c: see site.h. */
#include "src/core/site.h"

#include <string.h>

#define DICTIONARY_SEGMENT (128u * 1024)

static uint32_t hash_bytes(uint32_t hash, const void *data, size_t size) {
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 16777619u; /* FNV-1a */
    return hash;
}

static struct dictionary *dictionary_at(const struct journal *journal, uint32_t index) {
    return (struct dictionary *)journal->dictionaries[index];
}

/* The size of `count` keys that are each ended by NUL. */
static size_t keys_size(const char *keys, unsigned count) {
    const char *end = keys;
    for (unsigned i = 0; i < count; i++)
        end += strlen(end) + 1;
    return (size_t)(end - keys);
}

unsigned site_printf_fields(const struct spanlog__site *site) {
    unsigned count = 0;
    for (const char *key = site->keys; *key != '\0'; key += strlen(key) + 1)
        count++;
    return count;
}

unsigned site_key_count(const struct site_entry *entry) {
    unsigned count = 0;
    for (size_t i = 0; i < entry->keys_size; i++)
        count += site_keys(entry)[i] == '\0';
    return count;
}

static size_t cut(size_t size, size_t most) {
    return size < most ? size : most;
}

/* The last two components: where a program was built is nobody's business. */
static const char *short_path(const char *file) {
    const char *second = NULL, *last = NULL;
    for (const char *p = file; *p != '\0'; p++) {
        if (*p == '/') {
            second = last;
            last = p;
        }
    }
    return second != NULL ? second + 1 : file[0] == '/' ? file + 1 : file;
}

/* "src/db.c" belongs to the logger "src". */
static size_t folder_of(const char *file, const char **ret_folder) {
    const char *slash = strrchr(file, '/');
    if (slash == NULL)
        return 0;
    const char *start = slash;
    while (start > file && start[-1] != '/')
        start--;
    *ret_folder = start;
    size_t size = (size_t)(slash - start);
    return size == 1 && *start == '.' ? 0 : size;
}

struct texts {
    const char *text, *keys, *file, *logger;
    size_t text_size, keys_size, file_size, logger_size;
};

static struct texts site_texts(const struct spanlog__site *site) {
    struct texts t = {.text = site->text, .keys = site->keys, .logger = site->logger};
    unsigned keys = site->form == SPANLOG__FORM_LOGF ? site_printf_fields(site) : site->count;
    t.file = short_path(site->file);
    t.text_size = cut(strlen(t.text), SITE_MAX_TEXT);
    t.keys_size = keys_size(t.keys, keys);
    t.file_size = cut(strlen(t.file), 255);
    if (t.logger != NULL)
        t.logger_size = cut(strlen(t.logger), SITE_MAX_LOGGER - 1);
    else
        t.logger_size = cut(folder_of(t.file, &t.logger), SITE_MAX_LOGGER - 1);
    return t;
}

const char *site_short_path(const struct spanlog__site *site) {
    return short_path(site->file);
}

void site_logger_name(const struct spanlog__site *site, char name[SITE_MAX_LOGGER]) {
    const char *logger = site->logger;
    size_t size = logger != NULL ? strlen(logger) : folder_of(short_path(site->file), &logger);
    size = cut(size, SITE_MAX_LOGGER - 1);
    if (size > 0)
        memcpy(name, logger, size);
    name[size] = '\0';
}

static uint32_t entry_hash(const struct spanlog__site *site, const struct texts *t) {
    uint32_t hash = 2166136261u;
    hash = hash_bytes(hash, &site->types, sizeof site->types);
    hash = hash_bytes(hash, &site->line, sizeof site->line);
    hash = hash_bytes(hash, &site->level, 4);
    hash = hash_bytes(hash, t->text, t->text_size);
    hash = hash_bytes(hash, t->keys, t->keys_size);
    hash = hash_bytes(hash, t->file, t->file_size);
    return hash_bytes(hash, t->logger, t->logger_size);
}

static bool entry_equals(const struct site_entry *entry, const struct spanlog__site *site,
                         const struct texts *t) {
    return entry->types == site->types && entry->line == site->line &&
           entry->level == site->level && entry->form == site->form &&
           entry->count == site->count && entry->kind == site->kind &&
           entry->text_size == t->text_size && entry->keys_size == t->keys_size &&
           entry->file_size == t->file_size && entry->logger_size == t->logger_size &&
           memcmp(site_text(entry), t->text, t->text_size) == 0 &&
           memcmp(site_keys(entry), t->keys, t->keys_size) == 0 &&
           memcmp(site_file(entry), t->file, t->file_size) == 0 &&
           (t->logger_size == 0 || memcmp(site_logger(entry), t->logger, t->logger_size) == 0);
}

static uint32_t find_same(const struct journal *journal, uint32_t hash,
                          const struct spanlog__site *site, const struct texts *t) {
    for (uint32_t s = 0; s < journal->dictionary_count; s++) {
        const struct dictionary *dictionary = dictionary_at(journal, s);
        const uint8_t *entries = (const uint8_t *)(dictionary + 1);
        for (uint32_t at = 0; at < dictionary->used;) {
            const struct site_entry *entry = (const struct site_entry *)(entries + at);
            if (entry->hash == hash && entry_equals(entry, site, t))
                return entry->id;
            at += entry->size;
        }
    }
    return 0;
}

static struct dictionary *add_segment(struct journal *journal, bool may_be_private) {
    uint32_t first_id = 1;
    if (journal->dictionary_count > 0) {
        struct dictionary *last = dictionary_at(journal, journal->dictionary_count - 1);
        first_id = last->first_id + last->count;
    }
    struct dictionary *dictionary =
        (struct dictionary *)journal_add_dictionary(journal, DICTIONARY_SEGMENT);
    if (dictionary == NULL && may_be_private)
        dictionary =
            (struct dictionary *)journal_add_private_dictionary(journal, DICTIONARY_SEGMENT);
    if (dictionary != NULL)
        dictionary->first_id = first_id;
    return dictionary;
}

static uint8_t *dictionary_space(struct journal *journal, size_t size) {
    if (journal->dictionary_count > 0) {
        uint32_t last = journal->dictionary_count - 1;
        struct dictionary *dictionary = dictionary_at(journal, last);
        size_t end = sizeof *dictionary + dictionary->used + size;
        if (end <= journal->dictionary_sizes[last])
            return (uint8_t *)(dictionary + 1) + dictionary->used;
    }
    struct dictionary *dictionary = add_segment(journal, true);
    return dictionary != NULL ? (uint8_t *)(dictionary + 1) : NULL;
}

bool site_open_dictionary(struct journal *journal) {
    return journal->dictionary_count > 0 || add_segment(journal, false) != NULL;
}

static char *copy_text(char *to, const char *from, size_t size, bool terminate) {
    if (size > 0)
        memcpy(to, from, size);
    if (terminate)
        to[size++] = '\0';
    return to + size;
}

uint32_t site_register(struct journal *journal, const struct spanlog__site *site) {
    struct texts t = site_texts(site);
    uint32_t hash = entry_hash(site, &t);
    uint32_t id = find_same(journal, hash, site, &t);
    if (id != 0)
        return id;
    size_t size = record_align(sizeof(struct site_entry) + t.text_size + 1 + t.keys_size +
                               t.file_size + 1 + t.logger_size + 1);
    if (t.keys_size > UINT16_MAX || size > DICTIONARY_SEGMENT - sizeof(struct dictionary))
        return 0;
    struct site_entry *entry = (struct site_entry *)dictionary_space(journal, size);
    if (entry == NULL)
        return 0;
    struct dictionary *dictionary = dictionary_at(journal, journal->dictionary_count - 1);
    id = dictionary->first_id + dictionary->count;
    *entry = (struct site_entry){.size = (uint32_t)size,
                                 .id = id,
                                 .hash = hash,
                                 .line = site->line,
                                 .types = site->types,
                                 .level = site->level,
                                 .form = site->form,
                                 .count = site->count,
                                 .kind = site->kind,
                                 .text_size = (uint16_t)t.text_size,
                                 .keys_size = (uint16_t)t.keys_size,
                                 .file_size = (uint16_t)t.file_size,
                                 .logger_size = (uint16_t)t.logger_size};
    char *p = copy_text(entry->texts, t.text, t.text_size, true);
    p = copy_text(p, t.keys, t.keys_size, false);
    p = copy_text(p, t.file, t.file_size, true);
    copy_text(p, t.logger, t.logger_size, true);
    __atomic_store_n(&dictionary->count, dictionary->count + 1, __ATOMIC_RELEASE);
    __atomic_store_n(&dictionary->used, dictionary->used + (uint32_t)size, __ATOMIC_RELEASE);
    return id;
}

uint32_t site_register_logger(struct journal *journal, const char *name) {
    struct spanlog__site site = {
        .text = name != NULL ? name : "", .keys = "", .file = "", .form = SITE_FORM_LOGGER};
    return site_register(journal, &site);
}

bool site_entry_valid(const struct site_entry *entry, size_t available) {
    if (available < sizeof *entry || entry->size > available || entry->size % 8 != 0)
        return false;
    size_t texts = (size_t)entry->text_size + 1 + entry->keys_size + entry->file_size + 1 +
                   entry->logger_size + 1;
    if (entry->size < sizeof *entry + texts || entry->count > RECORD_MAX_FIELDS)
        return false;
    if (site_text(entry)[entry->text_size] != '\0' || site_file(entry)[entry->file_size] != '\0' ||
        site_logger(entry)[entry->logger_size] != '\0')
        return false;
    unsigned keys = site_key_count(entry);
    bool right = entry->form == SPANLOG__FORM_LOGF ? keys <= entry->count : keys == entry->count;
    return right && (entry->keys_size == 0 || site_keys(entry)[entry->keys_size - 1] == '\0');
}

const struct site_entry *site_find(const struct journal *journal, uint32_t id) {
    uint32_t dictionaries = __atomic_load_n(&journal->dictionary_count, __ATOMIC_ACQUIRE);
    for (uint32_t s = 0; s < dictionaries; s++) {
        const struct dictionary *dictionary = dictionary_at(journal, s);
        if (id < dictionary->first_id ||
            id - dictionary->first_id >= __atomic_load_n(&dictionary->count, __ATOMIC_ACQUIRE))
            continue;
        const uint8_t *entries = (const uint8_t *)(dictionary + 1);
        size_t used = __atomic_load_n(&dictionary->used, __ATOMIC_ACQUIRE);
        if (used > journal->dictionary_sizes[s] - sizeof *dictionary)
            return NULL;
        for (size_t at = 0; at + sizeof(struct site_entry) <= used;) {
            const struct site_entry *entry = (const struct site_entry *)(entries + at);
            if (!site_entry_valid(entry, used - at))
                return NULL;
            if (entry->id == id)
                return entry;
            at += entry->size;
        }
    }
    return NULL;
}
