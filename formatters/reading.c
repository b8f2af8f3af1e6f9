/* formatters/reading.c: see reading.h: what the keys of other loggers mean. */
#include "formatters/reading.h"

#define MEANS(path, meaning)                                                                       \
    { path, SPANLOG_MEANS_##meaning }
#define END                                                                                        \
    { NULL, SPANLOG_MEANS_NOTHING }

/* Names of the record itself come first, then what vendors use. */
const struct spanlog_reading_key spanlog_reading_common[] = {
    MEANS("ts", TIME),
    MEANS("time", TIME),
    MEANS("timestamp", TIME),
    MEANS("@timestamp", TIME),
    MEANS("asctime", TIME),
    MEANS("Timestamp", TIME),
    MEANS("timeUnixNano", TIME),
    MEANS("datetime", TIME),
    MEANS("timestampSeconds", SECONDS),
    MEANS("timestamp.seconds", SECONDS),
    MEANS("timestampNanos", NANOSECONDS),
    MEANS("timestamp.nanos", NANOSECONDS),

    MEANS("level", LEVEL),
    MEANS("log.level", LEVEL),
    MEANS("severity", LEVEL),
    MEANS("severityText", LEVEL),
    MEANS("severity_text", LEVEL),
    MEANS("levelname", LEVEL),
    MEANS("log_level", LEVEL),
    MEANS("LogLevel", LEVEL),
    MEANS("Level", LEVEL),
    MEANS("lvl", LEVEL),
    MEANS("loglevel", LEVEL),
    MEANS("severityNumber", LEVEL_OTEL),
    MEANS("severity_number", LEVEL_OTEL),
    MEANS("level_value", LEVEL_JAVA),
    MEANS("levelno", LEVEL_PYTHON),
    MEANS("PRIORITY", LEVEL_SYSLOG),

    MEANS("msg", MESSAGE),
    MEANS("message", MESSAGE),
    MEANS("event", MESSAGE),
    MEANS("short_message", MESSAGE),
    MEANS("body", MESSAGE),
    MEANS("Message", MESSAGE),
    MEANS("MESSAGE", MESSAGE),
    MEANS("text", MESSAGE),
    MEANS("textPayload", MESSAGE),
    MEANS("log", MESSAGE),

    MEANS("service", SERVICE),
    MEANS("service.name", SERVICE),
    MEANS("service_name", SERVICE),
    MEANS("serviceName", SERVICE),
    MEANS("otelServiceName", SERVICE),
    MEANS("dd.service", SERVICE),
    MEANS("serviceContext.service", SERVICE),
    MEANS("resource.service.name", SERVICE),
    MEANS("resource.attributes.service.name", SERVICE),
    MEANS("cloud_RoleName", SERVICE),
    MEANS("AppRoleName", SERVICE),
    MEANS("application", SERVICE),
    MEANS("app", SERVICE),

    MEANS("trace_id", TRACE_ID),
    MEANS("trace.id", TRACE_ID),
    MEANS("traceId", TRACE_ID),
    MEANS("traceID", TRACE_ID),
    MEANS("TraceId", TRACE_ID),
    MEANS("TraceID", TRACE_ID),
    MEANS("otelTraceID", TRACE_ID),
    MEANS("context.trace_id", TRACE_ID),
    MEANS("SpanContext.TraceID", TRACE_ID),
    MEANS("logging.googleapis.com/trace", TRACE_ID),
    MEANS("trace", TRACE_ID),
    MEANS("@tr", TRACE_ID),
    MEANS("@TraceId", TRACE_ID),
    MEANS("_trace_id", TRACE_ID),
    MEANS("traceid", TRACE_ID),
    MEANS("xray_trace_id", TRACE_ID),
    MEANS("operation_Id", TRACE_ID),
    MEANS("OperationId", TRACE_ID),
    MEANS("dd.trace_id", TRACE_ID),

    MEANS("span_id", SPAN_ID),
    MEANS("span.id", SPAN_ID),
    MEANS("spanId", SPAN_ID),
    MEANS("spanID", SPAN_ID),
    MEANS("SpanId", SPAN_ID),
    MEANS("SpanID", SPAN_ID),
    MEANS("otelSpanID", SPAN_ID),
    MEANS("context.span_id", SPAN_ID),
    MEANS("SpanContext.SpanID", SPAN_ID),
    MEANS("logging.googleapis.com/spanId", SPAN_ID),
    MEANS("@sp", SPAN_ID),
    MEANS("@SpanId", SPAN_ID),
    MEANS("_span_id", SPAN_ID),
    MEANS("spanid", SPAN_ID),
    MEANS("transaction.id", SPAN_ID),
    MEANS("dd.span_id", SPAN_ID),

    MEANS("parent_id", PARENT_ID),
    MEANS("parent_span_id", PARENT_ID),
    MEANS("parentSpanId", PARENT_ID),
    MEANS("parentId", PARENT_ID),
    MEANS("ParentId", PARENT_ID),
    MEANS("parent.id", PARENT_ID),
    MEANS("Parent.SpanID", PARENT_ID),
    MEANS("parentSpanContext.spanId", PARENT_ID),
    MEANS("operation_ParentId", PARENT_ID),
    MEANS("@ps", PARENT_ID),

    MEANS("trace_flags", TRACE_FLAGS),
    MEANS("traceFlags", TRACE_FLAGS),
    MEANS("TraceFlags", TRACE_FLAGS),
    MEANS("otelTraceSampled", SAMPLED),
    MEANS("logging.googleapis.com/trace_sampled", SAMPLED),
    MEANS("trace_sampled", SAMPLED),

    MEANS("logger", LOGGER),
    MEANS("log.logger", LOGGER),
    MEANS("logger_name", LOGGER),
    MEANS("loggerName", LOGGER),
    MEANS("logger.name", LOGGER),

    MEANS("src", SOURCE),
    MEANS("caller", SOURCE),
    MEANS("source.file", SOURCE),
    MEANS("source.line", SOURCE_LINE),
    MEANS("src.file", SOURCE),
    MEANS("src.line", SOURCE_LINE),
    MEANS("caller.file", SOURCE),
    MEANS("caller.line", SOURCE_LINE),
    MEANS("log.origin.file.name", SOURCE),
    MEANS("log.origin.file.line", SOURCE_LINE),
    MEANS("code.file.path", SOURCE),
    MEANS("code.line.number", SOURCE_LINE),
    MEANS("logging.googleapis.com/sourceLocation.file", SOURCE),
    MEANS("logging.googleapis.com/sourceLocation.line", SOURCE_LINE),

    MEANS("pid", PID),
    MEANS("process.pid", PID),
    MEANS("process_id", PID),
    MEANS("processId", PID),
    MEANS("ProcessId", PID),
    MEANS("tid", TID),
    MEANS("thread_id", TID),
    MEANS("threadId", TID),
    MEANS("process.thread.id", TID),
    MEANS("ThreadId", TID),

    MEANS("host.name", HOST),
    MEANS("hostname", HOST),
    MEANS("host", HOST),
    MEANS("host.hostname", HOST),
    MEANS("hostName", HOST),
    MEANS("MachineName", HOST),

    MEANS("operation", OPERATION),
    MEANS("duration_ms", DURATION_MS),
    MEANS("kind", KIND),
    MEANS("start", START),
    MEANS("status", STATUS),
    MEANS("status_code", STATUS_CODE),
    MEANS("error", ERROR),

    MEANS("contextMap", INSIDE),
    MEANS("mdc", INSIDE),
    MEANS("kvpList", INSIDE),
    MEANS("extra", INSIDE),
    MEANS("record.extra", INSIDE),
    MEANS("fields", INSIDE),
    MEANS("attributes", IDS_INSIDE),
    MEANS("span", IDS_INSIDE),
    MEANS("labels", IDS_INSIDE),
    MEANS("context", IDS_INSIDE),
    MEANS("logging.googleapis.com/labels", IDS_INSIDE),
    MEANS("jsonPayload", INSIDE),
    MEANS("Scopes", IDS_INSIDE),
    MEANS("spans", TRACE_INSIDE),

    MEANS("events", EVENTS),
    MEANS("links", LINKS),
    MEANS("sample_ratio", SAMPLE_RATIO),
    MEANS("dropped_attributes", DROPPED_ATTRIBUTES),
    MEANS("dropped_events", DROPPED_EVENTS),
    MEANS("dropped_links", DROPPED_LINKS),
    END,
};

static const struct spanlog_reading_key ecs_keys[] = {
    MEANS("@timestamp", TIME),
    MEANS("log.level", LEVEL),
    MEANS("message", MESSAGE),
    MEANS("service.name", SERVICE),
    MEANS("trace.id", TRACE_ID),
    MEANS("span.id", SPAN_ID),
    MEANS("transaction.id", SPAN_ID),
    MEANS("span.name", SPAN_NAME),
    MEANS("transaction.name", SPAN_NAME),
    MEANS("span.duration.us", DURATION_US),
    MEANS("transaction.duration.us", DURATION_US),
    MEANS("event.outcome", OUTCOME),
    MEANS("span.kind", KIND),
    MEANS("transaction.type", KIND),
    MEANS("span.type", KIND),
    MEANS("http.response.status_code", STATUS_CODE),
    MEANS("event.duration", DURATION_NS),
    MEANS("error.message", ERROR),
    MEANS("log.logger", LOGGER),
    MEANS("log.origin.file.name", SOURCE),
    MEANS("log.origin.file.line", SOURCE_LINE),
    MEANS("process.pid", PID),
    MEANS("process.thread.id", TID),
    MEANS("processor.event", NOTHING),
    MEANS("ecs.version", IGNORED),
    END,
};

static const struct spanlog_reading_key gelf_keys[] = {
    MEANS("timestamp", TIME),       MEANS("short_message", MESSAGE),
    MEANS("_service", SERVICE),     MEANS("_logger", LOGGER),
    MEANS("_trace_id", TRACE_ID),   MEANS("_span_id", SPAN_ID),
    MEANS("_parent_id", PARENT_ID), END,
};

static const struct spanlog_reading_key clef_keys[] = {
    MEANS("@t", TIME),
    MEANS("@m", MESSAGE),
    MEANS("@mt", MESSAGE),
    MEANS("@l", LEVEL),
    MEANS("@tr", TRACE_ID),
    MEANS("@sp", SPAN_ID),
    MEANS("SourceContext", LOGGER),
    MEANS("Application", SERVICE),
    END,
};

static const struct spanlog_reading_key seq_keys[] = {
    MEANS("@Timestamp", TIME),          MEANS("@Message", MESSAGE),
    MEANS("@MessageTemplate", MESSAGE), MEANS("@Level", LEVEL),
    MEANS("@TraceId", TRACE_ID),        MEANS("@SpanId", SPAN_ID),
    MEANS("@ParentId", PARENT_ID),      MEANS("SourceContext", LOGGER),
    MEANS("Application", SERVICE),      END,
};

static const struct spanlog_reading_key dotnet_keys[] = {
    MEANS("Timestamp", TIME),
    MEANS("LogLevel", LEVEL),
    MEANS("Message", MESSAGE),
    MEANS("Category", LOGGER),
    END,
};

static const struct spanlog_reading_key loguru_keys[] = {
    MEANS("record.time.timestamp", TIME),   MEANS("record.level.name", LEVEL),
    MEANS("record.level.no", LEVEL_PYTHON), MEANS("record.message", MESSAGE),
    MEANS("record.name", LOGGER),           MEANS("record.file.path", SOURCE),
    MEANS("record.line", SOURCE_LINE),      MEANS("record.process.id", PID),
    MEANS("record.thread.id", TID),         END,
};

static const struct spanlog_reading_key log4j_keys[] = {
    MEANS("instant.epochSecond", SECONDS),
    MEANS("instant.nanoOfSecond", NANOSECONDS),
    MEANS("instant", NOTHING),
    MEANS("timeMillis", TIME),
    MEANS("loggerName", LOGGER),
    END,
};

static const struct spanlog_reading_key quarkus_keys[] = {
    MEANS("timestamp", TIME),
    MEANS("loggerName", LOGGER),
    MEANS("loggerClassName", NOTHING),
    END,
};

static const struct spanlog_reading_key logback_keys[] = {
    MEANS("timestamp", TIME),
    MEANS("nanoseconds", NANOSECONDS),
    MEANS("sequenceNumber", NOTHING),
    END,
};

static const struct spanlog_reading_key tracing_keys[] = {
    MEANS("fields.message", MESSAGE),
    MEANS("target", LOGGER),
    MEANS("filename", SOURCE),
    MEANS("line_number", SOURCE_LINE),
    MEANS("span.name", SPAN_NAME),
    MEANS("fields.time.busy", BUSY),
    MEANS("fields.time.idle", IDLE),
    MEANS("time.busy", BUSY),
    MEANS("time.idle", IDLE),
    /* The number that the subscriber gave a span is no id of a trace's span. */
    MEANS("span.id", NOTHING),
    END,
};

static const struct spanlog_reading_key quill_keys[] = {
    MEANS("timestamp", TIME),
    MEANS("log_level", LEVEL),
    MEANS("message", MESSAGE),
    MEANS("file_name", SOURCE),
    MEANS("line", SOURCE_LINE),
    MEANS("thread_id", TID),
    END,
};

/* "Typically this is the name of the service", says its manual. */
static const struct spanlog_reading_key bunyan_keys[] = {
    MEANS("service", SERVICE),
    MEANS("name", SERVICE),
    MEANS("v", NOTHING),
    END,
};

static const struct spanlog_reading_key pino_keys[] = {
    MEANS("time", TIME),
    MEANS("name", LOGGER),
    END,
};

static const struct spanlog_reading_key python_keys[] = {
    MEANS("name", LOGGER),     MEANS("filename", SOURCE),
    MEANS("pathname", SOURCE), MEANS("lineno", SOURCE_LINE),
    MEANS("process", PID),     MEANS("thread", TID),
    MEANS("created", TIME),    END,
};

static const struct spanlog_reading_key structlog_keys[] = {
    MEANS("event", MESSAGE),
    MEANS("filename", SOURCE),
    MEANS("lineno", SOURCE_LINE),
    END,
};

static const struct spanlog_reading_key logrus_keys[] = {
    MEANS("file", SOURCE),
    END,
};

static const struct spanlog_reading_key gcp_keys[] = {
    MEANS("time", TIME),
    MEANS("timestamp", TIME),
    MEANS("severity", LEVEL),
    MEANS("message", MESSAGE),
    MEANS("serviceContext.service", SERVICE),
    MEANS("logging.googleapis.com/trace", TRACE_ID),
    MEANS("logging.googleapis.com/spanId", SPAN_ID),
    MEANS("logging.googleapis.com/sourceLocation.file", SOURCE),
    MEANS("logging.googleapis.com/sourceLocation.line", SOURCE_LINE),
    END,
};

static const struct spanlog_reading_key datadog_keys[] = {
    MEANS("timestamp", TIME),
    MEANS("date", TIME),
    MEANS("status", LEVEL),
    MEANS("message", MESSAGE),
    MEANS("trace_id", TRACE_ID),
    MEANS("span_id", SPAN_ID),
    MEANS("otel.status_code", STATUS),
    MEANS("error.message", ERROR),
    MEANS("logger.name", LOGGER),
    MEANS("ddsource", IGNORED),
    MEANS("logger.thread_name", NOTHING),
    END,
};

static const struct spanlog_reading_key azure_keys[] = {
    MEANS("timestamp", TIME),
    MEANS("TimeGenerated", TIME),
    MEANS("severityLevel", LEVEL_AZURE),
    MEANS("SeverityLevel", LEVEL_AZURE),
    MEANS("customDimensions", INSIDE),
    MEANS("Properties", INSIDE),
    END,
};

static const struct spanlog_reading_key zap_keys[] = {
    MEANS("logger", LOGGER),
    MEANS("caller", SOURCE),
    MEANS("duration", DURATION_S),
    END,
};

/* Wrappers: the message is a line of its own; the rest fills in what that does not say. */
static const struct spanlog_reading_key docker_keys[] = {
    MEANS("log", MESSAGE),
    MEANS("time", TIME),
    END,
};

static const struct spanlog_reading_key journald_keys[] = {
    MEANS("__REALTIME_TIMESTAMP", TIME),
    MEANS("_SOURCE_REALTIME_TIMESTAMP", TIME),
    MEANS("MESSAGE", MESSAGE),
    MEANS("PRIORITY", LEVEL_SYSLOG),
    MEANS("SYSLOG_IDENTIFIER", SERVICE),
    MEANS("_COMM", SERVICE),
    MEANS("_PID", PID),
    MEANS("SYSLOG_PID", PID),
    MEANS("_HOSTNAME", HOST),
    MEANS("TID", TID),
    MEANS("CODE_FILE", SOURCE),
    MEANS("CODE_LINE", SOURCE_LINE),
    MEANS("LOGGER", LOGGER),
    MEANS("TRACE_ID", TRACE_ID),
    MEANS("SPAN_ID", SPAN_ID),
    MEANS("__CURSOR", NOTHING),
    END,
};

static const struct spanlog_reading_key logcli_keys[] = {
    MEANS("line", MESSAGE),
    MEANS("timestamp", TIME),
    MEANS("labels.service_name", SERVICE),
    MEANS("labels.service", SERVICE),
    MEANS("labels.app", SERVICE),
    MEANS("labels.job", SERVICE),
    MEANS("labels.level", LEVEL),
    MEANS("labels.detected_level", LEVEL),
    MEANS("labels", INSIDE),
    END,
};

/* The special ones first; what many loggers share, last. */
const struct spanlog_reading spanlog_readings[] = {
    {"docker", {"log$ stream$", "log$ time$ !level !msg !message"}, docker_keys, 0},
    {"journald", {"__REALTIME_TIMESTAMP MESSAGE", "__CURSOR"}, journald_keys, 0},
    {"logcli", {"labels{ line$ timestamp"}, logcli_keys, 0},
    {"ecs", {"ecs.version", "@timestamp log.level", "processor.event"}, ecs_keys, 0},
    {"gelf", {"short_message"}, gelf_keys, SPANLOG_SCALE_SYSLOG},
    {"clef", {"@t"}, clef_keys, 0},
    {"seq", {"@Timestamp"}, seq_keys, 0},
    {"dotnet", {"LogLevel Category"}, dotnet_keys, 0},
    {"loguru", {"text$ record.message"}, loguru_keys, SPANLOG_SCALE_PYTHON},
    {"log4j2", {"instant{ loggerName", "timeMillis loggerName"}, log4j_keys, 0},
    {"quarkus", {"loggerClassName loggerName"}, quarkus_keys, 0},
    {"logback", {"timestamp# loggerName", "sequenceNumber loggerName"}, logback_keys, 0},
    {"logstash", {"@timestamp level_value", "@timestamp logger_name"}, NULL, 0},
    {"tracing", {"timestamp level target", "fields{ level target"}, tracing_keys, 0},
    {"quill", {"timestamp file_name log_level"}, quill_keys, 0},
    {"bunyan", {"v# level# name"}, bunyan_keys, SPANLOG_SCALE_TENS},
    {"pino",
     {"level# time# !v", "level# time msg", "time# pid hostname"},
     pino_keys,
     SPANLOG_SCALE_TENS},
    {"datadog", {"dd.trace_id status$ !level !severity", "ddsource status$"}, datadog_keys, 0},
    {"azure", {"operation_Id", "OperationId"}, azure_keys, SPANLOG_SCALE_AZURE},
    {"python",
     {"levelname message", "levelname asctime", "levelname name"},
     python_keys,
     SPANLOG_SCALE_PYTHON},
    {"structlog",
     {"event$ level$ !msg !message", "event$ timestamp !msg !message"},
     structlog_keys,
     0},
    {"gcp",
     {"severity$ message !level", "severity$ textPayload", "severity$ time !level"},
     gcp_keys,
     0},
    {"zap", {"level$ ts# msg", "level$ ts caller"}, zap_keys, 0},
    {"zerolog", {"level$ time message", "level$ time# !msg"}, NULL, 0},
    {"logrus", {"level$ time msg file"}, logrus_keys, 0},
    /* Without source or file these two cannot be told apart, and need not be. */
    {"slog", {"time level$ msg"}, NULL, 0},
    {"winston", {"level$ message$"}, NULL, 0},
    {"keys", {""}, NULL, SPANLOG_SCALE_OTEL}, /* any object: by the common keys */
    {NULL, {NULL}, NULL, 0},
};

const struct spanlog_reading_head spanlog_reading_heads[] = {
    {"ecs", {"@timestamp", "log.level", "message", "ecs.version"}},
    {"gcp", {"time", "severity", "message", "serviceContext.service"}},
    {"datadog", {"timestamp", "status", "message", "ddsource"}},
    {"zap", {"ts", "level", "msg", "service"}},
    {NULL, {NULL}},
};
