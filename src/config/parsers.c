/* config/parsers.c: see parsers.h. */
#include "src/config/parsers.h"
#include "src/config/exports.h"
#include "src/core/redact.h"
#include "src/core/tell.h"
#include "src/propagation/propagator.h"

#include <stdio.h>
#include <string.h>

bool setting_word_find(const char *words, const char *word, uint8_t *ret_index) {
    size_t size = strlen(word);
    uint8_t index = 0;
    while (*words != '\0') {
        size_t one = strcspn(words, " ");
        if (one == size && memcmp(words, word, size) == 0) {
            if (ret_index != NULL)
                *ret_index = index;
            return true;
        }
        words += one + (words[one] == ' ');
        index++;
    }
    return false;
}

#define OUTPUTS_SPARE (JOURNAL_MAX_OUTPUTS * 24u)

/* ---- output --------------------------------------------------------------------------------- */

const char *setting_parse_output(struct settings *s, const char *value,
                                 const struct setting_origin *origin) {
    (void)origin;
    struct output_setting outputs[JOURNAL_MAX_OUTPUTS];
    uint32_t count = 0;
    char text[JOURNAL_TEXT_SIZE];
    const char *wrong = outputs_parse(value, outputs, &count);
    if (wrong != NULL)
        return wrong;
    outputs_format(outputs, count, text, sizeof text);
    if (strlen(text) > sizeof text - OUTPUTS_SPARE) /* dialects may get longer names yet */
        return "too long together";
    memcpy(s->named, outputs, sizeof outputs);
    s->named_count = count;
    return NULL;
}

void setting_print_output(const struct settings *s, char *value, size_t size) {
    outputs_format(s->named, s->named_count, value, size);
}

/* ---- exporters and their endpoints --------------------------------------------------------- */

static const char *take_exporters(char to[64], const char *words, const char *value) {
    char word[16];
    for (const char *at = value; *at != '\0';) {
        size_t size = strcspn(at, ",");
        snprintf(word, sizeof word, "%.*s", (int)size, at);
        if (size >= sizeof word || !setting_word_find(words, word, NULL))
            return "there is no such exporter";
        at += size + (at[size] == ',');
    }
    if (strlen(value) >= 64)
        return "too long";
    strcpy(to, value);
    return NULL;
}

static const char *take_url(char *to, size_t room, const char *value) {
    const char *wrong = strlen(value) >= room ? "too long"
                        : value[0] == '\0'    ? NULL /* back to none */
                                              : export_check_url(value);
    if (wrong == NULL)
        strcpy(to, value);
    return wrong;
}

#define TEXT_SETTING(member, take)                                                                 \
    const char *setting_parse_##member(struct settings *s, const char *value,                      \
                                       const struct setting_origin *origin) {                      \
        (void)origin;                                                                              \
        return take;                                                                               \
    }                                                                                              \
    void setting_print_##member(const struct settings *s, char *value, size_t size) {              \
        snprintf(value, size, "%s", s->member);                                                    \
    }
#define URL_SETTING(member) TEXT_SETTING(member, take_url(s->member, sizeof s->member, value))

TEXT_SETTING(traces_exporter,
             take_exporters(s->traces_exporter, "otlp zipkin jaeger console none", value))
TEXT_SETTING(logs_exporter, take_exporters(s->logs_exporter, "otlp loki console none", value))
URL_SETTING(otlp_endpoint)
URL_SETTING(otlp_traces_endpoint)
URL_SETTING(otlp_logs_endpoint)
URL_SETTING(jaeger_endpoint)
URL_SETTING(zipkin_endpoint)
URL_SETTING(loki_endpoint)

void setting_copy_lower(char *to, const char *from, size_t size) {
    for (size_t i = 0; i < size; i++)
        to[i] = (char)(from[i] >= 'A' && from[i] <= 'Z' ? from[i] - 'A' + 'a' : from[i]);
    to[size] = '\0';
}

/* ---- headers and keys ----------------------------------------------------------------------- */

/* How many characters of a token, as HTTP calls it, the text begins with. */
static size_t token_size(const char *text) {
    return strspn(text, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

const char *setting_check_headers(const char *value) {
    for (const char *at = value; *at != '\0';) {
        at += strspn(at, " \t");
        size_t size = strcspn(at, ","), key = token_size(at);
        if (size > 0 && (key == 0 || at[key + strspn(at + key, " \t")] != '='))
            return "a pair without key or \"=\"";
        at += size + (at[size] == ',');
    }
    return NULL;
}

const char *setting_check_keys(const char *value) {
    bool any = false;
    for (const char *at = value; *at != '\0';) {
        size_t size = strcspn(at, ",");
        if (token_size(at) < size)
            return "no key of baggage";
        any |= size > 0;
        at += size + (at[size] == ',');
    }
    return any ? NULL : "no key of baggage";
}

/* ---- level ---------------------------------------------------------------------------------- */

/* A logger that has a directive already gets another. */
static const char *add_directive(struct level_directive *directives, uint32_t *count,
                                 const char *name, size_t size, uint8_t level) {
    uint32_t i = 0;
    if (size == 0 || size >= sizeof directives->logger)
        return "a logger's name has 1 to 63 bytes";
    while (i < *count &&
           (memcmp(directives[i].logger, name, size) != 0 || directives[i].logger[size] != '\0'))
        i++;
    if (i == SETTINGS_MAX_DIRECTIVES)
        return "more than 32 loggers";
    memcpy(directives[i].logger, name, size);
    directives[i].logger[size] = '\0';
    directives[i].level = level;
    *count += i == *count;
    return NULL;
}

/* Live, what is not named stays as it is. */
const char *setting_parse_level(struct settings *s, const char *value,
                                const struct setting_origin *origin) {
    uint8_t level = s->level;
    struct level_directive directives[SETTINGS_MAX_DIRECTIVES];
    uint32_t count = origin->rank == SETTING_LIVE ? s->directive_count : 0;
    memcpy(directives, s->directives, sizeof directives);
    for (const char *at = value; *at != '\0';) {
        size_t size = strcspn(at, ",");
        const char *equals = memchr(at, '=', size);
        const char *name = equals != NULL ? equals + 1 : at;
        uint8_t one = level_by_name(name, (size_t)(at + size - name));
        if (one == 0)
            return "there is no such level";
        if (equals == NULL) {
            level = one;
        } else {
            const char *wrong = add_directive(directives, &count, at, (size_t)(equals - at), one);
            if (wrong != NULL)
                return wrong;
        }
        at += size + (at[size] == ',');
    }
    s->level = level;
    s->directive_count = count;
    memcpy(s->directives, directives, sizeof directives);
    return NULL;
}

void setting_print_level(const struct settings *s, char *value, size_t size) {
    size_t used = (size_t)snprintf(value, size, "%s", level_name(s->level));
    for (uint32_t i = 0; i < s->directive_count && used < size; i++)
        used += (size_t)snprintf(value + used, size - used, ",%s=%s", s->directives[i].logger,
                                 level_name(s->directives[i].level));
}

/* ---- source, propagators -------------------------------------------------------------------- */

static const char *const sources[] = {"src", "pid", "tid"};
_Static_assert(SOURCE_SRC == 1 && SOURCE_PID == 2 && SOURCE_TID == 4, "bit i is sources[i]");

const char *setting_parse_source(struct settings *s, const char *value,
                                 const struct setting_origin *origin) {
    (void)origin;
    uint32_t fields = 0;
    for (const char *at = value; *at != '\0' && strcmp(value, "none") != 0;) {
        size_t size = strcspn(at, ",");
        unsigned i = 0;
        while (i < 3 && (size != 3 || memcmp(at, sources[i], 3) != 0))
            i++;
        if (i == 3)
            return "there is no such field";
        fields |= 1u << i;
        at += size + (at[size] == ',');
    }
    s->source_fields = fields;
    return NULL;
}

void setting_print_source(const struct settings *s, char *value, size_t size) {
    size_t used = 0;
    snprintf(value, size, "none");
    for (unsigned i = 0; i < 3 && used < size; i++) {
        if ((s->source_fields & 1u << i) != 0)
            used += (size_t)snprintf(value + used, size - used, "%s%s", used > 0 ? "," : "",
                                     sources[i]);
    }
}

const char *setting_parse_propagators(struct settings *s, const char *value,
                                      const struct setting_origin *origin) {
    uint32_t set = 0;
    bool xray = false;
    if (strcmp(value, "default") == 0) {
        s->propagators_in = PROPAGATORS_DEFAULT_IN;
        s->propagators_out = PROPAGATORS_DEFAULT_OUT;
        return NULL;
    }
    if (propagators_parse(value, &set, &xray) != NULL)
        return "there is no such propagator";
    if (xray)
        tell("%s=%.100s: X-Ray headers are neither read nor written; the spanlog tool reads X-Ray "
             "ids in logs",
             origin->name, value);
    s->propagators_in = s->propagators_out = set;
    return NULL;
}

void setting_print_propagators(const struct settings *s, char *value, size_t size) {
    size_t used = 0;
    bool both = s->propagators_in == s->propagators_out;
    snprintf(value, size, "%s", both ? "none" : "default");
    for (unsigned i = 0; both && i < PROPAGATOR_COUNT && used < size; i++) {
        if ((s->propagators_in & PROPAGATOR_BIT(i)) != 0)
            used += (size_t)snprintf(value + used, size - used, "%s%s", used > 0 ? "," : "",
                                     propagators[i].name);
    }
}

/* ---- redact ---------------------------------------------------------------------------------- */

const char *setting_parse_redact(struct settings *s, const char *value,
                                 const struct setting_origin *origin) {
    (void)origin;
    const char *wrong = strlen(value) >= sizeof s->redact ? "too long" : redact_check(value);
    if (wrong == NULL)
        strcpy(s->redact, value);
    return wrong;
}

void setting_print_redact(const struct settings *s, char *value, size_t size) {
    snprintf(value, size, "%s", s->redact);
}

/* ---- resource ------------------------------------------------------------------------------- */

static int hex_digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static void percent_decode(const char *from, size_t size, char *to, size_t room) {
    size_t n = 0;
    for (size_t i = 0; i < size && n + 1 < room; i++) {
        if (from[i] == '%' && i + 2 < size && hex_digit(from[i + 1]) >= 0 &&
            hex_digit(from[i + 2]) >= 0) {
            to[n++] = (char)(hex_digit(from[i + 1]) * 16 + hex_digit(from[i + 2]));
            i += 2;
        } else {
            to[n++] = from[i];
        }
    }
    to[n] = '\0';
}

/* A key that comes again replaces what a weaker source said. */
static void remove_resource(char *resource, const char *key, size_t key_size) {
    for (char *at = resource; *at != '\0';) {
        size_t size = strcspn(at, ",");
        char *next = at + size + (at[size] == ',');
        if (size > key_size && at[key_size] == '=' && memcmp(at, key, key_size) == 0)
            memmove(at, next, strlen(next) + 1);
        else
            at = next;
    }
    size_t used = strlen(resource);
    if (used > 0 && resource[used - 1] == ',')
        resource[used - 1] = '\0';
}

static bool ends_blank(const char *text) {
    size_t size = strlen(text);
    return size > 0 && (strchr(" \t", text[0]) != NULL || strchr(" \t", text[size - 1]) != NULL);
}

/* The value comes decoded; one that would not read back the same stays as it was: commas part the
 * pairs, lines the settings, and blanks around them do not count. */
static void add_resource(struct settings *s, const char *pair, size_t size, size_t key_size,
                         const char *value) {
    remove_resource(s->resource, pair, key_size);
    size_t used = strlen(s->resource);
    bool plain = strpbrk(value, ",%\r\n") == NULL && !ends_blank(value);
    if (used + size + 2 > sizeof s->resource)
        return;
    snprintf(s->resource + used, sizeof s->resource - used, "%s%.*s%s", used > 0 ? "," : "",
             (int)(plain ? key_size + 1 : size), pair, plain ? value : "");
}

static bool set_member(struct settings *s, const char *key, size_t size, const char *value,
                       const struct setting_origin *origin) {
    static const struct {
        const char *key, *setting;
    } members[] = {{"service.name", "service"},
                   {"service.version", "version"},
                   {"deployment.environment.name", "environment"}};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (strlen(members[i].key) == size && memcmp(members[i].key, key, size) == 0) {
            if (value[0] != '\0')
                settings_set(s, setting_find(members[i].setting), value, *origin);
            return true;
        }
    }
    return false;
}

const char *setting_parse_resource(struct settings *s, const char *value,
                                   const struct setting_origin *origin) {
    for (const char *at = value; *at != '\0';) {
        size_t size = strcspn(at, ",");
        const char *equals = memchr(at, '=', size);
        if (size > 0 && (equals == NULL || equals == at))
            return "a pair without key or \"=\"";
        at += size + (at[size] == ',');
    }
    for (const char *at = value; *at != '\0';) {
        size_t size = strcspn(at, ",");
        const char *equals = memchr(at, '=', size);
        char text[256];
        if (equals != NULL) {
            size_t key = (size_t)(equals - at);
            percent_decode(equals + 1, size - key - 1, text, sizeof text);
            if (!set_member(s, at, key, text, origin))
                add_resource(s, at, size, key, text);
        }
        at += size + (at[size] == ',');
    }
    return NULL;
}

void setting_print_resource(const struct settings *s, char *value, size_t size) {
    snprintf(value, size, "%s", s->resource);
}
