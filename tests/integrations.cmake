# Tests of src/integrations/ against real peers. Each is built when its library is there.
if(NOT TARGET spanlog_shared)
  return()
endif()

# spanlog_integration_test(NAME of=target [SOURCES more]): integrations/integration_NAME_test.c.
function(spanlog_integration_test name)
  cmake_parse_arguments(T "" "" "SOURCES;USES" ${ARGN})
  list(TRANSFORM T_SOURCES PREPEND integrations/)
  spanlog_test(integration_${name}_test
    SOURCES integrations/integration_${name}_test.c ${T_SOURCES} TIMEOUT 300)
  target_link_libraries(integration_${name}_test PRIVATE library_check ${T_USES})
  set_tests_properties(integration_${name}_test PROPERTIES LABELS integration)
endfunction()

spanlog_integration_test(http USES spanlog::http)
if(TARGET spanlog::curl AND TARGET spanlog::microhttpd)
  spanlog_integration_test(curl SOURCES peer.c USES spanlog::curl spanlog::microhttpd)
endif()
