"""tests/unit/strict_json.py FILE...: each line is one JSON object by Python's rules, and stricter:
valid UTF-8, no key twice, no NaN or Infinity, no raw control character, no lone surrogate.

    strict_json.py log.jsonl     prints the number of lines; status 1 names the first bad one
"""

import json
import sys
import unicodedata


def once(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError(f"a key stands twice: {keys}")
    return dict(pairs)


def no_constant(name):
    raise ValueError(f"{name} is no JSON")


def check(line):
    text = line.decode("utf-8")
    value = json.loads(text, object_pairs_hook=once, parse_constant=no_constant)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    for at, character in enumerate(text):
        if unicodedata.category(character) in ("Cc", "Zl", "Zp"):
            raise ValueError(f"U+{ord(character):04X} stands raw at {at}")
    json.dumps(value, ensure_ascii=False).encode("utf-8")


lines = 0
for path in sys.argv[1:]:
    data = open(path, "rb").read()
    if data and not data.endswith(b"\n"):
        sys.exit(f"{path} ends in the middle of a line")
    for line in data.split(b"\n")[:-1]:
        lines += 1
        try:
            check(line)
        except ValueError as error:
            sys.exit(f"{path}:{lines}: {error}: {line[:300]!r}")
print(lines)
