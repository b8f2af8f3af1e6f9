/* config/settings.h: every setting of a process, and where it came from. table.c has them all, one
 * row each; docs/configuration.md is printed from it.
 *
 *     struct settings settings;
 *     settings_load(&settings, config);        config may be NULL
 *
 * Weakest first: built in, code (spanlog_config), files (files.h), the environment (common names,
 * OTEL_*, SPANLOG_*), live control. A bad value is named once on stderr, with where it stands, and
 * changes nothing; a number out of range becomes the nearest in it.
 *
 * A new setting is a member of struct settings and a row of the table.
 */
#ifndef SPANLOG_CONFIG_SETTINGS_H
#define SPANLOG_CONFIG_SETTINGS_H

#include "src/config/rotation.h"
#include "src/core/journal.h"
#include "src/core/site.h"
#include "src/sampling/sampler.h"
#include "src/sampling/tail.h"

#include <spanlog/spanlog.h>

#define SETTINGS_MAX 64u /* rows of the table, at most */
#define SETTINGS_MAX_DIRECTIVES 32u
#define LEVEL_OFF 25u                       /* above all levels */
#define SETTING_TEXT_SIZE JOURNAL_TEXT_SIZE /* of any value as text */

struct output_setting {
    uint8_t level;            /* least level that goes there */
    char dialect[24];         /* "auto" or a dialect's name */
    char sink[16];            /* "stdout", "stderr", "file", "memory" */
    char target[512];         /* of file: the absolute path; of network outputs: the URL, or "" */
    struct rotation rotation; /* of file */
    bool spans_only;          /* no log records */
};

#define EXPORTS_MAX 8u
#define EXPORT_TRACES 1u
#define EXPORT_LOGS 2u

/* A network output: who is sent what stands in the spool (exports.h). */
struct export_setting {
    char to[520]; /* "otlp:http://127.0.0.1:4318" */
    uint8_t level;
    uint8_t signals; /* EXPORT_* */
    bool as_is;      /* of otlp: the URL takes these records itself, nothing is added to it */
};

struct level_directive {
    char logger[64]; /* this logger and those below it ("http" covers "http.client"), or a place:
                      * "orders.c", "src/orders.c:42" */
    uint8_t level;
};

/* Weakest first. */
enum setting_rank {
    SETTING_BUILT_IN,
    SETTING_CODE,
    SETTING_FILE,
    SETTING_SEED, /* LOG_LEVEL and other names that are common to many programs */
    SETTING_OTEL,
    SETTING_OWN, /* SPANLOG_* */
    SETTING_LIVE
};

/* Where a value came from: "default"; "spanlog_config.level"; a file's path and line; a variable;
 * "live". */
struct setting_origin {
    enum setting_rank rank;
    uint32_t line;    /* 0: none */
    const char *name; /* is kept, not copied */
};

struct settings {
    char service[128];
    char version[64];
    char environment[64];
    char resource[JOURNAL_TEXT_SIZE]; /* key=value,key=value */
    char journal_dir[400];
    struct output_setting named[JOURNAL_MAX_OUTPUTS]; /* as SPANLOG_OUTPUT says */
    uint32_t named_count;                             /* 0: none */
    /* By settings_settle: */
    char outputs_text[JOURNAL_TEXT_SIZE];               /* what outputs says, for recovery */
    struct output_setting outputs[JOURNAL_MAX_OUTPUTS]; /* what is written: of network outputs the
                                                         * spool, which stands last */
    uint32_t output_count;                              /* 0: none */
    struct export_setting exports[EXPORTS_MAX];
    uint32_t export_count;
    char spool[480]; /* its folder */
    bool no_spool;   /* it cannot be, which has been said */
    char traces_exporter[64], logs_exporter[64];
    char otlp_endpoint[512], otlp_traces_endpoint[512], otlp_logs_endpoint[512];
    char jaeger_endpoint[512], zipkin_endpoint[512], loki_endpoint[512];
    char otlp_headers[1024], loki_headers[1024];
    char otlp_certificate[400], otlp_client_key[400], otlp_client_certificate[400];
    uint32_t otlp_timeout, zipkin_timeout;
    char spool_dir[300];
    uint32_t spool_size;
    char format[24];
    uint8_t level;
    struct level_directive directives[SETTINGS_MAX_DIRECTIVES];
    uint32_t directive_count;
    uint32_t source_fields;
    uint32_t propagators_in, propagators_out; /* sets of src/propagation/propagator.h */
    char baggage_keys[512];
    char redact[1024]; /* a list of core/redact.h */
    uint32_t block_ms;
    uint32_t ring_size;
    uint32_t max_attributes, max_events, max_links, max_open_spans;
    uint32_t error_status_min;
    char metrics_file[512]; /* "": none */
    uint32_t metrics_interval_ms, metrics_series;
    bool metrics;
    bool enabled;
    bool include_events, include_links;
    bool drop_when_full;
    bool sync;
    bool process_lines;
    bool signal_handlers;
    bool random_trace_ids;
    uint8_t sampler; /* enum sampler_kind */
    bool parent_based;
    double sample_rate;
    char sample_rules[SAMPLER_MAX_TEXT];
    char tail[TAIL_MAX_TEXT]; /* "": none */
    uint32_t tail_memory;
    uint32_t flight; /* debug records that an error brings along; 0: none */
    uint32_t burst;  /* records a second of one call site; 0: no limit */
    const char
        *clamped; /* what was wrong with the last value, of which the nearest was taken; NULL */
    struct setting_origin origins[SETTINGS_MAX]; /* by row */
};

/* ---- the table ------------------------------------------------------------------------------ */

enum setting_type {
    SETTING_TEXT,   /* char[size] */
    SETTING_FLAG,   /* bool; a variable that ends with _DISABLED says the opposite */
    SETTING_NUMBER, /* uint32_t; K, M, G as 1024s */
    SETTING_CHOICE, /* bool or uint8_t: the number of the word in `choices` */
    SETTING_OTHER   /* as parse and print say */
};

/* Takes the value up; returns NULL, or what is wrong with it, and then has changed nothing. Where
 * the nearest is taken, `clamped` says what is wrong. */
typedef const char *setting_parser(struct settings *settings, const char *value,
                                   const struct setting_origin *origin);
typedef const char *setting_check(const char *value);
/* The inverse: a text that parses to the same. */
typedef void setting_printer(const struct settings *settings, char *ret_value, size_t size);

struct setting {
    const char *name;         /* in the file */
    const char *alias;        /* another name there, as other tracers have it, or NULL */
    const char *variables[4]; /* of the environment, weakest first; NULL: no more */
    const char *code;         /* "spanlog_config.member"; NULL: by spanlog_config.settings only */
    const char *choices;      /* of CHOICE: the words, parted by blanks */
    const char *right;        /* what a right value is; of NUMBER and CHOICE: made of the others */
    const char *unit;         /* of NUMBER: "bytes", "ms" or NULL */
    const char *built_in;     /* the default; NULL: the program's name */
    const char *about;        /* one line */
    setting_check *check;     /* of TEXT: what is wrong with it, or NULL; NULL: any is right */
    setting_parser *parse;
    setting_printer *print;
    enum setting_type type;
    uint32_t offset, size; /* in struct settings */
    uint32_t code_offset;  /* in spanlog_config: const char *, uint32_t (0: none) or bool */
    bool code_inverted;    /* of a bool: true switches off */
    bool list;             /* parted by commas; blanks around these do not count */
    bool names;            /* nothing but names: in any case */
    bool live;             /* may change while the process runs */
    bool secret;           /* is not shown */
    uint32_t least, most;
};

extern const struct setting settings_table[];
extern const size_t settings_count;

/* NULL: there is none of that name. */
const struct setting *setting_find(const char *name);
/* "64K to 256M", "block or drop": what a right value is. */
void setting_right(const struct setting *setting, char *ret_text, size_t size);
/* The value in force, as text. */
void setting_print(const struct settings *settings, const struct setting *setting, char *ret_value,
                   size_t size);
/* The same for people, with secrets masked. */
void setting_show(const struct settings *settings, const struct setting *setting, char *ret_value,
                  size_t size);
/* "default", "spanlog_config.level", "/etc/spanlog.conf:3", "SPANLOG_LEVEL", "live". */
void setting_origin_print(const struct settings *settings, const struct setting *setting,
                          char *ret_text, size_t size);

/* ---- reading -------------------------------------------------------------------------------- */

/* Built in ones only. */
void settings_defaults(struct settings *ret_settings);
void settings_load(struct settings *ret_settings, const spanlog_config *config);
/* What a process of that service would have that started here and now, but for its code. */
void settings_load_as(struct settings *ret_settings, const char *service);
/* Reads the files again, if they have changed: what may change while the process runs becomes what
 * they say now, below the environment; of the rest it is said that it stays. Returns whether any
 * value is another. One caller at a time, with settings as settings_load made them. */
bool settings_reload(struct settings *settings);

/* Sets one. False: refused, which has been said. NULL is none; so is an empty value of code and of
 * OTEL_*, whose specification says so. */
bool settings_set(struct settings *settings, const struct setting *setting, const char *value,
                  struct setting_origin origin);
/* The same without a word: NULL, or what is wrong with the value. */
const char *settings_try(struct settings *settings, const struct setting *setting,
                         const char *value, struct setting_origin origin);
/* Sets one to what it is in `from`. */
void settings_take(struct settings *settings, const struct settings *from,
                   const struct setting *setting);

/* Reads the text of a configuration file:
 *
 *     # before the first section: for all services
 *     level = info
 *     [orders]
 *     level = info,db=debug
 *
 * For live rules: (struct setting_origin){.rank = SETTING_LIVE, .name = "live"}. The origin's lines
 * are counted here. service NULL: no section holds; SETTINGS_EVERY_SERVICE: all do. Returns how
 * many lines were refused; each has been said. After the last text: settings_settle. */
#define SETTINGS_EVERY_SERVICE "*"
size_t settings_apply_text(struct settings *settings, const char *text, size_t size,
                           struct setting_origin origin, const char *service);
/* What follows from the settings together: dialects of the outputs, sizes that fit. */
void settings_settle(struct settings *settings);
/* Of these only the sizes. */
void settings_round(struct settings *settings);
/* All of them that are not empty as such a text, to be shown. Returns its size, without NUL; it is
 * cut to fit. */
size_t settings_format(const struct settings *settings, char *ret_text, size_t size);

/* ---- sampling ------------------------------------------------------------------------------- */

/* The sampler that the settings together ask for: a rate that is set by a stronger source than the
 * sampler makes it one of that ratio. The texts are those of settings. */
struct sampler_setting settings_sampler(const struct settings *settings);
/* The sampling rules `more` ("route=/checkout:1") before those of `value`, in place of those with
 * the same conditions; "none" leaves none. Returns 0, or -E2BIG: then value is as it was. */
int sample_rules_over(char *value, size_t size, const char *more);

/* ---- levels and outputs --------------------------------------------------------------------- */

/* The level that this place's records, or spans, need. *ret_exact: a directive about the file, or
 * the line, decides. */
uint8_t settings_level_of(const struct settings *settings, const struct level_place *place,
                          bool *ret_exact);
/* The lowest that any logger's need. */
uint8_t settings_lowest_level(const struct settings *settings);

#define LEVEL_OFF 25u
/* "debug" -> 5; 0: no such name. "off" -> LEVEL_OFF. */
uint8_t level_by_name(const char *name, size_t size);
const char *level_name(uint8_t level);

/* Reads a comma separated list of outputs; returns NULL or what is wrong with it. */
const char *outputs_parse(const char *text, struct output_setting *ret_outputs,
                          uint32_t *ret_count);
/* The inverse, with absolute paths. */
void outputs_format(const struct output_setting *outputs, uint32_t count, char *ret_text,
                    size_t size);
/* The same without what is usual: "file:/var/log/orders.jsonl,error:syslog:". */
void outputs_spell(const struct output_setting *outputs, uint32_t count, char *ret_text,
                   size_t size);

#endif
