# Tests of src/ship/ and `spanlog ship`.
#
#     ctest -R ship                  units, and a server that has every fault, class by class
#     tests/run interop              against real servers, which are built once
if(NOT TARGET spanlog_ship)
  return()
endif()
spanlog_test(ship_test SOURCES unit/ship_test.c USES ship)
spanlog_test(ship_archive_test SOURCES unit/ship_archive_test.c USES ship)
spanlog_test(ask_test SOURCES unit/ask_test.c USES ship)

set(ship ${CMAKE_CURRENT_SOURCE_DIR}/interop/ship)
set(limits)
if(SPANLOG_SANITIZE)
  set(limits --no-memory)
endif()
foreach(class Arriving Rotating Compressed Faults Doors Certificates Idle)
  string(TOLOWER ${class} name)
  add_test(NAME ship_${name}
    COMMAND ${Python3_EXECUTABLE} ${ship}/ship_test.py $<TARGET_FILE:spanlog_tool> ${limits} ${class})
  set_tests_properties(ship_${name} PROPERTIES TIMEOUT 300
    ENVIRONMENT "${SPANLOG_SANITIZER_OPTIONS}")
endforeach()
# Programs compress in what nobody else wants of the processors: so one is left over for them.
set_tests_properties(ship_rotating ship_compressed PROPERTIES PROCESSORS 2 COST 1000 TIMEOUT 600)
set_property(TEST ship_idle PROPERTY LABELS once)
add_test(NAME tool_asks_loki
  COMMAND ${Python3_EXECUTABLE} ${ship}/ask_test.py $<TARGET_FILE:spanlog_tool> ${limits})
set_tests_properties(tool_asks_loki PROPERTIES TIMEOUT 300
  ENVIRONMENT "${SPANLOG_SANITIZER_OPTIONS}")
foreach(name arriving faults)
  spanlog_threaded(ship_${name} spanlog_tool)
endforeach()

foreach(server loki ask_loki jaeger zipkin victoria)
  string(REPLACE "ship_to_ask_loki" "tool_asks_a_real_loki" name ship_to_${server})
  add_test(NAME ${name}
    COMMAND ${Python3_EXECUTABLE} ${ship}/${server}_test.py $<TARGET_FILE:spanlog_tool>
            $<TARGET_FILE:make_corpus>)
  set_tests_properties(${name} PROPERTIES TIMEOUT 3600 SKIP_RETURN_CODE 77
    LABELS "interop;once;slow;servers")
endforeach()

# Every row of the ship table, with a proxy in front of them for what they cannot be made to show.
add_test(NAME ship_through_faults
  COMMAND ${Python3_EXECUTABLE} ${ship}/faults_real_test.py $<TARGET_FILE:spanlog_tool>)
set_tests_properties(ship_through_faults PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77
  LABELS "interop;once;slow;servers")

# The same inside a program.
add_executable(ship_program ${ship}/program.c)
target_link_libraries(ship_program PRIVATE spanlog_flags spanlog::spanlog)
add_dependencies(ship_program spanlog_ship_shared)
# Where the libraries lie it is told by the environment: clang's sanitizers call dlopen for it, and
# then its own run path counts.
set_target_properties(ship_program PROPERTIES SKIP_BUILD_RPATH ON)
foreach(class Environment Certificates Deaths Troubles Several Live Quiet)
  string(TOLOWER ${class} name)
  add_test(NAME ship_inside_${name}
    COMMAND ${Python3_EXECUTABLE} ${ship}/inside_test.py $<TARGET_FILE:spanlog_tool>
            $<TARGET_FILE:ship_program> ${limits} ${class})
  set_tests_properties(ship_inside_${name} PROPERTIES TIMEOUT 300
    ENVIRONMENT "${SPANLOG_SANITIZER_OPTIONS}")
endforeach()
set_property(TEST ship_inside_quiet PROPERTY LABELS once)
set(gateway)
if(TARGET shop-gateway)
  set(gateway $<TARGET_FILE:shop-gateway>)
endif()
add_test(NAME ship_inside_to_servers
  COMMAND ${Python3_EXECUTABLE} ${ship}/inside_servers_test.py $<TARGET_FILE:spanlog_tool>
          $<TARGET_FILE:ship_program> ${gateway})
set_tests_properties(ship_inside_to_servers PROPERTIES TIMEOUT 3600 SKIP_RETURN_CODE 77
  LABELS "interop;once;slow;servers")

# Nothing in these depends on the processor or on what its portable paths replace.
set_property(TEST ship_rotating ship_compressed ship_faults ship_certificates ship_inside_certificates
  ship_inside_troubles ship_inside_several ship_inside_live tool_asks_loki APPEND PROPERTY LABELS network)

spanlog_fuzzer(ship_fuzz SOURCES fuzz/ship_fuzz.c USES ship)
