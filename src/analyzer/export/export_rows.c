/* analyzer/export/export_rows.c: every record as one row of one table, for databases: CSV with a
 * head line, and JSON rows for ClickHouse and DuckDB, each with the statements that make the table
 * and examples of what to ask it.
 *
 *     spanlog export --to clickhouse logs/ | clickhouse-client -q "INSERT INTO spanlog FORMAT …"
 *
 * Log lines and spans are rows alike: a span has an operation. Attributes are a map of texts.
 */
#include "src/analyzer/export/export_parts.h"

#include <stdlib.h>

#include "formatters/json.h"

static const char *kind_of(const struct spanlog_line *line) {
    static const char *const kinds[] = {"internal", "server", "client", "producer", "consumer"};
    return spanlog_line_is_span(line) ? kinds[line->span_kind % 5] : "";
}

static const char *status_of(const struct spanlog_line *line) {
    static const char *const words[] = {"", "ok", "error"};
    return words[line->span_status % 3];
}

static struct spanlog_text message_of(const struct spanlog_line *line) {
    if (line->line_kind == SPANLOG_LINE_SPAN)
        return spanlog_text_of("span completed");
    if (line->line_kind == SPANLOG_LINE_ABANDONED)
        return spanlog_text_of("span abandoned");
    return line->message;
}

/* ---- columns ------------------------------------------------------------------------------ */

/* How a column's value is put: as text, or a number. */
struct column {
    const char *name;
    void (*put)(struct spanlog_output *out, const struct spanlog_line *line);
};

static void put_time(struct spanlog_output *out, uint64_t ns) {
    spanlog_put_json_time(out, ns);
}

static void put_ts(struct spanlog_output *out, const struct spanlog_line *line) {
    put_time(out, line->time_ns);
}
static void put_level(struct spanlog_output *out, const struct spanlog_line *line) {
    spanlog_put_json_string(out, spanlog_text_of(spanlog_level_word(line->level)));
}
static void put_msg(struct spanlog_output *out, const struct spanlog_line *line) {
    spanlog_put_json_string(out, message_of(line));
}
static void put_service(struct spanlog_output *out, const struct spanlog_line *line) {
    spanlog_put_json_string(out, line->service);
}
static void put_trace_id(struct spanlog_output *out, const struct spanlog_line *line) {
    if (line->has_context || line->trace_text.data)
        spanlog_put_json_id(out, line->trace_id, 16, line->trace_text);
    else
        spanlog_put(out, "\"\"");
}
static void put_span_id(struct spanlog_output *out, const struct spanlog_line *line) {
    if (line->has_context || line->span_text.data)
        spanlog_put_json_id(out, line->span_id, 8, line->span_text);
    else
        spanlog_put(out, "\"\"");
}
static void put_parent_id(struct spanlog_output *out, const struct spanlog_line *line) {
    if (line->has_parent)
        spanlog_put_json_id(out, line->parent_id, 8, line->parent_text);
    else
        spanlog_put(out, "\"\"");
}
static void put_operation(struct spanlog_output *out, const struct spanlog_line *line) {
    spanlog_put_json_string(out, line->operation);
}
static void put_kind(struct spanlog_output *out, const struct spanlog_line *line) {
    spanlog_put_json_string(out, spanlog_text_of(kind_of(line)));
}
static void put_start(struct spanlog_output *out, const struct spanlog_line *line) {
    put_time(out, spanlog_line_is_span(line) ? line->start_ns : line->time_ns);
}
static void put_duration(struct spanlog_output *out, const struct spanlog_line *line) {
    spanlog_put_number(out, line->duration_ns);
}
static void put_status(struct spanlog_output *out, const struct spanlog_line *line) {
    spanlog_put_json_string(out, spanlog_text_of(status_of(line)));
}
static void put_status_code(struct spanlog_output *out, const struct spanlog_line *line) {
    spanlog_put_signed(out, line->has_status_code ? line->status_code : 0);
}
static void put_error(struct spanlog_output *out, const struct spanlog_line *line) {
    spanlog_put_json_string(out, line->error);
}
static void put_logger(struct spanlog_output *out, const struct spanlog_line *line) {
    spanlog_put_json_string(out, line->logger);
}
static void put_src(struct spanlog_output *out, const struct spanlog_line *line) {
    spanlog_put_json_string(out, line->source);
}
static void put_pid(struct spanlog_output *out, const struct spanlog_line *line) {
    spanlog_put_number(out, line->pid);
}
static void put_tid(struct spanlog_output *out, const struct spanlog_line *line) {
    spanlog_put_number(out, line->tid);
}

static void put_pair(struct spanlog_output *out, bool first, const struct spanlog_attribute *a) {
    spanlog_put(out, first ? "" : ",");
    spanlog_put_json_string(out, a->key);
    spanlog_put(out, ":");
    spanlog_put_json_value_text(out, &a->value);
}

static void put_attributes(struct spanlog_output *out, const struct spanlog_line *line) {
    spanlog_put(out, "{");
    for (uint32_t i = 0; i < line->attribute_count; i++)
        put_pair(out, i == 0, &line->attributes[i]);
    spanlog_put(out, "}");
}

static void put_events(struct spanlog_output *out, const struct spanlog_line *line) {
    spanlog_put(out, "[");
    for (uint32_t i = 0; i < line->event_count; i++) {
        const struct spanlog_event *event = &line->events[i];
        spanlog_put(out, i ? ",{\"ts\":" : "{\"ts\":");
        spanlog_put_json_time(out, event->time_ns);
        spanlog_put_json_text(out, ",\"name\":", event->name);
        spanlog_put(out, ",\"attributes\":{");
        for (uint32_t n = 0; n < event->attribute_count; n++)
            put_pair(out, n == 0, &event->attributes[n]);
        spanlog_put(out, "}}");
    }
    spanlog_put(out, "]");
}

static const struct column columns[] = {{"ts", put_ts},
                                        {"level", put_level},
                                        {"msg", put_msg},
                                        {"service", put_service},
                                        {"trace_id", put_trace_id},
                                        {"span_id", put_span_id},
                                        {"parent_id", put_parent_id},
                                        {"operation", put_operation},
                                        {"kind", put_kind},
                                        {"start", put_start},
                                        {"duration_ns", put_duration},
                                        {"status", put_status},
                                        {"status_code", put_status_code},
                                        {"error", put_error},
                                        {"logger", put_logger},
                                        {"src", put_src},
                                        {"pid", put_pid},
                                        {"tid", put_tid},
                                        {"attributes", put_attributes},
                                        {"events", put_events}};
#define COLUMNS (sizeof columns / sizeof columns[0])

static void put_json_row(struct spanlog_output *out, const struct spanlog_line *line) {
    for (size_t i = 0; i < COLUMNS; i++) {
        spanlog_put(out, i ? ",\"" : "{\"");
        spanlog_put(out, columns[i].name);
        spanlog_put(out, "\":");
        columns[i].put(out, line);
    }
    spanlog_put(out, "}\n");
}

/* ---- CSV ---------------------------------------------------------------------------------- */

/* A JSON text without its quotes and escapes is what stands in a cell; other values stand as JSON.
 * RFC 4180: quotes are doubled. A cell that a spreadsheet would take for a formula is a text all
 * the same here: it is the reader's to say so. */
static void put_cell(struct spanlog_output *out, const char *json, size_t size) {
    char *plain = malloc(size + 1);
    ssize_t length = -1;
    if (plain && size >= 2 && json[0] == '"')
        length = spanlog_json_unescape(json + 1, size - 2, plain);
    const char *text = length >= 0 ? plain : json;
    size_t left = length >= 0 ? (size_t)length : size;
    bool quote = memchr(text, ',', left) || memchr(text, '"', left) || memchr(text, '\n', left) ||
                 memchr(text, '\r', left);
    spanlog_put(out, quote ? "\"" : "");
    while (quote && left) {
        const char *next = memchr(text, '"', left);
        size_t some = next ? (size_t)(next + 1 - text) : left;
        spanlog_put_bytes(out, text, some);
        spanlog_put(out, next ? "\"" : "");
        text += some;
        left -= some;
    }
    spanlog_put_bytes(out, text, left);
    spanlog_put(out, quote ? "\"" : "");
    free(plain);
}

static void put_csv_row(struct spanlog_output *out, const struct spanlog_line *line) {
    struct spanlog_output cell = {.fd = -1};
    for (size_t i = 0; i < COLUMNS; i++) {
        cell.size = 0;
        columns[i].put(&cell, line);
        spanlog_put(out, i ? "," : "");
        put_cell(out, cell.data, cell.size);
    }
    spanlog_put(out, "\r\n");
    free(cell.data);
}

const struct spanlog_export_format spanlog_export_csv = {
    .name = "csv",
    .about = "CSV with a head line, a row for each record",
    .head = "ts,level,msg,service,trace_id,span_id,parent_id,operation,kind,start,duration_ns,"
            "status,status_code,error,logger,src,pid,tid,attributes,events\r\n",
    .line = put_csv_row};

/* ---- databases ---------------------------------------------------------------------------- */

const struct spanlog_export_format spanlog_export_clickhouse = {
    .name = "clickhouse",
    .about = "JSON rows for ClickHouse (--table prints its CREATE TABLE and examples)",
    .table =
        "CREATE TABLE IF NOT EXISTS spanlog (\n"
        "    ts DateTime64(9, 'UTC'), level LowCardinality(String), msg String,\n"
        "    service LowCardinality(String), trace_id String, span_id String, parent_id String,\n"
        "    operation LowCardinality(String), kind LowCardinality(String),\n"
        "    start DateTime64(9, 'UTC'), duration_ns UInt64, status LowCardinality(String),\n"
        "    status_code Int32, error String, logger LowCardinality(String), src String,\n"
        "    pid UInt32, tid UInt32, attributes Map(LowCardinality(String), String),\n"
        "    events Array(Tuple(ts DateTime64(9, 'UTC'), name String,\n"
        "                       attributes Map(String, String))),\n"
        "    INDEX by_trace trace_id TYPE bloom_filter GRANULARITY 4\n"
        ") ENGINE = MergeTree ORDER BY (service, ts);\n"
        "\n"
        "-- spanlog export --to clickhouse logs/ | clickhouse-client --date_time_input_format "
        "best_effort \\\n"
        "--     -q 'INSERT INTO spanlog FORMAT JSONEachRow'\n"
        "\n"
        "-- The slowest operations:\n"
        "SELECT service, operation, count() AS spans, quantileExact(0.99)(duration_ns) / 1e6 AS "
        "p99_ms\n"
        "FROM spanlog WHERE operation != '' GROUP BY service, operation ORDER BY p99_ms DESC;\n"
        "\n"
        "-- One trace, spans and log lines in the order of time:\n"
        "SELECT start, service, if(operation != '', operation, msg) AS what, duration_ns / 1e6 AS "
        "ms\n"
        "FROM spanlog WHERE trace_id = '...' ORDER BY start;\n",
    .line = put_json_row};

const struct spanlog_export_format spanlog_export_duckdb = {
    .name = "duckdb",
    .about = "JSON rows for DuckDB (--table prints its CREATE TABLE and examples)",
    .table =
        "-- spanlog export --to duckdb logs/ > rows.jsonl\n"
        "CREATE TABLE spanlog AS SELECT * FROM read_json('rows.jsonl',\n"
        "    format = 'newline_delimited', columns = {\n"
        "    ts: 'TIMESTAMP_NS', level: 'VARCHAR', msg: 'VARCHAR', service: 'VARCHAR',\n"
        "    trace_id: 'VARCHAR', span_id: 'VARCHAR', parent_id: 'VARCHAR', operation: 'VARCHAR',\n"
        "    kind: 'VARCHAR', start: 'TIMESTAMP_NS', duration_ns: 'UBIGINT', status: 'VARCHAR',\n"
        "    status_code: 'INTEGER', error: 'VARCHAR', logger: 'VARCHAR', src: 'VARCHAR',\n"
        "    pid: 'UINTEGER', tid: 'UINTEGER', attributes: 'MAP(VARCHAR, VARCHAR)',\n"
        "    events: 'STRUCT(ts TIMESTAMP_NS, name VARCHAR, attributes MAP(VARCHAR, "
        "VARCHAR))[]'});\n"
        "\n"
        "-- The slowest operations:\n"
        "SELECT service, operation, count(*) AS spans, quantile_disc(duration_ns, 0.99) / 1e6 AS "
        "p99_ms\n"
        "FROM spanlog WHERE operation <> '' GROUP BY ALL ORDER BY p99_ms DESC;\n"
        "\n"
        "-- One trace, spans and log lines in the order of time:\n"
        "SELECT start, service, if(operation <> '', operation, msg) AS what, duration_ns / 1e6 AS "
        "ms\n"
        "FROM spanlog WHERE trace_id = '...' ORDER BY start;\n",
    .line = put_json_row};
