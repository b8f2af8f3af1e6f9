# Tests of src/analyzer/ and src/cli/.
#
#     ctest -R analyzer                       units
#     ctest -R tool                           the command
#     tests/cli/run_cases.py BUILD/spanlog --update     what it prints becomes what is expected
find_package(Python3 COMPONENTS Interpreter REQUIRED)

foreach(part brief diff fields follow infer input quotes record scan search series shape skew
             sources tail tree)
  spanlog_test(analyzer_${part}_test SOURCES unit/analyzer_${part}_test.c USES analyzer)
endforeach()
target_link_libraries(analyzer_input_test PRIVATE PkgConfig::ZLIB PkgConfig::ZSTD)

foreach(part follow input scan)
  spanlog_threaded(analyzer_${part}_test analyzer_${part}_test)
endforeach()

foreach(part assert where where_line where_trace)
  spanlog_test(${part}_test SOURCES unit/${part}_test.c USES analyzer)
endforeach()

foreach(part logger line wrapped text)
  spanlog_test(translate_${part}_test SOURCES unit/translate_${part}_test.c USES analyzer)
endforeach()

add_test(NAME tool_prints_what_is_expected
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cli/run_cases.py
          $<TARGET_FILE:spanlog_tool>)
set(limits)
if(SPANLOG_SANITIZE)
  set(limits --no-memory --tenth)
endif()
add_test(NAME tool_stays_within_its_limits
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cli/limits_test.py
          $<TARGET_FILE:spanlog_tool> ${limits})
add_test(NAME tool_follows_logs
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cli/follow_test.py
          $<TARGET_FILE:spanlog_tool>)
set_tests_properties(tool_follows_logs PROPERTIES TIMEOUT 300)
add_test(NAME tool_retains_what_has_errors
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cli/retain_test.py
          $<TARGET_FILE:spanlog_tool> $<TARGET_FILE:step_kill>)
set_tests_properties(tool_retains_what_has_errors PROPERTIES TIMEOUT 300)
add_test(NAME tool_checks_large_logs
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cli/check_large_test.py
          $<TARGET_FILE:spanlog_tool>)
add_test(NAME tool_explains_what_changed
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cli/diff_faults_test.py
          $<TARGET_FILE:spanlog_tool>)
add_test(NAME golden_clock_skew
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/golden/clock_skew_test.py
          $<TARGET_FILE:spanlog_tool>)
set_tests_properties(golden_clock_skew PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)
add_test(NAME tool_reads_other_loggers
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/interop/loggers/samples_test.py
          $<TARGET_FILE:spanlog_tool>)
add_test(NAME tool_reads_back_every_dialect
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/conformance/read_back_test.py
          $<TARGET_FILE:format_lines> $<TARGET_FILE:spanlog_tool>)
set_tests_properties(tool_prints_what_is_expected tool_reads_back_every_dialect tool_stays_within_its_limits
  PROPERTIES TIMEOUT 300)

# The thread sanitizer need not see one thread read a hundred damaged indexes.
set(indexes)
if(SPANLOG_SANITIZE STREQUAL thread)
  set(indexes -k every_id)
endif()
add_test(NAME tool_answers_with_an_index_as_without
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cli/index_test.py
          $<TARGET_FILE:spanlog_tool> ${indexes})
set_tests_properties(tool_answers_with_an_index_as_without PROPERTIES TIMEOUT 300)

# The reading of JSON against two strict parsers.
pkg_check_modules(SIMDJSON REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(RAPIDJSON REQUIRED IMPORTED_TARGET RapidJSON)
add_library(json_strict STATIC ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/json_strict.cc)
target_link_libraries(json_strict PUBLIC spanlog_flags spanlog_analyzer PkgConfig::SIMDJSON
  PkgConfig::RAPIDJSON)
if(SPANLOG_SANITIZE MATCHES "undefined") # RapidJSON adds to null pointers
  target_compile_options(json_strict PRIVATE -fno-sanitize=undefined)
endif()
add_executable(json_strict_test ${CMAKE_CURRENT_SOURCE_DIR}/unit/json_strict_test.cc)
target_link_libraries(json_strict_test PRIVATE json_strict)
add_test(NAME json_is_read_as_strict_parsers_do COMMAND json_strict_test)
add_test(NAME json_is_read_as_strict_parsers_do_in_millions_of_lines
  COMMAND json_strict_test 20000000 5)
set_tests_properties(json_is_read_as_strict_parsers_do PROPERTIES TIMEOUT 120)
set_tests_properties(json_is_read_as_strict_parsers_do_in_millions_of_lines
  PROPERTIES TIMEOUT 900 LABELS slow)
# Exports: their shapes, and real databases, which come from PyPI into a folder of the build.
set(exports ${CMAKE_CURRENT_SOURCE_DIR}/interop/exports)
add_test(NAME tool_exports_shapes_that_others_read
  COMMAND ${Python3_EXECUTABLE} ${exports}/shapes_test.py $<TARGET_FILE:spanlog_tool>)
foreach(database duckdb clickhouse)
  add_test(NAME tool_exports_rows_that_${database}_reads
    COMMAND ${Python3_EXECUTABLE} ${exports}/${database}_test.py $<TARGET_FILE:spanlog_tool>
            ${CMAKE_BINARY_DIR}/python-${database})
endforeach()
set_tests_properties(tool_exports_rows_that_duckdb_reads PROPERTIES
  LABELS interop SKIP_RETURN_CODE 77 TIMEOUT 900)
set_tests_properties(tool_exports_rows_that_clickhouse_reads PROPERTIES
  LABELS "interop;slow" SKIP_RETURN_CODE 77 TIMEOUT 1800)

# make_corpus 200 > corpus.jsonl: what to measure with.
add_executable(make_corpus ${CMAKE_CURRENT_SOURCE_DIR}/bench/make_corpus.c)
target_link_libraries(make_corpus PRIVATE spanlog_flags)

spanlog_fuzzer(index_fuzz SOURCES fuzz/index_fuzz.c USES analyzer)
spanlog_fuzzer(json_strict_fuzz SOURCES fuzz/json_strict_fuzz.cc USES analyzer)
if(TARGET json_strict_fuzz)
  target_link_libraries(json_strict_fuzz PRIVATE json_strict)
endif()
foreach(part otel documents hostile)
  spanlog_test(translate_${part}_test SOURCES unit/translate_${part}_test.c USES analyzer)
endforeach()
spanlog_fuzzer(documents_fuzz SOURCES fuzz/documents_fuzz.c USES analyzer)
set(questions)
if(SPANLOG_SANITIZE STREQUAL "thread") # the others are about numbers and looks
  set(questions -k one_thread_and_four)
endif()
add_test(NAME tool_answers_questions_as_a_plain_count_does
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cli/questions_test.py
          $<TARGET_FILE:spanlog_tool> $<TARGET_FILE:make_corpus> ${questions})
add_test(NAME tool_answers_as_traceweaver_does
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/golden/traceweaver_test.py
          $<TARGET_FILE:spanlog_tool>)
set_tests_properties(tool_answers_questions_as_a_plain_count_does tool_answers_as_traceweaver_does
  PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)

spanlog_fuzzer(analyzer_line_fuzz SOURCES fuzz/analyzer_line_fuzz.c USES analyzer)
spanlog_fuzzer(where_fuzz SOURCES fuzz/where_fuzz.c USES analyzer)
spanlog_fuzzer(analyzer_unfold_fuzz SOURCES fuzz/analyzer_unfold_fuzz.c USES analyzer)
spanlog_fuzzer(translate_fuzz SOURCES fuzz/translate_fuzz.c USES analyzer)
foreach(test tool_follows_logs tool_answers_with_an_index_as_without
             tool_answers_questions_as_a_plain_count_does tool_answers_as_traceweaver_does)
  spanlog_threaded(${test} spanlog_tool make_corpus)
endforeach()
