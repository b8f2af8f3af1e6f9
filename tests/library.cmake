# Tests of the library as programs use it. unit/library_check.h: a process for each test.
if(NOT TARGET spanlog_shared)
  return()
endif()

add_library(library_check STATIC unit/library_check.c crash/json_check.c)
target_link_libraries(library_check PUBLIC spanlog_flags PkgConfig::CMOCKA spanlog::spanlog)

function(spanlog_library_test name)
  spanlog_test(${name} SOURCES unit/${name}.c TIMEOUT 300)
  target_link_libraries(${name} PRIVATE library_check)
  set_tests_properties(${name} PROPERTIES LABELS library)
endfunction()

spanlog_library_test(library_span_test)
spanlog_library_test(library_log_test)
target_sources(library_log_test PRIVATE unit/library_named.c)
spanlog_library_test(library_printf_test)
spanlog_library_test(library_bad_input_test)
target_compile_definitions(library_bad_input_test PRIVATE
  STRICT_JSON="${CMAKE_CURRENT_SOURCE_DIR}/unit/strict_json.py")
spanlog_library_test(library_config_test)
spanlog_library_test(library_propagation_test)
spanlog_library_test(library_file_test)
