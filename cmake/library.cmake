# The library: one target per folder, then libspanlog out of them, shared and static.
spanlog_folder(config src/config
  SOURCES exports.c files.c mistakes.c outputs.c parsers.c rotation.c sampling.c settings.c sources.c table.c text.c
  USES core propagation sampling)
spanlog_folder(sampling src/sampling SOURCES sampler.c tail.c text.c USES core)
spanlog_folder(sinks src/sinks SOURCES table.c stream.c file.c rotate.c memory.c codec.c compress.c compress_parts.c
  socket.c syslog.c journald.c
  USES core config formatters)
spanlog_folder(propagation src/propagation 
  SOURCES propagator.c hex.c traceparent.c tracestate.c baggage.c b3.c jaeger.c x_headers.c
  USES core)
spanlog_folder(front src/front
  SOURCES thread.c encode.c register.c sites.c log.c logf.c context.c span.c span_body.c carried.c
          propagate.c sample.c
  USES core propagation sampling)
spanlog_folder(metrics src/metrics
  SOURCES accept.c api.c file.c names.c registry.c series.c text.c value.c USES core formatters)
spanlog_folder(back src/back
  SOURCES back.c burst.c decode.c decode_span.c drain.c flight.c mask.c output.c outputs.c recover.c red.c
          say.c tail.c undecided.c write.c
  USES core config formatters metrics sinks sampling)
spanlog_folder(publish src/control SOURCES publish.c USES core config)
spanlog_folder(process src/process SOURCES process.c follow.c live.c redact.c reload.c watch.c
  USES core config front back publish metrics)
target_compile_definitions(spanlog_process PRIVATE
  SPANLOG_SHIP_LIBRARY="libspanlog-ship.so.${PROJECT_VERSION_MAJOR}")
spanlog_folder(syslog src/integrations SOURCES syslog.c)
# gcc asks whether a thread-local's address is NULL by the flags of the addition that makes it, which
# the linker turns into one without flags when the archive goes into a program.
if(SPANLOG_SANITIZE MATCHES "undefined" AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
  target_compile_options(spanlog_front PRIVATE -fno-sanitize=null)
  target_compile_options(spanlog_process PRIVATE -fno-sanitize=null)
  target_compile_options(spanlog_metrics PRIVATE -fno-sanitize=null)
endif()

set(SPANLOG_PARTS syslog process publish front back metrics propagation sampling sinks formatters config core)
set(SPANLOG_OBJECTS "")
foreach(part ${SPANLOG_PARTS})
  list(APPEND SPANLOG_OBJECTS $<TARGET_OBJECTS:spanlog_${part}>)
endforeach()

add_library(spanlog_shared SHARED ${SPANLOG_OBJECTS})
set_target_properties(spanlog_shared PROPERTIES
  OUTPUT_NAME spanlog VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
  LINK_DEPENDS ${CMAKE_SOURCE_DIR}/src/spanlog.map LINKER_LANGUAGE C EXPORT_NAME spanlog)
# nodelete: threads and exit handlers of ours may outlive a dlclose.
target_link_options(spanlog_shared PRIVATE
  -Wl,--version-script=${CMAKE_SOURCE_DIR}/src/spanlog.map -Wl,-z,nodelete)
add_library(spanlog_static STATIC ${SPANLOG_OBJECTS})
set_target_properties(spanlog_static PROPERTIES
  OUTPUT_NAME spanlog LINKER_LANGUAGE C EXPORT_NAME static)
target_link_options(spanlog_static INTERFACE -Wl,-z,nodelete) # for a plugin that it is in; a program ignores it
foreach(library spanlog_shared spanlog_static)
  target_include_directories(${library} INTERFACE
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${library} PUBLIC Threads::Threads ${CMAKE_DL_LIBS})
endforeach()
add_library(spanlog::spanlog ALIAS spanlog_shared)
add_library(spanlog::static ALIAS spanlog_static)

install(DIRECTORY include/spanlog DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS spanlog_shared spanlog_static EXPORT spanlog
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT spanlog NAMESPACE spanlog:: FILE spanlogTargets.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/spanlog)
# The way from the pkg-config file to the prefix, so that any prefix works at install time.
file(RELATIVE_PATH SPANLOG_PC_UP /p/${CMAKE_INSTALL_LIBDIR}/pkgconfig /p)
configure_file(cmake/spanlog.pc.in spanlog.pc @ONLY)
configure_file(cmake/spanlogConfig.cmake.in spanlogConfig.cmake @ONLY)
include(CMakePackageConfigHelpers)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/spanlogConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/spanlogConfig.cmake ${CMAKE_BINARY_DIR}/spanlogConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/spanlog)
install(FILES ${CMAKE_BINARY_DIR}/spanlog.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
