/* analyzer/translate/documents/array.c: records as the elements of one array, as `jq -s` and many
 * an export write them.
 *
 *     [{"ts":"...","level":"info","msg":"cache miss","trace_id":"..."},{...}]
 *
 * Each element is read as a line of its own would be. Arrays of spans (Zipkin, Jaeger, Chrome, the
 * SDKs' consoles) are told apart before this one is tried.
 */
#include "src/analyzer/translate/documents/document.h"

static bool is_array(const char *line) {
    const char *p = spanlog_json_blank(line);
    return *p == '[' && *spanlog_json_blank(p + 1) == '{';
}

/* What an element is not is said once for the line; the others are kept. */
static int translate_elements(struct spanlog_draft *draft, struct spanlog_items *items) {
    static const struct spanlog_line nothing = {.line_kind = SPANLOG_LINE_LOG};
    struct spanlog_arena entry = {0};
    const char *problem = NULL;
    int rc = 0;
    while (rc >= 0 && spanlog_items_next(items)) {
        const struct spanlog_json_value *value = &items->value;
        struct spanlog_text text = {value->begin, (size_t)(value->end - value->begin)};
        if (value->type == SPANLOG_JSON_OBJECT)
            rc = spanlog_translate_entry(draft->translator, &entry, text, &nothing);
        else
            draft->translator->problem = "an element of the array is no JSON object";
        problem = problem ? problem : draft->translator->problem;
        draft->translator->problem = NULL;
    }
    spanlog_arena_free(&entry);
    draft->translator->problem = problem;
    return rc;
}

int spanlog_translate_array(struct spanlog_translator *translator, const char *line,
                            const char *end) {
    struct spanlog_json_value document;
    struct spanlog_draft draft;
    struct spanlog_items items;
    int rc = 0;
    if (!is_array(line))
        return 0;
    if (spanlog_draft_open(&draft, translator, line, end, &document)) {
        spanlog_items_open(&items, &document);
        rc = translate_elements(&draft, &items);
    }
    int closed = spanlog_draft_close(&draft);
    return rc < 0 ? rc : closed;
}
