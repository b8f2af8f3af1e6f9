/* cli/config.c: `spanlog config`: the settings in force and where each came from; what is wrong
 * with a configuration file. */
#include "src/cli/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/input.h"
#include "src/cli/verbs.h"
#include "src/config/files.h"
#include "src/config/mistakes.h"

#define WIDEST_VALUE 40

static const char help[] =
    "spanlog config [SERVICE] [--json]\n"
    "spanlog config --check FILE\n\n"
    "Prints the settings that a process of SERVICE would have if it started here and now, and\n"
    "where each comes from: a file and its line, a variable, or \"default\". What the program "
    "says\n"
    "itself (spanlog_init) is weaker than all of these.\n\n"
    "  --json        one object for each setting\n"
    "  --check FILE  says what is wrong with a configuration file, all its sections\n"
    "  --markdown    the table of settings as docs/configuration.md has it; --man: as the manual\n"
    "                page spanlog.conf(5)\n\n"
    "Examples:\n"
    "  spanlog config orders\n"
    "  spanlog config orders --json | jq -r 'select(.from != \"default\") | .name'\n"
    "  spanlog config --check /etc/spanlog.conf\n\n"
    "Exit status: 0 done, 1 there are mistakes in FILE, 2 a usage error or no such file.\n\n"
    "A file has lines of NAME = VALUE; those behind [SERVICE] are for that service. The settings,\n"
    "the variables of the environment that set them (the last is the strongest; all are stronger\n"
    "than a file), what a right value is, and (the default); * may change while a process "
    "runs:\n\n";

struct options {
    const char *service;
    const char *check;
    bool json;
};

static void print_json_value(const struct settings *s, const struct setting *setting) {
    char value[SETTING_TEXT_SIZE];
    setting_show(s, setting, value, sizeof value);
    const char *at = (const char *)s + setting->offset;
    if (setting->type == SETTING_NUMBER)
        printf("%u", *(const uint32_t *)(const void *)at);
    else if (setting->type == SETTING_FLAG)
        fputs(value[0] == '1' ? "true" : "false", stdout);
    else
        spanlog_print_json_string(value);
}

static void print_json(const struct settings *s) {
    for (size_t i = 0; i < settings_count; i++) {
        char from[600];
        setting_origin_print(s, &settings_table[i], from, sizeof from);
        printf("{\"name\":\"%s\",\"value\":", settings_table[i].name);
        print_json_value(s, &settings_table[i]);
        printf(",\"from\":");
        spanlog_print_json_string(from);
        printf(",\"live\":%s}\n", settings_table[i].live ? "true" : "false");
    }
}

static int widest(const struct settings *s) {
    size_t width = 0;
    for (size_t i = 0; i < settings_count; i++) {
        char value[SETTING_TEXT_SIZE];
        setting_show(s, &settings_table[i], value, sizeof value);
        if (strlen(value) > width && strlen(value) <= WIDEST_VALUE)
            width = strlen(value);
    }
    return (int)width;
}

static void print_text(const struct settings *s) {
    int width = widest(s);
    printf("%-17s %-*s  %s\n", "SETTING", width, "VALUE", "FROM");
    for (size_t i = 0; i < settings_count; i++) {
        char value[SETTING_TEXT_SIZE], from[600];
        setting_show(s, &settings_table[i], value, sizeof value);
        setting_origin_print(s, &settings_table[i], from, sizeof from);
        for (char *c = value; *c != '\0'; c++) /* nothing in a value can steer a terminal */
            *c = (unsigned char)*c < 32 || *c == 127 ? '?' : *c;
        printf("%-17s %-*s  %s\n", settings_table[i].name, width, value[0] != '\0' ? value : "-",
               from);
    }
}

static bool is_known(const char *name, size_t size) {
    static const char *const others[] = {"SPANLOG_CONFIG", "SPANLOG_JOB", "SPANLOG_JOURNAL_DIR"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strlen(others[i]) == size && memcmp(others[i], name, size) == 0)
            return true;
    for (size_t i = 0; i < settings_count; i++)
        for (const char *const *variable = settings_table[i].variables; *variable != NULL;
             variable++)
            if (strlen(*variable) == size && memcmp(*variable, name, size) == 0)
                return true;
    return false;
}

/* A program does not say so itself: other programs may have variables of such names. */
static void name_unknown_variables(void) {
    for (char **variable = environ; *variable != NULL; variable++) {
        size_t size = strcspn(*variable, "=");
        char name[256];
        if (strncmp(*variable, "SPANLOG_", 8) != 0 || is_known(*variable, size))
            continue;
        snprintf(name, sizeof name, "%.*s", (int)(size < 128 ? size : 128), *variable);
        fputs("spanlog: config: ", stderr);
        spanlog_say_visible(name);
        fputs(" is no setting (see: spanlog config --help)\n", stderr);
    }
}

static int check_file(const char *path) {
    struct setting_origin origin = {.rank = SETTING_FILE, .name = path};
    struct settings s;
    char *text = NULL;
    size_t size = 0;
    settings_defaults(&s);
    int error = file_read(path, &text, &size);
    if (error != 0) {
        fprintf(stderr, "spanlog: config: %s: %s\n", path,
                error == -EISDIR  ? "not a file"
                : error == -EFBIG ? "over 256K"
                                  : strerror(-error));
        return SPANLOG_EXIT_ERROR;
    }
    settings_apply_text(&s, text, size, origin, SETTINGS_EVERY_SERVICE);
    settings_settle(&s);
    free(text);
    size_t mistakes = mistakes_count(); /* clamped values too */
    if (mistakes == 0)
        printf("%s: no mistakes\n", path);
    else
        printf("%s: %zu mistake%s\n", path, mistakes, mistakes > 1 ? "s" : "");
    return mistakes == 0 ? SPANLOG_EXIT_DONE : SPANLOG_EXIT_NOTHING;
}

static int usage_error(const char *what, const char *word) {
    fprintf(stderr, "spanlog: config: %s%s (see: spanlog config --help)\n", what, word);
    return SPANLOG_EXIT_ERROR;
}

/* Those that print the table. -1: none of them. */
static int print_table(const char *option) {
    if (strcmp(option, "--help") == 0 || strcmp(option, "-h") == 0) {
        fputs(help, stdout);
        config_print_help();
    } else if (strcmp(option, "--markdown") == 0) {
        config_print_markdown();
    } else if (strcmp(option, "--man") == 0) {
        config_print_man();
    } else {
        return -1;
    }
    return SPANLOG_EXIT_DONE;
}

static int parse(struct options *options, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        int status = print_table(argv[i]);
        if (status >= 0)
            return status;
        if (strcmp(argv[i], "--json") == 0)
            options->json = true;
        else if (strcmp(argv[i], "--check") == 0 && i + 1 < argc)
            options->check = argv[++i];
        else if (strcmp(argv[i], "--check") == 0)
            return usage_error("a file is missing behind ", argv[i]);
        else if (argv[i][0] == '-')
            return usage_error("unknown option ", argv[i]);
        else if (options->service != NULL)
            return usage_error("one service at a time: ", argv[i]);
        else
            options->service = argv[i];
    }
    return -1;
}

int spanlog_verb_config(int argc, char **argv) {
    struct options options = {.service = NULL};
    struct settings settings;
    int status = parse(&options, argc, argv);
    if (status >= 0)
        return status;
    if (options.check != NULL)
        return check_file(options.check);
    if (options.service != NULL)
        settings_load_as(&settings, options.service);
    else
        settings_load(&settings, NULL);
    if (options.json)
        print_json(&settings);
    else
        print_text(&settings);
    name_unknown_variables();
    return SPANLOG_EXIT_DONE;
}
