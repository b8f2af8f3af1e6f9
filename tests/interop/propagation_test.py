"""tests/interop/propagation_test.py PROGRAM VENV: the propagators against opentelemetry-python's.

Installs the reference from PyPI into VENV, then gives both sides the same headers, right ones and
broken ones: they have to understand the same ids, sampling, tracestate and baggage, and the
reference has to read from what we send on the same as from what came in. Where the two differ by
choice, DIFFERENCES says so, and such headers are not compared but counted.

Skips (status 77) where pip cannot install; fails there when CI is set.
"""

import os
import random
import subprocess
import sys
from urllib.parse import unquote_to_bytes

import packages

MODULES = "opentelemetry.propagators.b3, opentelemetry.propagators.jaeger"
PACKAGES = ["opentelemetry-api==1.*", "opentelemetry-sdk==1.*", "opentelemetry-propagator-b3==1.*",
            "opentelemetry-propagator-jaeger==1.*"]
ROUNDS = 6000

DIFFERENCES = {
    "tracestate key": "FORMATS.md has [a-z0-9][a-z0-9_*/@-]* up to 256; the reference W3C level 1",
    "tracestate twice": "of a key twice we keep the first; the reference drops the whole header",
    "tracestate long": "we keep 1,024 characters, the reference 8,192",
    "baggage plus": "+ is a plus; the reference decodes it as a space",
    "baggage key percent": "keys are tokens as they stand; the reference decodes them",
    "baggage key token": "we take RFC 7230's tokens; the reference has others",
    "baggage space": "the reference trims white space that was percent-encoded",
    "b3 undecided": "multi without x-b3-sampled: ours to decide; the reference takes it as not",
    "b3 strict": "a field that is no decision or no parent is refused; the reference ignores it",
    "jaeger strict": "fields are 1 to 32, 16, 16, 2 hex digits; the reference takes any int()",
    "version long": "the reference refuses a traceparent over 512 characters",
}


# ---- headers -----------------------------------------------------------------------------------

RANDOM = random.Random(20261121)


def hex_of(digits):
    return "".join(RANDOM.choice("0123456789abcdef") for _ in range(digits))


def pick(*choices):
    return RANDOM.choice(choices)


def text_of(characters, least, most):
    return "".join(RANDOM.choice(characters) for _ in range(RANDOM.randint(least, most)))


def broken(text):
    """One small thing changed, or none."""
    if RANDOM.random() < 0.6 or not text:
        return text
    at = RANDOM.randrange(len(text))
    noise = RANDOM.choice("0fFgG-:;,= %+.~^|\"\\zZ")
    return pick(text[:at] + text[at + 1:], text[:at] + noise + text[at:],
                text[:at] + noise + text[at + 1:], text[:at] + text[at:].upper(), " " + text + "\t",
                text[:at])


def traceparent():
    ids = pick(hex_of(32), hex_of(32), hex_of(32), "0" * 32), pick(*[hex_of(16)] * 4, "0" * 16)
    version = pick("00", "00", "00", "ff", "01", "cc", hex_of(2))
    end = pick("", "", "", "", "-", "-more", ".x", " ")
    return broken(f"{version}-{ids[0]}-{ids[1]}-{hex_of(2)}{end}")


def tracestate():
    key = lambda: RANDOM.choice("abcxyz") + text_of("abc019_-*/", 0, 12)
    value = lambda: text_of("abcXYZ019 !\"#$%&'()*+-./:;<>?@[]^_`{|}~", 0, 20) + RANDOM.choice("az!~")
    members = [pick(f"{key()}={value()}", f"{key()}={value()}", f"{key()}={value()}", "", " ")
               for _ in range(pick(0, 1, 2, 3, 5, 32, 33, 40))]
    return broken(pick(",", ", ", " ,", "\t,").join(members))


def baggage():
    key = lambda: text_of("abcXYZ019!#$&'*-.^_`~", 1, 8)
    octets = "abcXYZ019!#$&'()*-./:<=>?@[]^_`{|}~"
    piece = lambda: pick(text_of(octets, 0, 5), "%20x", "%C3%A4", "%ff", "%e2%82", "%zz", "%2C%3B",
                         "%ED%A0%80", "%f0%9f%98%80", "%4")
    members = []
    for _ in range(pick(1, 1, 2, 3, 8)):
        value = "".join(piece() for _ in range(pick(0, 1, 1, 2, 3)))
        members.append(f"{key()}{pick('', '', ' ')}={pick('', '', ' ')}{value}"
                       f"{pick('', '', '', ';p', ';p=1', ';p=1;q')}")
    return broken(pick(",", ", ", " ,").join(members))


def b3_single():
    fields = [pick(hex_of(32), hex_of(32), hex_of(16), "0" * 32, hex_of(7)),
              pick(*[hex_of(16)] * 5, "0" * 16)]
    fields += pick([], ["1"], ["0"], ["d"], ["1", hex_of(16)])
    return broken(pick(*["-".join(fields)] * 6, "0", "1", "d", ""))


def b3_multi():
    headers = {"x-b3-traceid": pick(hex_of(32), hex_of(16), hex_of(5)), "x-b3-spanid": hex_of(16)}
    headers["x-b3-sampled"] = pick("0", "1", "true", "True", "false")
    if RANDOM.random() < 0.3:
        headers["x-b3-flags"] = pick("1", "0")
    return {name: broken(value) for name, value in headers.items() if RANDOM.random() < 0.95}


def uber():
    return broken(f"{pick(hex_of(32), hex_of(16), hex_of(RANDOM.randint(1, 32)), '0')}:"
                  f"{pick(hex_of(16), hex_of(RANDOM.randint(1, 16)), '0')}:"
                  f"{pick('0', hex_of(16))}:{pick('0', '1', '2', '3', hex_of(2))}")


def case(kind):
    if kind == "tracecontext":
        return {"traceparent": traceparent(), "tracestate": tracestate()}
    if kind == "baggage":
        return {"baggage": baggage()}
    if kind == "b3":
        return {"b3": b3_single()} if RANDOM.random() < 0.6 else b3_multi()
    return {"uber-trace-id": uber()}


# ---- ours --------------------------------------------------------------------------------------

def unhex(text):
    return bytes.fromhex(text).decode()


def ours_of(program, cases):
    lines = "".join("\t".join([kind, *(f"{name}={value.encode().hex()}"
                                       for name, value in headers.items())]) + "\n"
                    for kind, headers in cases)
    done = subprocess.run([program], input=lines, text=True, stdout=subprocess.PIPE, check=True)
    results = []
    for line in done.stdout.splitlines():
        ids, state, pairs, *sent = line.split("\t")
        trace, span, flags = ids.split()
        whole, *decoded = pairs.split(";")
        results.append({"trace": int(trace, 16), "span": int(span, 16), "flags": int(flags, 16),
                        "state": unhex(state), "baggage": unhex(whole[2:]),
                        "decoded": {unhex(k): unhex(v) for k, v in (d.split("=") for d in decoded)},
                        "sent": {n: unhex(v) for n, v in (s.split("=") for s in sent)}})
    assert len(results) == len(cases), f"{len(results)} answers to {len(cases)} cases"
    return results


# ---- the comparison, run inside VENV -----------------------------------------------------------

class Reference:
    def __init__(self):
        import logging
        from opentelemetry import baggage as baggage_api, trace
        from opentelemetry.baggage.propagation import W3CBaggagePropagator
        from opentelemetry.context import Context
        from opentelemetry.propagators.b3 import B3SingleFormat
        from opentelemetry.propagators.jaeger import JaegerPropagator
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
        logging.disable(logging.CRITICAL)
        self.trace, self.baggage, self.context = trace, baggage_api, Context
        self.by_kind = {"tracecontext": TraceContextTextMapPropagator(),
                        "baggage": W3CBaggagePropagator(), "b3": B3SingleFormat(),
                        "jaeger": JaegerPropagator()}

    def read(self, kind, headers):
        context = self.by_kind[kind].extract(dict(headers), context=self.context())
        span = self.trace.get_current_span(context).get_span_context()
        valid = span.is_valid
        return {"trace": span.trace_id if valid else 0, "span": span.span_id if valid else 0,
                "flags": int(span.trace_flags) if valid else 0,
                "state": dict(span.trace_state) if valid else {},
                "baggage": {k: str(v) for k, v in self.baggage.get_all(context).items()}}


def members_of(state):
    return [m.strip(" \t") for m in state.split(",") if m.strip(" \t")]


def difference(kind, headers):
    """The name of a deliberate difference that these headers touch; None: they must agree."""
    import re
    text = next(iter(headers.values()), "")
    if kind == "tracecontext":
        members = members_of(headers["tracestate"])
        keys = [m.split("=")[0] for m in members]
        if len(text) > 512:
            return "version long"
        if len(keys) != len(set(keys)):
            return "tracestate twice"
        if len(",".join(members)) > 1024:
            return "tracestate long"
        plain = re.compile(r"[a-z][_0-9a-z*/-]{0,255}")
        ours = re.compile(r"[a-z0-9][_0-9a-z*/@-]{0,255}")
        if any(ours.fullmatch(k) and not plain.fullmatch(k) for k in keys):
            return "tracestate key"
    if kind == "baggage":
        if "+" in text:
            return "baggage plus"
        keys = [m.split("=")[0] for m in text.split(",")]
        properties = [p.split("=")[0] for m in text.split(",") for p in m.split(";")[1:]]
        if any("%" in k for k in keys):
            return "baggage key percent"
        if any(re.search(r"[|\\\[\]]", k) for k in keys + properties):
            return "baggage key token"
        values = [m.split("=", 1)[-1].split(";")[0].strip(" \t") for m in text.split(",")]
        for value in values:
            decoded = unquote_to_bytes(value)
            if decoded != decoded.strip():
                return "baggage space"
    if kind == "b3" and "b3" in headers:
        fields = text.strip(" \t").split("-")
        if text != text.strip(" \t") or len(fields) > 2 and fields[2] not in ("0", "1", "d"):
            return "b3 strict"
        if len(fields) == 4 and not re.fullmatch("[0-9a-fA-F]{16}", fields[3]):
            return "b3 strict"
    elif kind == "b3":
        if "x-b3-sampled" not in headers and headers.get("x-b3-flags") != "1":
            return "b3 undecided"
        if headers.get("x-b3-sampled", "1") not in ("0", "1", "true", "True", "false"):
            return "b3 strict"
        if any(v != v.strip(" \t") for v in headers.values()):
            return "b3 strict"
    if kind == "jaeger":
        if not re.fullmatch("[0-9a-fA-F]{1,32}:[0-9a-fA-F]{1,16}:[0-9a-fA-F]{0,16}:"
                            "[0-9a-fA-F]{1,2}", text):
            return "jaeger strict"
    return None


def state_dict(text):
    return dict(m.split("=", 1) for m in text.split(",") if m)


def mismatches(reference, kind, headers, ours):
    theirs = reference.read(kind, headers)
    for key in ("trace", "span"):
        if ours[key] != theirs[key] and not (kind == "b3" and ours["span"] == 0 == theirs["span"]):
            yield key, ours[key], theirs[key]
    if ours["span"] and (ours["flags"] & 1) != (theirs["flags"] & 1) and \
            not (kind == "jaeger" and ours["flags"] & 4):  # debug implies sampled
        yield "sampled", ours["flags"], theirs["flags"]
    if kind == "tracecontext" and state_dict(ours["state"]) != theirs["state"]:
        yield "tracestate", ours["state"], theirs["state"]
    if kind == "baggage":
        if set(ours["decoded"]) != set(theirs["baggage"]):
            yield "baggage keys", ours["decoded"], theirs["baggage"]
        again = reference.read(kind, ours["sent"])["baggage"]
        plain = lambda pairs: {k: v.split(";")[0].rstrip() for k, v in pairs.items()}
        if plain(again) != plain(theirs["baggage"]):
            yield "baggage sent on", again, theirs["baggage"]
        for member in filter(None, ours["baggage"].split(",")):
            key, value = member.split(";")[0].split("=", 1)
            expected = unquote_to_bytes(value).decode(errors="replace").replace("\0", "\ufffd")
            if ours["decoded"][key] != expected:
                yield "baggage value", ours["decoded"][key], expected
    elif ours["span"]:
        again = reference.read(kind, ours["sent"])
        if (again["trace"], again["span"]) != (ours["trace"], ours["span"]) or \
                (again["flags"] & 1) != (ours["flags"] & 1):
            yield "sent on", ours["sent"], again


def compare(program):
    reference = Reference()
    cases = [(kind, case(kind)) for kind in ("tracecontext", "baggage", "b3", "jaeger")
             for _ in range(ROUNDS)]
    wrong, taken, skipped = 0, {}, {}
    for (kind, headers), ours in zip(cases, ours_of(program, cases)):
        name = difference(kind, headers)
        if name is not None:
            skipped[name] = skipped.get(name, 0) + 1
            continue
        understood = bool(ours["span"] or ours["decoded"])
        taken.setdefault(kind, [0, 0])[understood] += 1
        for what, mine, their in mismatches(reference, kind, headers, ours):
            wrong += 1
            if wrong <= 20:
                print(f"{kind} {headers!r}: {what}: ours {mine!r}, the reference's {their!r}")
    for kind, (refused, understood) in taken.items():
        print(f"{kind}: {understood} understood, {refused} refused, by both")
        if min(refused, understood) < ROUNDS // 50:
            print(f"{kind}: too few of one sort to mean anything")
            wrong += 1
    for name, count in sorted(skipped.items()):
        print(f"not compared, {count}: {name}: {DIFFERENCES[name]}")
    return wrong


def main():
    if sys.argv[1] == "--inside":
        sys.exit(1 if compare(sys.argv[2]) else 0)
    program, venv = sys.argv[1:3]
    python = packages.python_with(venv, MODULES, *PACKAGES)
    sys.exit(subprocess.run([python, os.path.abspath(__file__), "--inside", program],
                            check=False).returncode)


if __name__ == "__main__":
    main()
