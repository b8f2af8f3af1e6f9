/* analyzer/translate/filling.h: from the members of a line to a record.
 *
 *     int rc = spanlog_fill(translator, dialect, &line);      0 or -ENOMEM
 *
 * Takes the members that a dialect gives a meaning; all others become attributes: none is lost. The
 * texts lie in the line or in the translator's arena.
 */
#ifndef SPANLOG_ANALYZER_TRANSLATE_FILLING_H
#define SPANLOG_ANALYZER_TRANSLATE_FILLING_H

#include "src/analyzer/translate/parts.h"

/* A value that was taken. */
struct spanlog_taken {
    struct spanlog_member *member; /* NULL: it lay in an array */
    struct spanlog_json_value value;
};

struct spanlog_filling {
    struct spanlog_translator *translator;
    const struct spanlog_dialect_keys *keys;
    uint8_t dialect;
    bool no_memory;
    bool moved; /* members of a container have lost its name */
    struct spanlog_line *line;
    bool sampled;
    uint8_t level_other; /* by a number of a scale of its own */
    uint32_t file_line;
    uint64_t seconds;
    uint64_t nanoseconds;
    struct spanlog_text file;
    struct spanlog_text host;
    uint8_t ranks[SPANLOG_MEANS_COUNT]; /* 0: nothing has this meaning */
    struct spanlog_taken taken[SPANLOG_MEANS_COUNT];
};

/* The value with that meaning and type, or NULL. */
static inline const struct spanlog_json_value *
spanlog_filling_value(const struct spanlog_filling *filling, uint8_t meaning, uint8_t type) {
    const struct spanlog_json_value *value = &filling->taken[meaning].value;
    return filling->ranks[meaning] && value->type == type ? value : NULL;
}

int spanlog_fill(struct spanlog_translator *translator, uint8_t dialect, struct spanlog_line *ret);

/* A JSON number of seconds as nanoseconds, exact where it has at most nine decimals. */
uint64_t spanlog_seconds_read(const char *begin, const char *end);

/* Makes the line a span when the format says that it is one (logger_span.c). */
void spanlog_fill_span(struct spanlog_filling *filling);
/* The same for most lines, as a piece of text that needs no writing (logger_copy.c). False: this
 * line is none of them, and nothing was done. */
bool spanlog_copy_attributes(struct spanlog_filling *filling);
/* Whether the member is called by its name alone, since its container counts as the line. */
static inline bool spanlog_loses_prefix(const struct spanlog_filling *filling,
                                        const struct spanlog_member *member) {
    return member->container &&
           filling->keys->meanings[filling->dialect][member->container].meaning ==
               SPANLOG_MEANS_INSIDE &&
           member->prefix.size == filling->keys->keys[member->container].text.size + 1;
}
/* Attributes of what was not taken (logger_attributes.c). */
void spanlog_fill_attributes(struct spanlog_filling *filling);

static inline struct spanlog_text spanlog_filling_text(struct spanlog_filling *filling,
                                                       const struct spanlog_json_value *value) {
    struct spanlog_text text = spanlog_member_text(value, &filling->translator->arena);
    if (!text.data) {
        filling->no_memory = true;
        text = SPANLOG_TEXT("");
    }
    return text;
}

#endif
