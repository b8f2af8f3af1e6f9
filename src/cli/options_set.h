/* cli/options_set.h: what sets one option each, named in the table of options.c. For the files
 * options*.c only. */
#ifndef SPANLOG_CLI_OPTIONS_SET_H
#define SPANLOG_CLI_OPTIONS_SET_H

#include "src/cli/options.h"

/* NULL, or what a value must look like, or a message that begins with "--". */
typedef const char *spanlog_set_option(struct spanlog_options *options, const char *value);

spanlog_set_option spanlog_set_json;
spanlog_set_option spanlog_set_ascii;
spanlog_set_option spanlog_set_unfold;
spanlog_set_option spanlog_set_no_skew;
spanlog_set_option spanlog_set_full;
spanlog_set_option spanlog_set_table;
spanlog_set_option spanlog_set_as;
spanlog_set_option spanlog_set_follow;
spanlog_set_option spanlog_set_from_start;
spanlog_set_option spanlog_set_lines;
spanlog_set_option spanlog_set_settle;
spanlog_set_option spanlog_set_give_up;
spanlog_set_option spanlog_set_memory;
spanlog_set_option spanlog_set_by;
spanlog_set_option spanlog_set_over_time;
spanlog_set_option spanlog_set_dot;
spanlog_set_option spanlog_set_mermaid;
spanlog_set_option spanlog_set_folded;
spanlog_set_option spanlog_set_keep;
spanlog_set_option spanlog_set_keep_errors;
spanlog_set_option spanlog_set_archive;
spanlog_set_option spanlog_set_compress;
spanlog_set_option spanlog_set_dry_run;
spanlog_set_option spanlog_set_from;
spanlog_set_option spanlog_set_select;
spanlog_set_option spanlog_set_tenant;
spanlog_set_option spanlog_set_user;
spanlog_set_option spanlog_set_bearer;
spanlog_set_option spanlog_set_header;
spanlog_set_option spanlog_set_ca;
spanlog_set_option spanlog_set_timeout;
spanlog_set_option spanlog_set_from_since;
spanlog_set_option spanlog_set_from_until;

#endif
