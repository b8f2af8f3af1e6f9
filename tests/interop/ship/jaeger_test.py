"""spanlog ship --to otlp: against a real Jaeger, which holds an OpenTelemetry Collector: its APIs give the same
trees, and of each span all that the file says.

    jaeger_test.py build/dev/spanlog [ignored]
"""
import os
import sys
import tempfile
import unittest

import servers
import shipping
import trees


def tree_of(answer):
    """Of /api/traces/{id}: {span: (parent, name, service)}."""
    trace = answer["data"][0]
    services = {key: process["serviceName"] for key, process in trace["processes"].items()}
    return {span["spanID"]: (next((r["spanID"] for r in span["references"] if r["refType"] == "CHILD_OF"), None),
                             span["operationName"], services[span["processID"]]) for span in trace["spans"]}


class Jaeger(unittest.TestCase):
    maxDiff = 4000

    def test_its_api_gives_the_same_trees(self):
        with tempfile.TemporaryDirectory() as folder, servers.Jaeger(folder) as jaeger:
            lines, wanted = trees.make(60)
            shipping.append(os.path.join(folder, "app.log"), lines)
            code, said, _ = shipping.ship_once(folder, "--to", "otlp:" + jaeger.url, "app.log")
            self.assertEqual(code, 0, said)
            # Its Collector has no pipeline for logs here: the door is missing, and that is said.
            self.assertEqual([line.split("HOST: ")[1] for line in said],
                             ["it takes no log records (it answers 404): they are left out"])
            for trace_id, tree in wanted.items():
                found = tree_of(servers.get_json(f"{jaeger.query_url}/api/traces/{trace_id}"))
                self.assertEqual(found, tree)
            self.check_contents(jaeger, lines)

    def check_contents(self, jaeger, lines):
        """Times to the nanosecond, kinds, errors, attributes and events are those of the file."""
        wanted = trees.contents(lines)
        for trace_id, tree in wanted.items():
            self.assertEqual(trees.in_jaeger(jaeger, trace_id), trees.as_otlp(tree))
        spans = [span for tree in wanted.values() for span in tree.values()]
        self.assertEqual({span["kind"] for span in spans}, {1, 2, 3, 4, 5})
        self.assertLessEqual({None, "", "boom"}, {span["error"] for span in spans})

    def test_a_jaeger_that_is_killed_gets_the_rest_when_it_is_back(self):
        """It keeps spans in memory: those of before its death are gone, those after it must all be there."""
        with tempfile.TemporaryDirectory() as folder, servers.Jaeger(folder) as jaeger:
            path = os.path.join(folder, "app.log")
            ship = shipping.Ship(folder, "--to", "otlp:" + jaeger.url, "--only", "traces", "--linger", "20ms", path)
            jaeger.kill()
            lines, wanted = trees.make(20, seed=2)
            shipping.append(path, lines)
            shipping.wait_for(lambda: any("cannot deliver" in line for line in ship.said()), "a message")
            jaeger.start()
            shipping.wait_for(lambda: any("delivers again" in line for line in ship.said()), "delivery")
            shipping.wait_for(lambda: shipping.status(folder)[0]["lag_bytes"] == 0, "the rest")
            self.assertEqual(ship.end(), 0)
            self.assertEqual({key: set(tree) for key, tree in trees.contents(lines).items()},
                             {key: set(tree) for key, tree in wanted.items()})
            self.check_contents(jaeger, lines)

    def test_its_dependency_links_are_the_edges_of_the_graph(self):
        """It counts every child, also below a span of the same service, which is no call, and no errors."""
        with tempfile.TemporaryDirectory() as folder, servers.Jaeger(folder) as jaeger:
            path = os.path.join(folder, "app.log")
            shipping.append(path, trees.calls(80))
            code, said, _ = shipping.ship_once(folder, "--to", "otlp:" + jaeger.url, "--only", "traces", "app.log")
            self.assertEqual((code, said), (0, []))
            found = servers.get_json(f"{jaeger.query_url}/api/dependencies?lookback={3 * 86400000}"
                                     f"&endTs={shipping.EPOCH_NS // 10**6 + 86400000}")["data"]
            links = {(link["parent"], link["child"]): link["callCount"] for link in found
                     if link["parent"] != link["child"]}
            self.assertEqual(links, {edge: calls for edge, (calls, _) in trees.edges(path).items()})
            self.assertGreater(len(links), 30)


if __name__ == "__main__":
    shipping.TOOL = os.path.abspath(sys.argv.pop(1))
    try:
        servers.jaeger_program()
    except servers.Missing as missing:
        print(f"Jaeger cannot be had: {missing}")
        sys.exit(1 if os.environ.get("CI") else 77)
    unittest.main(argv=sys.argv[:1])
