# Benchmarks. Built with the tests, run by hand: tests/bench/run BUILD_DIR prints one table and
# exits with 1 when a goal is missed.
if(SPANLOG_SANITIZE OR SPANLOG_PORTABLE)
  return()
endif()
set(bench_dir ${CMAKE_CURRENT_SOURCE_DIR}/bench)

add_executable(bench_format ${bench_dir}/bench_format.c ${bench_dir}/format_shapes.c)
target_link_libraries(bench_format PRIVATE spanlog_flags spanlog_formatters)

add_executable(bench_caller ${bench_dir}/bench_caller.c ${bench_dir}/stall.c)
add_executable(bench_metrics ${bench_dir}/bench_metrics.c)
add_executable(bench_drain ${bench_dir}/bench_drain.c)
add_executable(bench_propagation ${bench_dir}/bench_propagation.c ${bench_dir}/stall.c)
target_link_libraries(bench_propagation PRIVATE spanlog_propagation)
foreach(program bench_caller bench_drain bench_metrics bench_propagation)
  target_link_libraries(${program} PRIVATE spanlog_flags spanlog::spanlog)
endforeach()
add_executable(bench_flip ${bench_dir}/bench_flip.c)
target_link_libraries(bench_flip PRIVATE spanlog_flags spanlog::spanlog spanlog_attach)
# Loops of a nanosecond: where they begin must not decide.
target_compile_options(bench_caller PRIVATE -falign-loops=64)
target_compile_options(bench_metrics PRIVATE -falign-loops=64)

pkg_check_modules(SPDLOG IMPORTED_TARGET spdlog)
if(SPDLOG_FOUND)
  add_executable(bench_spdlog ${bench_dir}/bench_spdlog.cpp)
  target_link_libraries(bench_spdlog PRIVATE PkgConfig::SPDLOG Threads::Threads)
  # The best that spdlog can do, whatever this project's own build type is.
  target_compile_options(bench_spdlog PRIVATE -O2)
endif()

# What the analyzer is held against: tests/bench/analyzer_run.
add_executable(anchor_lines ${bench_dir}/anchor_lines.c)
add_executable(multiply_log ${bench_dir}/multiply_log.c)
add_executable(measure_run ${bench_dir}/measure_run.c)
foreach(program anchor_lines multiply_log measure_run)
  target_link_libraries(${program} PRIVATE spanlog_flags)
endforeach()
find_library(SIMDJSON_LIBRARY simdjson)
if(SIMDJSON_LIBRARY)
  # Without its pkg-config file, which switches a second thread on.
  add_executable(anchor_simdjson ${bench_dir}/anchor_simdjson.cc)
  target_link_libraries(anchor_simdjson PRIVATE ${SIMDJSON_LIBRARY})
  target_compile_options(anchor_simdjson PRIVATE -O3)
endif()
