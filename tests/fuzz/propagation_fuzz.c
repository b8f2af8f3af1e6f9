/* tests/fuzz/propagation_fuzz.c: any bytes as headers.
 *
 *     propagation_fuzz corpus/ -max_total_time=120
 *
 * The input is cut at NULs; the first byte of each piece says which header it is. Whatever is
 * understood must be within its bounds, go out as printable text, and come in again as the same.
 */
#include "src/propagation/propagator.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {
    "traceparent",  "tracestate", "baggage",       "b3",         "x-b3-traceid", "x-b3-spanid",
    "x-b3-sampled", "x-b3-flags", "uber-trace-id", "x-trace-id", "x-span-id",    "x-correlation-id",
    "x-request-id"};
#define NAMES (sizeof names / sizeof *names)

struct carrier {
    char *values[NAMES];
};

static size_t index_of(const char *name) {
    size_t i = 0;
    while (i < NAMES && strcmp(names[i], name) != 0)
        i++;
    if (i == NAMES)
        abort();
    return i;
}

static const char *get(void *arg, const char *name) {
    return ((struct carrier *)arg)->values[index_of(name)];
}

static void set(void *arg, const char *name, const char *value) {
    char **to = &((struct carrier *)arg)->values[index_of(name)];
    for (const char *c = value; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~')
            abort();
    }
    free(*to);
    *to = strdup(value);
}

static void empty(struct carrier *carrier) {
    for (size_t i = 0; i < NAMES; i++)
        free(carrier->values[i]);
    memset(carrier, 0, sizeof *carrier);
}

static void check_bounds(const struct propagated *p) {
    if (strlen(p->texts.correlation_id) > CORRELATION_MAX ||
        strlen(p->texts.tracestate) > TRACESTATE_MAX || strlen(p->texts.baggage) > BAGGAGE_MAX ||
        (p->texts.parent_uuid[0] != '\0' && strlen(p->texts.parent_uuid) != UUID_SIZE) ||
        (id_is_zero(p->ctx.trace_id, 16) && !id_is_zero(p->ctx.span_id, 8)))
        abort();
}

static void check_again(const struct propagated *first, uint32_t which) {
    static struct propagated second;
    struct carrier carrier = {.values = {NULL}};
    propagators_inject(which, &first->ctx, &first->texts, set, &carrier);
    propagators_extract(which, get, &carrier, &second);
    if (second.refused != 0 || strcmp(first->texts.baggage, second.texts.baggage) != 0)
        abort();
    if (!id_is_zero(first->ctx.span_id, 8) &&
        (memcmp(&first->ctx, &second.ctx, 24) != 0 ||
         strcmp(first->texts.tracestate, second.texts.tracestate) != 0 ||
         strcmp(first->texts.correlation_id, second.texts.correlation_id) != 0))
        abort();
    empty(&carrier);
}

static void check_changes(struct propagated *p, const char *text) {
    char key[40], value[400];
    size_t size = strcspn(text, "=");
    if (size >= sizeof key || text[size] == '\0' || strlen(text + size + 1) >= sizeof value)
        return;
    memcpy(key, text, size);
    key[size] = '\0';
    if (baggage_set(p->texts.baggage, key, text + size + 1) == 0 &&
        baggage_get(p->texts.baggage, key, value, sizeof value) < 0)
        abort();
    if (tracestate_set(p->texts.tracestate, key, text + size + 1) == 0 &&
        strncmp(p->texts.tracestate, text, strlen(text)) != 0)
        abort();
    check_bounds(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct propagated p;
    struct carrier carrier = {.values = {NULL}};
    const char *last = NULL;
    for (size_t at = 0; at < size;) {
        size_t length = strnlen((const char *)data + at, size - at);
        char **to = &carrier.values[data[at] % NAMES];
        if (length > 0) {
            free(*to);
            *to = strndup((const char *)data + at + 1, length - 1);
            last = *to;
        }
        at += length + 1;
    }
    propagators_extract(PROPAGATORS_DEFAULT_IN, get, &carrier, &p);
    check_bounds(&p);
    check_again(&p, PROPAGATORS_DEFAULT_OUT);
    check_again(&p, PROPAGATORS_DEFAULT_IN & ~PROPAGATOR_BIT(PROPAGATOR_X_TRACE_ID_HEX));
    if (last != NULL)
        check_changes(&p, last);
    empty(&carrier);
    return 0;
}
