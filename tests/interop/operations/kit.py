"""tests/interop/operations/kit.py: what the tests of docs/operations/ share.

    kit.text("loki-rules.yaml")                    a file of the kit
    for title, target in kit.targets("loki"):      the dashboard's queries of one data source
        kit.plain(target["expr"])                  as Grafana would ask it: variables replaced
"""
import json
import os
import re

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.."))
FOLDER = os.path.join(ROOT, "docs/operations")
VARIABLES = {"$__rate_interval": "5m", "$__auto": "5m", "$__range": "30m", "$job": ".+", "$service": ".+", "$trace": ""}


def text(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


def dashboard():
    return json.loads(text("grafana-dashboard.json"))


def targets(kind):
    return [(panel["title"], target) for panel in dashboard()["panels"] for target in panel.get("targets", [])
            if target["datasource"]["type"] == kind]


def plain(expression):
    return re.sub(r"\$\w+", lambda found: VARIABLES[found.group()], expression)
