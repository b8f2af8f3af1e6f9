# formatters/: dialects and the pure functions under them.
spanlog_folder(formatters formatters
  SOURCES
    table.c room.c dialect_json.c dialect_logfmt.c dialect_pretty.c json_write.c text_write.c keys.c
    json_layout.c dialect_ecs.c dialect_gcp.c dialect_datadog.c dialect_syslog.c dialect_zap.c
    dialect_otlp.c otlp_value.c
    escape.c utf8.c json.c integer.c double_write.c double_read.c pow10_table.c time.c
    errno_names.c printf.c reading.c reading_values.c
  USES core)
