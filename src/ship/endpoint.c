/* ship/endpoint.c: see endpoint.h. */
#include "src/ship/endpoint.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/ship/fingerprint.h"

struct parts {
    const char *scheme; /* "http" or "https" */
    const char *user;   /* before '@'; and its size, which is 0 without */
    size_t user_size;
    const char *host;
    size_t host_size; /* without the port; of [::1] with the brackets */
    unsigned long port;
    const char *rest; /* path and query */
    size_t path_size;
};

static const char *const protocols[] = {"loki", "otlp", "zipkin"};

/* As it may be said: without what stands before the last '@', broken as the URL may be. */
static const char *without_user(const char *url, char *plain, size_t room) {
    const char *at = strrchr(url, '@'), *scheme = strstr(url, "://"), *colon = strchr(url, ':');
    if (!at)
        return url;
    const char *from = scheme && scheme < at ? scheme + 3 : colon && colon < at ? colon + 1 : url;
    snprintf(plain, room, "%.*s%s", (int)(from - url), url, at + 1);
    return plain;
}

static int refuse(char *problem, const char *form, const char *what, const char *more) {
    char plain[SPANLOG_SHIP_PROBLEM];
    /* form is one of the literals below */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(problem, SPANLOG_SHIP_PROBLEM, form, without_user(what, plain, sizeof plain), more);
#pragma GCC diagnostic pop
    return -EINVAL;
}

static int read_protocol(const char *to, enum spanlog_ship_protocol_kind *ret, const char **ret_url,
                         char *problem) {
    for (unsigned i = 0; i < sizeof protocols / sizeof *protocols; i++) {
        size_t size = strlen(protocols[i]);
        if (strncmp(to, protocols[i], size) == 0 && to[size] == ':') {
            *ret = (enum spanlog_ship_protocol_kind)i;
            *ret_url = to + size + 1;
            return 0;
        }
    }
    return refuse(problem, "%s: where to? Give loki:URL, otlp:URL or zipkin:URL%s", to, "");
}

static bool read_port(const char *text, const char *end, unsigned long *ret) {
    *ret = 0;
    if (text == end || end - text > 5)
        return false;
    for (; text < end; text++) {
        if (!isdigit((unsigned char)*text))
            return false;
        *ret = 10 * *ret + (unsigned long)(*text - '0');
    }
    return *ret > 0 && *ret < 65536;
}

static int read_url(const char *url, struct parts *ret, char *problem) {
    bool secure = strncmp(url, "https://", 8) == 0;
    if (!secure && strncmp(url, "http://", 7) != 0)
        return refuse(problem, "%s: the URL begins with http:// or https://%s", url, "");
    *ret = (struct parts){.scheme = secure ? "https" : "http"};
    const char *host = url + (secure ? 8 : 7), *end = host + strcspn(host, "/?#");
    const char *at = memrchr(host, '@', (size_t)(end - host));
    if (at) {
        ret->user = host;
        ret->user_size = (size_t)(at - host);
        host = at + 1;
    }
    const char *colon = memrchr(host, ':', (size_t)(end - host));
    const char *bracket = memrchr(host, ']', (size_t)(end - host));
    if (colon && bracket && colon < bracket)
        colon = NULL;
    if (colon && !read_port(colon + 1, end, &ret->port))
        return refuse(problem, "%s: the port is a number from 1 to 65535%s", url, "");
    ret->host = host;
    ret->host_size = (size_t)((colon ? colon : end) - host);
    ret->rest = end;
    ret->path_size = strcspn(end, "?#");
    for (const char *p = url; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f)
            return refuse(problem, "%s: a URL has no blanks%s", url, "");
    return ret->host_size ? 0 : refuse(problem, "%s: the URL names no host%s", url, "");
}

/* People know these ports; none speaks what we do. */
static int check_port(enum spanlog_ship_protocol_kind protocol, const struct parts *parts,
                      char *problem) {
    char host[128];
    snprintf(host, sizeof host, "%s://%.*s:4318", parts->scheme,
             (int)(parts->host_size < 80 ? parts->host_size : 80), parts->host);
    if (protocol == SPANLOG_SHIP_OTLP && parts->port == 4317)
        return refuse(problem,
                      "port 4317 is OTLP over gRPC; this sends OTLP over HTTP, which is on port "
                      "4318: %s:%s",
                      "otlp", host);
    if (parts->port == 14250)
        return refuse(problem,
                      "port 14250 is Jaeger's over gRPC; Jaeger takes OTLP over HTTP on port 4318: "
                      "%s:%s",
                      "otlp", host);
    if (parts->port == 14268)
        return refuse(problem,
                      "port 14268 is Jaeger's own old protocol; Jaeger takes OTLP over HTTP on "
                      "port 4318: %s:%s",
                      "otlp", host);
    return 0;
}

/* base, then path unless it ends so already. */
static char *make_url(const char *url, const struct parts *parts, const char *path) {
    size_t base = (size_t)(parts->rest - url) + parts->path_size;
    while (base > (size_t)(parts->rest - url) && url[base - 1] == '/')
        base--;
    const char *query = parts->rest + parts->path_size;
    char *made = NULL;
    if (asprintf(&made, "%.*s%s%s", (int)base, url, path, query) < 0)
        return NULL;
    return made;
}

static bool path_ends(const struct parts *parts, const char *end) {
    size_t size = strlen(end);
    return parts->path_size >= size &&
           memcmp(parts->rest + parts->path_size - size, end, size) == 0;
}

/* Beside the door for pushes, if it is that which was named. */
static char *make_query_url(const char *url, struct parts parts) {
    static const char push[] = "/push";
    if (!path_ends(&parts, push))
        return make_url(url, &parts, "/loki/api/v1/query_range");
    char *base = strndup(url, (size_t)(parts.rest - url) + parts.path_size - strlen(push));
    char *made = NULL;
    if (base && asprintf(&made, "%s/query_range%s", base, parts.rest + parts.path_size) < 0)
        made = NULL;
    free(base);
    return made;
}

static int make_doors(const char *url, const struct parts *parts,
                      const struct spanlog_ship_target *target, struct spanlog_ship_endpoint *ret) {
    unsigned signals = target->signals ? target->signals
                       : ret->protocol == SPANLOG_SHIP_ZIPKIN
                           ? (unsigned)SPANLOG_SHIP_TRACES
                           : (unsigned)(SPANLOG_SHIP_TRACES | SPANLOG_SHIP_LOGS);
    char **logs = &ret->url[SPANLOG_SHIP_DOOR_LOGS], **traces = &ret->url[SPANLOG_SHIP_DOOR_TRACES];
    bool failed = false;
    if (ret->protocol == SPANLOG_SHIP_LOKI) {
        *logs = make_url(url, parts, path_ends(parts, "/push") ? "" : "/loki/api/v1/push");
        ret->query_url = make_query_url(url, *parts);
        failed = !*logs || !ret->query_url;
    } else if (ret->protocol == SPANLOG_SHIP_ZIPKIN) {
        *traces = make_url(url, parts, path_ends(parts, "/spans") ? "" : "/api/v2/spans");
        failed = !*traces;
    } else {
        if (signals & SPANLOG_SHIP_LOGS)
            *logs = target->logs_url ? strdup(target->logs_url) : make_url(url, parts, "/v1/logs");
        if (signals & SPANLOG_SHIP_TRACES)
            *traces = target->traces_url ? strdup(target->traces_url)
                                         : make_url(url, parts, "/v1/traces");
        failed = ((signals & SPANLOG_SHIP_LOGS) && !*logs) ||
                 ((signals & SPANLOG_SHIP_TRACES) && !*traces);
    }
    return failed ? -ENOMEM : 0;
}

static bool is_local_host(const struct parts *parts) {
    static const char *const names[] = {"localhost", "[::1]"};
    for (size_t i = 0; i < 2; i++)
        if (parts->host_size == strlen(names[i]) &&
            memcmp(parts->host, names[i], parts->host_size) == 0)
            return true;
    return parts->host_size > 4 && memcmp(parts->host, "127.", 4) == 0 &&
           strspn(parts->host, "0123456789.") >= parts->host_size;
}

static int make_names(const char *to, const struct parts *parts,
                      struct spanlog_ship_endpoint *ret) {
    const char *rest = parts->host, *protocol = protocols[ret->protocol];
    if (asprintf(&ret->name, "%s:%s://%s", protocol, parts->scheme, rest) < 0) {
        ret->name = NULL;
        return -ENOMEM;
    }
    char host[40];
    size_t size = 0;
    for (; size + 1 < sizeof host && rest[size] && !strchr("/?#", rest[size]); size++)
        host[size] = isalnum((unsigned char)rest[size]) || rest[size] == '.' ? rest[size] : '_';
    host[size] = 0;
    (void)to;
    uint64_t hash = spanlog_ship_hash(ret->name, strlen(ret->name));
    snprintf(ret->file_name, sizeof ret->file_name, "%s-%s-%08x", protocol, host,
             (unsigned)(hash ^ hash >> 32));
    return 0;
}

int spanlog_ship_endpoint_read(const struct spanlog_ship_target *target,
                               struct spanlog_ship_endpoint *ret,
                               char problem[SPANLOG_SHIP_PROBLEM]) {
    const char *url = NULL;
    struct parts parts = {0};
    *ret = (struct spanlog_ship_endpoint){0};
    int rc = read_protocol(target->to, &ret->protocol, &url, problem);
    if (rc == 0)
        rc = read_url(url, &parts, problem);
    if (rc == 0)
        rc = check_port(ret->protocol, &parts, problem);
    if (rc == 0 && target->signals &&
        ((ret->protocol == SPANLOG_SHIP_ZIPKIN && !(target->signals & SPANLOG_SHIP_TRACES)) ||
         (ret->protocol == SPANLOG_SHIP_LOKI && target->signals != 3)))
        rc = refuse(problem, "%s: --only is for otlp: %s", target->to,
                    ret->protocol == SPANLOG_SHIP_LOKI ? "Loki gets every line"
                                                       : "Zipkin takes spans only");
    if (rc < 0)
        return rc;
    ret->is_local = is_local_host(&parts);
    rc = make_doors(url, &parts, target, ret);
    if (rc == 0)
        rc = make_names(target->to, &parts, ret);
    if (rc < 0)
        spanlog_ship_endpoint_free(ret);
    return rc;
}

void spanlog_ship_endpoint_free(struct spanlog_ship_endpoint *endpoint) {
    for (unsigned i = 0; i < SPANLOG_SHIP_DOORS; i++)
        free(endpoint->url[i]);
    free(endpoint->query_url);
    free(endpoint->name);
    *endpoint = (struct spanlog_ship_endpoint){0};
}
