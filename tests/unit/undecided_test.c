/* tests/unit/undecided_test.c: the store of undecided records against a plain model of it. */
#include "src/back/undecided.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MEMORY = 1 << 20, MOST = 1 << 16 };

static struct undecided store;
static unsigned seed;

static unsigned next_random(void) {
    seed = seed * 1103515245u + 12345u;
    return seed >> 8;
}

static void make_id(unsigned number, uint8_t id[16]) {
    memset(id, 0x5a, 16);
    memcpy(id + 4, &number, sizeof number);
}

/* A record of `size` bytes that knows its number. */
static const struct record *make_record(uint64_t number, size_t size) {
    static uint64_t space[MOST / 8];
    struct record *record = (struct record *)(void *)space;
    record->word = (uint32_t)size;
    record->ticks = number;
    memset(space + 2, (int)number, size - sizeof *record);
    return record;
}

static void assert_intact(const struct undecided_record *waiting) {
    size_t size = waiting->size - offsetof(struct undecided_record, record);
    const uint8_t *bytes = (const uint8_t *)(&waiting->record + 1);
    for (size_t i = 0; i < size - sizeof(struct record); i++) {
        if (bytes[i] != (uint8_t)waiting->record.ticks)
            fail_msg("record %llu is damaged at %zu", (unsigned long long)waiting->record.ticks, i);
    }
}

static int open_store(void **state) {
    (void)state;
    seed = 20261121;
    return undecided_open(&store, MEMORY);
}

static int close_store(void **state) {
    (void)state;
    undecided_close(&store);
    return 0;
}

/* ---- the model: which records wait for which trace ------------------------------------------- */

enum { TRACES = 300, RECORDS = 4000 };

static struct {
    bool there;
    unsigned count;
    uint64_t numbers[RECORDS];
} model[TRACES];

static void check_trace(unsigned number) {
    uint8_t id[16];
    make_id(number, id);
    struct undecided_trace *trace = undecided_find(&store, id);
    assert_true((trace != NULL) == model[number].there);
    if (trace == NULL)
        return;
    unsigned count = 0;
    for (struct undecided_record *waiting = undecided_first(&store, trace); waiting != NULL;
         waiting = undecided_after(&store, waiting)) {
        assert_intact(waiting);
        assert_int_equal(waiting->tid, number);
        assert_int_equal(waiting->record.ticks, model[number].numbers[count++]);
    }
    assert_int_equal(count, model[number].count);
    assert_int_equal(trace->waiting, count);
}

static void put_to(unsigned number, uint64_t serial) {
    size_t size = 16 + next_random() % 40 * 8;
    uint8_t id[16];
    make_id(number, id);
    struct undecided_trace *trace = undecided_add(&store, id);
    assert_non_null(trace);
    undecided_put(&store, trace, make_record(serial, size), size, number);
    model[number].there = true;
    model[number].numbers[model[number].count++] = serial;
}

static void take_from(unsigned number) {
    uint8_t id[16];
    make_id(number, id);
    struct undecided_trace *trace = undecided_find(&store, id);
    if (trace == NULL || model[number].count == 0)
        return;
    unsigned at = next_random() % 2 == 0 ? 0 : next_random() % model[number].count;
    struct undecided_record *waiting = undecided_first(&store, trace);
    for (unsigned i = 0; i < at; i++)
        waiting = undecided_after(&store, waiting);
    undecided_take(&store, waiting);
    model[number].count--;
    memmove(&model[number].numbers[at], &model[number].numbers[at + 1],
            (model[number].count - at) * sizeof(uint64_t));
}

static void remove_one(unsigned number) {
    uint8_t id[16];
    make_id(number, id);
    struct undecided_trace *trace = undecided_find(&store, id);
    if (trace != NULL)
        undecided_remove(&store, trace);
    model[number].there = false;
    model[number].count = 0;
}

static void it_holds_what_the_model_holds(void **state) {
    (void)state;
    memset(model, 0, sizeof model);
    for (uint64_t serial = 1; serial <= 300000; serial++) {
        unsigned number = next_random() % TRACES, what = next_random() % 100;
        if (what < 60 && model[number].count < 8)
            put_to(number, serial);
        else if (what < 75)
            take_from(number);
        else if (what < 95)
            remove_one(number);
        else
            check_trace(number);
    }
    for (unsigned number = 0; number < TRACES; number++)
        check_trace(number);
    assert_int_equal(store.let_go, 0);
    for (unsigned number = 0; number < TRACES; number++)
        remove_one(number);
    assert_int_equal(store.live, 0);
    assert_int_equal(store.trace_count, 0);
}

/* ---- bounds ---------------------------------------------------------------------------------- */

static void the_oldest_go_first_and_are_counted(void **state) {
    (void)state;
    uint8_t id[16];
    make_id(1, id);
    struct undecided_trace *trace = undecided_add(&store, id);
    enum { PUT = 10000, SIZE = 1024 };
    for (uint64_t i = 0; i < PUT; i++)
        undecided_put(&store, trace, make_record(i, SIZE), SIZE, 1);
    assert_true(store.used <= MEMORY);
    assert_int_equal(trace->waiting + trace->let_go, PUT);
    assert_true(trace->waiting > MEMORY / SIZE / 2);
    uint64_t expected = trace->let_go;
    for (struct undecided_record *waiting = undecided_first(&store, trace); waiting != NULL;
         waiting = undecided_after(&store, waiting)) {
        assert_intact(waiting);
        assert_int_equal(waiting->record.ticks, expected++);
    }
    assert_int_equal(expected, PUT);
}

static void a_record_of_a_damaged_journal_is_not_taken(void **state) {
    (void)state;
    uint8_t id[16];
    make_id(1, id);
    struct undecided_trace *trace = undecided_add(&store, id);
    undecided_put(&store, trace, make_record(1, MOST), MEMORY / 2, 1);
    assert_int_equal(trace->waiting, 0);
    assert_int_equal(trace->let_go, 1);
}

static size_t bytes_of_all(void) {
    return store.room + store.trace_room * sizeof *store.traces +
           store.table_size * sizeof *store.table;
}

static void there_is_an_end_to_traces(void **state) {
    (void)state;
    static const size_t memories[] = {1 << 20, 4 << 20, 64 << 20};
    for (size_t m = 0; m < sizeof memories / sizeof *memories; m++) {
        undecided_close(&store);
        assert_int_equal(undecided_open(&store, memories[m]), 0);
        uint8_t id[16];
        for (unsigned i = 0; i < UNDECIDED_TRACES_MOST + 1000; i++) {
            make_id(i, id);
            struct undecided_trace *trace = undecided_add(&store, id);
            assert_non_null(trace);
            undecided_put(&store, trace, make_record(i, 64), 64, i);
            assert_true(bytes_of_all() <= memories[m] && store.used <= store.room);
        }
        assert_non_null(undecided_find(&store, id)); /* the newest */
        assert_int_equal(store.trace_count, store.trace_most);
        assert_true(store.trace_most == UNDECIDED_TRACES_MOST ||
                    store.trace_most >= memories[m] / 300);
    }
    assert_int_equal(store.trace_most, UNDECIDED_TRACES_MOST);
}

static void records_of_forgotten_traces_are_counted(void **state) {
    (void)state;
    unsigned waiting = 0;
    for (unsigned i = 0; i < 3 * UNDECIDED_TRACES_MOST; i++) {
        uint8_t id[16];
        make_id(i, id);
        undecided_put(&store, undecided_add(&store, id), make_record(i, 64), 64, i);
    }
    for (uint32_t i = 0; i < store.trace_room; i++)
        waiting += store.traces[i].waiting + store.traces[i].let_go;
    assert_int_equal(store.forgotten + waiting, 3 * UNDECIDED_TRACES_MOST);
    assert_true(store.forgotten <= store.let_go);
}

static void kept_traces_are_known_for_a_while(void **state) {
    (void)state;
    for (unsigned i = 0; i < 3 * UNDECIDED_FINISHED; i++) {
        uint8_t id[16];
        make_id(i, id);
        struct undecided_trace *trace = undecided_add(&store, id);
        trace->kept = i % 2 == 0;
        undecided_finish(&store, trace);
    }
    assert_int_equal(store.trace_count, UNDECIDED_FINISHED);
    uint8_t id[16];
    make_id(3 * UNDECIDED_FINISHED - 2, id);
    assert_non_null(undecided_find(&store, id));
    make_id(3 * UNDECIDED_FINISHED - 1, id);
    assert_null(undecided_find(&store, id));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_holds_what_the_model_holds, open_store, close_store),
        cmocka_unit_test_setup_teardown(the_oldest_go_first_and_are_counted, open_store,
                                        close_store),
        cmocka_unit_test_setup_teardown(a_record_of_a_damaged_journal_is_not_taken, open_store,
                                        close_store),
        cmocka_unit_test_setup_teardown(there_is_an_end_to_traces, open_store, close_store),
        cmocka_unit_test_setup_teardown(records_of_forgotten_traces_are_counted, open_store,
                                        close_store),
        cmocka_unit_test_setup_teardown(kept_traces_are_known_for_a_while, open_store, close_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
