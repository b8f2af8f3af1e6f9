/* cli/live.h: what the verbs share that talk to living processes: which processes, what is changed
 * in them, and saying what became of it.
 *
 *     struct live live = {.verb = "level", .help = help};
 *     int status = live_parse(&live, argc, argv);       -1: go on
 *     live_change(&live, "level", value);               0 or an exit status
 *     return live_apply(&live);
 */
#ifndef SPANLOG_CLI_LIVE_H
#define SPANLOG_CLI_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "src/config/settings.h"
#include "src/control/attach.h"

#define LIVE_WORDS_MOST 8
#define LIVE_CHANGES_MOST 16
#define LIVE_WAIT_MS 1000

/* What a verb takes beside --dir, --all and --help. */
enum live_takes { LIVE_FOR = 1, LIVE_SAVE = 2, LIVE_JSON = 4, LIVE_ENABLE = 8, LIVE_SAMPLE = 16 };

struct live_change {
    const struct setting *setting;
    char value[SETTING_TEXT_SIZE]; /* "": the live rules about it are taken back */
};

struct live {
    const char *verb;
    const char *help;
    unsigned takes;
    const char *directory;
    bool all;
    bool json;
    bool save;
    bool reset;
    const char *for_text; /* NULL: for good */
    uint64_t for_ns;
    uint64_t until;                     /* with for_text: it may be over then */
    const char *words[LIVE_WORDS_MOST]; /* that are no options */
    size_t word_count;
    const char *target;            /* a service's name or a pid; NULL: all */
    const char *operation, *route; /* of `sample` */
    const char *service_name;      /* of `enable`: another way to say SERVICE */
    struct live_change changes[LIVE_CHANGES_MOST];
    size_t change_count;
};

/* Reads the options. -1: go on; else the exit status. */
int live_parse(struct live *live, int argc, char **argv);
/* A mistake in how the verb was called. Returns the exit status. */
int live_usage_error(const struct live *live, const char *what, const char *word);
/* The first word is the target, unless --all. -1: go on. */
int live_take_target(struct live *live);
/* Notes a change, checked. A sampling rule goes before those in force. -1: go on. */
int live_change(struct live *live, const char *name, const char *value);
/* For --reset: outputs and where network outputs are. */
void live_reset_outputs(struct live *live);
/* Finds the processes, changes them, waits for them, says what became of it; saves. Returns the
 * exit status. */
int live_apply(struct live *live);
/* "orders[711]", whoever gave it that name. */
void live_print_name(const struct attached *process);
/* Finds the living ones, or also the dead. -1: there are some; else the exit status, said. */
int live_find(const struct live *live, struct attach_list *ret_list);
int live_find_all(const struct live *live, struct attach_list *ret_list);

#endif
