"""Sentences that come from the engine and the database, in the language in force.

They arrive with their values in them ("casting.png cannot be read."); the templates they were made from
(resources/translations/messages.json, kept by `make translations`) tell the words from the values.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache

from PySide6.QtCore import QCoreApplication

from engine.settings import resources_folder

CONTEXT = "Messages"
DEPTH = 3
"""A sentence may quote a sentence that quotes one."""
LONGEST = 2000
"""Characters; what is longer is no sentence of ours."""

_FIELD = re.compile(r"\{(\d+)\}")


def translated(text: str, depth: int = DEPTH) -> str:
    """The sentence in the language in force; as it is where no template fits or none is translated."""
    if not text or len(text) > LONGEST or depth == 0:
        return text
    whole = _said(text)
    if whole != text or not _in_force():
        return whole
    for template, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found is None:
            continue
        words = _said(template)
        if words == template:
            continue
        return _filled(words, [translated(value, depth - 1) for value in found.groups()])
    return text


def _filled(words: str, values: list[str]) -> str:
    return _FIELD.sub(lambda field: values[int(field.group(1))], words)


def _said(text: str) -> str:
    return QCoreApplication.translate(CONTEXT, text)


def _in_force() -> bool:
    """Whether there is anything to translate into: the first template has another text than its own."""
    return any(_said(template) != template for template, _ in _patterns()[:3])


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Templates with what they match, the wordiest first: `{0} cannot be read: {1}.` would fit too much."""
    path = resources_folder() / "translations" / "messages.json"
    listed = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    made = []
    for template in sorted(listed, key=lambda t: -len(_FIELD.sub("", t))):
        parts = _FIELD.split(template)
        pattern = "".join(re.escape(part) if i % 2 == 0 else "(.*?)" for i, part in enumerate(parts))
        made.append((template, re.compile(pattern, re.DOTALL)))
    return tuple(made)
