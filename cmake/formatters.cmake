# formatters/: dialects and the pure functions under them.
spanlog_folder(formatters formatters
  SOURCES
    table.c dialect_json.c dialect_logfmt.c dialect_pretty.c json_write.c text_write.c keys.c
    escape.c utf8.c json.c integer.c double_write.c double_read.c pow10_table.c time.c
    errno_names.c printf.c reading.c reading_values.c
  USES core)
