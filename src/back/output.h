/* back/output.h: the outputs of one process: for each a dialect, a sink and a batch of lines.
 *
 * The batch lies in the journal, so that whoever finishes the work of a dead process has the bytes
 * that were being written and need not make them again.
 */
#ifndef SPANLOG_BACK_OUTPUT_H
#define SPANLOG_BACK_OUTPUT_H

#include "formatters/dialect.h"
#include "src/config/settings.h"
#include "src/core/site.h"
#include "src/sinks/sink.h"

#define BATCH_SIZE (1280u * 1024)
/* Written when this much is in it; the rest is room for one line. */
#define BATCH_FLUSH (512u * 1024)

#define KEY_BITS 256u

/* A call site as this output's dialect writes it. */
struct compiled_site {
    const struct site_entry *entry;
    struct spanlog_text message; /* or the operation, or the event's name */
    struct spanlog_text logger;
    struct spanlog_text source;
    struct spanlog_text head;
    struct spanlog_text tail;
    bool distinct_keys;               /* no key twice, none reserved: asked once, here */
    uint64_t key_bits[KEY_BITS / 64]; /* one a key: sites that share none share no key */
    uint32_t masked;                  /* slots of what must not be written */
    uint32_t texts_mask;              /* slots that are texts */
    uint32_t json_mask;  /* slots of fields that are JSON, in which keys may be masked */
    uint8_t first_field; /* of the attributes; before it are a printf record's arguments */
    struct spanlog_attribute attributes[RECORD_MAX_FIELDS];
    char texts[];
};

struct output {
    struct sink sink;
    const struct spanlog_dialect *dialect;
    uint8_t level;
    uint8_t log_level; /* of log records; the level, or above all where they do not go */
    bool failing;      /* an episode that has been said on stderr */
    bool lost;         /* its reader is gone for good */
    char *batch;
    size_t flush; /* written when it has so much */
    size_t used;
    size_t sent;                  /* of used */
    size_t lines;                 /* in the batch */
    struct compiled_site **sites; /* by id */
    uint32_t site_room;
};

/* Opens nothing yet. Returns 0, -ENOENT (unknown dialect or sink) or -ENOMEM. */
int output_init(struct output *output, const struct output_setting *setting, char *batch);
void output_close(struct output *output);

static inline void output_take_level(struct output *output, const struct output_setting *setting) {
    output->level = setting->level;
    output->log_level = setting->spans_only ? LEVEL_OFF : setting->level;
}

struct redact_rules;

struct compile_context {
    const struct journal *journal;
    const struct redact_rules *rules;
    struct spanlog_text service;
    uint32_t pid; /* 0: not written */
    uint32_t source_fields;
};

/* Forgets what was made of sites. */
void output_forget_sites(struct output *output);
struct compiled_site *output_make_site(struct output *output, const struct compile_context *context,
                                       uint32_t id);
/* The site with that id, made at its first record; NULL: unknown, or no memory. */
static inline struct compiled_site *
output_site(struct output *output, const struct compile_context *context, uint32_t id) {
    if (id < output->site_room && output->sites[id] != NULL)
        return output->sites[id];
    return output_make_site(output, context, id);
}

#endif
