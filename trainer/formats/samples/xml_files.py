"""XML files that hold labels: bounded, in whatever encoding they say, without a DOCTYPE."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from pathlib import Path
from xml.parsers import expat

from engine.errors import DatasetError
from trainer.formats.samples.label_files import read_bytes

_ENCODING = re.compile(rb"""\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def parse_xml(
    path: Path,
    limit: int,
    start: Callable[[str, dict[str, str]], None],
    text: Callable[[str], None],
    end: Callable[[str], None],
) -> None:
    """Hand each element's begin, text and end over as they come.

    Raises DatasetError for a file that is too large, no XML, or declares a DOCTYPE: entities could stand for gigabytes.
    """

    def refuse(*_: object) -> None:
        raise DatasetError(f"{path} declares a DOCTYPE, which no label file needs.", "Do not use this file.")

    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start
    parser.CharacterDataHandler = text
    parser.EndElementHandler = end
    try:
        parser.Parse(in_utf8(path, limit), True)
    except expat.ExpatError as error:
        raise DatasetError(f"{path} is not valid XML.", "Correct that file.") from error


def in_utf8(path: Path, limit: int) -> bytes:
    """The file's text in UTF-8, whatever it says that it is written in: expat itself knows four encodings."""
    data = read_bytes(path, limit)
    marked = next((name for mark, name in _MARKS.items() if data.startswith(mark)), "")
    named = _ENCODING.match(data)
    encoding = marked or (named[1].decode("ascii") if named else "utf-8")
    try:
        return data.decode(encoding).removeprefix("\ufeff").encode()
    except (LookupError, UnicodeError) as error:
        raise DatasetError(f"{path} is not text in {encoding}, as it says.", "Save it again as UTF-8.") from error
