# Tests of src/integrations/ against real peers. Each is built when its library is there.
# spanlog_integration_test(NAME of=target [SOURCES more]): integrations/integration_NAME_test.c.
function(spanlog_integration_test name)
  cmake_parse_arguments(T "" "" "SOURCES;USES" ${ARGN})
  list(TRANSFORM T_SOURCES PREPEND integrations/)
  spanlog_test(integration_${name}_test
    SOURCES integrations/integration_${name}_test.c ${T_SOURCES} TIMEOUT 300)
  target_link_libraries(integration_${name}_test PRIVATE library_check ${T_USES})
  set_tests_properties(integration_${name}_test PROPERTIES LABELS integration)
  spanlog_threaded(integration_${name}_test integration_${name}_test)
endfunction()

spanlog_integration_test(http USES spanlog::http)
spanlog_integration_test(grpc USES spanlog::grpc)
if(TARGET spanlog::curl AND TARGET spanlog::microhttpd)
  spanlog_integration_test(curl SOURCES peer.c USES spanlog::curl spanlog::microhttpd)
endif()
if(TARGET spanlog::microhttpd)
  spanlog_integration_test(microhttpd USES spanlog::microhttpd)
endif()
if(TARGET spanlog::sqlite)
  spanlog_integration_test(sqlite USES spanlog::sqlite)
endif()
spanlog_integration_test(sql USES spanlog::spanlog)
target_sources(integration_sql_test PRIVATE
  ${CMAKE_SOURCE_DIR}/src/integrations/sql.c ${CMAKE_SOURCE_DIR}/src/integrations/sql_known.c
  ${CMAKE_SOURCE_DIR}/src/integrations/sql_redact.c)
if(TARGET spanlog::pq)
  # Beside a server of its own.
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  pkg_check_modules(LIBPQ REQUIRED IMPORTED_TARGET libpq)
  add_executable(integration_pq_test integrations/integration_pq_test.c)
  target_link_libraries(integration_pq_test PRIVATE library_check spanlog::pq PkgConfig::LIBPQ)
  add_test(NAME integration_pq_test
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/integrations/with_postgres.py
            $<TARGET_FILE:integration_pq_test>)
  set_tests_properties(integration_pq_test PROPERTIES TIMEOUT 300 LABELS integration
    SKIP_RETURN_CODE 77 ENVIRONMENT "${SPANLOG_SANITIZER_OPTIONS}")
  spanlog_threaded(integration_pq_test integration_pq_test)
endif()
if(TARGET spanlog::grpcpp)
  # Beside a peer in Python, which is fetched.
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  foreach(side client server)
    add_executable(grpc_${side} integrations/grpc_${side}.cc)
    target_link_libraries(grpc_${side} PRIVATE spanlog_flags spanlog::grpcpp)
  endforeach()
  add_test(NAME grpc_calls_a_python_peer_and_is_called_by_it
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/integrations/grpc_test.py
            $<TARGET_FILE:grpc_client> $<TARGET_FILE:grpc_server> ${CMAKE_BINARY_DIR}/grpc-python)
  set_tests_properties(grpc_calls_a_python_peer_and_is_called_by_it PROPERTIES TIMEOUT 600
    LABELS integration SKIP_RETURN_CODE 77 ENVIRONMENT "${SPANLOG_SANITIZER_OPTIONS}")
  if(NOT SPANLOG_SANITIZE) # fetching takes longer than the test: not in every build
    set_property(TEST grpc_calls_a_python_peer_and_is_called_by_it APPEND PROPERTY LABELS once)
  endif()
endif()
spanlog_integration_test(general SOURCES general.cc USES spanlog::spanlog)

# Examples as tests, where they are built.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(examples_test ${CMAKE_CURRENT_SOURCE_DIR}/integrations/examples_test.py)
if(TARGET example-agent)
  add_test(NAME example_agent
    COMMAND ${Python3_EXECUTABLE} ${examples_test} agent $<TARGET_FILE:example-agent>)
  set_tests_properties(example_agent PROPERTIES TIMEOUT 60 LABELS integration)
endif()
if(TARGET example-w3c)
  add_test(NAME example_w3c
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/integrations/w3c_test.py
            $<TARGET_FILE:example-w3c>)
  set_tests_properties(example_w3c PROPERTIES TIMEOUT 120 LABELS integration
    ENVIRONMENT "${SPANLOG_SANITIZER_OPTIONS}")
endif()
if(TARGET shop-gateway)
  set(with_preload yes)
  if(SPANLOG_SANITIZE) # unchanged programs have no sanitizer in them
    set(with_preload no)
  endif()
  add_test(NAME shop_has_no_orphans
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/integrations/with_postgres.py
            ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/integrations/shop_test.py
            $<TARGET_FILE_DIR:shop-gateway> $<TARGET_FILE:spanlog_tool> 1000 12
            ${with_preload})
  set_tests_properties(shop_has_no_orphans PROPERTIES TIMEOUT 300 LABELS integration
    SKIP_RETURN_CODE 77 ENVIRONMENT "${SPANLOG_SANITIZER_OPTIONS}")
endif()
if(TARGET example-postgres)
  add_test(NAME example_postgres
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/integrations/with_postgres.py
            ${Python3_EXECUTABLE} ${examples_test} postgres $<TARGET_FILE:example-postgres>)
  set_tests_properties(example_postgres PROPERTIES TIMEOUT 120 LABELS integration
    SKIP_RETURN_CODE 77)
endif()

spanlog_fuzzer(integration_text_fuzz SOURCES fuzz/integration_text_fuzz.c)
if(TARGET integration_text_fuzz)
  target_sources(integration_text_fuzz PRIVATE
    ${CMAKE_SOURCE_DIR}/src/integrations/sql.c ${CMAKE_SOURCE_DIR}/src/integrations/sql_redact.c)
  target_link_libraries(integration_text_fuzz PRIVATE spanlog::http spanlog::grpc spanlog::spanlog)
endif()
