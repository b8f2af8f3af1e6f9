# src/integrations/: glue for other libraries. Small static libraries over the public headers, each
# built when its library is there; libspanlog itself needs none of them.
#
#   spanlog::http          no other library
#   spanlog::microhttpd    libmicrohttpd
#   spanlog::curl          libcurl
#   spanlog::sqlite        sqlite3
#   spanlog::pq            libpq
#   spanlog::grpc          no other library
#   spanlog::grpcpp        grpc++; a header, and what it links
find_package(PkgConfig)

# spanlog_integration(NAME [SOURCES ...] [USES other integrations] [NEEDS pkg-config module]).
function(spanlog_integration name)
  cmake_parse_arguments(I "" "NEEDS" "SOURCES;USES" ${ARGN})
  if(I_NEEDS)
    if(NOT PKG_CONFIG_FOUND)
      return()
    endif()
    string(TOUPPER "SPANLOG_${name}" module)
    pkg_check_modules(${module} QUIET IMPORTED_TARGET GLOBAL ${I_NEEDS})
    if(NOT ${module}_FOUND)
      message(STATUS "spanlog::${name} is left out, it needs ${I_NEEDS}")
      return()
    endif()
  endif()
  set(library spanlog_${name}_glue)
  list(TRANSFORM I_SOURCES PREPEND src/integrations/)
  set(SPANLOG_PC_LIBS "")
  set(public INTERFACE) # a header alone
  if(I_SOURCES)
    set(SPANLOG_PC_LIBS "-L\${libdir} -lspanlog-${name}")
    set(public PUBLIC)
    add_library(${library} STATIC ${I_SOURCES})
    set_target_properties(${library} PROPERTIES OUTPUT_NAME spanlog-${name})
    target_compile_definitions(${library} PRIVATE _GNU_SOURCE)
    target_include_directories(${library} PRIVATE ${CMAKE_SOURCE_DIR})
    target_compile_options(${library} PRIVATE
      -Wall -Wextra -Wshadow -Wpointer-arith -Wcast-qual -Wwrite-strings -Wstrict-prototypes
      -Wmissing-prototypes $<$<BOOL:${SPANLOG_WERROR}>:-Werror>)
  else()
    add_library(${library} INTERFACE)
  endif()
  set_target_properties(${library} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(${library} ${public}
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  set(SPANLOG_PC_REQUIRES spanlog)
  foreach(use ${I_USES})
    target_link_libraries(${library} ${public} spanlog_${use}_glue)
    string(APPEND SPANLOG_PC_REQUIRES " spanlog-${use}")
  endforeach()
  target_link_libraries(${library} ${public} spanlog_shared)
  if(I_NEEDS)
    # As flags: a bare name could be a target of the project that links it.
    if(I_SOURCES)
      target_include_directories(${library} SYSTEM PRIVATE ${${module}_INCLUDE_DIRS})
    endif()
    target_link_libraries(${library} ${public} ${${module}_LDFLAGS})
    string(APPEND SPANLOG_PC_REQUIRES " ${I_NEEDS}")
  endif()
  add_library(spanlog::${name} ALIAS ${library})
  install(TARGETS ${library} EXPORT spanlog ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  set(SPANLOG_PC_NAME ${name})
  configure_file(cmake/spanlog-integration.pc.in spanlog-${name}.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/spanlog-${name}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

spanlog_integration(http SOURCES http.c http_url.c)
spanlog_integration(microhttpd SOURCES microhttpd.c USES http NEEDS libmicrohttpd)
spanlog_integration(curl SOURCES curl.c curl_names.c USES http NEEDS libcurl)
spanlog_integration(sqlite SOURCES sqlite.c sql.c sql_known.c sql_redact.c NEEDS sqlite3)
spanlog_integration(pq SOURCES pq.c pq_query.c sql.c sql_redact.c NEEDS libpq)
spanlog_integration(grpc SOURCES grpc.c grpc_address.c)
spanlog_integration(grpcpp USES grpc NEEDS grpc++)
