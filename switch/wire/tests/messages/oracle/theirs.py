"""Reads and writes messages with pyiso8583, one a line, as the test beside it asks.

    {"dialect": "iso87-bcd", "body": "0200…"}                        is answered {"mti": "0200", "fields": {"2": "…"}},
    {"dialect": "iso87-bcd", "mti": "0200", "fields": {"2": "…"}}    is answered {"body": "0200…"},

and what cannot be {"refused": why}. A field that pyiso8583 cannot be told of is {"unsaid": number}.

The tables are the standards', written down here once more: nothing is taken from the dialects that they are compared with.
"""

import codecs
import importlib.metadata
import json
import re
import sys

import iso8583

# From 4.0.0 on, field 65 is a third bitmap and no longer a field like the others.
VERSION = "3.0.0"

# The tables of fields. Lengths in digits, characters or bytes, x+n without its sign; after dots the length varies.
ISO87 = """
    2 n..19; 3 n6; 4-6 n12; 7 n10; 8-10 n8; 11-12 n6; 13-18 n4; 19-24 n3; 25-26 n2; 27 n1; 28-31 x+n8; 32-33 n..11; 34 n..28;
    35 z..37; 36 z..104; 37 an12; 38 an6; 39 an2; 40 an3; 41 ans8; 42 ans15; 43 ans40; 44 ans..25; 45 ans..76; 46-48 ans..999;
    49-51 n3; 52 b8; 53 n16; 54 an..120; 55 b..999; 56-63 ans..999; 64-65 b8; 66 n1; 67 n2; 68-70 n3; 71-72 n4; 73 n6;
    74-81 n10; 82-85 n12; 86-89 n16; 90 n42; 91 an1; 92 an2; 93 an5; 94 an7; 95 an42; 96 b8; 97 x+n16; 98 ans25; 99-100 n..11;
    101 ans..17; 102-103 ans..28; 104 ans..100; 105-127 ans..999; 128 b8
"""
# 123 is ours: the standard leaves it to private use.
ISO93 = """
    2 n..19; 3 n6; 4-6 n12; 7 n10; 8-10 n8; 11 n6; 12 n12; 13-14 n4; 15 n6; 16-18 n4; 19-21 n3; 22 an12; 23-24 n3; 25-26 n4;
    27 n1; 28 n6; 29 n3; 30 n24; 31 ans..99; 32-33 n..11; 34 ns..28; 35 z..37; 36 z..104; 37 an12; 38 an6; 39-40 n3; 41 ans8;
    42 ans15; 43-44 ans..99; 45 ans..76; 46 ans..204; 47-48 ans..999; 49-51 n3; 52 b8; 53 b..48; 54 ans..120; 55 b..255;
    56 n..35; 57 n3; 58 n..11; 59-63 ans..999; 64-65 b8; 66 ans..204; 67 n2; 68-70 n3; 71 n8; 72 ans..999; 73 n6; 74-85 n10;
    86-89 n16; 90 n10; 91-92 n3; 93-94 n..11; 95 ans..99; 96 b..999; 97 x+n16; 98 ans25; 99 an..11; 100 n..11; 101 ans..17;
    102-103 ans..28; 104 ans..100; 105-106 n16; 107-108 n10; 109-110 ans..84; 111-122 ans..999; 123 n21; 124-127 ans..999; 128 b8
"""


def fixed(encoding, length, **more):
    return {"data_enc": encoding, "len_enc": "ascii", "len_type": 0, "max_len": length, **more}


class Characters:
    """Every digit and letter a character."""

    def __init__(self, encoding, raw):
        self.encoding, self.raw = encoding, raw
        self.opening = {"t": fixed(encoding, 4), "p": self.row("b", 8, 0), "1": self.row("b", 8, 0)}

    def row(self, kind, length, digits):
        told = {"len_enc": self.encoding, "len_type": digits}
        if kind == "b" and (self.raw or digits):
            return fixed("b", length, **told)
        return fixed(self.encoding, 2 * length if kind == "b" else length + (kind == "x+n"), **told)

    def theirs(self, kind, value):
        return value

    def ours(self, kind, value):
        return value.upper() if kind == "b" else value


class Packed:
    """Two digits a byte."""

    opening = {"t": fixed("b", 2), "p": fixed("b", 8), "1": fixed("b", 8)}

    def row(self, kind, length, digits):
        told = {"len_enc": "bcd", "len_type": (digits + 1) // 2}
        if kind in ("n", "z"):
            return fixed("b", length, len_count="nibbles", left_pad="0", **told)
        if kind == "x+n":
            return fixed("b", 1 + length // 2, **told)
        return fixed("b" if kind == "b" else "ascii", length, **told)

    def theirs(self, kind, value):
        if kind == "x+n":
            return value[0].encode().hex() + value[1:]
        return value.replace("=", "D") if kind == "z" else value

    def ours(self, kind, value):
        if kind == "x+n":
            return bytes.fromhex(value[:2]).decode("latin-1") + value[2:]
        return value.replace("D", "=") if kind == "z" else value


class Dialect:
    def __init__(self, table, form, unsaid=()):
        self.form, self.kinds, self.spec = form, {}, {"h": fixed("b", 0), **form.opening}
        for numbers, kind, varies, length in re.findall(r"([\d-]+) ([a-z+]+)(\.\.)?(\d+)", table):
            first, last = (numbers.split("-") * 2)[:2]
            for number in range(int(first), int(last) + 1):
                if number not in unsaid:
                    self.kinds[str(number)] = kind
                    self.spec[str(number)] = form.row(kind, int(length), len(length) if varies else 0)

    def read(self, body):
        told, _ = iso8583.decode(bytes.fromhex(body), self.spec)
        fields = {number: self.form.ours(kind, told[number]) for number, kind in self.kinds.items() if number in told}
        return {"mti": told["t"], "fields": fields}

    def write(self, mti, fields):
        values = {number: self.form.theirs(self.kinds[number], value) for number, value in fields.items()}
        body, _ = iso8583.encode({"t": mti, **values}, self.spec)
        return {"body": body.hex().upper()}


def ebcdic(name):
    """IBM 1047, which Python does not have: IBM 037 with three pairs of characters at each other's place."""
    if name != "cp1047":
        return None
    table = list(bytes(range(256)).decode("cp037"))
    for one, other in ((0x5F, 0xB0), (0xAD, 0xBA), (0xBD, 0xBB)):
        table[one], table[other] = table[other], table[one]
    table = "".join(table)
    written = codecs.charmap_build(table)
    return codecs.CodecInfo(
        lambda text, errors="strict": codecs.charmap_encode(text, errors, written),
        lambda data, errors="strict": codecs.charmap_decode(data, errors, table),
    )


codecs.register(ebcdic)
DIALECTS = {
    "iso87-ascii": Dialect(ISO87, Characters("ascii", raw=False)),
    "iso87-bcd": Dialect(ISO87, Packed()),
    "iso87-ebcdic": Dialect(ISO87, Characters("cp1047", raw=True)),
    # Hexadecimal digits behind a length that counts bytes.
    "iso93-ascii": Dialect(ISO93, Characters("ascii", raw=False), unsaid=(53, 96)),
    "iso93-bcd": Dialect(ISO93, Packed()),
}


def answer(asked):
    dialect = DIALECTS[asked.pop("dialect")]
    try:
        return dialect.read(**asked) if "body" in asked else dialect.write(**asked)
    except (iso8583.DecodeError, iso8583.EncodeError) as refusal:
        return {"refused": str(refusal)}
    except KeyError as field:
        return {"unsaid": str(field)}


if __name__ == "__main__":
    found = importlib.metadata.version("pyiso8583")
    if found != VERSION:
        sys.exit(f"pyiso8583 {VERSION} is needed, found {found}")
    print(json.dumps({"version": found}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
