/* cli/ship_options.c: see ship_options.h. */
#include "src/cli/ship_options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/analyzer/read/fields.h"
#include "src/cli/values.h"
#include "src/cli/verbs.h"

static const char help[] =
    "spanlog ship --to TARGET [options] [--to TARGET [options]]... FILE|DIR...\n\n"
    "Follows log files and sends their records on. The files are the queue: nothing is lost while "
    "a\n"
    "server is down, and each target has its own position. A record is sent at least once. Runs\n"
    "until SIGTERM or SIGINT. A FILE stands for what rotation makes of it, too, also where gzip "
    "or\n"
    "zstd has compressed it.\n\n"
    "  --to loki:URL     every line, to /loki/api/v1/push below the URL\n"
    "  --to otlp:URL     OTLP over HTTP (port 4318): spans to /v1/traces, log records to /v1/logs\n"
    "  --to zipkin:URL   spans, to /api/v2/spans\n"
    "                    otlp and zipkin alone: as OTEL_EXPORTER_OTLP_ENDPOINT and\n"
    "                    OTEL_EXPORTER_ZIPKIN_ENDPOINT say; no --to: what of these is set\n"
    "For the --to before it, or in front of all for each:\n"
    "  --labels LIST     of Loki: NAME=KEY,... "
    "(service_name=service,env=deployment.environment.name)\n"
    "  --label N=V,...   labels of Loki that are always the same\n"
    "  --tenant NAME     X-Scope-OrgID\n"
    "  --user NAME:PASSWORD, --bearer TOKEN   or @FILE, which holds it\n"
    "  --header N=V,...  more headers\n"
    "  --ca FILE         certificates to trust instead of the system's\n"
    "  --cert FILE, --key FILE   who we are, where the server asks for it\n"
    "  --only traces|logs   of otlp\n"
    "  --compress gzip|none|auto   auto: gzip, but not to this host itself (auto)\n"
    "  --timeout TIME    of a request (10s)\n"
    "  --rate SIZE       bytes a second at most (no limit)\n"
    "  --batch SIZE      bytes of a request (1M)\n"
    "  --max-age TIME    older records are left out and counted (no limit)\n"
    "For all:\n"
    "  --once            send what is there, and end\n"
    "  --give-up TIME    with --once: when nothing could be sent for so long (60s)\n"
    "  --linger TIME     how long a record waits for others to go with it (1s)\n"
    "  --grace TIME      for the last request after SIGTERM (5s)\n"
    "  --memory SIZE     of each target; a line of over an eighth of it is left out (64M)\n"
    "  --state DIR       where positions are kept ($XDG_STATE_HOME/spanlog/ship, for root\n"
    "                    /var/lib/spanlog/ship)\n"
    "  --status [--json] what was sent, what is to go, what went wrong, target by target\n\n"
    "Examples:\n"
    "  spanlog ship --to loki:http://127.0.0.1:3100 /var/log/shop.jsonl\n"
    "  spanlog ship --to loki:https://loki.example:3100 --tenant shop --bearer @token --to \\\n"
    "      otlp:http://127.0.0.1:4318 --only traces /var/log/shop/\n"
    "  spanlog ship --once --to zipkin:http://127.0.0.1:9411 shop.jsonl\n"
    "  spanlog ship --status\n\n"
    "Exit status: 0 done or ended by a signal, 2 something could not be sent, which stays in the\n"
    "files, or a usage error.\n";

typedef const char *set_fn(struct spanlog_ship_options *options, struct spanlog_ship_target *target,
                           char *value);

/* ---- values ------------------------------------------------------------------------------- */

#define TIME_FORM "a time with its unit: 500ms, 10s, 5m"
#define SIZE_FORM "a size: 65536, 512K, 4M"

static bool read_ms(const char *value, uint64_t *ret) {
    uint64_t ns;
    if (!spanlog_duration_read(value, &ns) || ns / 1000000 > 30ull * 86400 * 1000)
        return false;
    *ret = ns / 1000000;
    return true;
}

static bool read_size(const char *value, uint64_t *ret) {
    char *end;
    errno = 0;
    uint64_t number = strtoull(value, &end, 10);
    unsigned shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
    if (errno || end == value || *value == '-' || end[shift != 0] || number > UINT64_MAX >> 31)
        return false;
    *ret = number << shift;
    return true;
}

/* ---- options ------------------------------------------------------------------------------ */

#define TEXT_OPTION(name, field)                                                                   \
    static const char *name(struct spanlog_ship_options *options,                                  \
                            struct spanlog_ship_target *target, char *value) {                     \
        (void)options;                                                                             \
        target->field = value;                                                                     \
        return NULL;                                                                               \
    }
TEXT_OPTION(set_labels, labels)
TEXT_OPTION(set_label, constants)
TEXT_OPTION(set_tenant, tenant)
TEXT_OPTION(set_header, headers)
TEXT_OPTION(set_ca, ca)
TEXT_OPTION(set_cert, certificate)
TEXT_OPTION(set_key, key)

#define SECRET_OPTION(name, field)                                                                 \
    static const char *name(struct spanlog_ship_options *options,                                  \
                            struct spanlog_ship_target *target, char *value) {                     \
        (void)options;                                                                             \
        target->field = spanlog_value_secret(value);                                               \
        return target->field ? NULL : "a text, or @FILE with a file that can be read";             \
    }
SECRET_OPTION(set_user, user)
SECRET_OPTION(set_bearer, bearer)

static const char *set_only(struct spanlog_ship_options *options,
                            struct spanlog_ship_target *target, char *value) {
    (void)options;
    target->signals = strcmp(value, "traces") == 0 ? SPANLOG_SHIP_TRACES
                      : strcmp(value, "logs") == 0 ? SPANLOG_SHIP_LOGS
                                                   : 0;
    return target->signals ? NULL : "traces or logs";
}

static const char *set_compress(struct spanlog_ship_options *options,
                                struct spanlog_ship_target *target, char *value) {
    static const char *const names[] = {"auto", "gzip", "none"};
    (void)options;
    for (unsigned i = 0; i < 3; i++)
        if (strcmp(value, names[i]) == 0) {
            target->compress = i;
            return NULL;
        }
    return "auto, gzip or none";
}

static const char *set_timeout(struct spanlog_ship_options *options,
                               struct spanlog_ship_target *target, char *value) {
    (void)options;
    return read_ms(value, &target->timeout_ms) && target->timeout_ms ? NULL : TIME_FORM;
}

static const char *set_rate(struct spanlog_ship_options *options,
                            struct spanlog_ship_target *target, char *value) {
    (void)options;
    return read_size(value, &target->rate) && target->rate ? NULL : SIZE_FORM;
}

static const char *set_batch(struct spanlog_ship_options *options,
                             struct spanlog_ship_target *target, char *value) {
    (void)options;
    return read_size(value, &target->request_size) && target->request_size >= 4096 &&
                   target->request_size <= 64u << 20
               ? NULL
               : "a size from 4K to 64M";
}

static const char *set_max_age(struct spanlog_ship_options *options,
                               struct spanlog_ship_target *target, char *value) {
    (void)options;
    return spanlog_duration_read(value, &target->max_age_ns) && target->max_age_ns
               ? NULL
               : "a time with its unit: 12h, 7d";
}

static const char *set_give_up(struct spanlog_ship_options *options,
                               struct spanlog_ship_target *target, char *value) {
    (void)target;
    return read_ms(value, &options->settings.give_up_ms) ? NULL : TIME_FORM;
}

static const char *set_linger(struct spanlog_ship_options *options,
                              struct spanlog_ship_target *target, char *value) {
    (void)target;
    return read_ms(value, &options->settings.linger_ms) ? NULL : TIME_FORM;
}

static const char *set_grace(struct spanlog_ship_options *options,
                             struct spanlog_ship_target *target, char *value) {
    (void)target;
    return read_ms(value, &options->settings.grace_ms) ? NULL : TIME_FORM;
}

static const char *set_memory(struct spanlog_ship_options *options,
                              struct spanlog_ship_target *target, char *value) {
    (void)target;
    return read_size(value, &options->settings.memory) && options->settings.memory >= 8u << 20 &&
                   options->settings.memory <= 4ull << 30
               ? NULL
               : "a size from 8M to 4G";
}

static const char *set_state(struct spanlog_ship_options *options,
                             struct spanlog_ship_target *target, char *value) {
    (void)target;
    options->settings.state = value;
    return *value ? NULL : "a directory";
}

static const char *set_to(struct spanlog_ship_options *options, struct spanlog_ship_target *target,
                          char *value) {
    struct spanlog_ship_settings *settings = &options->settings;
    (void)target;
    if (settings->target_count == SPANLOG_SHIP_TARGETS_MAX)
        return "the 17th: at most 16 targets";
    struct spanlog_ship_target *added = &options->targets[settings->target_count++];
    *added = options->all;
    added->to = value;
    return NULL;
}

static const char *set_once(struct spanlog_ship_options *options,
                            struct spanlog_ship_target *target, char *value) {
    (void)target;
    (void)value;
    options->settings.once = true;
    return NULL;
}

static const char *set_status(struct spanlog_ship_options *options,
                              struct spanlog_ship_target *target, char *value) {
    (void)target;
    (void)value;
    options->status = true;
    return NULL;
}

static const char *set_json(struct spanlog_ship_options *options,
                            struct spanlog_ship_target *target, char *value) {
    (void)target;
    (void)value;
    options->json = true;
    return NULL;
}

static const struct {
    const char *name;
    set_fn *set;
    bool has_value;
} table[] = {
    {"to", set_to, true},           {"labels", set_labels, true},
    {"label", set_label, true},     {"tenant", set_tenant, true},
    {"user", set_user, true},       {"bearer", set_bearer, true},
    {"header", set_header, true},   {"ca", set_ca, true},
    {"cert", set_cert, true},       {"key", set_key, true},
    {"only", set_only, true},       {"compress", set_compress, true},
    {"timeout", set_timeout, true}, {"rate", set_rate, true},
    {"batch", set_batch, true},     {"max-age", set_max_age, true},
    {"give-up", set_give_up, true}, {"linger", set_linger, true},
    {"grace", set_grace, true},     {"memory", set_memory, true},
    {"state", set_state, true},     {"once", set_once, false},
    {"status", set_status, false},  {"json", set_json, false},
};

static int usage_error(const char *what, const char *why) {
    fprintf(stderr, "spanlog: ship: %s%s%s (see: spanlog ship --help)\n", what, *why ? ": " : "",
            why);
    return SPANLOG_EXIT_ERROR;
}

/* argv[*index] is an option: -1, or the exit status. */
static int read_option(struct spanlog_ship_options *options, int argc, char **argv, int *index) {
    const char *given = argv[*index];
    size_t size = strcspn(given, "=");
    struct spanlog_ship_target *target = options->settings.target_count
                                             ? &options->targets[options->settings.target_count - 1]
                                             : &options->all;
    if (strcmp(given, "--help") == 0 || strcmp(given, "-h") == 0) {
        fputs(help, stdout);
        return SPANLOG_EXIT_DONE;
    }
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strncmp(given, "--", 2) != 0 || strlen(table[i].name) != size - 2 ||
            memcmp(given + 2, table[i].name, size - 2) != 0)
            continue;
        char *value = argv[*index] + size;
        if (table[i].has_value && *value == 0 && *index + 1 >= argc)
            return usage_error(given, "a value is missing");
        if (!table[i].has_value && *value)
            return usage_error(given, "takes no value");
        value = !table[i].has_value ? value : *value ? value + 1 : argv[++*index];
        const char *form = table[i].set(options, target, value);
        if (!form)
            return -1;
        fprintf(stderr, "spanlog: ship: %.*s %s: must be %s (see: spanlog ship --help)\n",
                (int)size, given, value, form);
        return SPANLOG_EXIT_ERROR;
    }
    return usage_error(given, "unknown option");
}

/* ---- the environment ---------------------------------------------------------------------- */

static const char *variable(const char *name) {
    const char *value = secure_getenv(name);
    return value && *value ? value : NULL;
}

static const char *either(const char *name, const char *general) {
    const char *value = variable(name);
    return value ? value : variable(general);
}

/* The variable for spans, where it is set, or the one for all: `name` becomes its name. */
static const char *otlp_variable(const char *what, char name[64]) {
    snprintf(name, 64, "OTEL_EXPORTER_OTLP_TRACES_%s", what);
    if (!variable(name))
        snprintf(name, 64, "OTEL_EXPORTER_OTLP_%s", what);
    return variable(name);
}

static void take_timeout(struct spanlog_ship_target *target, const char *name) {
    const char *value = variable(name);
    uint64_t ms;
    if (value && !target->timeout_ms && spanlog_value_count(value, 3600000, &ms) && ms)
        target->timeout_ms = ms;
    else if (value && !target->timeout_ms)
        fprintf(stderr, "spanlog: ship: %s=%s: must be milliseconds; 10000 is taken\n", name,
                value);
}

/* "otlp" alone: what OpenTelemetry's variables say, whose URL for one kind of records is used as
 * it is. */
static void take_otlp(struct spanlog_ship_target *target) {
    static char to[4096];
    char name[64];
    const char *base = variable("OTEL_EXPORTER_OTLP_ENDPOINT");
    target->traces_url = variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    target->logs_url = variable("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT");
    if (!base)
        base = target->traces_url ? target->traces_url : target->logs_url;
    snprintf(to, sizeof to, "otlp:%s", base ? base : "http://localhost:4318");
    target->to = to;
    if (!target->headers)
        target->headers = otlp_variable("HEADERS", name);
    if (!target->ca)
        target->ca = otlp_variable("CERTIFICATE", name);
    if (!target->certificate)
        target->certificate = otlp_variable("CLIENT_CERTIFICATE", name);
    if (!target->key)
        target->key = otlp_variable("CLIENT_KEY", name);
    otlp_variable("TIMEOUT", name);
    take_timeout(target, name);
}

static void take_zipkin(struct spanlog_ship_target *target) {
    static char to[4096];
    const char *url = variable("OTEL_EXPORTER_ZIPKIN_ENDPOINT");
    snprintf(to, sizeof to, "zipkin:%s", url ? url : "http://localhost:9411/api/v2/spans");
    target->to = to;
    take_timeout(target, "OTEL_EXPORTER_ZIPKIN_TIMEOUT");
}

static void take_environment(struct spanlog_ship_options *options) {
    struct spanlog_ship_settings *settings = &options->settings;
    static char otlp[] = "otlp", zipkin[] = "zipkin";
    if (settings->target_count == 0) {
        if (either("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") ||
            variable("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"))
            set_to(options, NULL, otlp);
        if (variable("OTEL_EXPORTER_ZIPKIN_ENDPOINT"))
            set_to(options, NULL, zipkin);
    }
    for (size_t i = 0; i < settings->target_count; i++) {
        struct spanlog_ship_target *target = &options->targets[i];
        if (strcmp(target->to, "otlp") == 0)
            take_otlp(target);
        else if (strcmp(target->to, "zipkin") == 0)
            take_zipkin(target);
        if (!target->timeout_ms)
            target->timeout_ms = 10000;
    }
}

/* ---- all of them -------------------------------------------------------------------------- */

static int check(const struct spanlog_ship_options *options) {
    const struct spanlog_ship_settings *settings = &options->settings;
    if (options->status)
        return -1;
    if (options->json)
        return usage_error("--json", "goes with --status");
    if (settings->target_count == 0)
        return usage_error("where to? Give --to loki:URL, otlp:URL or zipkin:URL", "");
    if (settings->path_count == 0)
        return usage_error("which files? Name them, or their directory", "");
    for (size_t i = 0; i < settings->path_count; i++)
        if (strcmp(settings->paths[i], "-") == 0)
            return usage_error("-", "the files are the queue: stdin cannot be one. Write it to a "
                                    "file");
    for (size_t i = 0; i < settings->target_count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(settings->targets[i].to, settings->targets[k].to) == 0)
                return usage_error(settings->targets[i].to, "is named twice");
    return -1;
}

int spanlog_ship_options_read(struct spanlog_ship_options *options, int argc, char **argv) {
    size_t words = 0;
    bool ended = false;
    *options = (struct spanlog_ship_options){.settings = {.size = SPANLOG_SHIP_SIZE,
                                                          .memory = 64u << 20,
                                                          .linger_ms = 1000,
                                                          .grace_ms = 5000,
                                                          .give_up_ms = 60000},
                                             .all = {.request_size = 1u << 20}};
    for (int i = 1; i < argc; i++) {
        int status = -1;
        if (!ended && strcmp(argv[i], "--") == 0)
            ended = true;
        else if (!ended && argv[i][0] == '-' && argv[i][1])
            status = read_option(options, argc, argv, &i);
        else
            argv[1 + words++] = argv[i];
        if (status >= 0)
            return status;
    }
    take_environment(options);
    options->settings.targets = options->targets;
    options->settings.paths = (const char *const *)&argv[1];
    options->settings.path_count = words;
    return check(options);
}
