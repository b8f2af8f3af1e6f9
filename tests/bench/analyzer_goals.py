"""tests/bench/analyzer_goals.py: the rows that analyzer_run prints, and what each has to reach.

Figures are named CORPUS_PROGRAM[_THREADS]_WHAT. One thread is judged by processor time (user and
system), which other programs disturb least; two threads by the clock. See goals.py for the rest.
"""

from goals import AT_LEAST, AT_MOST, REPORT, TIMES, Row

CORPORA = {"generated": "generated, canonical order of fields",
           "shop": "the shop's own logs, multiplied",
           "shuffled": "generated, each line's keys shuffled"}


def against(corpus, who, threads, what, anchor, kind, goal):
    measure = "cpu_s" if threads == 1 else "seconds"
    plural = "one thread" if threads == 1 else f"{threads} threads"
    return Row(corpus, f"{what}, {plural}, against {anchor.replace('_', ' ')}",
               f"{corpus}_{who}_{threads}_{measure}", "s", f"{corpus}_{anchor}_{threads}_{measure}",
               kind, goal)


def rows_of(corpus, trees):
    """trees: the verb that takes every tree ("stats", or "traces" as long as there is no other)."""
    shuffled = corpus == "shuffled"
    ours, duckdb = 1.8 if shuffled else 3, 3 if shuffled else 5
    rows = []
    for threads in (1, 2):
        rows += [
            Row(corpus, f"counting newlines, {threads} threads",
                f"{corpus}_floor_{threads}_seconds", "s"),
            Row(corpus, "  GB/s", f"{corpus}_floor_{threads}_gb_s", ""),
            Row(corpus, f"traces, {threads} threads", f"{corpus}_traces_{threads}_seconds", "s",
                f"{corpus}_floor_{threads}_seconds"),
            Row(corpus, "  GB/s", f"{corpus}_traces_{threads}_gb_s", ""),
            against(corpus, "traces", threads, "traces", "duckdb_traces", AT_LEAST, duckdb),
            against(corpus, trees, threads, f"all trees ({trees})", "duckdb_trees",
                    REPORT if shuffled else AT_LEAST, None if shuffled else 5.5),
        ]
    rows += [
        against(corpus, "traces", 1, "traces", "simdjson_ondemand", AT_LEAST, ours),
        against(corpus, "traces", 1, "traces", "simdjson_dom", TIMES, None),
        Row(corpus, "trace ID, CPU, against ripgrep", f"{corpus}_trace_1_cpu_s", "s",
            f"{corpus}_rg_1_cpu_s", AT_MOST, 1.1),
        Row(corpus, "trace ID, memory", f"{corpus}_trace_1_memory_mb", "MB", None, AT_MOST, 15),
        Row(corpus, "traces, memory per GB, one thread", f"{corpus}_traces_1_memory_per_gb", "MB",
            None, AT_MOST, 90),
        Row(corpus, "traces, memory per GB, 2 threads", f"{corpus}_traces_2_memory_per_gb", "MB"),
        Row(corpus, "traces, 10 times the input, CPU", f"{corpus}_growth", "x", None, AT_MOST, 10),
    ]
    for verb, goal in (("stats", 4), ("graph", 3)):
        rows.append(Row(corpus, f"{verb}, CPU, against counting newlines",
                        f"{corpus}_{verb}_1_cpu_s", "s", f"{corpus}_floor_1_cpu_s",
                        REPORT if shuffled else AT_MOST, None if shuffled else goal))
    if corpus == "generated":
        rows.append(Row(corpus, "jq counting traces, CPU, 100 MB", "generated_jq_cpu_s", "s"))
    return rows
