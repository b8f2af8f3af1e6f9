/* cli/exec_setup.c: the environment of the command that `spanlog exec` runs. See exec.h.
 *
 * Its stdout and stderr are the command's. So where nobody says where to, the lines go to a file:
 * $XDG_STATE_HOME/spanlog/NAME.jsonl, else ~/.local/state/spanlog/NAME.jsonl, else, without a home,
 * ./NAME-spanlog.jsonl.
 */
#include "src/cli/exec.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/cli/shell.h"
#include "src/cli/verbs.h"

#ifndef SPANLOG_PRELOAD_FROM_BIN
#define SPANLOG_PRELOAD_FROM_BIN "../lib"
#endif
#define PRELOAD "libspanlog-preload.so"

static int failure(const char *what, const char *which, const char *why) {
    fprintf(stderr, "spanlog: exec: %s%s: %s\n", what, which, why);
    return SPANLOG_EXIT_ERROR;
}

/* ---- where to ------------------------------------------------------------------------------- */

/* A span's name as a file's. */
static void file_name(const char *name, char *ret_name, size_t size) {
    size_t n = 0;
    for (; name[n] != '\0' && n + 1 < size; n++) {
        char c = name[n];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '_' || c == '-' || (c == '.' && n > 0);
        ret_name[n] = plain ? c : '_';
    }
    ret_name[n] = '\0';
}

/* Makes the directory and those above it, as the XDG specification wants them. */
static bool make_directories(char *path) {
    for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        int made = mkdir(path, 0700);
        *slash = '/';
        if (made != 0 && errno != EEXIST)
            return false;
    }
    return (mkdir(path, 0700) == 0 || errno == EEXIST) && access(path, W_OK | X_OK) == 0;
}

static void default_output(const char *name, char *to, size_t size) {
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char file[64], directory[300] = "";
    file_name(name, file, sizeof file);
    if (state != NULL && state[0] == '/')
        snprintf(directory, sizeof directory, "%.270s/spanlog", state);
    else if (home != NULL && home[0] == '/')
        snprintf(directory, sizeof directory, "%.270s/.local/state/spanlog", home);
    /* These would begin another output, or an option. */
    if (directory[0] != '\0' && strpbrk(directory, ",?") == NULL && make_directories(directory))
        snprintf(to, size, "json+file:%s/%s.jsonl", directory, file);
    else
        snprintf(to, size, "json+file:%s-spanlog.jsonl", file);
}

/* Where nobody says where to, or nobody who can be understood: a mistake in the environment is no
 * reason not to run the command. */
static void settle_default(const char *name, char *to, size_t size) {
    char wanted[600];
    default_output(name, wanted, sizeof wanted);
    const char *wrong = shell_output(wanted, to, size);
    if (wrong == NULL)
        return;
    failure("nothing is logged: ", wanted, wrong);
    strcpy(to, "none");
}

/* With absolute paths: what is below may change its directory. */
static int settle_output(const struct exec_job *job) {
    char output[2048];
    const char *said = getenv("SPANLOG_OUTPUT");
    bool ours = job->output == NULL && (said == NULL || said[0] == '\0');
    const char *value = job->output != NULL ? job->output : said;
    const char *wrong = ours ? NULL : shell_output(value, output, sizeof output);
    if (wrong != NULL && job->output != NULL)
        return failure("--output ", value, wrong);
    if (wrong != NULL)
        failure("ignored: SPANLOG_OUTPUT=", value, wrong);
    if (ours || wrong != NULL)
        settle_default(job->name, output, sizeof output);
    setenv("SPANLOG_OUTPUT", output, 1);
    return -1;
}

/* ---- the preloaded library ------------------------------------------------------------------- */

/* Beside us, as in a build folder, or where it is installed. */
static bool find_preload(char *ret_path, size_t size) {
    char self[PATH_MAX];
    static const char *const places[] = {"", SPANLOG_PRELOAD_FROM_BIN "/"};
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0)
        return false;
    self[length] = '\0';
    *strrchr(self, '/') = '\0';
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        int used = snprintf(ret_path, size, "%s/%s" PRELOAD, self, places[i]);
        if (used > 0 && (size_t)used < size && access(ret_path, R_OK) == 0)
            return true;
    }
    return false;
}

static int settle_preload(void) {
    char path[PATH_MAX], all[2 * PATH_MAX];
    const char *before = getenv("LD_PRELOAD");
    if (!find_preload(path, sizeof path))
        return failure("--preload: " PRELOAD, "", "not found beside this program, nor installed");
    if (strpbrk(path, " :") != NULL) /* they part the names in LD_PRELOAD */
        return failure("--preload: ", path, "its path has a blank or a colon");
    if (before != NULL && strstr(before, PRELOAD) != NULL)
        return -1; /* from the one around us */
    snprintf(all, sizeof all, "%s%s%s", path, before != NULL && before[0] != '\0' ? ":" : "",
             before != NULL ? before : "");
    setenv("LD_PRELOAD", all, 1);
    return -1;
}

int exec_setup(const struct exec_job *job) {
    int status = settle_output(job);
    return status < 0 && job->preload ? settle_preload() : status;
}
