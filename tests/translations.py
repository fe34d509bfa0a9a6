"""`make translations`: brings resources/translations up to date with the code and compiles it.

Two kinds of text: what gui/ says with `translate("context", "text", …)`, and the sentences of engine/ and db/ (errors,
remedies, reasons), whose values stand in them already: of those a template is kept ("{0} cannot be read."), by which
gui/i18n/messages.py knows them again. Translations made so far stay; texts that are gone leave.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import PySide6

from tests import ROOT

FOLDER = ROOT / "resources" / "translations"
LANGUAGES = ("en", "de")
MESSAGES = "Messages"
PHRASES = frozenset(
    (
        "engine/images/listing.py",
        "engine/packages/package.py",
        "engine/preprocessing/look.py",
        "engine/preprocessing/registration.py",
        "engine/recipes/file.py",
        "engine/settings.py",
        "engine/sources/base.py",
        "engine/sources/catalogue.py",
        "engine/station/drift.py",
        "engine/station/freshness.py",
        "engine/station/intake.py",
        "engine/verdicts/doubts.py",
        "engine/verdicts/verdict.py",
    )
)
"""Modules whose half sentences are shown too: reasons, names of settings and kinds of sources."""

Text = tuple[str, str]
"""Context and source text."""


def texts() -> dict[Text, bool]:
    """Everything that is said, in the order of the code; True where it has a plural form."""
    found: dict[Text, bool] = {}
    for path in sorted((ROOT / "gui").rglob("*.py")):
        for call in calls(path):
            context, text = (a.value for a in call.args[:2] if isinstance(a, ast.Constant))
            found[str(context), str(text)] = "%n" in str(text)
    return found | {(MESSAGES, template): False for template in templates()}


def calls(path: Path) -> Iterator[ast.Call]:
    """Every `translate("context", "text", …)`. Raises ValueError where one of both is no plain text."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "translate":
            if len(node.args) < 2 or not all(isinstance(a, ast.Constant) for a in node.args[:2]):
                raise ValueError(
                    f"{path.name}:{node.lineno}: translate() takes plain texts; put values in with format()"
                )
            yield node


def templates() -> list[str]:
    """The sentences of engine/ and db/, with {0}, {1} … where a value stands."""
    found: dict[str, None] = {}
    for top in ("db", "engine"):
        for path in sorted((ROOT / top).rglob("*.py")):
            if "migrations" in path.parts or "commands" in path.parts:
                continue
            half = path.relative_to(ROOT).as_posix() in PHRASES
            for text in _said_in(ast.parse(path.read_text(encoding="utf-8"))):
                if _is_sentence(text) or (half and _is_phrase(text)):
                    found[text] = None
    return sorted(found)


def _said_in(tree: ast.Module) -> Iterator[str]:
    silent: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            silent.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            silent.update(id(part) for part in node.values)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _logs(node.func):
            silent.update(id(part) for part in node.args)
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and _is_bug(node.exc):
            silent.update(id(part) for part in node.exc.args)
    for node in ast.walk(tree):
        if id(node) in silent:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield _numbered(node.value)
        elif isinstance(node, ast.JoinedStr):
            yield _template(node)


def _logs(func: ast.Attribute) -> bool:
    return isinstance(func.value, ast.Name) and func.value.id == "log"


def _is_bug(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in ("ValueError", "RuntimeError", "TypeError", "KeyError")


def _template(node: ast.JoinedStr) -> str:
    text, number = "", 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
        else:
            text, number = f"{text}{{{number}}}", number + 1
    return text


def _numbered(text: str) -> str:
    """A text for `format`: its empty fields get their numbers."""
    parts = text.split("{}")
    return parts[0] + "".join(f"{{{number}}}{part}" for number, part in enumerate(parts[1:]))


def _is_sentence(text: str) -> bool:
    ends, starts = text.rstrip().endswith((".", "?", "!")), text[:1].isupper() or text[:1] == "{"
    return ends and starts and " " in text.strip() and _letters(text) > 6


def _is_phrase(text: str) -> bool:
    return " " in text.strip() and "%s" not in text and "\n" not in text and _letters(text) > 3


def _letters(text: str) -> int:
    return sum(c.isalpha() for c in text)


def read(path: Path) -> dict[Text, list[str]]:
    """What is translated in a .ts file: one form, or as many as the language has plurals."""
    made: dict[Text, list[str]] = {}
    if not path.exists():
        return made
    for context in ElementTree.parse(path).getroot().iter("context"):
        for message in context.iter("message"):
            key = (context.findtext("name") or "", message.findtext("source") or "")
            translation = message.find("translation")
            if translation is None:
                continue
            forms = [form.text or "" for form in translation.iter("numerusform")] or [translation.text or ""]
            if all(forms):
                made[key] = forms
    return made


def write(path: Path, language: str, wanted: dict[Text, bool], made: dict[Text, list[str]]) -> int:
    """Write the .ts file; returns how many texts have no translation yet."""
    root = ElementTree.Element("TS", version="2.1", language=language, sourcelanguage="en")
    missing = 0
    for name in sorted({context for context, _ in wanted}):
        context = ElementTree.SubElement(root, "context")
        ElementTree.SubElement(context, "name").text = name
        for (_, text), plural in sorted(item for item in wanted.items() if item[0][0] == name):
            forms = made.get((name, text)) or (_english(text) if language == "en" and plural else [])
            if language == "en" and not plural:
                continue
            message = ElementTree.SubElement(context, "message", {"numerus": "yes"} if plural else {})
            ElementTree.SubElement(message, "source").text = text
            translation = ElementTree.SubElement(message, "translation", {} if forms else {"type": "unfinished"})
            missing += not forms
            if plural:
                for form in forms or ["", ""]:
                    ElementTree.SubElement(translation, "numerusform").text = form
            elif forms:
                translation.text = forms[0]
    ElementTree.indent(root, "    ")
    body = ElementTree.tostring(root, encoding="unicode")
    path.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{body}\n', encoding="utf-8")
    return missing


def _english(text: str) -> list[str]:
    """`%n picture(s)`: one picture, several pictures."""
    return [text.replace("(s)", ""), text.replace("(s)", "s")]


def compile_ts(path: Path, out: Path) -> None:
    """The .qm file, by Qt's own lrelease."""
    tool = next(p for p in Path(PySide6.__file__).parent.rglob("lrelease*") if p.stem == "lrelease" and p.is_file())
    subprocess.run([str(tool), "-silent", "-nounfinished", str(path), "-qm", str(out)], check=True)


def main() -> int:
    """Update, compile, say what is missing."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = texts()
    listed = json.dumps(templates(), ensure_ascii=False, indent=0)
    (FOLDER / "messages.json").write_text(f"{listed}\n", encoding="utf-8")
    for language in LANGUAGES:
        path = FOLDER / f"lineside_{language}.ts"
        missing = write(path, language, wanted, read(path))
        compile_ts(path, path.with_suffix(".qm"))
        print(f"{path.name}: {len(wanted)} texts, {missing} without a translation")
    return 0


if __name__ == "__main__":
    sys.exit(main())
