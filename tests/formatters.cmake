# Tests of formatters/. The Python ones drive a small C program and judge with Python's own library.
find_package(Python3 COMPONENTS Interpreter REQUIRED)

foreach(part integer time utf8 escape json errno)
  spanlog_test(format_${part}_test SOURCES unit/format_${part}_test.c USES formatters)
endforeach()
spanlog_test(format_double_test SOURCES unit/format_double_test.cc USES formatters)

spanlog_test(format_dialect_test SOURCES conformance/format_dialect_test.c USES formatters)
spanlog_test(format_foreign_test SOURCES conformance/format_foreign_test.c USES formatters)

# format_driver: text in on stdin, what the functions make of it out on stdout.
add_executable(format_driver unit/format_driver.c)
target_link_libraries(format_driver PRIVATE spanlog_flags spanlog_formatters)
add_test(NAME format_python_test
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/unit/format_python_test.py
          $<TARGET_FILE:format_driver>)

# format_lines: random records of every shape in one dialect, one line each.
add_executable(format_lines conformance/format_lines.c)
target_link_libraries(format_lines PRIVATE spanlog_flags spanlog_formatters)
# Of random values other builds need fewer: they look for other faults.
set(lines 4000)
if(SPANLOG_SANITIZE OR SPANLOG_PORTABLE)
  set(lines 500)
  target_compile_definitions(format_double_test PRIVATE SPANLOG_FEWER=10)
endif()
add_test(NAME format_lines_test
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/conformance/format_lines_test.py
          $<TARGET_FILE:format_lines> ${lines})
set_tests_properties(format_python_test format_lines_test PROPERTIES TIMEOUT 120)

spanlog_fuzzer(format_escape_fuzz SOURCES fuzz/format_escape_fuzz.c USES formatters)
spanlog_fuzzer(format_json_fuzz SOURCES fuzz/format_json_fuzz.c USES formatters)
