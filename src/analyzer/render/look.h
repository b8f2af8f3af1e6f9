/* analyzer/render/look.h: how text for people is to look.
 *
 *     struct spanlog_look look = {.width = 80, .ascii = false, .color = false};
 *     spanlog_look_start(&out, &look, SPANLOG_LOOK_ERROR);  ...  spanlog_look_stop(&out, &look);
 *
 * Colour only repeats what words and glyphs say.
 */
#ifndef SPANLOG_ANALYZER_RENDER_LOOK_H
#define SPANLOG_ANALYZER_RENDER_LOOK_H

#include "src/analyzer/base/output.h"

struct spanlog_look {
    unsigned width;
    bool ascii;
    bool color;
    bool cut;      /* lines end at the width, where they would be wrapped; else all is shown */
    bool unfolded; /* alike siblings each on a line of their own */
};

#define SPANLOG_LOOK_ERROR "\033[31m"
#define SPANLOG_LOOK_WARN "\033[33m"
#define SPANLOG_LOOK_DIM "\033[2m"
#define SPANLOG_LOOK_BOLD "\033[1m"
#define SPANLOG_LOOK_CYAN "\033[36m"

static inline void spanlog_look_start(struct spanlog_output *out, const struct spanlog_look *look,
                                      const char *style) {
    if (look->color)
        spanlog_put(out, style);
}

static inline void spanlog_look_stop(struct spanlog_output *out, const struct spanlog_look *look) {
    if (look->color)
        spanlog_put(out, "\033[0m");
}

#endif
