/* tests/interop/propagation_headers.c: the propagators as a filter, for propagation_test.py.
 *
 *     $ printf 'b3\tb3=302d3...\n' | propagation_headers
 *     trace_id span_id flags TAB tracestate TAB key=value;... TAB name=value ...
 *
 * A line in names a propagator and headers, their values as hex; a line out says what was
 * understood (baggage: each key with its decoded value, "@" the text as it is sent on) and which
 * headers the same propagator sends on, all texts as hex.
 */
#include "src/propagation/propagator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct carrier {
    char *line; /* "name=hex" parted by tabs */
    char value[20000];
};

static const char *get(void *arg, const char *name) {
    struct carrier *carrier = arg;
    size_t size = strlen(name);
    for (const char *at = strchr(carrier->line, '\t'); at != NULL; at = strchr(at, '\t')) {
        at++;
        size_t hex = strcspn(at, "\t\n");
        if (strncmp(at, name, size) != 0 || at[size] != '=')
            continue;
        hex -= size + 1;
        if (hex / 2 >= sizeof carrier->value ||
            !hex_read(at + size + 1, (uint8_t *)carrier->value, hex / 2, HEX_ANY_CASE))
            exit(2);
        carrier->value[hex / 2] = '\0';
        return carrier->value;
    }
    return NULL;
}

static void put_hex(const char *text) {
    for (; *text != '\0'; text++)
        printf("%02x", (unsigned char)*text);
}

static void set(void *arg, const char *name, const char *value) {
    (void)arg;
    printf("\t%s=", name);
    put_hex(value);
}

static void put_baggage(const char *baggage) {
    char key[9000], value[9000];
    putchar('@');
    putchar('=');
    put_hex(baggage);
    for (const char *at = baggage; *at != '\0';) {
        snprintf(key, sizeof key, "%.*s", (int)strcspn(at, "="), at);
        if (baggage_get(baggage, key, value, sizeof value) < 0)
            exit(3);
        putchar(';');
        put_hex(key);
        putchar('=');
        put_hex(value);
        at += strcspn(at, ",");
        at += *at == ',';
    }
}

int main(void) {
    static struct carrier carrier;
    static struct propagated p;
    size_t room = 0;
    while (getline(&carrier.line, &room, stdin) > 0) {
        unsigned i = 0;
        size_t size = strcspn(carrier.line, "\t\n");
        while (i < PROPAGATOR_COUNT && (strlen(propagators[i].name) != size ||
                                        strncmp(propagators[i].name, carrier.line, size) != 0))
            i++;
        if (i == PROPAGATOR_COUNT)
            return 4;
        char ids[49];
        propagators_extract(PROPAGATOR_BIT(i), get, &carrier, &p);
        *hex_write(hex_write(ids, p.ctx.trace_id, 16), p.ctx.span_id, 8) = '\0';
        printf("%.32s %s %02x\t", ids, ids + 32, p.ctx.flags);
        put_hex(p.texts.tracestate);
        putchar('\t');
        put_baggage(p.texts.baggage);
        propagators_inject(PROPAGATOR_BIT(i), &p.ctx, &p.texts, set, NULL);
        putchar('\n');
    }
    free(carrier.line);
    return 0;
}
