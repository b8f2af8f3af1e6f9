/* integrations/http_url.c: what of an URL may be logged, and whom it names. See spanlog/http.h. */
#include "src/integrations/port.h"

#include <spanlog/http.h>

#include <errno.h>
#include <string.h>
#include <strings.h>

static const char redacted[] = "REDACTED";

/* ---- secrets ------------------------------------------------------------------------------ */

struct word {
    const char *text; /* in small letters */
    size_t size;
};

#define WORD(text)                                                                                 \
    { text, sizeof(text) - 1 }

static bool starts_with(const char *name, const struct word *word) {
    return (name[0] | 0x20) == (word->text[0] | 0x20) &&
           strncasecmp(name, word->text, word->size) == 0;
}

static bool name_has(const char *name, size_t size, const struct word *word) {
    for (size_t at = 0; at + word->size <= size; at++) {
        if (starts_with(name + at, word))
            return true;
    }
    return false;
}

/* The conventions' four, and the names that secrets usually have. A name with a percent sign could
 * be any of them. */
static bool is_secret(const char *name, size_t size) {
    static const struct word whole[] = {WORD("sig"),           WORD("key"), WORD("auth"),
                                        WORD("code"),          WORD("pwd"), WORD("pass"),
                                        WORD("awsaccesskeyid")};
    static const struct word parts[] = {WORD("token"),      WORD("secret"),     WORD("passw"),
                                        WORD("signature"),  WORD("api_key"),    WORD("apikey"),
                                        WORD("api-key"),    WORD("access_key"), WORD("accesskey"),
                                        WORD("access-key"), WORD("credential"), WORD("session"),
                                        WORD("%")};
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        if (whole[i].size == size && starts_with(name, &whole[i]))
            return true;
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (name_has(name, size, &parts[i]))
            return true;
    }
    return false;
}

/* ---- copying ------------------------------------------------------------------------------ */

struct out {
    char *text;
    size_t size, room; /* room: without the final NUL */
};

static void put(struct out *out, const char *data, size_t size) {
    size_t fits = out->room - out->size < size ? out->room - out->size : size;
    memcpy(out->text + out->size, data, fits);
    out->size += fits;
}

/* Where the authority ends; its start comes in. */
static const char *authority_end(const char *start) {
    return start + strcspn(start, "/?#");
}

static bool is_of_scheme(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '.' || c == '-';
}

/* Behind "scheme://"; NULL: there is none, as in a request's target. */
static const char *authority_start(const char *url) {
    const char *end = url;
    while (is_of_scheme(*end))
        end++;
    return end > url && strncmp(end, "://", 3) == 0 ? end + 3 : NULL;
}

/* Where user and password may stand: libcurl takes one slash, and three, as it takes two. */
static const char *credentials_start(const char *url) {
    const char *end = url;
    while (is_of_scheme(*end))
        end++;
    if (end > url && end[0] == ':' && end[1] == '/')
        return end + 1 + strspn(end + 1, "/");
    /* "user:password@host/path" as well. */
    return *url != '/' && *url != '?' && strchr(url, '@') != NULL ? url : NULL;
}

static const char *last_at(const char *start, const char *end) {
    return memrchr(start, '@', (size_t)(end - start));
}

static void put_query(struct out *out, const char *query) {
    while (*query != '\0' && *query != '#' && out->size < out->room) {
        size_t size = strcspn(query, "&;#"), name = strcspn(query, "=&;#");
        if (name < size && is_secret(query, name)) {
            put(out, query, name + 1);
            put(out, redacted, sizeof redacted - 1);
        } else {
            put(out, query, size);
        }
        query += size;
        if (*query == '&' || *query == ';')
            put(out, query++, 1);
    }
}

size_t spanlog_http_redact(const char *url, char *ret_text, size_t size) {
    if (ret_text == NULL || size == 0)
        return 0;
    struct out out = {.text = ret_text, .room = size - 1};
    const char *rest = url != NULL ? url : "", *start = credentials_start(rest);
    if (start != NULL) {
        const char *end = authority_end(start), *at = last_at(start, end);
        put(&out, rest, (size_t)(start - rest));
        if (at != NULL) {
            bool password = memchr(start, ':', (size_t)(at - start)) != NULL;
            put(&out, "REDACTED:REDACTED@", password ? 18 : 0);
            put(&out, "REDACTED@", password ? 0 : 9);
            start = at + 1;
        }
        put(&out, start, (size_t)(end - start));
        rest = end;
    }
    size_t path = strcspn(rest, "?#");
    put(&out, rest, path);
    if (rest[path] == '?') {
        put(&out, "?", 1);
        put_query(&out, rest + path + 1);
    }
    out.text[out.size] = '\0';
    return out.size;
}

/* ---- host and port ------------------------------------------------------------------------ */

static uint16_t default_port(const char *url, const char *start) {
    static const struct {
        const char *scheme;
        uint16_t port;
    } known[] = {
        {"http://", 80}, {"https://", 443}, {"ws://", 80}, {"wss://", 443}, {"ftp://", 21}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t length = strlen(known[i].scheme);
        if ((size_t)(start - url) == length && strncasecmp(url, known[i].scheme, length) == 0)
            return known[i].port;
    }
    return 0;
}

int spanlog_http_host(const char *url, char *ret_host, size_t size, uint16_t *ret_port) {
    *ret_port = 0;
    if (size > 0)
        *ret_host = '\0';
    if (url == NULL)
        return -EINVAL;
    const char *start = authority_start(url), *host = start != NULL ? start : url;
    const char *end = authority_end(host), *at = last_at(host, end);
    host = at != NULL ? at + 1 : host;
    const char *colon = memrchr(host, ':', (size_t)(end - host)), *host_end = end;
    const char *bracket = *host == '[' ? memchr(host, ']', (size_t)(end - host)) : NULL;
    if (colon != NULL && (bracket == NULL || colon > bracket))
        host_end = colon;
    const char *port = host_end < end ? host_end + 1 : end;
    if (bracket != NULL) {
        host_end = bracket;
        host++;
    }
    size_t length = host_end > host ? (size_t)(host_end - host) : 0;
    if (length == 0 || length >= size)
        return -EINVAL;
    memcpy(ret_host, host, length);
    ret_host[length] = '\0';
    *ret_port = port < end      ? spanlog_port_read(port, end)
                : start != NULL ? default_port(url, start)
                                : 0;
    return 0;
}
