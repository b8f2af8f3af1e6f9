# libspanlog-preload.so: in front of unchanged programs (spanlog exec --preload). It holds its own
# copy of the library, and shows nothing but the functions that it stands in front of. Not under a
# sanitizer, which has to come first in a program.
if(SPANLOG_SANITIZE)
  return()
endif()
set(preload_dir src/integrations/preload)
add_library(spanlog_preload SHARED
  ${preload_dir}/preload.c ${preload_dir}/preload_curl.c ${preload_dir}/preload_pq.c
  ${preload_dir}/preload_sqlite.c ${preload_dir}/preload_syslog.c ${preload_dir}/sql.c
  src/integrations/sql_redact.c)
set_target_properties(spanlog_preload PROPERTIES OUTPUT_NAME spanlog-preload
  LINK_DEPENDS ${CMAKE_SOURCE_DIR}/${preload_dir}/preload.map LINKER_LANGUAGE C)
target_link_libraries(spanlog_preload PRIVATE spanlog_flags spanlog_static ${CMAKE_DL_LIBS})
target_link_options(spanlog_preload PRIVATE
  -Wl,--version-script=${CMAKE_SOURCE_DIR}/${preload_dir}/preload.map -Wl,-z,nodelete)
install(TARGETS spanlog_preload LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
file(RELATIVE_PATH SPANLOG_PRELOAD_FROM_BIN
  /p/${CMAKE_INSTALL_BINDIR} /p/${CMAKE_INSTALL_LIBDIR})
target_compile_definitions(spanlog_tool PRIVATE
  SPANLOG_PRELOAD_FROM_BIN="${SPANLOG_PRELOAD_FROM_BIN}")
