/* core/site.h: the journal's dictionary of call sites.
 *
 *     uint32_t id = site_register(&journal, &site, logger);     front, once a site
 *     const struct site_entry *entry = site_find(&journal, id);  back and recovery
 *
 * An entry is copied into the journal before its id is given out, so that records need no pointer
 * into a program that may be gone (dlclose, death). The same content gets the same id. Ids count up
 * from 1; entries lie one after the other and are never changed.
 */
#ifndef SPANLOG_CORE_SITE_H
#define SPANLOG_CORE_SITE_H

#include <spanlog/macros.h>
#include "src/core/journal.h"

#define SITE_MAX_TEXT (16u * 1024)
#define SITE_MAX_KEY 128u
#define SITE_MAX_LOGGER 128u

struct site_entry {
    uint32_t size; /* of the whole entry, a multiple of 8; written last */
    uint32_t id;
    uint32_t hash;
    uint32_t line;
    uint64_t types;
    uint8_t level;
    uint8_t form;  /* SPANLOG__FORM_*, or SITE_FORM_LOGGER: text is a logger's name */
    uint8_t count; /* of slots: of a printf site arguments and fields */
    uint8_t kind;
    uint16_t text_size; /* each text is followed by NUL */
    uint16_t keys_size; /* count keys, each ended by NUL */
    uint16_t file_size;
    uint16_t logger_size;
    uint32_t reserved;
    char texts[]; /* text, keys, file, logger */
};

#define SITE_FORM_LOGGER 100

static inline const char *site_text(const struct site_entry *entry) {
    return entry->texts;
}
static inline const char *site_keys(const struct site_entry *entry) {
    return entry->texts + entry->text_size + 1;
}
static inline const char *site_file(const struct site_entry *entry) {
    return site_keys(entry) + entry->keys_size;
}
static inline const char *site_logger(const struct site_entry *entry) {
    return site_file(entry) + entry->file_size + 1;
}

/* How many keys an entry has: its fields. Of a printf site: those behind the format's arguments. */
unsigned site_key_count(const struct site_entry *entry);
/* The same of a printf site that is not registered; its keys end with an empty one. */
unsigned site_printf_fields(const struct spanlog__site *site);

/* The file that the site's records name, and its logger: its own, or the file's folder. */
const char *site_short_path(const struct spanlog__site *site);
void site_logger_name(const struct spanlog__site *site, char ret_name[SITE_MAX_LOGGER]);

/* Whose level is asked for. */
struct level_place {
    const char *logger;
    const char *file; /* of a call site; NULL: wherever the logger is used */
    uint32_t line;
    bool span; /* a bare level is about records alone */
};

/* The head of every dictionary segment. */
struct dictionary {
    uint32_t used; /* bytes after the head; written after the entry */
    uint32_t first_id;
    uint32_t count;
    uint32_t reserved;
};

/* Room for the first sites: without it nothing could be logged. False: there is none. */
bool site_open_dictionary(struct journal *journal);
/* Gives the site's content an id. Where the file has no room for more, in private memory: then
 * journal->private_dictionary is set. Returns 0 when the dictionary is full, or there is no memory.
 * One caller at a time. */
uint32_t site_register(struct journal *journal, const struct spanlog__site *site);
uint32_t site_register_logger(struct journal *journal, const char *name);
/* The entry with that id, checked to lie inside its segment; NULL when there is none. */
const struct site_entry *site_find(const struct journal *journal, uint32_t id);
/* Whether the entry's own lengths agree with its size. For journals of others. */
bool site_entry_valid(const struct site_entry *entry, size_t available);

#endif
