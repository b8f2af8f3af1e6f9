/* cli/config.h: what the files of the verb `config` share. */
#ifndef SPANLOG_CLI_CONFIG_H
#define SPANLOG_CLI_CONFIG_H

#include "src/config/settings.h"

/* The table of settings, for --help, docs/configuration.md and docs/spanlog.conf.5. */
void config_print_help(void);
void config_print_markdown(void);
void config_print_man(void);

#endif
