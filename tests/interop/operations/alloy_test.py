"""alloy_test.py FOLDER: config.alloy, as the parser and the evaluator of Grafana Alloy itself read it.

Builds alloy_go, with Alloy's syntax module of the Go proxy, in FOLDER: a block, a setting or a reference that is
not known there is an error with its place. What it says must be what `ship` does. Skips (status 77) where it cannot be
built; fails there when CI is set.
"""
import json
import os
import shutil
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import kit
import packages

FOLDER = os.path.abspath(sys.argv.pop(1))
PROGRAM = os.path.join(FOLDER, "alloy")


def build():
    if not shutil.which("go"):
        packages.skip("there is no Go here")
    work = os.path.join(FOLDER, "alloy_go")
    shutil.copytree(os.path.join(HERE, "alloy_go"), work, dirs_exist_ok=True)
    try:
        subprocess.run(["go", "build", "-o", PROGRAM, "."], cwd=work, check=True, timeout=400,
                       env={**os.environ, "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"})
    except (subprocess.SubprocessError, OSError) as error:
        packages.skip(f"Alloy's syntax cannot be built: {error}")


def read(text):
    return subprocess.run([PROGRAM], input=text, capture_output=True, text=True, check=False)


class Alloy(unittest.TestCase):
    def test_its_components_are_chained_and_give_what_ship_gives(self):
        done = read(kit.text("config.alloy"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        parts = json.loads(done.stdout)
        self.assertEqual(parts.pop("loki.source.file.spanlog"), {
            "Targets": "local.file_match.spanlog.targets", "ForwardTo": ["loki.process.spanlog.receiver"]})
        self.assertEqual(parts.pop("loki.write.loki"), {"Endpoints": [{"URL": "http://127.0.0.1:3100/loki/api/v1/push"}]})
        (files,) = parts.pop("local.file_match.spanlog")["PathTargets"]
        process = parts.pop("loki.process.spanlog")
        self.assertEqual((parts, process["ForwardTo"]), ({}, ["loki.write.loki.receiver"]))
        stages = {name: settings for stage in process["Stages"] for name, settings in stage.items()}
        self.assertEqual(list(stages), ["json", "timestamp", "labels", "structured_metadata", "label_drop"])
        # What is taken from a line's JSON is all that the later stages speak of.
        metadata = stages["structured_metadata"]["Values"]
        self.assertEqual(set(stages["json"]["Expressions"]),
                         {stages["timestamp"]["Source"], *stages["labels"]["Values"].values(), *metadata})
        self.assertEqual(stages["timestamp"], {"Source": "ts", "Format": "RFC3339Nano"})
        self.assertEqual((files.keys() - {"__path__"}) | stages["labels"]["Values"].keys(), {"service_name", "env"})
        self.assertEqual(metadata.keys(), {"trace_id", "span_id"})

    def test_a_mistake_is_found(self):
        text = kit.text("config.alloy")
        for right, wrong, said in (("stage.timestamp", "stage.timestamps", "unrecognized block name"),
                                   ("source =", "sources =", "unrecognized attribute name"),
                                   ("loki.write.loki.receiver", "loki.write.tempo.receiver", "does not exist"),
                                   ("[{", "{", "expected")):
            self.assertIn(right, text)
            done = read(text.replace(right, wrong))
            self.assertEqual(done.returncode, 1)
            self.assertIn(said, done.stderr)


if __name__ == "__main__":
    build()
    unittest.main()
