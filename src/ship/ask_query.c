/* ship/ask_query.c: see ask.h: what Loki is asked, as LogQL and as a URL. */
#include <ctype.h>
#include <string.h>

#include "formatters/number.h"
#include "src/analyzer/render/logql.h"
#include "src/ship/ask.h"

#define ID_SIZE_MAX 256
#define YEAR_2020_MS UINT64_C(1577836800000)

const char *spanlog_ask_select_problem(const char *select) {
    size_t size = strlen(select);
    const char *problem = "a selector stands in braces: '{env=\"prod\"}'";
    if (size < 3 || select[0] != '{' || select[size - 1] != '}')
        return problem;
    return select[1 + strspn(select + 1, " ")] == '}' ? problem : NULL;
}

/* ---- ids ---------------------------------------------------------------------------------- */

/* Lower case, a UUID without its dashes. */
static struct spanlog_text plain_id(const char *id, char plain[ID_SIZE_MAX]) {
    uint32_t size = 0;
    bool is_uuid = strlen(id) == 36 && id[8] == '-' && id[13] == '-' && id[18] == '-';
    for (; *id && size < ID_SIZE_MAX; id++)
        if (!(is_uuid && *id == '-'))
            plain[size++] = (char)tolower((unsigned char)*id);
    return (struct spanlog_text){plain, size};
}

static bool is_whole(struct spanlog_text id) {
    for (uint32_t i = 0; i < id.size; i++)
        if (!isxdigit((unsigned char)id.data[i]))
            return false;
    return id.size == 32;
}

bool spanlog_ask_time_of(const char *id, uint64_t now_ns, uint64_t *ret_ns) {
    char plain[ID_SIZE_MAX];
    struct spanlog_text text = plain_id(id, plain);
    uint64_t ms = 0;
    if (!is_whole(text))
        return false;
    for (unsigned i = 0; i < 12; i++)
        ms = ms << 4 |
             (unsigned)(isdigit((unsigned char)plain[i]) ? plain[i] - '0' : plain[i] - 'a' + 10);
    if (ms < YEAR_2020_MS || ms > (now_ns + SPANLOG_ASK_DAY_NS) / 1000000)
        return false;
    *ret_ns = ms * 1000000;
    return true;
}

/* ---- LogQL -------------------------------------------------------------------------------- */

/* `trace_id=<id>`, by the names that it has in metadata; the whole id is quickest as it is. */
static void put_metadata(struct spanlog_output *out, struct spanlog_text id) {
    static const char *const names[] = {"trace_id", "traceID", "traceId"};
    for (unsigned i = 0; i < 3; i++) {
        spanlog_put(out, i ? " or " : " | ");
        spanlog_put(out, names[i]);
        if (is_whole(id)) {
            spanlog_put(out, "=");
            spanlog_put_logql_text(out, id);
            continue;
        }
        spanlog_put(out, "=~\"(?i)(");
        spanlog_put_logql_pattern(out, id);
        spanlog_put(out, ".*|.*");
        spanlog_put_logql_pattern(out, id);
        spanlog_put(out, ")\"");
    }
}

/* Of either case, and a whole one also with a UUID's dashes. Loki tries this first, which spares it
 * the rest for all other lines. */
static void put_line_filter(struct spanlog_output *out, struct spanlog_text id) {
    static const unsigned char parts[] = {8, 4, 4, 4, 12};
    spanlog_put(out, " |~ \"(?i)");
    spanlog_put_logql_pattern(out, id);
    for (uint32_t i = 0, at = 0; is_whole(id) && i < sizeof parts; at += parts[i++]) {
        spanlog_put(out, i ? "-" : "|");
        spanlog_put_bytes(out, id.data + at, parts[i]);
    }
    spanlog_put(out, "\"");
}

void spanlog_ask_put_trace(struct spanlog_output *out, const char *select, const char *id,
                           enum spanlog_ask_place place) {
    char plain[ID_SIZE_MAX];
    struct spanlog_text text = plain_id(id, plain);
    out->size = 0;
    spanlog_put(out, select);
    if (place == SPANLOG_ASK_METADATA) {
        put_metadata(out, text);
        return;
    }
    put_line_filter(out, text);
    spanlog_put(out, " | trace_id=\"\" | traceID=\"\" | traceId=\"\"");
}

void spanlog_ask_put_services(struct spanlog_output *out, const char *select,
                              const struct spanlog_strings *services, const char *text) {
    size_t size = strlen(select) - 1; /* without the bracket */
    out->size = 0;
    if (strcmp(select, SPANLOG_ASK_ALL) == 0) {
        spanlog_put(out, "{");
    } else {
        while (size > 1 && (select[size - 1] == ' ' || select[size - 1] == ','))
            size--;
        spanlog_put_bytes(out, select, size);
        spanlog_put(out, ", ");
    }
    spanlog_put_logql_services(out, services);
    spanlog_put(out, "} |= ");
    spanlog_put_logql_text(out, spanlog_text_of(text));
}

/* ---- the URL ------------------------------------------------------------------------------ */

static void put_escaped(struct spanlog_output *out, const char *text, size_t size) {
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        char escaped[3] = {'%', hex[c >> 4], hex[c & 15]};
        bool is_plain = isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~';
        spanlog_put_bytes(out, is_plain ? text + i : escaped, is_plain ? 1 : 3);
    }
}

const char *spanlog_ask_url(struct spanlog_output *out, const char *url,
                            const struct spanlog_output *logql, uint64_t from_ns, uint64_t to_ns,
                            uint64_t limit, bool backward) {
    out->size = 0;
    spanlog_put(out, url);
    spanlog_put(out, strchr(url, '?') ? "&query=" : "?query=");
    put_escaped(out, logql->data, logql->size);
    spanlog_put(out, "&start=");
    spanlog_put_number(out, from_ns);
    spanlog_put(out, "&end=");
    spanlog_put_number(out, to_ns);
    spanlog_put(out, "&limit=");
    spanlog_put_number(out, limit);
    spanlog_put(out, backward ? "&direction=backward" : "&direction=forward");
    spanlog_put_bytes(out, "", 1);
    return out->error || logql->error ? NULL : out->data;
}
