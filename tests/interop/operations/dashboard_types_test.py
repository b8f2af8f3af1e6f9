"""dashboard_types_test.py FOLDER: the dashboard against Grafana's own types, by the TypeScript compiler.

Installs @grafana/schema from the npm registry into FOLDER. Each panel, its options and each variable become a
constant of Grafana's type: a key that Grafana does not know, or a value that it has not, is an error there.
Skips (status 77) where npm cannot install; fails there when CI is set.
"""
import json
import os
import subprocess
import sys

import kit

PACKAGES = ["@grafana/schema@13.2.3", "typescript@5.9"]
OPTIONS = {"heatmap": "Heatmap", "timeseries": "TimeSeries", "stat": "Stat", "logs": "Logs"}
HEAD = """import {Dashboard, Panel, RowPanel, VariableModel} from '@grafana/schema';
// Every key may be left out, and an enum's value is its text.
type Some<T> = T extends string ? `${T}` : T extends number ? number
    : T extends object ? {[K in keyof T]?: Some<T[K]>} : T;
"""


def install(folder):
    os.makedirs(folder, exist_ok=True)
    if os.path.exists(os.path.join(folder, "node_modules/.bin/tsc")):
        return
    try:
        subprocess.run(["npm", "install", "--silent", "--no-save", "--ignore-scripts", "--prefix", folder, *PACKAGES],
                       check=True, timeout=300)
    except (subprocess.SubprocessError, OSError) as error:
        print(f"skipped: Grafana's types cannot be installed: {error}")
        sys.exit(1 if os.environ.get("CI") else 77)


def without(entry, *keys):
    return {key: value for key, value in entry.items() if key not in keys}


def program(board):
    constants = [("Dashboard", without(board, "panels", "templating"))]
    constants += [("VariableModel", variable) for variable in board["templating"]["list"]]
    constants += [("RowPanel" if panel["type"] == "row" else "Panel", without(panel, "targets"))
                  for panel in board["panels"]]
    constants += [(panel["type"] + ".Options", panel["options"]) for panel in board["panels"] if panel["type"] != "row"]
    imports = [f"import * as {name} from './node_modules/@grafana/schema/dist/esm/raw/composable/{name}/panelcfg/x/"
               f"{options}PanelCfg_types.gen';" for name, options in OPTIONS.items()]
    return "\n".join([*imports, HEAD, *(f"const c{i}: Some<{kind}> = {json.dumps(value, indent=1)};"
                                        for i, (kind, value) in enumerate(constants))]) + "\n"


def complaints(folder, board):
    with open(os.path.join(folder, "dashboard.ts"), "w", encoding="utf-8") as file:
        file.write(program(board))
    done = subprocess.run(["node_modules/.bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "--moduleResolution",
                           "bundler", "--module", "esnext", "--target", "es2022", "dashboard.ts"],
                          cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout


def main(folder):
    install(folder)
    board = kit.dashboard()
    broken = json.loads(json.dumps(board))
    broken["panels"][1]["options"]["colorMode"] = "colourful"
    if "colourful" not in complaints(folder, broken):
        sys.exit("a wrong value was not noticed")
    if complaints(folder, board):
        sys.exit(complaints(folder, board))
    print(f"{len(board['panels'])} panels and {len(board['templating']['list'])} variables are of Grafana's types")


if __name__ == "__main__":
    main(sys.argv[1])
