/* cli/log.c: `spanlog log`: one line, from a shell script. */
#include <stdarg.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "formatters/number.h"
#include "src/cli/shell.h"
#include "src/cli/verbs.h"

#define FIELDS_MOST 15 /* a record has 16; one is the message */

static const char help[] =
    "spanlog log [-l LEVEL] [-o OUTPUT] [--logger NAME] MESSAGE [KEY=VALUE]...\n\n"
    "Writes one line. Inside `spanlog exec`, or wherever TRACEPARENT is set, it carries the ids "
    "of\n"
    "that span. A value that is a JSON number, true or false is written as such, any other as "
    "text.\n"
    "\n"
    "  -l, --level LEVEL    trace, debug, info, warn, error or fatal (info). SPANLOG_LEVEL "
    "decides\n"
    "                       what is written: info and above by default\n"
    "  -o, --output OUTPUT  a file's path, or as SPANLOG_OUTPUT (SPANLOG_OUTPUT, else stderr)\n"
    "  --logger NAME        the logger's name\n\n"
    "The service is OTEL_SERVICE_NAME, else that of the `spanlog exec` around it, else "
    "\"shell\".\n\n"
    "Examples:\n"
    "  spanlog log -l warn \"disk low\" free_mb=12 volume=/srv\n"
    "  spanlog log -o /var/log/backup.jsonl \"backup done\" files=1204 ok=true\n\n"
    "Exit status: 0 written (or its level is off), 2 a usage error, or it could not be written.\n";

struct words {
    const char *output;
    const char *logger;
    const char *message;
    uint8_t level;
    struct spanlog__site site;
    union spanlog__slot slots[FIELDS_MOST];
    char *keys; /* of the site, ended by an empty one */
    size_t keys_size;
};

static int usage_error(const char *what, const char *word) {
    fprintf(stderr, "spanlog: log: %s%s (see: spanlog log --help)\n", what, word);
    return SPANLOG_EXIT_ERROR;
}

static uint8_t level_named(const char *name) {
    static const char *const names[] = {"trace", "debug", "info", "warn", "error", "fatal"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcasecmp(name, names[i]) == 0)
            return (uint8_t)(4 * i + 1);
    }
    return strcasecmp(name, "warning") == 0 ? SPANLOG_WARN : 0;
}

static unsigned read_value(const char *text, union spanlog__slot *slot) {
    size_t size = strlen(text);
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
        slot->u = text[0] == 't';
        return SPANLOG__T_BOOL;
    }
    if (spanlog_read_i64(text, size, &slot->i) == 0 && !(slot->i == 0 && *text == '-'))
        return SPANLOG__T_INT;
    if (spanlog_read_u64(text, size, &slot->u) == 0)
        return SPANLOG__T_UINT;
    double number;
    slot->p = text;
    /* As it stands: a double has fewer digits. Where it has an end, readers refuse the line. */
    if (spanlog_read_double(text, size, &number) == 0 && isfinite(number))
        return SPANLOG__T_JSON;
    return SPANLOG__T_STR;
}

static int add_field(struct words *words, const char *word) {
    const char *equals = strchr(word, '=');
    struct spanlog__site *site = &words->site;
    if (equals == NULL || equals == word)
        return usage_error("a field is written KEY=VALUE, not ", word);
    if (site->count == FIELDS_MOST)
        return usage_error("more than 15 fields: ", word);
    size_t size = (size_t)(equals - word);
    memcpy(words->keys + words->keys_size, word, size); /* room: all words together */
    words->keys_size += size;
    words->keys[words->keys_size++] = '\0';
    unsigned type = read_value(equals + 1, &words->slots[site->count]);
    site->types |= (uint64_t)type << (4 * site->count++);
    return -1;
}

static int set_level(struct words *words, const char *value) {
    words->level = level_named(value);
    return words->level != 0
               ? -1
               : usage_error("--level is trace, debug, info, warn, error or fatal, not ", value);
}

/* Takes the option at argv[*at]. -1: go on. */
static int take_option(struct words *words, int argc, char **argv, int *at) {
    const char *word = argv[*at];
    bool level = strcmp(word, "-l") == 0 || strcmp(word, "--level") == 0;
    bool output = strcmp(word, "-o") == 0 || strcmp(word, "--output") == 0;
    bool logger = strcmp(word, "--logger") == 0;
    if (!level && !output && !logger)
        return usage_error("unknown option ", word);
    if (*at + 1 == argc)
        return usage_error("a value is missing behind ", word);
    const char *value = argv[++*at];
    if (level)
        return set_level(words, value);
    *(output ? &words->output : &words->logger) = value;
    return -1;
}

/* Options may stand anywhere before "--"; the first other word is the message. */
static int parse(struct words *words, int argc, char **argv) {
    bool only_words = false;
    for (int i = 1; i < argc; i++) {
        int status = -1;
        if (!only_words && strcmp(argv[i], "--") == 0)
            only_words = true;
        else if (!only_words && argv[i][0] == '-' && argv[i][1] != '\0')
            status = take_option(words, argc, argv, &i);
        else if (words->message == NULL)
            words->message = argv[i];
        else
            status = add_field(words, argv[i]);
        if (status >= 0)
            return status;
    }
    return words->message != NULL ? -1 : usage_error("a message is missing", "");
}

static void write_line(struct words *words, const char *format, ...) {
    spanlog_logger logger = {words->logger, 0, 0};
    spanlog_logger *named = words->logger != NULL ? &logger : NULL;
    va_list arguments;
    va_start(arguments, format);
    if (named == NULL || spanlog__ready_to(named, &words->site))
        spanlog__vlogf(named, &words->site, format, arguments, words->slots);
    va_end(arguments);
}

static int write_words(struct words *words) {
    char output[2048];
    if (words->output != NULL) {
        const char *wrong = shell_output(words->output, output, sizeof output);
        if (wrong != NULL)
            return usage_error("--output: ", wrong);
        setenv("SPANLOG_OUTPUT", output, 1);
    }
    words->site.state = SPANLOG__STATE_NEW;
    words->site.text = "%s";
    words->site.keys = words->keys;
    words->site.file = "";
    words->site.level = words->level;
    words->site.form = SPANLOG__FORM_LOGF;
    shell_start(NULL, "shell", "none", true);
    write_line(words, "%s", words->message);
    spanlog_statistics counts = {.size = sizeof counts};
    spanlog_stats(&counts);
    return counts.sink_errors > 0 ? SPANLOG_EXIT_ERROR : SPANLOG_EXIT_DONE;
}

int spanlog_verb_log(int argc, char **argv) {
    struct words words = {.level = SPANLOG_INFO};
    size_t room = 1;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0)
            break;
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(help, stdout);
            return SPANLOG_EXIT_DONE;
        }
    }
    for (int i = 1; i < argc; i++)
        room += strlen(argv[i]) + 1;
    words.keys = calloc(1, room);
    if (words.keys == NULL)
        return usage_error("out of memory", "");
    int status = parse(&words, argc, argv);
    if (status < 0)
        status = write_words(&words);
    free(words.keys);
    return status;
}
