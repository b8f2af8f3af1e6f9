/* tests/unit/library_plugin.c: a library with call sites that is loaded and unloaded. */
#include <spanlog/spanlog.h>

void plugin_says(int i);

void plugin_says(int i) {
    static spanlog_logger plugin = SPANLOG_LOGGER("plugin");
    spanlog_scope(sp, "plugin's", kv("n", i));
    spanlog_info_to(plugin, "from a plugin", kv("i", i));
    spanlog_infof("printed %d", 42);
}

void plugin_debugs(const char *text);

void plugin_debugs(const char *text) {
    spanlog_debug("from a plugin", kv("text", text));
}
