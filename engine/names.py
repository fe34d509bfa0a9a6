"""Names of files as text that everything behind them can hold: the database, JSON, a report, a terminal, the window.

A file's name on Linux is bytes: it need not be UTF-8, and may hold a newline, what a terminal takes for a command, or
marks that turn the direction of reading. Such a name is escaped once, where it enters: a byte that is no UTF-8 as
`\\xf6`, a control character as `\\x1b`, a mark as `\\u202e`. Every other name stays as it is, to the byte.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

MAX_NAME = 100
MAX_SENTENCE = 4096
_ODD = (
    "\x00-\x1f\x7f-\x9f"  # control characters
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # which way is read
    "\u2028\u2029"  # ends of lines that are not seen
    "\ud800-\udfff"  # what is no text at all; of these \udc80-\udcff stand for bytes (os.fsdecode)
)
_ANY_ODD = re.compile(f"[{_ODD}]")
# In a name that is escaped, what looks like an escape and is none: else the way back would not be known.
_ESCAPED = re.compile(rf"[{_ODD}]|\\(?=x[0-9a-f]{{2}}|u[0-9a-f]{{4}})")
_BREAK = re.compile(r"\s*[\t\n\r]\s*")
_ESCAPE = re.compile(r"\\x([0-9a-f]{2})|\\u([0-9a-f]{4})")
_BYTE = 0xDC00
"""Where os.fsdecode puts a byte that is no UTF-8: \\udc00 + the byte."""


def name_of(path: str | os.PathLike[str]) -> str:
    """A path, or any text from outside, as it is shown and kept; `path_of` leads back."""
    text = os.fspath(path)
    return _ESCAPED.sub(_escape, text) if _ANY_ODD.search(text) else text


def short_name(text: str) -> str:
    """What a recipe, a package or a class is called: as `name_of` has it, MAX_NAME characters at most."""
    return name_of(text)[:MAX_NAME]


def one_line(text: str) -> str:
    """A sentence that may hold names or a library's words: on one line, with nothing in it that cannot be shown, and
    not without end."""
    if len(text) > MAX_SENTENCE:
        text = f"{text[: MAX_SENTENCE // 2]} … {text[-MAX_SENTENCE // 4 :]}"
    return _ANY_ODD.sub(_escape, _BREAK.sub(" ", text)) if _ANY_ODD.search(text) else text


def path_of(name: str | os.PathLike[str]) -> Path:
    r"""The file that a kept name means: the one of this very name, else the one whose name was escaped to it.

    Of two files, one named `a\x1b` in so many letters and one with the control character, it is the first. What is not
    there yet lies in the folder that is.
    """
    text = os.fspath(name)
    if _ESCAPE.search(text) is None:
        return Path(text)
    plain, raw = Path(text), Path(_ESCAPE.sub(_character, text))
    for given, meant in ((plain, raw), (plain.parent, raw.parent)):
        if os.path.lexists(given):
            return plain
        if os.path.lexists(meant):
            return raw
    return plain


def folder_name(name: str) -> str:
    """What the folder of a kept name is called; empty where it has none. It understands both kinds of path."""
    marked = _ESCAPE.sub(lambda found: found[0].replace("\\", "\0"), name)
    parts = [part for part in re.split(r"[\\/]", marked) if part]
    return parts[-2].replace("\0", "\\") if len(parts) > 1 else ""


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - _BYTE:02x}"
    # \x80 … \x9f would be taken for bytes.
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}"


def _character(found: re.Match[str]) -> str:
    """What an escape stands for; itself where `name_of` would never have written it."""
    code = int(found[1] or found[2], 16)
    if found[1] and code >= 0x80:
        return chr(_BYTE + code)
    character = chr(code)
    return character if character == "\\" or _ANY_ODD.match(character) else found[0]
