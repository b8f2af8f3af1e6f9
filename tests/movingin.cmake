# Tests of moving in: syslog(3), the shell verbs, the preloaded library, the guide. Real processes,
# real servers; what is missing is skipped and said, unless CI is set.
if(NOT TARGET spanlog_tool OR NOT TARGET spanlog_shared)
  return()
endif()
set(movingin_dir ${CMAKE_CURRENT_SOURCE_DIR}/movingin)
add_executable(movingin_writer ${movingin_dir}/writer.c)
target_link_libraries(movingin_writer PRIVATE spanlog_flags spanlog::spanlog)

function(spanlog_movingin_test name)
  add_test(NAME ${name} COMMAND ${Python3_EXECUTABLE} ${ARGN})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300 LABELS movingin
    ENVIRONMENT "${SPANLOG_SANITIZER_OPTIONS}")
endfunction()

spanlog_movingin_test(movingin_exec ${movingin_dir}/exec_test.py
  $<TARGET_FILE:spanlog_tool> $<TARGET_FILE:movingin_writer>)

# Compilers and preloaded programs have no sanitizer in them.
if(SPANLOG_SANITIZE)
  return()
endif()
spanlog_movingin_test(movingin_syslog ${movingin_dir}/syslog_test.py
  $<TARGET_FILE:spanlog_tool> $<TARGET_FILE:spanlog_shared> ${CMAKE_SOURCE_DIR}/include
  ${CMAKE_C_COMPILER})
