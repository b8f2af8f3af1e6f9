/* analyzer/translate/documents/draft_fields.c: attributes of documents that are fields of a line.
 *
 *     if (!spanlog_draft_field(draft, key, &value))
 *         ... it is an attribute ...
 *
 * OTLP, Jaeger and the others have places for a span's name, ids and times. What else a line has
 * stands among their attributes: under the names of OpenTelemetry's conventions (thread.id), or
 * under the canonical name where there is no convention (src, sample_ratio). A value that does not
 * fit its field stays an attribute.
 */
#include "formatters/number.h"
#include "src/analyzer/read/fields.h"
#include "src/analyzer/translate/documents/document.h"

enum field {
    STATUS_CODE,
    MESSAGE,
    ABANDONED,
    LEVEL,
    LEVEL_NUMBER,
    ERROR,
    DURATION_MS,
    SAMPLE_RATIO,
    OF_ANY_LINE, /* those above are a span's */
    PID = OF_ANY_LINE,
    TID,
    SOURCE,
    FILE_PATH,
    FILE_LINE,
    PARENT, /* of the span that a log is in */
    NONE
};

static const struct {
    const char *name;
    enum field field;
} names[] = {{"http.response.status_code", STATUS_CODE},
             {"http.status_code", STATUS_CODE},
             {"rpc.grpc.status_code", STATUS_CODE},
             {"status_code", STATUS_CODE},
             {"msg", MESSAGE},
             {"span.abandoned", ABANDONED},
             {"level", LEVEL},
             {"severityNumber", LEVEL_NUMBER},
             {"error", ERROR},
             {"duration_ms", DURATION_MS},
             {"sample_ratio", SAMPLE_RATIO},
             {"process.pid", PID},
             {"pid", PID},
             {"thread.id", TID},
             {"tid", TID},
             {"src", SOURCE},
             {"code.file.path", FILE_PATH},
             {"code.line.number", FILE_LINE},
             {"parent_id", PARENT}};

static enum field field_of(struct spanlog_text key) {
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].name[0] == (key.size ? *key.data : 0) && strlen(names[i].name) == key.size &&
            memcmp(names[i].name, key.data, key.size) == 0)
            return names[i].field;
    return NONE;
}

/* ---- values ------------------------------------------------------------------------------- */

static struct spanlog_text text_of(const struct spanlog_value *value) {
    bool is_text = value->type == SPANLOG_VALUE_TEXT;
    return (struct spanlog_text){is_text ? value->text : NULL, is_text ? value->size : 0};
}

static bool text_is(const struct spanlog_value *value, const char *word) {
    return value->type == SPANLOG_VALUE_TEXT && value->size == strlen(word) &&
           memcmp(value->text, word, value->size) == 0;
}

/* A whole number; where tags are texts, its digits. */
static bool whole_of(const struct spanlog_value *value, int64_t *ret) {
    *ret = value->i;
    if (value->type == SPANLOG_VALUE_TEXT)
        return spanlog_read_i64(value->text, value->size, ret) == 0;
    return value->type == SPANLOG_VALUE_INT;
}

static bool take_count(const struct spanlog_value *value, uint32_t *ret) {
    int64_t number;
    if (!whole_of(value, &number) || number <= 0 || number > UINT32_MAX)
        return false;
    *ret = (uint32_t)number;
    return true;
}

static bool take_text(const struct spanlog_value *value, struct spanlog_text *ret) {
    struct spanlog_text text = text_of(value);
    if (text.data)
        *ret = text;
    return text.data != NULL;
}

/* ---- fields of spans ---------------------------------------------------------------------- */

static bool take_status_code(struct spanlog_line *line, const struct spanlog_value *value) {
    int64_t code;
    if (!whole_of(value, &code) || code != (int32_t)code)
        return false;
    line->has_status_code = true;
    line->status_code = (int32_t)code;
    return true;
}

static bool take_level(struct spanlog_line *line, const struct spanlog_value *value) {
    uint8_t level = text_of(value).size ? spanlog_level_read(text_of(value)) : 0;
    if (level)
        line->level = level;
    return level != 0;
}

static bool take_level_number(struct spanlog_line *line, const struct spanlog_value *value) {
    if (value->type != SPANLOG_VALUE_INT || value->i < 1 || value->i > 24)
        return false;
    line->level = (uint8_t)value->i;
    return true;
}

/* Beside a status that is no error; the words of a flag say less than that. */
static bool take_error(struct spanlog_line *line, const struct spanlog_value *value) {
    if (line->span_status == SPANLOG_STATUS_ERROR || text_is(value, "true") ||
        text_is(value, "false"))
        return false;
    return take_text(value, &line->error);
}

static bool take_duration(struct spanlog_line *line, const struct spanlog_value *value) {
    if (value->type == SPANLOG_VALUE_INT && value->i >= 0 && value->i < 9000000000000)
        line->duration_ns = (uint64_t)value->i * 1000000;
    else if (value->type == SPANLOG_VALUE_JSON && value->size && *value->text >= '0' &&
             *value->text <= '9')
        line->duration_ns = spanlog_milliseconds_read(value->text, value->text + value->size);
    else
        return false;
    return true;
}

static bool take_ratio(struct spanlog_line *line, const struct spanlog_value *value) {
    double ratio;
    if (value->type != SPANLOG_VALUE_JSON ||
        spanlog_read_double(value->text, value->size, &ratio) < 0 || !(ratio > 0 && ratio < 1))
        return false;
    line->sample_ratio = ratio;
    return true;
}

/* "span abandoned", or true. */
static bool take_abandoned(struct spanlog_line *line, const struct spanlog_value *value,
                           const char *word) {
    if (!text_is(value, word))
        return false;
    line->line_kind = SPANLOG_LINE_ABANDONED;
    return true;
}

static bool take_of_span(struct spanlog_line *line, enum field field,
                         const struct spanlog_value *value) {
    switch (field) {
    case STATUS_CODE:
        return take_status_code(line, value);
    case MESSAGE:
        return take_abandoned(line, value, "span abandoned");
    case ABANDONED:
        return take_abandoned(line, value, "true");
    case LEVEL:
        return take_level(line, value);
    case LEVEL_NUMBER:
        return take_level_number(line, value);
    case ERROR:
        return take_error(line, value);
    case DURATION_MS:
        return take_duration(line, value);
    default:
        return take_ratio(line, value);
    }
}

/* ---- fields of any line ------------------------------------------------------------------- */

bool spanlog_draft_field(struct spanlog_draft *draft, struct spanlog_text key,
                         const struct spanlog_value *value) {
    struct spanlog_line *line = &draft->line;
    bool is_span = line->line_kind != SPANLOG_LINE_LOG;
    enum field field = field_of(key);
    if (field < OF_ANY_LINE) {
        bool taken = is_span && take_of_span(line, field, value);
        draft->has_duration |= taken && field == DURATION_MS;
        return taken;
    }
    switch (field) {
    case PID:
        return take_count(value, &line->pid);
    case TID:
        return take_count(value, &line->tid);
    case SOURCE:
        return take_text(value, &line->source);
    case FILE_PATH:
        return take_text(value, &draft->file);
    case FILE_LINE:
        return take_count(value, &draft->file_line);
    case PARENT:
        return !is_span && spanlog_draft_id(draft, SPANLOG_ID_PARENT, text_of(value));
    default:
        return false;
    }
}

void spanlog_draft_join(struct spanlog_draft *draft) {
    struct spanlog_line *line = &draft->line;
    if (draft->file_line && !draft->file.data) /* of which file? */
        spanlog_draft_add(draft, SPANLOG_TEXT("code.line.number"),
                          (struct spanlog_value){.type = SPANLOG_VALUE_INT, .i = draft->file_line});
    if (line->source.data || !draft->file.data)
        return;
    line->source = draft->file;
    if (!draft->file_line)
        return;
    char *text = spanlog_arena_alloc(draft->arena, draft->file.size + SPANLOG_NUMBER_MAX + 1);
    if (!text) {
        draft->no_memory = true;
        return;
    }
    memcpy(text, draft->file.data, draft->file.size);
    text[draft->file.size] = ':';
    char *end = spanlog_put_u64(text + draft->file.size + 1, draft->file_line);
    line->source = (struct spanlog_text){text, (uint32_t)(end - text)};
}
