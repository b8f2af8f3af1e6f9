/* cli/shell.c: see shell.h. */
#include "src/cli/shell.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/config/settings.h"

static void set_variable(void *unused, const char *variable, const char *value) {
    (void)unused;
    if (value != NULL)
        setenv(variable, value, 1);
    else
        unsetenv(variable); /* another trace's, or refused: nobody below is to read it */
}

const char *shell_output(const char *value, char *ret_output, size_t size) {
    struct output_setting outputs[JOURNAL_MAX_OUTPUTS];
    uint32_t count = 0;
    char file[sizeof outputs->target + 8];
    const char *wrong = outputs_parse(value, outputs, &count);
    if (wrong != NULL && value[strcspn(value, ":,+")] == '\0') {
        snprintf(file, sizeof file, "file:%s", value);
        wrong = outputs_parse(file, outputs, &count);
    }
    if (wrong != NULL)
        return wrong;
    outputs_format(outputs, count, ret_output, size);
    return outputs_parse(ret_output, outputs, &count) == NULL ? NULL : "a path without comma and ?";
}

void shell_start(const char *output, const char *service, const char *source, bool sync) {
    const char *job = getenv(SHELL_JOB);
    spanlog_config config = {.size = sizeof config,
                             .service = job != NULL && job[0] != '\0' ? job : service,
                             .output = output != NULL ? output : "stderr",
                             .source = source,
                             .sync = sync,
                             .no_process_lines = true,
                             .no_signal_handlers = true};
    spanlog_init(&config);
}

void shell_hand_on(spanlog_ctx ctx) {
    spanlog_env(ctx, set_variable, NULL);
}
