# src/ship/: libspanlog-ship, which the tool opens for `spanlog ship`: only who sends loads libcurl.
pkg_check_modules(CURL IMPORTED_TARGET libcurl)
if(NOT CURL_FOUND)
  message(STATUS "libcurl is not there: without libspanlog-ship")
  return()
endif()
spanlog_folder(ship src/ship
  SOURCES
    answer.c archive.c ask.c ask_fetch.c ask_page.c ask_query.c ask_split.c batch.c courier.c deliver.c endpoint.c files.c files_known.c files_list.c http.c labels.c loki.c
    protocol.c run.c state.c state_read.c status.c
  USES analyzer formatters core)
target_link_libraries(spanlog_ship PRIVATE PkgConfig::CURL PkgConfig::ZLIB)

add_library(spanlog_ship_shared SHARED $<TARGET_OBJECTS:spanlog_ship>)
set_target_properties(spanlog_ship_shared PROPERTIES
  OUTPUT_NAME spanlog-ship VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
  LINK_DEPENDS ${CMAKE_SOURCE_DIR}/src/ship/ship.map LINKER_LANGUAGE C)
target_link_options(spanlog_ship_shared PRIVATE
  -Wl,--version-script=${CMAKE_SOURCE_DIR}/src/ship/ship.map)
target_link_libraries(spanlog_ship_shared PRIVATE spanlog_flags spanlog_analyzer
  PkgConfig::CURL PkgConfig::ZLIB)
install(TARGETS spanlog_ship_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} NAMELINK_SKIP)

# The tool finds it beside itself in the build, and in the library folder once installed.
set_target_properties(spanlog_ship_shared PROPERTIES
  LIBRARY_OUTPUT_DIRECTORY $<TARGET_FILE_DIR:spanlog_tool>)
add_dependencies(spanlog_tool spanlog_ship_shared)
file(RELATIVE_PATH SPANLOG_LIB_FROM_BIN /p/${CMAKE_INSTALL_BINDIR} /p/${CMAKE_INSTALL_LIBDIR})
set_target_properties(spanlog_tool PROPERTIES
  INSTALL_RPATH $ORIGIN/${SPANLOG_LIB_FROM_BIN})
target_compile_definitions(spanlog_tool PRIVATE
  SPANLOG_SHIP_LIBRARY="libspanlog-ship.so.${PROJECT_VERSION_MAJOR}")
