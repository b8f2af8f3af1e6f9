# Tests of moving in: syslog(3), the shell verbs, the preloaded library, the guide. Real processes,
# real servers; what is missing is skipped and said, unless CI is set.
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

spanlog_test(movingin_sql_test
  SOURCES ${movingin_dir}/sql_test.c ${CMAKE_SOURCE_DIR}/src/integrations/preload/sql.c
          ${CMAKE_SOURCE_DIR}/src/integrations/sql_redact.c)
pkg_check_modules(MOVINGIN_ABI libcurl sqlite3 libpq)
if(MOVINGIN_ABI_FOUND)
  add_library(movingin_abi OBJECT ${movingin_dir}/abi.c)
  target_link_libraries(movingin_abi PRIVATE spanlog_flags)
  target_include_directories(movingin_abi SYSTEM PRIVATE ${MOVINGIN_ABI_INCLUDE_DIRS})
endif()

# Compilers and preloaded programs have no sanitizer in them.
if(SPANLOG_SANITIZE)
  return()
endif()
spanlog_movingin_test(movingin_syslog ${movingin_dir}/syslog_test.py
  $<TARGET_FILE:spanlog_tool> $<TARGET_FILE:spanlog_shared> ${CMAKE_SOURCE_DIR}/include
  ${CMAKE_C_COMPILER})
spanlog_movingin_test(movingin_preload ${movingin_dir}/preload_test.py
  $<TARGET_FILE:spanlog_tool> $<TARGET_FILE:spanlog_preload> ${CMAKE_C_COMPILER})
spanlog_movingin_test(movingin_guide ${movingin_dir}/migration_test.py
  $<TARGET_FILE:spanlog_tool> $<TARGET_FILE:spanlog_shared> ${CMAKE_SOURCE_DIR}/include
  ${CMAKE_SOURCE_DIR}/docs/migration.md ${CMAKE_C_COMPILER})
