/* cli/index.c: `spanlog index`: a sidecar for each file, with which `trace` finds an id at once. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "src/analyzer/index/index.h"
#include "src/analyzer/base/parallel.h"
#include "src/cli/input.h"
#include "src/cli/options.h"
#include "src/cli/verbs.h"

static const struct spanlog_usage usage = {
    .verb = "index",
    .synopsis = "[options] FILE|DIR...",
    .about =
        "Writes FILE.spx beside each file: it says in what parts of the file each trace is, so "
        "that\n"
        "spanlog trace need not read the rest. It is used by itself as long as it fits: lines "
        "that\n"
        "were appended since are searched as ever; of a file that was changed otherwise, and of a\n"
        "damaged index, nothing is used, and trace says so. Compressed files cannot have one.",
    .examples = "  spanlog index shop.jsonl && spanlog trace e266f103 shop.jsonl\n"
                "  spanlog index logs/\n",
    .options = SPANLOG_TAKES_INPUT};

static void say(const char *path, const struct spanlog_index_made *made, uint64_t size) {
    spanlog_say_visible(path);
    fprintf(stderr, ".spx: %" PRIu64 " kB, %.2f %% of the file\n", (made->size + 999) / 1000,
            size ? 100.0 * (double)made->size / (double)size : 0.0);
}

int spanlog_verb_index(int argc, char **argv) {
    struct spanlog_options options;
    struct spanlog_input input;
    int status = spanlog_options_parse(&options, &usage, argc, argv);
    if (status >= 0)
        return status;
    if (spanlog_input_open(&input, &options) < 0)
        return SPANLOG_EXIT_ERROR;
    int rc = 0;
    size_t written = 0;
    for (uint32_t i = 0; rc == 0 && i < input.sources.count; i++) {
        const struct spanlog_source *source = &input.sources.list[i];
        struct spanlog_index_made made = {0};
        rc = spanlog_index_write(&input.sources, i, spanlog_job_count(options.jobs),
                                 &options.translate, &input.issues, &made);
        if (rc == -ENOMEM)
            break;
        if (rc == -EINVAL)
            spanlog_issues_note(&input.issues, source->path, true,
                                "no index: only plain files of lines can have one");
        else if (rc < 0)
            spanlog_issues_unreadable(&input.issues, source->path, -rc);
        else
            say(source->path, &made, source->size);
        written += rc == 0;
        rc = 0;
    }
    return spanlog_input_close(&input, rc, written > 0);
}
