# src/analyzer/ and src/cli/: the command `spanlog`.
spanlog_folder(analyzer src/analyzer
  SOURCES
    arena.c assert.c by.c calls.c cat.c check.c check_assert.c check_lines.c check_threads.c
    check_traces.c collect.c diff.c diff_lines.c diff_rank.c diff_traces.c each.c export.c
    export_group.c feed.c fields.c figures.c follow.c graph.c heat.c infer.c infer_place.c
    deflate.c inflate.c issues.c json.c last_lines.c line_read.c lines.c link.c links.c names.c near_end.c
    order.c parallel.c part.c path.c record.c retain.c retain_file.c rotated.c scan.c search.c series.c shape_tree.c
    shapes.c sketch.c skew.c skew_bounds.c sources.c stats.c stream.c strings.c table.c tail.c
    tail_hosts.c tail_show.c tally.c trace_build.c
    trace_find.c traces.c unfold.c where_leaf.c where_lex.c where_line.c where_parse.c
    where_print.c where_trace.c where_value.c wrapped.c render/check_render.c render/diff_render.c render/export_chrome.c
    render/export_jaeger.c render/export_parts.c render/export_rows.c render/export_zipkin.c
    render/output.c render/trace_fold.c render/trace_items.c render/trace_json.c
    render/trace_text.c translate/dialects.c translate/filling.c translate/ids.c
    translate/logger.c translate/logger_attributes.c translate/logger_copy.c
    translate/logger_span.c translate/members.c translate/journald_own.c translate/syslog.c translate/syslog_own.c translate/text.c
    translate/text_json.c translate/text_logfmt.c translate/translate.c translate/wrapped.c
    render/traces_json.c render/traces_text.c
    render/columns.c render/graph_draw.c render/graph_text.c render/heat_json.c render/heat_text.c
    render/path_text.c render/questions_json.c render/shapes_text.c render/stats_text.c
  USES formatters core)
# The engine's own: how lines are taken apart, what memory has no room for, the sidecar index.
target_sources(spanlog_analyzer PRIVATE
  src/analyzer/digest.c src/analyzer/record_members.c src/analyzer/record_brief.c src/analyzer/quotes.c src/analyzer/form.c src/analyzer/spill.c
  src/analyzer/index_read.c src/analyzer/index_write.c)
# Documents that hold many spans and logs.
target_sources(spanlog_analyzer PRIVATE
  src/analyzer/translate/array.c src/analyzer/translate/chrome.c src/analyzer/translate/document.c src/analyzer/translate/draft.c
  src/analyzer/translate/draft_fields.c
  src/analyzer/translate/jaeger.c src/analyzer/translate/known.c src/analyzer/translate/loki.c
  src/analyzer/translate/otel_console.c src/analyzer/translate/otel_record.c
  src/analyzer/translate/otel_value.c src/analyzer/translate/otlp.c src/analyzer/translate/zipkin.c)

# What archives are read with: of the tool only, never of the library.
find_package(PkgConfig REQUIRED)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
target_link_libraries(spanlog_analyzer PRIVATE PkgConfig::ZLIB PkgConfig::ZSTD m)

add_executable(spanlog_tool
  src/cli/main.c src/cli/cat.c src/cli/check.c src/cli/diff.c src/cli/export.c
  src/cli/following.c src/cli/graph.c src/cli/index.c src/cli/input.c src/cli/options.c src/cli/options_draw.c src/cli/options_follow.c
  src/cli/path.c src/cli/question.c src/cli/shapes.c src/cli/stats.c src/cli/tail.c
  src/cli/trace.c src/cli/trace_query.c src/cli/traces.c src/cli/values.c)
set_target_properties(spanlog_tool PROPERTIES OUTPUT_NAME spanlog)
target_compile_definitions(spanlog_tool PRIVATE SPANLOG_VERSION="${PROJECT_VERSION}")
target_link_libraries(spanlog_tool PRIVATE spanlog_flags spanlog_analyzer ${CMAKE_DL_LIBS})
# The verbs that write: with the library itself.
target_sources(spanlog_tool PRIVATE
  src/cli/config.c src/cli/config_docs.c src/cli/recover.c src/cli/retain.c src/cli/shell.c src/cli/log.c
  src/cli/ship.c src/cli/ship_options.c
  src/cli/exec.c src/cli/exec_child.c src/cli/exec_finish.c src/cli/exec_setup.c)
target_link_libraries(spanlog_tool PRIVATE spanlog_static)
# The verbs that talk to living processes.
spanlog_folder(attach src/control SOURCES attach.c attach_find.c rules.c save.c USES core config)
target_sources(spanlog_tool PRIVATE src/cli/control.c src/cli/live.c src/cli/status.c)
target_link_libraries(spanlog_tool PRIVATE spanlog_attach)
install(FILES docs/spanlog.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES docs/spanlog.conf.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(TARGETS spanlog_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
