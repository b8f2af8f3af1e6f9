/* cli/trace_query.c: see trace_query.h. Ids and names come from logs: all are quoted. */
#include "src/cli/trace_query.h"

#include <string.h>
#include <sys/stat.h>

#include "src/analyzer/render/logql.h"

static void put_char(struct spanlog_output *out, char c) {
    spanlog_put_bytes(out, &c, 1);
}

/* Inside a word of the shell. */
static void put_quoted(struct spanlog_output *out, struct spanlog_text text) {
    for (uint32_t i = 0; i < text.size; i++)
        if (text.data[i] == '\'')
            spanlog_put(out, "'\\''");
        else
            put_char(out, text.data[i]);
}

/* One word of a shell, whatever is in it. */
static void put_word(struct spanlog_output *out, struct spanlog_text text) {
    spanlog_put(out, "'");
    put_quoted(out, text);
    spanlog_put(out, "'");
}

static bool has_directory(const struct spanlog_options *options) {
    struct stat st;
    for (size_t i = 0; i < options->path_count; i++)
        if (stat(options->paths[i], &st) == 0 && S_ISDIR(st.st_mode))
            return true;
    return false;
}

static void put_paths(const struct spanlog_options *options, struct spanlog_output *out) {
    for (size_t i = 0; i < options->path_count; i++) {
        spanlog_put(out, " ");
        put_word(out, spanlog_text_of(options->paths[i]));
    }
}

static void put_grep(const struct spanlog_trace *trace, const struct spanlog_options *options,
                     struct spanlog_output *out) {
    spanlog_put(out, has_directory(options) ? "grep -rhiF -e " : "grep -hiF -e ");
    put_word(out, trace->matches[0]);
    spanlog_put(out, options->path_count ? " --" : "");
    put_paths(options, out);
}

/* The id stands here as in a JSON line: escaped already. */
static void put_json_id(struct spanlog_output *out, const struct spanlog_trace *trace) {
    spanlog_put(out, "\"");
    put_quoted(out, trace->matches[0]);
    spanlog_put(out, "\"");
}

static void put_json_key(struct spanlog_output *out, const char *key) {
    struct spanlog_output json;
    spanlog_output_open(&json, -1);
    spanlog_put_json_string(&json, spanlog_text_of(key));
    put_quoted(out, (struct spanlog_text){json.data, (uint32_t)json.size});
    spanlog_output_close(&json);
}

/* jq knows no directories; lines that are no JSON must not end it. */
static void put_jq(const struct spanlog_trace *trace, const struct spanlog_options *options,
                   struct spanlog_output *out) {
    bool find = has_directory(options);
    const char *key = options->translate.trace_key;
    if (find) {
        spanlog_put(out, "find");
        put_paths(options, out);
        spanlog_put(out, " -type f -exec cat {} + | ");
    }
    spanlog_put(out, "jq -cR 'fromjson? | objects | select(.trace_id == ");
    put_json_id(out, trace);
    if (key) {
        spanlog_put(out, " or .[");
        put_json_key(out, key);
        spanlog_put(out, "] == ");
        put_json_id(out, trace);
    }
    spanlog_put(out, ")'");
    if (!find)
        put_paths(options, out);
}

static void put_id(struct spanlog_output *out, const struct spanlog_trace *trace) {
    spanlog_put(out, "\"");
    spanlog_put_bytes(out, trace->matches[0].data, trace->matches[0].size);
    spanlog_put(out, "\"");
}

/* The line filter, which Loki tries first, spares it the parsing of all other lines. */
static void put_logql(const struct spanlog_trace *trace, struct spanlog_output *out) {
    spanlog_put(out, "{");
    spanlog_put_logql_services(out, &trace->service_names);
    spanlog_put(out, "} |= ");
    put_id(out, trace);
    spanlog_put(out, " | json | trace_id=");
    put_id(out, trace);
}

void spanlog_put_trace_query(const struct spanlog_trace *trace,
                             const struct spanlog_options *options, struct spanlog_output *out) {
    switch (options->query_form) {
    case SPANLOG_QUERY_GREP:
        put_grep(trace, options, out);
        break;
    case SPANLOG_QUERY_JQ:
        put_jq(trace, options, out);
        break;
    case SPANLOG_QUERY_LOGQL:
        put_logql(trace, out);
        break;
    default:
        spanlog_put(out, "{ trace:id = ");
        put_id(out, trace);
        spanlog_put(out, " }");
    }
    spanlog_put(out, "\n");
}
