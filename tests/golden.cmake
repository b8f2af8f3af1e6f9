# Known answers that others worked out; see tests/golden/golden_test.py.
find_package(Python3 COMPONENTS Interpreter REQUIRED)
foreach(set crisp jaeger-ui zipkin traceweaver)
  add_test(NAME golden_${set}
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/golden/golden_test.py
            $<TARGET_FILE:spanlog_tool> ${set})
  set_tests_properties(golden_${set} PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)
endforeach()
set_property(TEST golden_traceweaver PROPERTY LABELS once) # the largest; the others take the same ways
