/* ship/ask_page.c: see ask.h: what Loki answers.
 *
 *     {"status":"success","data":{"resultType":"streams","encodingFlags":["categorize-labels"],
 *      "result":[{"stream":{"service_name":"orders"},"values":[
 *       ["1795257045123456789","cache miss",{"structuredMetadata":{"trace_id":"..."}}],...]},...]}}
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/analyzer/translate/documents/document.h"
#include "src/ship/ask.h"

enum { DATA, RESULT_TYPE, RESULT, STREAM, VALUES, METADATA, SLOTS };
static const struct spanlog_pick_key keys[] = {SPANLOG_PICK("data", DATA),
                                               SPANLOG_PICK("resultType", RESULT_TYPE),
                                               SPANLOG_PICK("result", RESULT),
                                               SPANLOG_PICK("stream", STREAM),
                                               SPANLOG_PICK("values", VALUES),
                                               SPANLOG_PICK("structuredMetadata", METADATA),
                                               SPANLOG_PICK_END};

static struct spanlog_ask_entry *add(struct spanlog_ask_page *page) {
    if (page->count == page->room) {
        uint32_t room = page->room ? 2 * page->room : 1024;
        struct spanlog_ask_entry *grown = realloc(page->entries, room * sizeof *grown);
        if (!grown)
            return NULL;
        page->entries = grown;
        page->room = room;
    }
    struct spanlog_ask_entry *entry = &page->entries[page->count];
    *entry = (struct spanlog_ask_entry){.number = page->count++};
    return entry;
}

/* "1795257045123456789". */
static bool read_time(const struct spanlog_json_value *value, uint64_t *ret) {
    *ret = 0;
    if (value->type != SPANLOG_JSON_STRING || value->begin == value->end ||
        value->end - value->begin > 19)
        return false;
    for (const char *p = value->begin; p < value->end; p++) {
        if (*p < '0' || *p > '9')
            return false;
        *ret = 10 * *ret + (uint64_t)(*p - '0');
    }
    return true;
}

static int read_entry(struct spanlog_ask_page *page, const struct spanlog_json_value *stream,
                      const struct spanlog_json_value *value) {
    struct spanlog_json_value part[3] = {{0}}, slot[SLOTS] = {{0}};
    struct spanlog_items items;
    struct spanlog_ask_entry *entry = add(page);
    if (!entry)
        return -ENOMEM;
    spanlog_items_open(&items, value);
    for (unsigned i = 0; i < 3 && spanlog_items_next(&items); i++)
        part[i] = items.value;
    if (part[1].type != SPANLOG_JSON_STRING || !read_time(&part[0], &entry->time_ns))
        return -EPROTO;
    spanlog_pick(&part[2], keys, slot);
    entry->stream = *stream;
    entry->time = part[0];
    entry->text = part[1];
    entry->metadata = slot[METADATA];
    return 0;
}

static int compare_values(const struct spanlog_json_value *a, const struct spanlog_json_value *b) {
    size_t a_size = (size_t)(a->end - a->begin), b_size = (size_t)(b->end - b->begin);
    size_t size = a_size < b_size ? a_size : b_size;
    int order = size ? memcmp(a->begin, b->begin, size) : 0;
    return order ? order : (a_size > b_size) - (a_size < b_size);
}

/* Of one instant, Loki keeps the order of what has the same labels and metadata; the rest comes in
 * another one each time. */
static int by_time(const void *left, const void *right) {
    const struct spanlog_ask_entry *a = left, *b = right;
    if (a->time_ns != b->time_ns)
        return a->time_ns < b->time_ns ? -1 : 1;
    int order = a->stream.begin == b->stream.begin ? 0 : compare_values(&a->stream, &b->stream);
    if (order == 0)
        order = compare_values(&a->metadata, &b->metadata);
    if (order)
        return order;
    return (a->number > b->number) - (a->number < b->number);
}

int spanlog_ask_page_read(struct spanlog_ask_page *page, const char *text, uint32_t most) {
    struct spanlog_json_walk walk = {.at = text};
    struct spanlog_json_value answer = {0}, slot[SLOTS] = {{0}};
    struct spanlog_items streams, values;
    int rc = 0;
    page->count = 0;
    walk.at = spanlog_json_blank(text);
    if (*walk.at != '{' || !spanlog_json_value_at(&walk, walk.at, &answer))
        return -EPROTO;
    spanlog_pick(&answer, keys, slot);
    struct spanlog_json_value data = slot[DATA];
    spanlog_pick(&data, keys, slot);
    if (!spanlog_json_is(&slot[RESULT_TYPE], "streams") || slot[RESULT].type != SPANLOG_JSON_ARRAY)
        return -EPROTO;
    spanlog_items_open(&streams, &slot[RESULT]);
    while (rc == 0 && spanlog_items_next(&streams)) {
        struct spanlog_json_value of[SLOTS] = {{0}};
        spanlog_pick(&streams.value, keys, of);
        spanlog_items_open(&values, &of[VALUES]);
        while (rc == 0 && spanlog_items_next(&values))
            rc = page->count < most ? read_entry(page, &of[STREAM], &values.value) : -EPROTO;
    }
    if (rc == 0 && page->count)
        qsort(page->entries, page->count, sizeof *page->entries, by_time);
    return rc;
}

uint32_t spanlog_ask_page_whole(const struct spanlog_ask_page *page, uint64_t limit, uint64_t to_ns,
                                uint64_t *ret_next_ns) {
    uint32_t whole = page->count;
    *ret_next_ns = to_ns;
    if (page->count < limit)
        return whole;
    *ret_next_ns = page->entries[page->count - 1].time_ns;
    while (whole && page->entries[whole - 1].time_ns == *ret_next_ns)
        whole--;
    return whole;
}

/* ---- what else it may answer -------------------------------------------------------------- */

static bool says(const struct spanlog_ship_answer *answer, const char *text) {
    return answer->text && memmem(answer->text, answer->text_size, text, strlen(text));
}

static bool says_one_of(const struct spanlog_ship_answer *answer, const char *const *texts) {
    for (; *texts; texts++)
        if (says(answer, *texts))
            return true;
    return false;
}

enum spanlog_ask_outcome spanlog_ask_judge(const struct spanlog_ship_answer *answer) {
    static const char *const fewer[] = {"max entries limit", "of series", "ResourceExhausted",
                                        "message larger than max", NULL};
    static const char *const shorter[] = {"query time range exceeds", "too many bytes",
                                          "deadline exceeded", "timed out", NULL};
    long status = answer->status;
    if (status == 200)
        return SPANLOG_ASK_TAKEN;
    if (status == 413 ||
        ((status == 400 || status == 422 || status == 500) && says_one_of(answer, fewer)))
        return SPANLOG_ASK_FEWER;
    if (status == 504 ||
        ((status == 400 || status == 422 || status == 500) && says_one_of(answer, shorter)))
        return SPANLOG_ASK_SHORTER;
    if (status == 0 || status == 408 || status == 429 || status == 500 || status == 502 ||
        status == 503)
        return SPANLOG_ASK_LATER;
    return SPANLOG_ASK_STOP;
}

uint64_t spanlog_ask_allowed(const struct spanlog_ship_answer *answer) {
    uint64_t allowed = 0;
    const char *text = answer->text ? answer->text : "";
    const char *end = text + answer->text_size, *p = NULL;
    if (says(answer, "max_entries_limit"))
        p = memrchr(text, '>', answer->text_size);
    for (p = p ? p + 1 : end; p < end && *p == ' '; p++)
        ;
    for (; p < end && *p >= '0' && *p <= '9' && allowed < UINT32_MAX; p++)
        allowed = 10 * allowed + (uint64_t)(*p - '0');
    return allowed;
}
