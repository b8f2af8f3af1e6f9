"""Escaping, UTF-8 repair and JSON against Python's own decoder and json module, on random text.

    format_python_test.py path/to/format_driver
"""
import json
import random
import struct
import subprocess
import sys
import unittest

CASES = 20000
DEPTH_MAX = 200  # SPANLOG_JSON_DEPTH_MAX

PIECES = [b"a", b"plain ascii text ", b'"', b"\\", b"\n", b"\x00", b"\x1b[31m", b"\x7f", b"\xc2\x85",
          "é".encode(), "中文".encode(), "😀".encode(), b"\xe2\x80\xa8", b"\xe2\x80\xae", b"\xff", b"\xc3",
          b"\xe2\x82", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf", b"\xef\xbb\xbf"]
TOKENS = [b"{", b"}", b"[", b"]", b",", b":", b'"a"', b'"\\u00e9\\n"', b'"\\ud83d\\ude00"', b"1", b"-0.5e+3",
          b"true", b"null", b" ", b"\n", b'"x\x7f"', "\"é\"".encode()]


def random_text(rng):
    kind = rng.randrange(3)
    if kind == 0:
        return bytes(rng.randrange(256) for _ in range(rng.randrange(60)))
    if kind == 1:
        return b"".join(rng.choice(PIECES) for _ in range(rng.randrange(20)))
    return "".join(chr(rng.choice([rng.randrange(0x80), rng.randrange(0xD800), rng.randrange(0xE000, 0x110000)]))
                   for _ in range(rng.randrange(30))).encode()


def random_value(rng, depth=0):
    kind = rng.randrange(7 if depth < 4 else 5)
    if kind == 0:
        return rng.choice([None, True, False])
    if kind == 1:
        return rng.randrange(-10**18, 10**18)
    if kind == 2:
        return rng.uniform(-1e6, 1e6)
    if kind in (3, 4):
        return random_text(rng).decode("utf-8", "replace")
    if kind == 5:
        return [random_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {str(rng.randrange(100)): random_value(rng, depth + 1) for _ in range(rng.randrange(4))}


def mutate(rng, text):
    text = bytearray(text)
    for _ in range(rng.randrange(3)):
        at = rng.randrange(len(text) + 1)
        if rng.randrange(2):
            text[at:at] = rng.choice(TOKENS + PIECES)
        else:
            del text[at:at + 1]
    return bytes(text)


def strict_loads(text):
    """json.loads, with what it lets pass beyond RFC 8259 refused."""
    def refuse(word):
        raise ValueError(word)
    value = json.loads(text.decode("utf-8"), parse_constant=refuse, strict=True, object_pairs_hook=list)
    json.dumps(value, ensure_ascii=False).encode("utf-8")  # fails on half of a surrogate pair
    return value


def call(function, texts):
    request = b"".join(function.encode() + struct.pack("<I", len(t)) + t for t in texts)
    run = subprocess.run([DRIVER], input=request, stdout=subprocess.PIPE, check=True)
    answers, at = [], 0
    for _ in texts:
        size, = struct.unpack_from("<I", run.stdout, at)
        at += 4
        answers.append(None if size == 0xFFFFFFFF else run.stdout[at:at + size])
        at += 0 if size == 0xFFFFFFFF else size
    return answers


class Formatters(unittest.TestCase):
    def setUp(self):
        self.rng = random.Random(self.id())

    def test_escaped_text_reads_back_as_python_repairs_it(self):
        texts = [random_text(self.rng) for _ in range(CASES)]
        for text, out in zip(texts, call("e", texts)):
            self.assertEqual(json.loads(b'"' + out + b'"'), text.decode("utf-8", "replace"), text)

    def test_escaped_text_holds_no_control_characters(self):
        texts = [random_text(self.rng) for _ in range(CASES)]
        for text, out in zip(texts, call("e", texts)):
            for c in out.decode("utf-8"):
                self.assertFalse(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or c in "\u2028\u2029", (text, out))

    def test_visible_text_reads_back_the_same(self):
        texts = [random_text(self.rng) for _ in range(CASES)]
        for text, out in zip(texts, call("v", texts)):
            self.assertEqual(json.loads(b'"' + out + b'"'), text.decode("utf-8", "replace"), text)
            self.assertNotIn("\u202e", out.decode(), text)

    def test_cut_text_is_a_prefix_with_a_mark(self):
        texts = [random_text(self.rng) * 3 for _ in range(CASES)]
        for text, out in zip(texts, call("c", texts)):
            self.assertLessEqual(len(out), len(text) + 48)
            value, mark, rest = json.loads(b'"' + out + b'"').partition("…[truncated, ")
            self.assertTrue(text.decode("utf-8", "replace").startswith(value), (text, out))
            if mark:
                self.assertEqual(rest, "%d bytes]" % len(text))

    def test_utf8_is_valid_where_python_says_so(self):
        texts = [random_text(self.rng) for _ in range(CASES)]
        for text, out in zip(texts, call("8", texts)):
            try:
                text.decode("utf-8")
                self.assertIsNotNone(out, text)
            except UnicodeDecodeError:
                self.assertIsNone(out, text)

    def test_json_is_valid_where_python_says_so(self):
        texts = []
        for _ in range(CASES):
            if self.rng.randrange(4):
                text = json.dumps(random_value(self.rng), ensure_ascii=bool(self.rng.randrange(2)),
                                  indent=self.rng.choice([None, 1])).encode("utf-8")
                texts.append(mutate(self.rng, text))
            else:
                texts.append(b"".join(self.rng.choice(TOKENS) for _ in range(self.rng.randrange(12))))
        accepted = 0
        for text, out in zip(texts, call("j", texts)):
            try:
                value = strict_loads(text)
            except (ValueError, RecursionError):
                self.assertIsNone(out, text)
                continue
            accepted += 1
            self.assertIsNotNone(out, text)
            self.assertEqual(strict_loads(out), value, text)
            self.assertFalse(any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in out.decode()), (text, out))
        self.assertGreater(accepted, CASES // 4)

    def test_strings_unescape_as_python_does(self):
        values = [random_text(self.rng).decode("utf-8", "replace") for _ in range(CASES)]
        texts = [json.dumps(v, ensure_ascii=bool(i % 2)).encode()[1:-1] for i, v in enumerate(values)]
        for value, text, out in zip(values, texts, call("u", texts)):
            self.assertEqual(out.decode("utf-8"), value, text)


if __name__ == "__main__":
    DRIVER = sys.argv.pop(1)
    unittest.main()
