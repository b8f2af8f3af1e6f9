"""tests/conformance/metrics_text_test.py PROGRAM VENV: the text of metrics, read by strict parsers.

Hostile label values go in; Prometheus's own Python client (from PyPI, into VENV) has to read the
text in both formats and find the same values in it, and the metrics that spanlog itself knows;
`promtool check metrics` has to find nothing to say. Skips (status 77) where one of these cannot be had; fails there when CI is set.
"""

import os
import random
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../interop"))

import packages

MODULE, PACKAGE = "prometheus_client.openmetrics.parser", "prometheus-client==0.21.1"
RANDOM = random.Random(20261121)
FIXED = [b"", b"\\", b'"', b"\n", b"\\n", b'\\"', b'a="b",c="d"', b"} 1", b"#", b"# EOF", b"\r\n", b"\t",
         "é€😀".encode(), b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f\x98", b"x" * 300,
         "é".encode() * 200, b"a" + "é".encode() * 200, b"{}", b"le", b" ", b"\x01\x7f"]

KNOWN = {"http_requests": "counter", "http_request_duration_seconds": "histogram",
         "http_server_request_duration_seconds": "histogram", "db_query_duration_seconds": "histogram",
         "db_connections_active": "gauge", "llm_tokens": "counter", "llm_request_duration_seconds": "histogram",
         "auth_failures": "counter", "websocket_connections": "gauge"}


def as_label(value):
    """What the library promises: UTF-8 with U+FFFD for what is broken; long ones, which are whole
    UTF-8 here, cut to 256 bytes between characters."""
    return value[:256].decode("utf-8", "ignore" if len(value) > 256 else "replace")


def random_value():
    pool = [b"\\", b'"', b"\n", b"a", b"b", b"{", b"}", b",", b"=", b"#", b" ", "é".encode(), "😀".encode(),
            b"\xff", b"\xe2\x82", b"\x01"]
    return b"".join(RANDOM.choice(pool) for _ in range(RANDOM.randint(1, 30)))


def text_of(program, form, values):
    environment = dict(os.environ, SPANLOG_OUTPUT="none", SPANLOG_SERVICE=f"metrics-text-{os.getpid()}")
    result = subprocess.run([program, form, *(v.hex() for v in values)], env=environment, capture_output=True,
                            timeout=60, check=False)
    assert result.returncode == 0 and result.stderr == b"", (result.returncode, result.stderr)
    return result.stdout.decode("utf-8")  # strict


def compare(families, values, form):
    """What was read against what went in."""
    expected = {}
    for n, value in enumerate(values, 1):
        seen = expected.setdefault(as_label(value), [0, 0.0, 0, 0])
        expected[as_label(value)] = [seen[0] + n, n / 8, seen[2] + 1, seen[3] + n]
    found = {label: [None] * 4 for label in expected}
    exemplars = 0
    places = {"hostile_total": 0, "hostile_level": 1, "hostile_seconds_count": 2, "hostile_seconds_sum": 3}
    extreme = {}
    for family in families:
        for sample in family.samples:
            exemplars += sample.exemplar is not None
            if sample.name in places:
                found[sample.labels["value"]][places[sample.name]] = sample.value
            if sample.name == "extreme":
                extreme[sample.labels["which"]] = sample.value
    for label, want in expected.items():
        assert found[label] == want, f"{form}: {label!r}: read {found[label]}, counted {want}"
    assert len(found) == len(expected), (len(found), len(expected))
    assert str(extreme.pop("nan")) == "nan"
    assert extreme == {"inf": float("inf"), "-inf": float("-inf"), "least": 5e-324,
                       "most": 1.7976931348623157e308}, extreme
    assert (exemplars > 0) == (form == "openmetrics"), f"{form}: {exemplars} exemplars"
    types = {family.name: family.type for family in families}
    assert KNOWN.items() <= types.items(), types
    helps = {family.name: family.documentation for family in families}
    assert helps["hostile"] == 'A \\ and a \n and a " in the help.', helps
    return len(expected), exemplars


def check(program):
    """Inside the virtual environment."""
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
    from prometheus_client.parser import text_string_to_metric_families as prometheus
    promtool = shutil.which("promtool")
    for values in [FIXED, *([random_value() for _ in range(40)] for _ in range(10))]:
        for form, parse in (("prometheus", prometheus), ("openmetrics", open_metrics)):
            text = text_of(program, form, values)
            labels, exemplars = compare(list(parse(text)), values, form)
        if promtool:
            text = text_of(program, "prometheus", values)
            result = subprocess.run([promtool, "check", "metrics"], input=text.encode(), capture_output=True,
                                    timeout=60, check=False)
            assert result.returncode == 0 and not result.stdout + result.stderr, result
    print(f"{labels} label values of the last set read back, {exemplars} exemplars")
    if not promtool:
        packages.skip("promtool is not installed (Debian: prometheus)")


if len(sys.argv) == 3:
    python = packages.python_with(sys.argv[2], MODULE, PACKAGE)
    sys.exit(subprocess.run([python, __file__, sys.argv[1]], check=False).returncode)
check(sys.argv[1])
