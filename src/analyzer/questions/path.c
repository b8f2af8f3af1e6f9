/* analyzer/questions/path.c: see path.h. Each thread has a trie of paths: a path is the pair of its
 * parent and the group (service and operation) of its last span. */
#include "src/analyzer/questions/path.h"

#include <errno.h>
#include <stdlib.h>

#include "src/analyzer/questions/tally.h"

const char *const spanlog_path_sort_names[SPANLOG_PATH_SORTS + 1] = {"exclusive", "inclusive",
                                                                     "service", "operation", NULL};

/* Groups are below this one. */
#define GROUP_REST (UINT32_MAX - 1)

struct sum {
    uint64_t exclusive_ns;
    uint64_t spans;
    uint64_t worst_ns;
    uint64_t worst_high, worst_low;
    const char *worst_text;
    uint64_t here_ns; /* in the trace at hand, whose number is */
    uint64_t trace;
};

/* Paths and their sums, by number; parents have smaller ones than children. */
struct trie {
    struct spanlog_names paths; /* parent, group */
    struct sum *sums;
    uint32_t room;
};

struct counter {
    const struct spanlog_by *by;
    struct trie trie;
    uint64_t traces;
    uint32_t *touched; /* paths of the trace at hand */
    uint32_t touched_count, touched_room;
};

static uint32_t add_path(struct trie *trie, uint32_t parent, uint32_t group) {
    uint32_t before = trie->paths.count;
    uint32_t path = spanlog_names_add(&trie->paths, parent, group, SPANLOG_STRING_NONE);
    if (path == SPANLOG_STRING_NONE || path < before)
        return path;
    if (path >= trie->room) {
        size_t room = 2 * (size_t)trie->room + 64;
        struct sum *grown = realloc(trie->sums, room * sizeof *grown);
        if (!grown)
            return SPANLOG_STRING_NONE;
        trie->sums = grown;
        trie->room = (uint32_t)room;
    }
    trie->sums[path] = (struct sum){0};
    return path;
}

static void free_trie(struct trie *trie) {
    spanlog_names_free(&trie->paths);
    free(trie->sums);
}

/* ---- one trace ---------------------------------------------------------------------------- */

static int touch(struct counter *counter, uint32_t path) {
    if (counter->touched_count == counter->touched_room) {
        uint32_t room = 2 * counter->touched_room + 64;
        uint32_t *grown = realloc(counter->touched, room * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        counter->touched = grown;
        counter->touched_room = room;
    }
    counter->touched[counter->touched_count++] = path;
    return 0;
}

static int add_time(struct counter *counter, uint32_t path, uint64_t ns) {
    struct sum *sum = &counter->trie.sums[path];
    if (sum->trace != counter->traces) {
        sum->trace = counter->traces;
        sum->here_ns = 0;
        if (touch(counter, path) < 0)
            return -ENOMEM;
    }
    sum->spans++;
    spanlog_add_up(&sum->exclusive_ns, ns);
    spanlog_add_up(&sum->here_ns, ns);
    return 0;
}

/* Of two that took the same, the one with the smaller id. */
static bool is_worse(const struct sum *sum, uint64_t ns, uint64_t high, uint64_t low) {
    if (ns != sum->worst_ns)
        return ns > sum->worst_ns;
    if (sum->worst_high == 0 && sum->worst_low == 0)
        return true;
    return high != sum->worst_high ? high < sum->worst_high : low < sum->worst_low;
}

static void note_worst(struct sum *sum, uint64_t ns, uint64_t high, uint64_t low,
                       const char *text) {
    if (!is_worse(sum, ns, high, low))
        return;
    sum->worst_ns = ns;
    sum->worst_high = high;
    sum->worst_low = low;
    sum->worst_text = text;
}

/* Where a span below that path stands: past a certain depth all is one. */
static uint32_t path_below(struct trie *trie, uint32_t parent, uint32_t depth, uint32_t group) {
    if (depth > SPANLOG_PATH_DEPTH_MAX)
        return parent;
    return add_path(trie, parent, depth == SPANLOG_PATH_DEPTH_MAX ? GROUP_REST : group);
}

static int one_trace(void *job, const struct spanlog_trace_view *view) {
    struct counter *counter = job;
    const struct spanlog_tree *tree = view->tree;
    if (tree->root == SPANLOG_NODE_NONE)
        return 0;
    uint32_t *paths = spanlog_arena_array(view->scratch, tree->count, sizeof *paths);
    if (!paths)
        return -ENOMEM;
    counter->traces++;
    counter->touched_count = 0;
    const uint32_t root_depth = tree->nodes[tree->root].depth; /* an orphan is at 1 */
    for (uint32_t i = 0; i < tree->count; i++) {
        uint32_t number = tree->order[i];
        const struct spanlog_node *node = &tree->nodes[number];
        if (!(node->flags & SPANLOG_NODE_CRITICAL))
            continue;
        uint32_t parent = number == tree->root ? SPANLOG_PATH_NONE : paths[node->parent];
        paths[number] = path_below(&counter->trie, parent, node->depth - root_depth,
                                   spanlog_by_group(counter->by, view, node));
        if (paths[number] == SPANLOG_STRING_NONE ||
            add_time(counter, paths[number], node->critical_ns) < 0)
            return -ENOMEM;
    }
    for (uint32_t i = 0; i < counter->touched_count; i++) {
        struct sum *sum = &counter->trie.sums[counter->touched[i]];
        note_worst(sum, sum->here_ns, view->entry->high, view->entry->low, view->entry->text);
    }
    return 0;
}

/* ---- putting together --------------------------------------------------------------------- */

static int join(struct trie *all, const struct trie *from) {
    uint32_t *map = malloc((from->paths.count + (size_t)1) * sizeof *map);
    bool complete = map != NULL;
    for (uint32_t i = 0; complete && i < from->paths.count; i++) {
        const struct spanlog_name *path = &from->paths.list[i];
        uint32_t parent = path->service == SPANLOG_PATH_NONE ? path->service : map[path->service];
        map[i] = add_path(all, parent, path->operation);
        complete = map[i] != SPANLOG_STRING_NONE;
        if (!complete)
            break;
        const struct sum *sum = &from->sums[i];
        struct sum *to = &all->sums[map[i]];
        to->spans += sum->spans;
        spanlog_add_up(&to->exclusive_ns, sum->exclusive_ns);
        note_worst(to, sum->worst_ns, sum->worst_high, sum->worst_low, sum->worst_text);
    }
    free(map);
    return complete ? 0 : -ENOMEM;
}

static void fill_list(struct spanlog_path *paths, const struct trie *trie) {
    for (uint32_t i = 0; i < trie->paths.count; i++) {
        const struct spanlog_name *path = &trie->paths.list[i];
        const struct sum *sum = &trie->sums[i];
        struct spanlog_path_entry *entry = &paths->list[i];
        bool rest = path->operation == GROUP_REST;
        struct spanlog_by_text text = spanlog_by_text(&paths->by, rest ? 0 : path->operation);
        *entry = (struct spanlog_path_entry){
            .parent = path->service,
            .depth = path->service == SPANLOG_PATH_NONE ? 0 : paths->list[path->service].depth + 1,
            .is_rest = rest,
            .service = text.service,
            .operation = rest ? SPANLOG_TEXT("\xe2\x80\xa6") : text.text,
            .exclusive_ns = sum->exclusive_ns,
            .inclusive_ns = sum->exclusive_ns,
            .spans = sum->spans,
            .worst_ns = sum->worst_ns,
            .worst_high = sum->worst_high,
            .worst_low = sum->worst_low,
            .worst_text = sum->worst_text,
            .first_child = SPANLOG_PATH_NONE,
            .next = SPANLOG_PATH_NONE};
        spanlog_add_up(&paths->total_ns, sum->exclusive_ns);
    }
    paths->count = trie->paths.count;
    for (uint32_t i = paths->count; i-- > 0;)
        if (paths->list[i].parent != SPANLOG_PATH_NONE)
            spanlog_add_up(&paths->list[paths->list[i].parent].inclusive_ns,
                           paths->list[i].inclusive_ns);
}

#define ORDER(field) ((a->field > b->field) - (a->field < b->field))

static int by_names(const struct spanlog_path_entry *a, const struct spanlog_path_entry *b) {
    int order = spanlog_text_compare(a->service, b->service);
    return order ? order : spanlog_text_compare(a->operation, b->operation);
}

/* Paths of the same depth and different ways: where they part decides. */
static int by_way(const struct spanlog_path *paths, const struct spanlog_path_entry *a,
                  const struct spanlog_path_entry *b) {
    const struct spanlog_path_entry *list = paths->list;
    int depths = ORDER(depth);
    while (a->depth > b->depth)
        a = &list[a->parent];
    while (b->depth > a->depth)
        b = &list[b->parent];
    if (a == b)
        return depths;
    while (a->parent != b->parent) {
        a = &list[a->parent];
        b = &list[b->parent];
    }
    int order = by_names(a, b);
    return order ? order : ORDER(is_rest);
}

struct sorting {
    const struct spanlog_path *paths;
    enum spanlog_path_sort sort;
    bool descending;
};

static int by_query(const void *left, const void *right, void *argument) {
    const struct sorting *sorting = argument;
    const struct spanlog_path_entry *a = &sorting->paths->list[*(const uint32_t *)left];
    const struct spanlog_path_entry *b = &sorting->paths->list[*(const uint32_t *)right];
    int order = sorting->sort == SPANLOG_PATH_BY_EXCLUSIVE   ? ORDER(exclusive_ns)
                : sorting->sort == SPANLOG_PATH_BY_INCLUSIVE ? ORDER(inclusive_ns)
                : sorting->sort == SPANLOG_PATH_BY_SERVICE
                    ? spanlog_text_compare(a->service, b->service)
                    : spanlog_text_compare(a->operation, b->operation);
    if (order)
        return sorting->descending ? -order : order;
    return by_way(sorting->paths, a, b);
}

/* Hangs the children to their parents, the greatest first: from the end of the order, each in
 * front. */
static int link_children(struct spanlog_path *paths) {
    struct sorting sorting = {paths, SPANLOG_PATH_BY_INCLUSIVE, true};
    uint32_t *order = malloc((paths->count + (size_t)1) * sizeof *order);
    if (!order)
        return -ENOMEM;
    for (uint32_t i = 0; i < paths->count; i++)
        order[i] = i;
    qsort_r(order, paths->count, sizeof *order, by_query, &sorting);
    paths->first_root = SPANLOG_PATH_NONE;
    for (uint32_t i = paths->count; i-- > 0;) {
        struct spanlog_path_entry *entry = &paths->list[order[i]];
        uint32_t *first = entry->parent == SPANLOG_PATH_NONE
                              ? &paths->first_root
                              : &paths->list[entry->parent].first_child;
        entry->rank = i;
        entry->next = *first;
        *first = order[i];
    }
    free(order);
    return 0;
}

static int order_list(struct spanlog_path *paths, const struct spanlog_path_query *query) {
    struct sorting sorting = {paths, query->sort, query->descending};
    paths->order = malloc((paths->count + (size_t)1) * sizeof *paths->order);
    if (!paths->order)
        return -ENOMEM;
    for (uint32_t i = 0; i < paths->count; i++)
        if (paths->list[i].exclusive_ns)
            paths->order[paths->ordered++] = i;
    qsort_r(paths->order, paths->ordered, sizeof *paths->order, by_query, &sorting);
    paths->matching = paths->ordered;
    if (query->limit && paths->ordered > query->limit)
        paths->ordered = query->limit;
    return 0;
}

static int gather(struct spanlog_path *paths, struct counter *counters, unsigned jobs,
                  const struct spanlog_path_query *query) {
    struct trie all = {0};
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < jobs; i++) {
        rc = join(&all, &counters[i].trie);
        paths->traces += counters[i].traces;
    }
    if (rc == 0)
        paths->list = malloc((all.paths.count + (size_t)1) * sizeof *paths->list);
    if (rc == 0 && !paths->list)
        rc = -ENOMEM;
    if (rc == 0) {
        fill_list(paths, &all);
        rc = link_children(paths);
    }
    free_trie(&all);
    return rc < 0 ? rc : order_list(paths, query);
}

int spanlog_path_run(const struct spanlog_collection *all, const struct spanlog_path_query *query,
                     struct spanlog_path *ret) {
    unsigned jobs = all->job_count;
    struct counter *counters = calloc(jobs, sizeof *counters);
    int rc = counters ? 0 : -ENOMEM;
    *ret = (struct spanlog_path){.limit = query->limit};
    if (rc == 0)
        rc = spanlog_by_open(&ret->by, NULL, jobs);
    if (rc == 0)
        rc = spanlog_by_prepare(&ret->by, all);
    for (unsigned i = 0; rc == 0 && i < jobs; i++)
        counters[i].by = &ret->by;
    struct spanlog_each each = {.all = all,
                                .filter = &query->filter,
                                .steps = SPANLOG_EACH_FIGURES,
                                .jobs = {counters, sizeof *counters},
                                .trace = one_trace};
    if (rc == 0)
        rc = spanlog_each_trace(&each);
    ret->counts = each.counts;
    if (rc == 0)
        rc = gather(ret, counters, jobs, query);
    for (unsigned i = 0; counters && i < jobs; i++) {
        free_trie(&counters[i].trie);
        free(counters[i].touched);
    }
    free(counters);
    return rc;
}

void spanlog_path_free(struct spanlog_path *paths) {
    spanlog_by_free(&paths->by);
    free(paths->list);
    free(paths->order);
    *paths = (struct spanlog_path){0};
}
