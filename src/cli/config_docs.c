/* cli/config_docs.c: the table of settings in the forms of --help, Markdown and a manual page. */
#include "src/cli/config.h"

#include <stdio.h>
#include <string.h>

static const char *built_in(const struct setting *setting) {
    return setting->built_in == NULL       ? "the program's name"
           : setting->built_in[0] == '\0'  ? "nothing"
           : setting->type == SETTING_FLAG ? (setting->built_in[0] == '1' ? "on" : "off")
                                           : setting->built_in;
}

static void print_variables(const struct setting *setting, const char *before, const char *between,
                            const char *after) {
    for (const char *const *name = setting->variables; *name != NULL; name++)
        printf("%s%s%s%s", name == setting->variables ? "" : between, before, *name, after);
}

void config_print_help(void) {
    for (size_t i = 0; i < settings_count; i++) {
        char right[400];
        const struct setting *setting = &settings_table[i];
        setting_right(setting, right, sizeof right);
        printf("  %s%s  ", setting->name, setting->live ? "*" : "");
        print_variables(setting, "", " ", "");
        printf("\n      %s (%s)\n", right, built_in(setting));
    }
}

/* "|" parts the columns of a table. */
static void print_cell(const char *text) {
    for (; *text != '\0'; text++)
        printf("%s%c", *text == '|' ? "\\" : "", *text);
}

void config_print_markdown(void) {
    printf("| in a file | in the environment, the strongest last | value (default) | |\n"
           "|---|---|---|---|\n");
    for (size_t i = 0; i < settings_count; i++) {
        char right[400];
        const struct setting *setting = &settings_table[i];
        setting_right(setting, right, sizeof right);
        printf("| `%s`", setting->name);
        if (setting->alias != NULL)
            printf(", `%s`", setting->alias);
        printf(" | ");
        print_variables(setting, "`", " ", "`");
        printf(" | ");
        print_cell(right);
        printf(" (%s) | %s", built_in(setting), setting->live ? "*Live.* " : "");
        print_cell(setting->about);
        printf(" |\n");
    }
}

/* A line that begins with a dot or a quote would be a command; a backslash begins an escape; what
 * stands between backquotes is bold. */
static void print_roff(const char *text) {
    bool bold = false;
    if (*text == '.' || *text == '\'')
        printf("\\&");
    for (; *text != '\0'; text++) {
        if (*text == '`')
            printf("%s", (bold = !bold) ? "\\fB" : "\\fR");
        else if (*text == '\\')
            printf("\\e");
        else if (*text == '-')
            printf("\\-");
        else
            putchar(*text);
    }
    putchar('\n');
}

void config_print_man(void) {
    for (size_t i = 0; i < settings_count; i++) {
        char right[400];
        const struct setting *setting = &settings_table[i];
        setting_right(setting, right, sizeof right);
        printf(".TP\n.BR %s", setting->name);
        if (setting->alias != NULL)
            printf(" \", \" %s", setting->alias);
        printf(" \"   (");
        print_variables(setting, "", ", ", "");
        printf(")\"\n");
        print_roff(setting->about);
        printf(".br\n");
        print_roff(right);
        printf(".br\nDefault: ");
        print_roff(built_in(setting));
        if (setting->live)
            printf(".br\nMay change while a process runs.\n");
    }
}
