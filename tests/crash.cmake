# Crash tests: programs that die while they log, and what finds out whether anything was lost.
#
#     ctest -R crash              the short forms
#     tests/run crash             1,000 kills, 200 of each signal
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(crash_dir ${CMAKE_CURRENT_SOURCE_DIR}/crash)

add_executable(crash_check ${crash_dir}/crash_check.c ${crash_dir}/json_check.c)
add_executable(step_kill ${crash_dir}/step_kill.c)
foreach(program crash_check step_kill)
  target_link_libraries(${program} PRIVATE spanlog_flags)
endforeach()
add_test(NAME crash_checker_finds_lost_twice_and_torn
  COMMAND ${Python3_EXECUTABLE} ${crash_dir}/crash_check_test.py $<TARGET_FILE:crash_check>)

add_executable(crash_writer ${crash_dir}/crash_writer.c)
target_link_libraries(crash_writer PRIVATE spanlog_flags spanlog::spanlog)

set(crash_tools --writer $<TARGET_FILE:crash_writer> --check $<TARGET_FILE:crash_check>
  --spanlog $<TARGET_FILE:spanlog_tool>)

# Under a sanitizer the writers are slower than what the goal speaks of.
set(crash_rate)
if(SPANLOG_SANITIZE)
  set(crash_rate --min-rate 0)
endif()
add_test(NAME crash_loses_nothing_at_random_deaths
  COMMAND ${Python3_EXECUTABLE} ${crash_dir}/crash_run ${crash_tools} ${crash_rate})
add_test(NAME crash_checker_objects_when_nothing_is_recovered
  COMMAND ${Python3_EXECUTABLE} ${crash_dir}/crash_run ${crash_tools} ${crash_rate}
          --no-recovery --kills 20)
add_test(NAME crash_loses_nothing_at_each_step_of_the_protocol
  COMMAND ${Python3_EXECUTABLE} ${crash_dir}/step_run ${crash_tools}
          --step $<TARGET_FILE:step_kill>)
set_tests_properties(crash_loses_nothing_at_random_deaths
  crash_checker_objects_when_nothing_is_recovered
  crash_loses_nothing_at_each_step_of_the_protocol PROPERTIES TIMEOUT 300 LABELS crash)
# These ask for half a million records a second.
set_tests_properties(crash_loses_nothing_at_random_deaths
  crash_checker_objects_when_nothing_is_recovered PROPERTIES RUN_SERIAL ON)

# malloc is replaced and system calls are trapped: not together with a sanitizer.
if(NOT SPANLOG_SANITIZE AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  spanlog_test(no_syscalls_test
    SOURCES ${crash_dir}/no_syscalls_test.c ${crash_dir}/trap_calls.c)
  target_link_libraries(no_syscalls_test PRIVATE spanlog::spanlog)
  set_tests_properties(no_syscalls_test PROPERTIES RUN_SERIAL ON)
endif()
