"""spanlog ship --to zipkin: against a real Zipkin: its API gives the same trees,
and of each span all that the file says, in microseconds.

    zipkin_test.py build/dev/spanlog [ignored]
"""
import os
import sys
import tempfile
import unittest

import servers
import shipping
import trees


class Zipkin(unittest.TestCase):
    def test_its_api_gives_the_same_trees(self):
        with tempfile.TemporaryDirectory() as folder, servers.Zipkin(folder) as zipkin:
            lines, wanted = trees.make(60)
            shipping.append(os.path.join(folder, "app.log"), lines)
            code, said, _ = shipping.ship_once(folder, "--to", "zipkin:" + zipkin.url, "app.log")
            self.assertEqual((code, said), (0, []))
            contents = trees.contents(lines)
            self.assertEqual({key: set(tree) for key, tree in contents.items()},
                             {key: set(tree) for key, tree in wanted.items()})
            for trace_id, tree in contents.items():
                self.assertEqual(trees.in_zipkin(zipkin, trace_id), trees.as_zipkin(tree))
            entry = shipping.status(folder)[0]
            self.assertEqual((entry["records"], entry["left_out"], entry["refused"]),
                             (sum(len(tree) for tree in wanted.values()), 60, 0))

    def test_its_dependency_links_are_the_edges_of_the_graph(self):
        """Calls, errors, and the broker between those who send and those who receive."""
        with tempfile.TemporaryDirectory() as folder, servers.Zipkin(folder) as zipkin:
            path = os.path.join(folder, "app.log")
            shipping.append(path, trees.calls(80, broker="kafka"))
            code, said, _ = shipping.ship_once(folder, "--to", "zipkin:" + zipkin.url, "app.log")
            self.assertEqual((code, said), (0, []))
            found = servers.get_json(f"{zipkin.url}/api/v2/dependencies?endTs={shipping.EPOCH_NS // 10**6 + 86400000}"
                                     f"&lookback={3 * 86400000}")
            self.assertEqual({(link["parent"], link["child"]): (link["callCount"], link.get("errorCount", 0))
                              for link in found}, trees.edges(path))
            self.assertGreater(len(found), 40)


if __name__ == "__main__":
    shipping.TOOL = os.path.abspath(sys.argv.pop(1))
    try:
        servers.zipkin_program()
    except servers.Missing as missing:
        print(f"Zipkin cannot be had: {missing}")
        sys.exit(1 if os.environ.get("CI") else 77)
    unittest.main(argv=sys.argv[:1])
