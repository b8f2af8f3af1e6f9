# src/analyzer/ and src/cli/: the command `spanlog`.
# The rooms of src/analyzer/, in the order in which one may use another (CMakeLists.txt).
spanlog_folder(analyzer src/analyzer
  SOURCES
    base/arena.c base/output.c base/parallel.c base/scratch.c base/series.c base/sketch.c base/strings.c
    read/fields.c read/form.c read/json.c read/line_read.c read/quotes.c read/record.c
    read/record_brief.c read/record_members.c read/search.c
    unpack/deflate.c unpack/feed.c unpack/inflate.c unpack/unfold.c unpack/wrapped.c
    input/follow.c input/issues.c input/near_end.c input/rotated.c input/scan.c input/sources.c
    input/stream.c
    translate/dialects.c translate/filling.c translate/ids.c translate/journald_own.c translate/known.c
    translate/lines.c translate/logger.c translate/logger_attributes.c translate/logger_copy.c
    translate/logger_span.c translate/members.c translate/translate.c translate/wrapped.c
    translate/text/syslog.c translate/text/syslog_own.c translate/text/text.c translate/text/text_json.c
    translate/text/text_logfmt.c
    translate/documents/array.c translate/documents/chrome.c translate/documents/document.c
    translate/documents/draft.c translate/documents/draft_fields.c translate/documents/jaeger.c
    translate/documents/loki.c translate/documents/otel_console.c translate/documents/otel_record.c
    translate/documents/otel_value.c translate/documents/otlp.c translate/documents/zipkin.c
    index/index_read.c index/index_write.c
    where/where_leaf.c where/where_lex.c where/where_line.c where/where_parse.c where/where_print.c
    where/where_value.c
    rows/collect.c rows/digest.c rows/names.c rows/part.c rows/spill.c rows/table.c
    trees/each.c trees/figures.c trees/link.c trees/order.c trees/skew.c trees/skew_bounds.c
    trees/where_trace.c
    questions/by.c questions/calls.c questions/graph.c questions/heat.c questions/links.c
    questions/path.c questions/shape_tree.c questions/shapes.c questions/stats.c questions/tally.c
    questions/traces.c
    trace/infer.c trace/infer_place.c trace/last_lines.c trace/tail.c trace/tail_hosts.c
    trace/tail_show.c trace/trace_build.c trace/trace_find.c
    check/assert.c check/check.c check/check_assert.c check/check_lines.c check/check_threads.c
    check/check_traces.c
    diff/diff.c diff/diff_lines.c diff/diff_rank.c diff/diff_traces.c diff/diff_values.c
    export/cat.c export/export.c export/export_chrome.c export/export_group.c export/export_jaeger.c
    export/export_parts.c export/export_rows.c export/export_zipkin.c
    retain/retain.c retain/retain_file.c retain/retain_traces.c
    render/check_render.c render/columns.c render/diff_render.c render/graph_draw.c render/graph_text.c
    render/heat_json.c render/heat_text.c render/logql.c render/path_text.c render/questions_json.c
    render/shapes_text.c render/stats_text.c render/trace_fold.c render/trace_items.c
    render/trace_json.c render/trace_text.c render/traces_json.c render/traces_text.c
  USES formatters core)

# What archives are read with: of the tool only, never of the library.
find_package(PkgConfig REQUIRED)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
target_link_libraries(spanlog_analyzer PRIVATE PkgConfig::ZLIB PkgConfig::ZSTD m)

add_executable(spanlog_tool
  src/cli/main.c src/cli/cat.c src/cli/check.c src/cli/diff.c src/cli/export.c
  src/cli/following.c src/cli/graph.c src/cli/index.c src/cli/input.c src/cli/options.c src/cli/options_draw.c src/cli/options_flags.c src/cli/options_follow.c
  src/cli/path.c src/cli/question.c src/cli/shapes.c src/cli/stats.c src/cli/tail.c
  src/cli/trace.c src/cli/trace_query.c src/cli/traces.c src/cli/values.c)
set_target_properties(spanlog_tool PROPERTIES OUTPUT_NAME spanlog)
target_compile_definitions(spanlog_tool PRIVATE SPANLOG_VERSION="${PROJECT_VERSION}")
target_link_libraries(spanlog_tool PRIVATE spanlog_flags spanlog_analyzer ${CMAKE_DL_LIBS})
# The verbs that write: with the library itself.
target_sources(spanlog_tool PRIVATE
  src/cli/config.c src/cli/config_docs.c src/cli/recover.c src/cli/retain.c src/cli/shell.c src/cli/log.c
  src/cli/from.c src/cli/options_from.c src/cli/ship.c src/cli/ship_library.c src/cli/ship_options.c
  src/cli/exec.c src/cli/exec_child.c src/cli/exec_finish.c src/cli/exec_setup.c)
target_link_libraries(spanlog_tool PRIVATE spanlog_static)
# The verbs that talk to living processes.
spanlog_folder(attach src/control SOURCES attach.c attach_find.c rules.c save.c USES core config)
target_sources(spanlog_tool PRIVATE src/cli/control.c src/cli/live.c src/cli/status.c)
target_link_libraries(spanlog_tool PRIVATE spanlog_attach)
install(FILES docs/spanlog.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES docs/spanlog.conf.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(TARGETS spanlog_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
