"""Sentences that come from the engine and the database, in the language in force.

They arrive with their values in them ("casting.png cannot be read."); the templates they were made from
(resources/translations/messages.json, kept by `make translations`) tell the words from the values.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache

from PySide6.QtCore import QCoreApplication

from engine.system.places import resources_folder

CONTEXT = "Messages"
DEPTH = 3
"""A sentence may quote a sentence that quotes one."""
PROBE = "Free some space and try again."
"""Where this one has no other words, the language has none for any."""
LONGEST = 2000
"""Characters; what is longer is no sentence of ours."""

_FIELD = re.compile(r"\{(\d+)\}")


def translated(text: str, depth: int = DEPTH) -> str:
    """The sentence in the language in force; as it is where no template fits or none is translated."""
    if not text or len(text) > LONGEST or depth == 0:
        return text
    whole = _said(text)
    if whole != text or _said(PROBE) == PROBE:
        return whole
    for template, starts, ends in _templates():
        if not (text.startswith(starts) and text.endswith(ends)):
            continue
        found = _pattern(template).fullmatch(text)
        words = _said(template) if found else template
        if found is not None and words != template:
            return _filled(words, [translated(value, depth - 1) for value in found.groups()])
    return text


def _filled(words: str, values: list[str]) -> str:
    return _FIELD.sub(lambda field: values[int(field.group(1))], words)


def _said(text: str) -> str:
    return QCoreApplication.translate(CONTEXT, text)


@lru_cache(maxsize=1)
def _templates() -> tuple[tuple[str, str, str], ...]:
    """Each template with how it begins and ends, the wordiest first: `{0} cannot be read: {1}.` would fit too much."""
    path = resources_folder() / "translations" / "messages.json"
    listed = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    listed.sort(key=lambda template: -len(_FIELD.sub("", template)))
    made = []
    for template in listed:
        parts = _FIELD.split(template)
        made.append((template, parts[0], parts[-1]))
    return tuple(made)


@lru_cache(maxsize=256)
def _pattern(template: str) -> re.Pattern[str]:
    parts = _FIELD.split(template)
    return re.compile("".join(re.escape(part) if i % 2 == 0 else "(.*?)" for i, part in enumerate(parts)), re.DOTALL)
