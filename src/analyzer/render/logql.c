/* analyzer/render/logql.c: see logql.h. */
#include "src/analyzer/render/logql.h"

#include <string.h>

static void put_char(struct spanlog_output *out, char c) {
    spanlog_put_bytes(out, &c, 1);
}

void spanlog_put_logql_text(struct spanlog_output *out, struct spanlog_text text) {
    spanlog_put(out, "\"");
    for (uint32_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '\n') {
            spanlog_put(out, "\\n");
            continue;
        }
        if (c == '"' || c == '\\')
            put_char(out, '\\');
        put_char(out, c);
    }
    spanlog_put(out, "\"");
}

void spanlog_put_logql_pattern(struct spanlog_output *out, struct spanlog_text text) {
    for (uint32_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if ((unsigned char)c < ' ')
            c = '.'; /* no line end may stand between the quotes */
        else if (c == '"')
            spanlog_put(out, "\\");
        else if (strchr("\\.+*?()|[]{}^$", c))
            spanlog_put(out, c == '\\' ? "\\\\\\" : "\\\\");
        put_char(out, c);
    }
}

void spanlog_put_logql_services(struct spanlog_output *out,
                                const struct spanlog_strings *services) {
    const char *between = "";
    spanlog_put(out, "service_name=~\"");
    for (uint32_t i = 0; i < services->count; i++) {
        struct spanlog_text service = spanlog_strings_text(services, i);
        if (service.size == 0)
            continue;
        spanlog_put(out, between);
        spanlog_put_logql_pattern(out, service);
        between = "|";
    }
    spanlog_put(out, *between ? "\"" : ".+\"");
}
