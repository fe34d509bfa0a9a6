"""Text that a person or another program wrote: one way to read it, in bounds, and each fault as one sentence.

A file is UTF-8, with the mark in front that Notepad writes or without it. `shown` names the text in what is said of it,
`error` is the kind of error that is raised.
"""

from __future__ import annotations

import codecs
import json
import math
import re
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.errors import InputError, LinesideError

MAX_DOTTED = 16
"""A key may name so many tables, `a.b.c`: no file here needs more than three, and tomllib's time and memory grow with
the square of their number."""
MAX_DIGITS = 4000
"""Python turns no longer text into a whole number, nor is anything counted so far."""

_ASK = "Choose another file."
_SAVE = "Save it again as UTF-8."
_WIDE = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NAME = r"(?:[A-Za-z0-9_-]++|\"[^\"\n]*+\"|'[^'\n]*+')"
_MANY_DOTS = re.compile(rf"(?:^|[\[{{,])[ \t]*+{_NAME}(?:[ \t]*+\.[ \t]*+{_NAME}){{{MAX_DOTTED}}}", re.MULTILINE)
_DECIMAL_COMMA = re.compile(r"=[ \t]*([+-]?\d+),(\d+)[ \t]*(?:#.*)?$")
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)$")


def read_text(path: Path, limit: int, shown: str = "", error: type[LinesideError] = InputError) -> str:
    """The file's text. Raises `error` for one that is missing, no plain file, over `limit` bytes or not UTF-8."""
    shown = shown or str(path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise error(f"{shown} is no file.", _ASK)
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as reason:
        raise error(f"{shown} cannot be read: {reason.strerror or reason}.", _ASK) from reason
    if len(data) > limit:
        raise error(f"{shown} is too large: it has more than {max(1, limit >> 10):,} KiB.", _ASK)
    return text_of(data, shown, error)


def text_of(data: bytes, shown: str, error: type[LinesideError] = InputError) -> str:
    """The text that these bytes are. Raises `error` for UTF-16 and whatever else is not UTF-8."""
    if data.startswith(_WIDE) or b"\0" in data:
        raise error(f"{shown} is not text in UTF-8 but in UTF-16, or no text at all.", _SAVE)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as reason:
        line = data.count(b"\n", 0, reason.start) + 1
        if b"\n" not in data[:-1]:
            raise error(f"{shown} is not text in UTF-8.", _SAVE) from reason
        raise error(f"{shown} is not text in UTF-8, at line {line}.", _SAVE) from reason


def parse_toml(text: str, shown: str, error: type[LinesideError] = InputError) -> dict[str, Any]:
    """The tables of a TOML text. Raises `error`, naming the line where that is known."""
    if dotted := _MANY_DOTS.search(text):
        line = text.count("\n", 0, dotted.end()) + 1
        raise error(
            f"{shown} is not valid TOML: a key names more than {MAX_DOTTED} tables (at line {line}).", "Correct it."
        )
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as reason:
        raise error(f"{shown} is not valid TOML: {reason}.", _remedy(text, str(reason))) from reason
    except RecursionError as reason:
        raise error(f"{shown} is not valid TOML: it nests too deeply.", "Correct it.") from reason
    except ValueError as reason:
        raise error(f"{shown} holds a number that cannot be read.", f"Give it at most {MAX_DIGITS} digits.") from reason
    if key := next(_too_large(found), ""):
        raise error(f"{shown} is not valid at {key}: the number is too large.", "Correct that key.")
    return found


def parse_json(text: str, shown: str, error: type[LinesideError] = InputError) -> Any:
    """The value of a JSON text, every number of it finite and of 64 bits. Raises `error`."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError as reason:
        raise error(f"{shown} is not valid JSON, at line {reason.lineno}.", "Correct it, or copy it again.") from reason
    except RecursionError as reason:
        raise error(f"{shown} is not valid JSON: it nests too deeply.", "Correct it, or copy it again.") from reason
    except ValueError as reason:
        raise error(f"{shown} holds a number that cannot be read.", f"Give it at most {MAX_DIGITS} digits.") from reason
    if key := next(_too_large(found, finite=True), ""):
        raise error(f"{shown} is not valid at {key}: the number is too large, or none.", "Correct that key.")
    return found


def _too_large(document: Any, *, finite: bool = False) -> Iterator[str]:
    """The keys of whole numbers over 64 bits, which no database holds and Python may not print (a hexadecimal one has
    no bound); with `finite` of infinite ones and NaN too, which TOML has and JSON has not."""
    waiting: list[tuple[str, Any]] = [("", document)]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, dict):
            waiting += ((f"{key}.{name}".lstrip("."), inner) for name, inner in value.items())
        elif isinstance(value, list):
            waiting += ((key, inner) for inner in value)
        elif (isinstance(value, int) and not -(1 << 63) <= value < 1 << 63) or (
            finite and isinstance(value, float) and not math.isfinite(value)
        ):
            yield key or "its top"


def _remedy(text: str, reason: str) -> str:
    """A decimal comma is what a person at a German keyboard writes: it is told with its own number."""
    at = _AT_LINE.search(reason)
    lines = text.splitlines()
    if at is not None and int(at[1]) <= len(lines):
        found = _DECIMAL_COMMA.search(lines[int(at[1]) - 1])
        if found is not None:
            return f"Write {found[1]}.{found[2]}, with a point."
    return "Correct it."
