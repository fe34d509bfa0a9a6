"""What stands in a PDF and in an Excel workbook that the station wrote."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path


def pdf_letters(path: Path) -> str:
    """The text of a PDF without its blanks, glyph by glyph through the tables that say which character each is."""
    data = path.read_bytes()
    streams = {int(number): _plain(body) for number, body in re.findall(rb"(\d+) 0 obj\n(.*?)endobj", data, re.S)}
    tables = dict[str, dict[str, str]]()
    for name, font in re.findall(rb"/(F\d+) (\d+) 0 R", data):
        found = re.search(rb"\n%s 0 obj\n(.*?)endobj" % font, data, re.S)
        table = None if found is None else re.search(rb"/ToUnicode (\d+) 0 R", found[1])
        if table is not None:
            tables[name.decode()] = _table(streams[int(table[1])].decode("latin-1"))
    return "".join(_shown(body.decode("latin-1"), tables) for body in streams.values() if b" Tf" in body)


def sheet_numbers(path: Path, sheet: int, row: int, columns: str) -> list[int]:
    """Whole numbers of one row."""
    with zipfile.ZipFile(path) as book:
        text = book.read(f"xl/worksheets/sheet{sheet}.xml").decode()
    return [int(v) for v in re.findall(rf'<c r="[{columns}]{row}"[^>]*><v>(\d+)</v>', text)]


def _plain(body: bytes) -> bytes:
    found = re.search(rb"stream\n(.*)\nendstream", body, re.S)
    if found is None:
        return b""
    try:
        return zlib.decompress(found[1]) if b"FlateDecode" in body else found[1]
    except zlib.error:
        return b""


def _table(text: str) -> dict[str, str]:
    """Glyph → character."""
    found = dict[str, str]()
    for first, last, start in re.findall(r"<(\w{4})> <(\w{4})> <(\w{4})>", text):
        for step in range(int(last, 16) - int(first, 16) + 1):
            found[f"{int(first, 16) + step:04x}"] = chr(int(start, 16) + step)
    for first, _last, listed in re.findall(r"<(\w{4})> <(\w{4})> \[([^\]]*)\]", text):
        for step, code in enumerate(re.findall(r"<(\w+)>", listed)):
            found[f"{int(first, 16) + step:04x}"] = chr(int(code[:4], 16))
    return found


def _shown(text: str, tables: dict[str, dict[str, str]]) -> str:
    words, table = list[str](), dict[str, str]()
    for name, glyphs in re.findall(r"/(F\d+) [\d.]+ Tf|<([0-9a-fA-F]+)>", text):
        if name:
            table = tables.get(name, {})
        else:
            words.append("".join(table.get(glyphs[i : i + 4].lower(), "?") for i in range(0, len(glyphs), 4)))
    return re.sub(r"\s", "", "".join(words))
