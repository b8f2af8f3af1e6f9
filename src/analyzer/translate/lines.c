/* analyzer/translate/lines.c: see lines.h. */
#include "src/analyzer/translate/lines.h"

#include "src/analyzer/read/record_members.h"
#include "src/analyzer/translate/known.h"

#include <string.h>

void spanlog_lines_init(struct spanlog_lines *lines,
                        const struct spanlog_translate_settings *settings, int32_t error_status_min,
                        struct spanlog_issues *issues) {
    lines->issues = issues;
    lines->is_careful = settings->dialect || settings->trace_key;
    lines->origin = lines->first_bad = lines->first_reason = NULL;
    lines->ordinal = 0;
    spanlog_reader_init(&lines->reader, error_status_min);
    spanlog_translator_init(&lines->translator, settings);
    spanlog_lines_range(lines, NULL, NULL, NULL);
}

void spanlog_lines_free(struct spanlog_lines *lines) {
    spanlog_translator_free(&lines->translator);
}

void spanlog_lines_range(struct spanlog_lines *lines, const struct spanlog_chunk *chunk,
                         const char *from, const char *to) {
    lines->chunk = chunk;
    lines->next = from;
    lines->stop = to;
    lines->more = lines->more_end = NULL;
    lines->good = lines->translated = lines->bad = 0;
    lines->was_foreign = false;
    spanlog_ahead_begin(&lines->reader.ahead, from, to);
}

void spanlog_lines_begin(struct spanlog_lines *lines, const struct spanlog_chunk *chunk) {
    spanlog_lines_range(lines, chunk, chunk->begin, chunk->end);
}

void spanlog_lines_end(struct spanlog_lines *lines) {
    if (lines->good && lines->issues)
        spanlog_issues_good_lines(lines->issues, lines->chunk, lines->good);
}

static void note_bad(struct spanlog_lines *lines, const char *line, const char *reason,
                     bool is_partly) {
    if (lines->bad++ == 0) {
        lines->first_bad = line;
        lines->first_reason = reason;
    }
    if (lines->issues)
        spanlog_issues_bad_line(lines->issues, lines->chunk, line, reason, is_partly);
}

/* 1 when the line is spanlog's own; 0 when it has to be translated, if there is no problem. */
static bool read_own(struct spanlog_lines *lines, const char *line, struct spanlog_record *ret,
                     const char **ret_problem) {
    const struct spanlog_translate_settings *settings = &lines->translator.settings;
    *ret_problem = spanlog_record_read(&lines->reader, line, ret);
    if (*ret_problem || !spanlog_record_is_own(ret))
        return false;
    return !settings->dialect && (!settings->trace_key || ret->has_trace);
}

/* The next of the lines that a line of the chunk has become. */
static bool give_translated(struct spanlog_lines *lines, struct spanlog_record *ret,
                            const char **ret_line) {
    while (lines->more < lines->more_end) {
        const char *line = lines->more;
        const char *problem = spanlog_record_read(&lines->reader, line, ret);
        lines->more =
            (problem ? spanlog_line_end(line, lines->more_end) : (const char *)ret->end) + 1;
        if (problem) {
            note_bad(lines, lines->origin, problem, lines->translator.count > 1);
            continue;
        }
        *ret_line = line;
        lines->ordinal++;
        lines->good++;
        return true;
    }
    return false;
}

static int translate(struct spanlog_lines *lines, const char *line, const char *end) {
    int rc = spanlog_translate(&lines->translator, line, end);
    if (rc < 0)
        return rc;
    lines->origin = line;
    lines->whole = NULL;
    lines->ordinal = 0;
    lines->translated += lines->translator.count > 0;
    lines->more = lines->translator.size > 0 ? lines->translator.out : ""; /* out may be NULL */
    lines->more_end = lines->more + lines->translator.size;
    if (lines->translator.problem)
        note_bad(lines, line, lines->translator.problem, lines->translator.count > 0);
    return 0;
}

/* ---- lines of other dialects that are only counted ---------------------------------------- */

static bool may_be_known(const struct spanlog_lines *lines) {
    return lines->reader.is_brief && !lines->is_careful && !lines->chunk->is_wrapped;
}

/* True when the line's form is one that needs no translation. */
static bool read_known(struct spanlog_lines *lines, const char *line, struct spanlog_found *found,
                       struct spanlog_record *ret) {
    spanlog_record_find(&lines->reader, line, found);
    if (!found->fits || !spanlog_known_is(found->form) ||
        !spanlog_known_read(&lines->translator, found->form, &found->places, ret))
        return false;
    spanlog_forms_use(&lines->reader.forms, found->form);
    lines->was_foreign = true;
    lines->origin = line;
    lines->whole = ret->end;
    lines->ordinal = 1;
    lines->translated++;
    lines->good++;
    return true;
}

/* The line has just been translated: the next one of its form need not be. */
static void learn_known(struct spanlog_lines *lines, const char *end, struct spanlog_found *found) {
    struct spanlog_form *form = found->form;
    if (!lines->translator.is_flat || lines->translator.count != 1 || !form)
        return;
    lines->whole = end;
    if (!found->fits)
        spanlog_form_learn(&lines->reader.forms, form, lines->reader.keys, &found->places);
    if (form->tag && !form->is_known)
        spanlog_known_learn(&lines->translator, form);
}

/* Where lines need translation, most do: reading them once before is then a waste. */
static bool looks_foreign(const struct spanlog_lines *lines, const char *line) {
    return lines->was_foreign && memcmp(line, "{\"ts\":\"", 7) != 0;
}

/* A line that is not spanlog's own: 1 with its record, 0 when it is translated now, -ENOMEM. */
static int read_foreign(struct spanlog_lines *lines, const char *line, struct spanlog_record *ret) {
    struct spanlog_found found = {.form = NULL};
    bool may_be = may_be_known(lines);
    if (may_be && read_known(lines, line, &found, ret)) {
        lines->next = ret->end + 1;
        return 1;
    }
    const char *end = spanlog_record_end(lines->chunk, line);
    lines->next = end + 1;
    if (spanlog_line_is_blank(line, end))
        return 0;
    lines->was_foreign = true;
    int rc = translate(lines, line, end);
    if (rc == 0 && may_be)
        learn_known(lines, end, &found);
    return rc;
}

int spanlog_lines_next_slow(struct spanlog_lines *lines, struct spanlog_record *ret,
                            const char **ret_line) {
    const char *problem = NULL;
    while (!give_translated(lines, ret, ret_line)) {
        const char *line = lines->next;
        if (line >= lines->stop)
            return 0;
        if (!looks_foreign(lines, line) && read_own(lines, line, ret, &problem)) {
            *ret_line = lines->origin = line;
            lines->whole = NULL;
            lines->ordinal = 0;
            lines->next = ret->end + 1;
            lines->good++;
            lines->was_foreign = false;
            return 1;
        }
        int rc = read_foreign(lines, line, ret);
        if (rc > 0)
            *ret_line = line;
        if (rc != 0)
            return rc;
    }
    return 1;
}
