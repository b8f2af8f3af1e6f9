/* cli/verbs.h: the verbs of the tool; one file each. main.c has the table.
 *
 *     int spanlog_verb_trace(int argc, char **argv);     argv[0]: the verb; returns the status
 *
 * Exit status: 0 done, 1 nothing found, 2 usage error or a file that cannot be read.
 */
#ifndef SPANLOG_CLI_VERBS_H
#define SPANLOG_CLI_VERBS_H

#define SPANLOG_EXIT_DONE 0
#define SPANLOG_EXIT_NOTHING 1
#define SPANLOG_EXIT_ERROR 2

int spanlog_verb_trace(int argc, char **argv);
int spanlog_verb_traces(int argc, char **argv);
int spanlog_verb_stats(int argc, char **argv);
int spanlog_verb_graph(int argc, char **argv);
int spanlog_verb_path(int argc, char **argv);
int spanlog_verb_shapes(int argc, char **argv);
int spanlog_verb_diff(int argc, char **argv);
int spanlog_verb_check(int argc, char **argv);
int spanlog_verb_cat(int argc, char **argv);
int spanlog_verb_tail(int argc, char **argv);
int spanlog_verb_export(int argc, char **argv);
int spanlog_verb_index(int argc, char **argv);
int spanlog_verb_retain(int argc, char **argv);
int spanlog_verb_recover(int argc, char **argv);
int spanlog_verb_status(int argc, char **argv);
int spanlog_verb_enable(int argc, char **argv);
int spanlog_verb_disable(int argc, char **argv);
int spanlog_verb_level(int argc, char **argv);
int spanlog_verb_sample(int argc, char **argv);
int spanlog_verb_flush(int argc, char **argv);
int spanlog_verb_rotate(int argc, char **argv);
int spanlog_verb_config(int argc, char **argv);
int spanlog_verb_log(int argc, char **argv);
int spanlog_verb_ship(int argc, char **argv);
int spanlog_verb_exec(int argc, char **argv);

#endif
