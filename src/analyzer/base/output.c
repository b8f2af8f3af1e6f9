/* analyzer/base/output.c: see output.h. */
#include "src/analyzer/base/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formatters/escape.h"
#include "formatters/json_write.h"
#include "formatters/number.h"
#include "formatters/time.h"
#include "formatters/utf8.h"

#define FLUSH_SIZE (256u << 10)

void spanlog_output_open(struct spanlog_output *out, int fd) {
    *out = (struct spanlog_output){.fd = fd};
}

void spanlog_output_flush(struct spanlog_output *out) {
    size_t done = 0;
    while (done < out->size && out->error == 0) {
        ssize_t wrote = write(out->fd, out->data + done, out->size - done);
        if (wrote >= 0)
            done += (size_t)wrote;
        else if (errno != EINTR)
            out->error = -errno;
    }
    out->size = 0;
}

int spanlog_output_close(struct spanlog_output *out) {
    spanlog_output_flush(out);
    free(out->data);
    out->data = NULL;
    out->room = 0;
    return out->error;
}

char *spanlog_output_reserve(struct spanlog_output *out, size_t size) {
    if (out->size >= FLUSH_SIZE && out->fd >= 0)
        spanlog_output_flush(out);
    if (!out->data || out->room - out->size < size) {
        size_t room = out->room ? out->room : FLUSH_SIZE + 4096;
        while (room - out->size < size)
            room *= 2;
        char *grown = realloc(out->data, room);
        if (!grown) {
            out->error = out->error ? out->error : -ENOMEM;
            return NULL;
        }
        out->data = grown;
        out->room = room;
    }
    return out->data + out->size;
}

void spanlog_put_bytes(struct spanlog_output *out, const char *data, size_t size) {
    char *to = spanlog_output_reserve(out, size);
    if (!to || size == 0)
        return;
    memcpy(to, data, size);
    out->size += size;
}

void spanlog_put(struct spanlog_output *out, const char *text) {
    spanlog_put_bytes(out, text, strlen(text));
}

void spanlog_put_repeat(struct spanlog_output *out, const char *text, size_t times) {
    for (size_t size = strlen(text); times > 0; times--)
        spanlog_put_bytes(out, text, size);
}

static void put_end(struct spanlog_output *out, const char *end) {
    out->size = (size_t)(end - out->data);
}

void spanlog_put_number(struct spanlog_output *out, uint64_t number) {
    char *to = spanlog_output_reserve(out, SPANLOG_NUMBER_MAX);
    if (to)
        put_end(out, spanlog_put_u64(to, number));
}

void spanlog_put_thousands(struct spanlog_output *out, uint64_t number) {
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0)
            spanlog_put(out, ",");
        spanlog_put_bytes(out, text + i, 1);
    }
}

void spanlog_put_right(struct spanlog_output *out, const char *ascii, size_t width) {
    size_t size = strlen(ascii);
    spanlog_put_repeat(out, " ", size < width ? width - size : 0);
    spanlog_put_bytes(out, ascii, size);
}

/* ---- text --------------------------------------------------------------------------------- */

void spanlog_put_visible(struct spanlog_output *out, struct spanlog_text text) {
    char *to = spanlog_output_reserve(out, 6 * (size_t)text.size + 16);
    if (!to || text.size == 0)
        return;
    /* Quotes and backslashes would be escaped too: outside quotes they may stand. */
    for (const char *p = text.data, *end = p + text.size; p < end;) {
        const char *plain = p;
        while (p < end && *p != '"' && *p != '\\')
            p++;
        if (p > plain)
            to = spanlog_escape_visible(to, to + 6 * (size_t)(p - plain) + 8, plain,
                                        (size_t)(p - plain));
        if (!to)
            return;
        if (p < end)
            *to++ = *p++;
    }
    put_end(out, to);
}

/* East Asian wide characters and emoji take two columns, combining marks none. */
static size_t code_point_width(uint32_t code) {
    if ((code >= 0x300 && code < 0x370) || (code >= 0xfe00 && code < 0xfe10) ||
        (code >= 0x1ab0 && code < 0x1b00) || (code >= 0x20d0 && code < 0x2100))
        return 0;
    if (code < 0x1100)
        return 1;
    bool wide = code < 0x1160 || (code >= 0x2e80 && code < 0xa4d0) ||
                (code >= 0xac00 && code < 0xd7a4) || (code >= 0xf900 && code < 0xfb00) ||
                (code >= 0xfe30 && code < 0xfe70) || (code >= 0xff00 && code < 0xff61) ||
                (code >= 0x1f300 && code < 0x1f650) || (code >= 0x1f900 && code < 0x1fa00) ||
                (code >= 0x20000 && code < 0x30000);
    return wide ? 2 : 1;
}

/* The columns of visible text: what is left are printable characters. Stops before `limit` is
 * passed; *ret_bytes is how far it got. */
static size_t measure(const char *p, size_t size, size_t limit, size_t *ret_bytes) {
    size_t columns = 0;
    const char *begin = p, *end = p + size;
    while (p < end) {
        uint32_t code = 0;
        int bytes = spanlog_utf8_next(p, end, &code);
        size_t width = bytes > 0 ? code_point_width(code) : 1;
        if (columns + width > limit)
            break;
        columns += width;
        p += bytes > 0 ? bytes : -bytes;
    }
    *ret_bytes = (size_t)(p - begin);
    return columns;
}

size_t spanlog_put_visible_cut(struct spanlog_output *out, struct spanlog_text text, size_t columns,
                               bool ascii) {
    size_t before, fits;
    /* No more bytes than could be shown: a column takes at most four, and a few for marks. */
    if (text.size > 8 * columns + 64)
        text.size = (uint32_t)spanlog_utf8_trim(text.data, 8 * columns + 64);
    char *reserved = spanlog_output_reserve(out, 6 * (size_t)text.size + 32);
    if (!reserved)
        return 0;
    before = out->size;
    spanlog_put_visible(out, text);
    size_t size = out->size - before;
    size_t width = measure(out->data + before, size, columns, &fits);
    if (fits == size)
        return width;
    if (columns == 0) {
        out->size = before;
        return 0;
    }
    width = measure(out->data + before, size, columns - 1, &fits);
    out->size = before + fits;
    spanlog_put(out, ascii ? "~" : "\xe2\x80\xa6");
    return width + 1;
}

size_t spanlog_visible_width(struct spanlog_text text) {
    struct spanlog_output scratch = {.fd = -1};
    size_t bytes;
    spanlog_put_visible(&scratch, text);
    size_t width = scratch.data ? measure(scratch.data, scratch.size, SIZE_MAX, &bytes) : 0;
    free(scratch.data);
    return width;
}

/* ---- JSON --------------------------------------------------------------------------------- */

void spanlog_put_json_string(struct spanlog_output *out, struct spanlog_text text) {
    char *to = spanlog_output_reserve(out, 6 * (size_t)text.size + 16);
    if (!to)
        return;
    *to++ = '"';
    char *end =
        text.size ? spanlog_escape(to, to + 6 * (size_t)text.size + 8, text.data, text.size) : to;
    if (!end)
        end = to;
    *end++ = '"';
    put_end(out, end);
}

void spanlog_put_json_time(struct spanlog_output *out, uint64_t ns) {
    char *to = spanlog_output_reserve(out, SPANLOG_RFC3339_SIZE + 2);
    if (!to)
        return;
    *to++ = '"';
    to = spanlog_put_rfc3339(to, ns);
    *to++ = '"';
    put_end(out, to);
}

void spanlog_put_json_text(struct spanlog_output *out, const char *key, struct spanlog_text text) {
    spanlog_put(out, key);
    spanlog_put_json_string(out, text);
}

void spanlog_put_json_count(struct spanlog_output *out, const char *key, uint64_t count) {
    spanlog_put(out, key);
    spanlog_put_number(out, count);
}

void spanlog_put_json_ms(struct spanlog_output *out, const char *key, uint64_t ns) {
    spanlog_put(out, key);
    spanlog_put_milliseconds(out, ns);
}

void spanlog_put_json_value(struct spanlog_output *out, const struct spanlog_value *value) {
    bool has_bytes = value->type == SPANLOG_VALUE_TEXT || value->type == SPANLOG_VALUE_HEX ||
                     value->type == SPANLOG_VALUE_JSON;
    size_t room = (has_bytes ? 6 * (size_t)value->size : 0) + 512;
    char *to = spanlog_output_reserve(out, room);
    char *end = to ? spanlog_json_put_value(to, to + room, value) : NULL;
    if (end)
        put_end(out, end);
}

void spanlog_put_json_value_text(struct spanlog_output *out, const struct spanlog_value *value) {
    struct spanlog_output plain = {.fd = -1};
    spanlog_put_json_value(&plain, value);
    if (plain.size && plain.data[0] == '"')
        spanlog_put_bytes(out, plain.data, plain.size);
    else
        spanlog_put_json_string(out, (struct spanlog_text){plain.data, (uint32_t)plain.size});
    free(plain.data);
}

void spanlog_put_json_id(struct spanlog_output *out, const uint8_t *id, size_t size,
                         struct spanlog_text text) {
    char *to;
    if (text.data) {
        spanlog_put_json_string(out, text);
        return;
    }
    to = spanlog_output_reserve(out, 2 * size + 2);
    if (!to)
        return;
    *to++ = '"';
    to = spanlog_put_hex(to, id, size);
    *to++ = '"';
    put_end(out, to);
}

void spanlog_put_signed(struct spanlog_output *out, int64_t number) {
    char *to = spanlog_output_reserve(out, SPANLOG_NUMBER_MAX);
    if (to)
        put_end(out, spanlog_put_i64(to, number));
}

void spanlog_put_milliseconds(struct spanlog_output *out, uint64_t ns) {
    char *to = spanlog_output_reserve(out, SPANLOG_NUMBER_MAX);
    if (to)
        put_end(out, spanlog_put_duration_ms(to, ns));
}

void spanlog_put_hex_id(struct spanlog_output *out, uint64_t id) {
    char text[24];
    spanlog_put_bytes(out, text,
                      (size_t)snprintf(text, sizeof text, "%016llx", (unsigned long long)id));
}

void spanlog_put_trace_id(struct spanlog_output *out, uint64_t high, uint64_t low,
                          const char *text) {
    if (text) {
        spanlog_put(out, text);
        return;
    }
    spanlog_put_hex_id(out, high);
    spanlog_put_hex_id(out, low);
}

void spanlog_format_duration(uint64_t ns, char out[24]) {
    static const struct {
        uint64_t below;
        double unit;
        const char *format;
    } forms[] = {{1000, 1, "%.0fns"},         {100000, 1e3, "%.1fus"},
                 {1000000, 1e3, "%.0fus"},    {100000000, 1e6, "%.2fms"},
                 {1000000000, 1e6, "%.1fms"}, {100000000000, 1e9, "%.2fs"}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (ns < forms[i].below) {
            snprintf(out, 24, forms[i].format, (double)ns / forms[i].unit);
            return;
        }
    uint64_t seconds = ns / 1000000000;
    if (seconds < 3600)
        snprintf(out, 24, "%um%02us", (unsigned)(seconds / 60), (unsigned)(seconds % 60));
    else if (seconds < 100 * 3600)
        snprintf(out, 24, "%uh%02um", (unsigned)(seconds / 3600), (unsigned)(seconds / 60 % 60));
    else
        snprintf(out, 24, "%llud", (unsigned long long)(seconds / 86400));
}
