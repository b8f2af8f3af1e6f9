# Tests against the programs of others, which are fetched: they skip, saying so, where that cannot be.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_executable(propagation_headers ${CMAKE_CURRENT_SOURCE_DIR}/interop/propagation_headers.c)
target_link_libraries(propagation_headers PRIVATE spanlog_flags spanlog_propagation)
add_test(NAME propagation_agrees_with_opentelemetry_python
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/interop/propagation_test.py
          $<TARGET_FILE:propagation_headers> ${CMAKE_BINARY_DIR}/interop)
set_tests_properties(propagation_agrees_with_opentelemetry_python PROPERTIES
  TIMEOUT 600 SKIP_RETURN_CODE 77 LABELS "interop;once")

# Daemons that collect logs.
add_executable(daemons_writer ${CMAKE_CURRENT_SOURCE_DIR}/interop/daemons/writer.c)
target_link_libraries(daemons_writer PRIVATE spanlog_flags spanlog::spanlog)
foreach(daemon rsyslog journald)
  add_test(NAME output_reaches_${daemon}
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/interop/daemons/${daemon}_test.py
            $<TARGET_FILE:daemons_writer> $<TARGET_FILE:spanlog_tool>)
  set_tests_properties(output_reaches_${daemon} PROPERTIES TIMEOUT 120 SKIP_RETURN_CODE 77
    LABELS "interop;once")
endforeach()

add_executable(sampling_ids ${CMAKE_CURRENT_SOURCE_DIR}/interop/sampling_ids.c)
target_link_libraries(sampling_ids PRIVATE spanlog_flags spanlog::spanlog)
add_test(NAME sampling_agrees_with_opentelemetrys_go_and_python
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/interop/sampling_test.py
          $<TARGET_FILE:sampling_ids> ${CMAKE_BINARY_DIR}/interop)
set_tests_properties(sampling_agrees_with_opentelemetrys_go_and_python PROPERTIES
  TIMEOUT 900 SKIP_RETURN_CODE 77 LABELS "interop;once")

add_executable(metrics_text ${CMAKE_CURRENT_SOURCE_DIR}/conformance/metrics_text.c)
target_link_libraries(metrics_text PRIVATE spanlog_flags spanlog::spanlog)
add_test(NAME metrics_are_read_by_strict_parsers
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/conformance/metrics_text_test.py
          $<TARGET_FILE:metrics_text> ${CMAKE_BINARY_DIR}/interop-metrics)
set_tests_properties(metrics_are_read_by_strict_parsers PROPERTIES
  TIMEOUT 600 SKIP_RETURN_CODE 77 LABELS "interop;once")

# The example, whether examples are built or not.
if(TARGET spanlog::microhttpd)
  add_executable(metrics_server ${CMAKE_SOURCE_DIR}/examples/metrics.c)
  target_link_libraries(metrics_server PRIVATE spanlog_flags spanlog::spanlog spanlog::microhttpd)
  add_test(NAME a_real_prometheus_scrapes_the_example
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/interop/prometheus_test.py
            $<TARGET_FILE:metrics_server> ${CMAKE_SOURCE_DIR}/docs/metrics.md)
  set_tests_properties(a_real_prometheus_scrapes_the_example PROPERTIES
    TIMEOUT 180 SKIP_RETURN_CODE 77 LABELS "interop;once")
endif()

# What docs/operations/ holds: without servers, and against real ones.
set(operations ${CMAKE_CURRENT_SOURCE_DIR}/interop/operations)
add_test(NAME operations_kit_is_right
  COMMAND ${Python3_EXECUTABLE} ${operations}/kit_test.py $<TARGET_FILE:daemons_writer>
          $<TARGET_FILE:spanlog_tool>)
set_tests_properties(operations_kit_is_right PROPERTIES TIMEOUT 120 LABELS "interop;once")
add_test(NAME operations_dashboard_has_grafanas_types
  COMMAND ${Python3_EXECUTABLE} ${operations}/dashboard_types_test.py ${CMAKE_BINARY_DIR}/interop/grafana)
set_tests_properties(operations_dashboard_has_grafanas_types PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77
  LABELS "interop;once;slow;servers")
add_test(NAME operations_alloy_reads_its_settings
  COMMAND ${Python3_EXECUTABLE} ${operations}/alloy_test.py ${CMAKE_BINARY_DIR}/interop/alloy)
set_tests_properties(operations_alloy_reads_its_settings PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77
  LABELS "interop;once;slow;servers")
if(TARGET shop-gateway AND TARGET spanlog_ship)
  add_test(NAME operations_kit_on_real_servers
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/integrations/with_postgres.py
            ${Python3_EXECUTABLE} ${operations}/servers_test.py $<TARGET_FILE:daemons_writer>
            $<TARGET_FILE:spanlog_tool> $<TARGET_FILE_DIR:shop-gateway>)
  set_tests_properties(operations_kit_on_real_servers PROPERTIES TIMEOUT 3600 SKIP_RETURN_CODE 77
    LABELS "interop;once;slow;servers")
endif()
