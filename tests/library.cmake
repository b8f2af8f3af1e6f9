# Tests of the library as programs use it. unit/library_check.h: a process for each test.
add_library(library_check STATIC unit/library_check.c crash/json_check.c)
target_link_libraries(library_check PUBLIC spanlog_flags PkgConfig::CMOCKA spanlog::spanlog)

function(spanlog_library_test name)
  spanlog_test(${name} SOURCES unit/${name}.c TIMEOUT 300)
  target_link_libraries(${name} PRIVATE library_check)
  set_tests_properties(${name} PROPERTIES LABELS library)
  spanlog_threaded(${name} ${name})
endfunction()

spanlog_library_test(library_span_test)
spanlog_library_test(library_span_limits_test)
spanlog_library_test(library_log_test)
target_sources(library_log_test PRIVATE unit/library_named.c)
spanlog_library_test(library_printf_test)
spanlog_library_test(library_bad_input_test)
target_compile_definitions(library_bad_input_test PRIVATE
  STRICT_JSON="${CMAKE_CURRENT_SOURCE_DIR}/unit/strict_json.py")
spanlog_library_test(library_config_test)
spanlog_test(settings_test SOURCES unit/settings_test.c USES config formatters)
spanlog_test(settings_text_test SOURCES unit/settings_text_test.c USES config formatters)
spanlog_test(settings_exports_test SOURCES unit/settings_exports_test.c USES config formatters)
spanlog_test(redact_test SOURCES unit/redact_test.c USES core)
spanlog_test(sampling_test SOURCES unit/sampling_test.c USES sampling)
target_link_libraries(sampling_test PRIVATE m)
set_tests_properties(sampling_test PROPERTIES LABELS sampling)
spanlog_threaded(sampling_test sampling_test)
spanlog_test(undecided_test SOURCES unit/undecided_test.c USES back)
set_tests_properties(undecided_test PROPERTIES LABELS sampling)
spanlog_library_test(library_sampling_test)
spanlog_library_test(library_tail_test)
spanlog_library_test(library_burst_test)
spanlog_library_test(library_flight_test)
spanlog_library_test(library_files_test)
spanlog_library_test(library_reload_test)
spanlog_library_test(library_metrics_test)
spanlog_library_test(library_metrics_file_test)
spanlog_library_test(library_red_test)
spanlog_library_test(library_redact_test)
target_compile_definitions(library_redact_test PRIVATE SPANLOG_TOOL="$<TARGET_FILE:spanlog_tool>")
add_dependencies(library_redact_test spanlog_tool)
spanlog_library_test(library_propagation_test)
spanlog_library_test(library_propagators_test)
spanlog_test(propagation_test SOURCES conformance/propagation_test.c USES propagation)
set_tests_properties(propagation_test PROPERTIES LABELS propagation)
spanlog_threaded(propagation_test propagation_test)
spanlog_fuzzer(config_fuzz SOURCES fuzz/config_fuzz.c USES config)
spanlog_fuzzer(redact_fuzz SOURCES fuzz/redact_fuzz.c USES core formatters)
spanlog_fuzzer(propagation_fuzz SOURCES fuzz/propagation_fuzz.c USES propagation)
spanlog_fuzzer(sampling_fuzz SOURCES fuzz/sampling_fuzz.c USES sampling)
spanlog_library_test(library_file_test)
spanlog_library_test(library_disk_test)
spanlog_library_test(library_compress_test)
# What compresses has what nobody else wants of the processors: so one is left over for it. With these
# tests first, the short ones fill what is left beside them.
set_tests_properties(library_compress_test PROPERTIES PROCESSORS 2 COST 1000)
target_link_libraries(library_compress_test PRIVATE ${CMAKE_DL_LIBS})
spanlog_test(rotation_test SOURCES unit/rotation_test.c USES sinks)
spanlog_test(sink_journald_test SOURCES unit/sink_journald_test.c USES sinks)
spanlog_library_test(library_stream_test)
spanlog_library_test(library_pace_test)
spanlog_library_test(library_process_test)
add_library(library_plugin MODULE unit/library_plugin.c)
target_link_libraries(library_plugin PRIVATE spanlog_flags spanlog::spanlog)
target_compile_options(library_plugin PRIVATE -fvisibility=default)
# The same with a library of its own inside.
add_library(library_plugin_static MODULE unit/library_plugin.c)
target_link_libraries(library_plugin_static PRIVATE spanlog_flags spanlog::static)
target_compile_options(library_plugin_static PRIVATE -fvisibility=default)
target_link_options(library_plugin_static PRIVATE -Wl,--exclude-libs,ALL)
target_link_libraries(library_process_test PRIVATE ${CMAKE_DL_LIBS})
target_compile_definitions(library_process_test PRIVATE
  PLUGIN="$<TARGET_FILE:library_plugin>" PLUGIN_STATIC="$<TARGET_FILE:library_plugin_static>"
  LIBRARY="$<TARGET_FILE:spanlog_shared>"
  SPANLOG_TOOL="$<TARGET_FILE:spanlog_tool>")
add_dependencies(library_process_test library_plugin library_plugin_static spanlog_tool)
spanlog_library_test(library_fork_test)
target_compile_definitions(library_fork_test PRIVATE SPANLOG_TOOL="$<TARGET_FILE:spanlog_tool>")
add_dependencies(library_fork_test spanlog_tool)
spanlog_library_test(library_journal_test)
target_link_libraries(library_journal_test PRIVATE spanlog_back)
target_compile_definitions(library_journal_test PRIVATE SPANLOG_TOOL="$<TARGET_FILE:spanlog_tool>")
add_dependencies(library_journal_test spanlog_tool)

spanlog_fuzzer(journal_fuzz SOURCES fuzz/journal_fuzz.c USES back)
if(SPANLOG_FUZZERS)
  # ninja journal_seeds: corpus/journal in the build folder, from journals of killed processes.
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  add_executable(journal_seed_writer fuzz/journal_seed_writer.c)
  target_link_libraries(journal_seed_writer PRIVATE spanlog_flags spanlog::spanlog)
  add_custom_target(journal_seeds
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/journal_seeds.py
            $<TARGET_FILE:journal_seed_writer> ${CMAKE_BINARY_DIR}/corpus/journal
    DEPENDS journal_seed_writer VERBATIM)
endif()

# A service under load, and what its log has of each trace.
add_executable(tail_load unit/tail_load.c)
target_link_libraries(tail_load PRIVATE spanlog_flags spanlog::spanlog)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME every_failing_trace_is_whole_under_load
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/unit/tail_load_test.py
          $<TARGET_FILE:tail_load>)
set_tests_properties(every_failing_trace_is_whole_under_load PROPERTIES TIMEOUT 300 LABELS library)
spanlog_threaded(every_failing_trace_is_whole_under_load tail_load)
add_test(NAME every_failing_trace_is_whole_under_long_load
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/unit/tail_load_test.py
          $<TARGET_FILE:tail_load> 100000)
set_tests_properties(every_failing_trace_is_whole_under_long_load PROPERTIES TIMEOUT 900 LABELS slow)

# ---- the headers, the installed tree, the sources --------------------------------------------------
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME headers_compile_in_every_language
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cxx/headers_test.py
          ${CMAKE_SOURCE_DIR}/include ${CMAKE_CURRENT_SOURCE_DIR}/cxx)
add_test(NAME installed_tree_builds_programs
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cxx/install_test.py
          ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR})
add_test(NAME config_verb_and_documents
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/unit/config_verb_test.py
          $<TARGET_FILE:spanlog_tool> ${CMAKE_SOURCE_DIR})
set_tests_properties(config_verb_and_documents PROPERTIES TIMEOUT 120 LABELS library)
add_test(NAME manual_page_of_the_tool
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/unit/manual_test.py
          $<TARGET_FILE:spanlog_tool> ${CMAKE_SOURCE_DIR})
set_tests_properties(manual_page_of_the_tool PROPERTIES TIMEOUT 120 LABELS library)
add_test(NAME includes_follow_the_law
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/unit/includes_test.py ${CMAKE_SOURCE_DIR})
set_tests_properties(headers_compile_in_every_language installed_tree_builds_programs
  includes_follow_the_law PROPERTIES TIMEOUT 300 LABELS "library;once")

# Call sites in inline functions and templates, run.
add_executable(library_cxx cxx/right.cc)
target_link_libraries(library_cxx PRIVATE spanlog_flags spanlog::spanlog)
add_test(NAME call_sites_work_in_cxx
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cxx/run_test.py $<TARGET_FILE:library_cxx>)
set_tests_properties(call_sites_work_in_cxx PROPERTIES TIMEOUT 60 LABELS library)
spanlog_threaded(call_sites_work_in_cxx library_cxx)

# ---- live control ----------------------------------------------------------------------------------
add_executable(live_program unit/live_program.c)
target_link_libraries(live_program PRIVATE spanlog_flags spanlog::spanlog ${CMAKE_DL_LIBS})
function(spanlog_live_test name file)
  add_test(NAME ${name}
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cli/${file}
            $<TARGET_FILE:spanlog_tool> $<TARGET_FILE:live_program> $<TARGET_FILE:library_plugin>)
  set_tests_properties(${name} PROPERTIES TIMEOUT 300 LABELS library
    ENVIRONMENT "${SPANLOG_SANITIZER_OPTIONS}")
  spanlog_threaded(${name} live_program library_plugin spanlog_tool)
endfunction()
spanlog_live_test(live_control live_test.py)
spanlog_live_test(live_control_of_outputs live_outputs_test.py)
set_tests_properties(live_control_of_outputs PROPERTIES PROCESSORS 2 COST 1000) # it compresses, too
foreach(name library_control_test library_hostile_test library_stats_test)
  spanlog_library_test(${name})
  target_sources(${name} PRIVATE unit/library_living.c)
  target_link_libraries(${name} PRIVATE spanlog_attach)
  target_compile_definitions(${name} PRIVATE SPANLOG_TOOL="$<TARGET_FILE:spanlog_tool>")
  add_dependencies(${name} spanlog_tool)
endforeach()
spanlog_test(control_rules_test SOURCES unit/control_rules_test.c USES attach)
set_tests_properties(control_rules_test PROPERTIES LABELS library)
spanlog_fuzzer(control_fuzz SOURCES fuzz/control_fuzz.c USES publish attach)
