# src/analyzer/ and src/cli/: the command `spanlog`.
spanlog_folder(analyzer src/analyzer
  SOURCES
    arena.c cat.c collect.c each.c fields.c figures.c issues.c json.c line_read.c lines.c link.c names.c order.c
    parallel.c members.c part.c quotes.c record.c scan.c search.c sources.c strings.c table.c trace_build.c
    trace_find.c traces.c translate/translate.c
    render/output.c render/trace_items.c render/trace_json.c render/trace_text.c
    render/traces_json.c render/traces_text.c
  USES formatters core)

add_executable(spanlog_tool
  src/cli/main.c src/cli/cat.c src/cli/input.c src/cli/options.c src/cli/trace.c src/cli/traces.c)
set_target_properties(spanlog_tool PROPERTIES OUTPUT_NAME spanlog)
target_compile_definitions(spanlog_tool PRIVATE SPANLOG_VERSION="${PROJECT_VERSION}")
target_link_libraries(spanlog_tool PRIVATE spanlog_flags spanlog_analyzer)
if(TARGET spanlog_back AND EXISTS ${CMAKE_SOURCE_DIR}/src/cli/recover.c)
  target_sources(spanlog_tool PRIVATE src/cli/recover.c)
  target_compile_definitions(spanlog_tool PRIVATE SPANLOG_TOOL_RECOVER=1)
  target_link_libraries(spanlog_tool PRIVATE spanlog_back)
endif()
install(TARGETS spanlog_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
