/* back/output.c: see output.h. */
#include "src/back/output.h"
#include "src/back/mask.h"
#include "src/core/fnv.h"
#include "src/core/tell.h"

#include "formatters/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(SPANLOG_VALUE_INT == SPANLOG__T_INT && SPANLOG_VALUE_UINT == SPANLOG__T_UINT &&
                   SPANLOG_VALUE_BOOL == SPANLOG__T_BOOL &&
                   SPANLOG_VALUE_DOUBLE == SPANLOG__T_DOUBLE &&
                   SPANLOG_VALUE_FLOAT == SPANLOG__T_FLOAT && SPANLOG_VALUE_PTR == SPANLOG__T_PTR &&
                   SPANLOG_VALUE_ERRNO == SPANLOG__T_ERRNO &&
                   SPANLOG_VALUE_TEXT == SPANLOG__T_STR && SPANLOG_VALUE_HEX == SPANLOG__T_HEX &&
                   SPANLOG_VALUE_JSON == SPANLOG__T_JSON,
               "the types of macros.h and of line.h are the same numbers");

/* "auto" is for people on a terminal and for programs everywhere else. */
static const char *dialect_name(const struct output_setting *setting) {
    if (strcmp(setting->dialect, "auto") != 0)
        return setting->dialect;
    if (strcmp(setting->sink, "syslog") == 0)
        return "syslog";
    int fd = strcmp(setting->sink, "stdout") == 0   ? STDOUT_FILENO
             : strcmp(setting->sink, "stderr") == 0 ? STDERR_FILENO
                                                    : -1;
    if (fd < 0 || !isatty(fd))
        return "json";
    return getenv("NO_COLOR") != NULL ? "pretty" : "pretty_color";
}

/* Two batches fit in a file that is rotated. */
static size_t flush_size(const struct rotation *rotation) {
    uint64_t half = rotation->size / 2;
    return half != 0 && half < BATCH_FLUSH ? (size_t)half : BATCH_FLUSH;
}

int output_init(struct output *output, const struct output_setting *setting, char *batch) {
    memset(output, 0, sizeof *output);
    output->dialect = spanlog_dialect_find(dialect_name(setting));
    if (output->dialect == NULL) {
        tell("there is no dialect \"%.40s\"; json is written instead", setting->dialect);
        output->dialect = &spanlog_dialect_json;
    }
    output_take_level(output, setting);
    output->batch = batch;
    output->flush = flush_size(&setting->rotation);
    int error =
        sink_open(&output->sink, setting->sink, setting->target, output->dialect->line_start);
    output->sink.rotation = setting->rotation;
    return error;
}

void output_forget_sites(struct output *output) {
    for (uint32_t i = 0; i < output->site_room; i++)
        free(output->sites[i]);
    free(output->sites);
    output->sites = NULL;
    output->site_room = 0;
}

void output_close(struct output *output) {
    if (output->sink.type != NULL)
        output->sink.type->close(&output->sink);
    output_forget_sites(output);
    memset(output, 0, sizeof *output);
    output->sink.fd = -1;
}

static bool make_room(struct output *output, uint32_t id) {
    if (id < output->site_room)
        return true;
    uint32_t room = output->site_room == 0 ? 256 : output->site_room;
    while (room <= id)
        room *= 2;
    struct compiled_site **sites = realloc(output->sites, room * sizeof *sites);
    if (sites == NULL)
        return false;
    memset(sites + output->site_room, 0, (room - output->site_room) * sizeof *sites);
    output->sites = sites;
    output->site_room = room;
    return true;
}

static size_t texts_size(const struct site_entry *entry) {
    /* Head and tail escaped at worst sixfold, and every key with its quotes. */
    return 6u * (entry->text_size + entry->keys_size + entry->file_size + entry->logger_size) +
           RECORD_MAX_FIELDS * 16u + 6u * sizeof((struct journal_header *)0)->service + 1024;
}

static struct spanlog_text rendered(char *start, char *end) {
    if (end == NULL)
        return (struct spanlog_text){NULL, 0};
    return (struct spanlog_text){start, (uint32_t)(end - start)};
}

static char *compile_texts(struct compiled_site *site, const struct compile_context *context,
                           char *to) {
    const struct site_entry *entry = site->entry;
    site->message = (struct spanlog_text){site_text(entry), entry->text_size};
    if (entry->logger_size > 0)
        site->logger = (struct spanlog_text){site_logger(entry), entry->logger_size};
    if ((context->source_fields & SOURCE_SRC) != 0 && entry->file_size > 0) {
        int size = sprintf(to, "%s:%u", site_file(entry), entry->line);
        site->source = (struct spanlog_text){to, (uint32_t)size};
        to += size;
    }
    return to;
}

static void compile_keys(struct compiled_site *site, const struct spanlog_dialect *dialect,
                         enum spanlog_line_kind kind, char *to, char *end) {
    const char *key = site_keys(site->entry);
    bool all = true;
    unsigned count = site->entry->count, first = count - site_key_count(site->entry);
    for (unsigned i = 0; i < count; i++)
        site->texts_mask |= ((RECORD_TEXT_BITS(site->entry->types) >> 4 * i & 15u) != 0) << i;
    for (unsigned i = first; i < count; i++) {
        struct spanlog_attribute *attribute = &site->attributes[i];
        size_t size = strlen(key);
        attribute->key = (struct spanlog_text){key, (uint32_t)size};
        char *after = dialect->render_key(attribute->key, kind, to, end);
        attribute->rendered = rendered(to, after);
        to = after != NULL ? after : to;
        attribute->value.type = RECORD_TYPE_AT(site->entry->types, i);
        if (attribute->value.type == SPANLOG__T_STRN)
            attribute->value.type = SPANLOG_VALUE_TEXT;
        if (attribute->value.type == SPANLOG_VALUE_JSON)
            site->json_mask |= 1u << i;
        uint32_t bit =
            fnv1a(FNV1A_START, attribute->rendered.data, attribute->rendered.size) % KEY_BITS;
        site->key_bits[bit / 64] |= (uint64_t)1 << bit % 64;
        key += size + 1;
        all = all && after != NULL;
    }
    site->first_field = (uint8_t)first;
    site->distinct_keys = all && spanlog_keys_are_distinct(site->attributes + first, count - first);
}

static struct compiled_site *compile(const struct output *output,
                                     const struct compile_context *context, uint32_t id) {
    const struct site_entry *entry = site_find(context->journal, id);
    if (entry == NULL)
        return NULL;
    size_t size = texts_size(entry);
    struct compiled_site *site = calloc(1, sizeof *site + size);
    if (site == NULL)
        return NULL;
    site->entry = entry;
    char *end = site->texts + size;
    char *to = compile_texts(site, context, site->texts);
    bool is_log = entry->form == SPANLOG__FORM_LOG || entry->form == SPANLOG__FORM_LOGF;
    struct spanlog_line line = {.line_kind = is_log ? SPANLOG_LINE_LOG : SPANLOG_LINE_SPAN,
                                .level = entry->level,
                                .pid = context->pid,
                                .message = site->message,
                                .operation = site->message,
                                .service = context->service,
                                .logger = site->logger,
                                .source = site->source};
    if (entry->form != SPANLOG__FORM_LOGF) { /* whose message is made anew each time */
        char *after = output->dialect->render_head(&line, to, end);
        site->head = rendered(to, after);
        to = after != NULL ? after : to;
    }
    char *after = output->dialect->render_tail(&line, to, end);
    site->tail = rendered(to, after);
    to = after != NULL ? after : to;
    compile_keys(site, output->dialect, line.line_kind, to, end);
    site->masked = mask_of_site(context->rules, entry);
    return site;
}

struct compiled_site *output_make_site(struct output *output, const struct compile_context *context,
                                       uint32_t id) {
    /* Ids count up from 1 by entries of at least 40 bytes: no honest one is larger. */
    if (id == 0 || id > JOURNAL_MAX_DICTIONARY_SEGMENTS * 4096u || !make_room(output, id))
        return NULL;
    output->sites[id] = compile(output, context, id);
    return output->sites[id];
}
