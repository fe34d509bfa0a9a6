"""Every text a person reads can be translated, is translated, and means the same values in every language."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QLocale, QTranslator

from engine.reports.csv_tables import PLAIN, SEMICOLON, Spelling
from gui.i18n.language import Language, available, number, percent, table_spelling
from gui.i18n.messages import translated
from tests.translations import FOLDER, LANGUAGES, PHRASES, ROOT, compile_ts, read, templates, texts

WORDS = re.compile(r"[A-Za-z]{2,}[,:]? +[a-zA-Z]{2,}|^[A-Z][a-z]{3,}[.:…]?$")
"""Two words or more, or one that is written as on a button."""
CODE = re.compile(r"[{}<>;]|^[A-Z]\w*(Key|Arrow)$|px\b|^#|://|^(Ctrl|Alt|Shift)\+|^pip install ")
KEYS = frozenset(
    (
        "Left",
        "Right",
        "Down",
        "Space",
        "Return",
        "Enter",
        "Backspace",
        "Delete",
        "Escape",
        "Home",
        "PageUp",
        "PageDown",
        "Insert",
    )
)
NAMES = frozenset(
    ("Lineside", "English", "Fusion", "Comma", "Loading", "Running", "Paused", "Stopped", "Lost", "Failed", "Messages")
) | {
    "Inter",
    "Ctrl",
    "Shift",
    "Period",
    "Line",
    "setting changed",
    "not proved:",
    "Segoe UI",
    "SF Pro Text",
    "DejaVu Sans",
    "d MMM yyyy",
}
"""Proper names, formats, states that are translated where they are shown, and the audit trail's own words."""
CONSOLE = ("gui/app.py", "gui/i18n/messages.py", "gui/selftest.py", "gui/window/finish.py")
"""What these say goes to a terminal, in English as the whole command line does; messages.py asks for a known text."""
SILENT_CALLS = frozenset(
    ("debug", "info", "warning", "error", "exception", "critical", "setObjectName", "setProperty", "property", "Tag")
)
FIELD = re.compile(r"\{\w*[^}]*\}|%n|%\d")


def said(path: Path) -> Iterator[tuple[int, str]]:
    """Texts of a module that look like words for a person and are not given to `translate`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            silent.add(id(node.value))
        elif isinstance(node, ast.Call) and _name(node.func) in {"translate", *SILENT_CALLS}:
            silent.update(id(part) for argument in node.args for part in ast.walk(argument))
        elif isinstance(node, ast.Raise | ast.Assert):
            silent.update(id(part) for part in ast.walk(node) if not _told(node))
        elif isinstance(node, ast.Subscript | ast.AnnAssign):
            inside = node.slice if isinstance(node, ast.Subscript) else node.annotation
            silent.update(id(part) for part in ast.walk(inside))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            text = node.value.strip()
            if WORDS.search(text) and not CODE.search(text) and text not in KEYS | NAMES:
                yield node.lineno, text


def _told(node: ast.AST) -> bool:
    """A LinesideError that is raised is shown; a ValueError is a bug of ours and is logged."""
    raised = node.exc if isinstance(node, ast.Raise) else None
    return isinstance(raised, ast.Call) and _name(raised.func) not in ("ValueError", "RuntimeError", "TypeError")


def _name(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


@pytest.mark.parametrize(
    "path",
    sorted(p for p in (ROOT / "gui").rglob("*.py") if p.relative_to(ROOT).as_posix() not in CONSOLE),
    ids=lambda p: p.relative_to(ROOT).as_posix(),
)
def test_every_text_of_the_window_goes_through_translate(path: Path) -> None:
    assert list(said(path)) == []


def test_a_text_that_nobody_could_translate_is_found(tmp_path: Path) -> None:
    bad = tmp_path / "page.py"
    bad.write_text('"""Docs are free."""\nlabel.setText("No part yet")\nlog.info("not for people %s")\n')
    assert list(said(bad)) == [(2, "No part yet")]


@pytest.mark.parametrize("path", sorted({*PHRASES, *CONSOLE}))
def test_a_module_that_is_named_here_is_there(path: str) -> None:
    assert (ROOT / path).is_file(), "it was moved or renamed: name its new path"


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_are_up_to_date_and_complete(language: str) -> None:
    wanted, made = texts(), read(FOLDER / f"lineside_{language}.ts")
    needed = {key for key, plural in wanted.items() if plural or language != "en"}
    assert sorted(needed - made.keys()) == [], "run `make translations` and translate what is new"
    assert sorted(made.keys() - needed) == [], "run `make translations`: these texts are gone"


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_name_the_same_values(language: str) -> None:
    wrong = [
        (text, form)
        for (_, text), forms in read(FOLDER / f"lineside_{language}.ts").items()
        for form in forms
        if _fields(text) - _fields(form) not in (set(), {"%n"}) or _fields(form) - _fields(text)
    ]
    assert wrong == []


def _fields(text: str) -> set[str]:
    return set(FIELD.findall(text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_compiled_translations_are_those_of_the_text_files(language: str, tmp_path: Path) -> None:
    compile_ts(FOLDER / f"lineside_{language}.ts", tmp_path / "made.qm")
    assert (tmp_path / "made.qm").read_bytes() == (FOLDER / f"lineside_{language}.qm").read_bytes()


def test_list_of_the_engines_sentences_is_that_of_the_code() -> None:
    assert json.loads((FOLDER / "messages.json").read_text(encoding="utf-8")) == templates()


@pytest.fixture
def german(qapp: QCoreApplication) -> Iterator[None]:
    """German, and English again afterwards."""
    language = Language()
    language.choose("de")
    yield
    language.choose("en")
    assert QCoreApplication.translate("Rail", "Live") == "Live"


def test_sentence_of_the_engine_is_said_in_german_with_its_values(german: None) -> None:
    assert translated("the frame is stale: 3.2 s old") == "das Bild ist veraltet: 3.2 s alt"


def test_an_unknown_part_is_told_in_german_in_its_first_words(german: None) -> None:
    said = translated("unknown part: unlike everything the model was taught, novelty 3.82 > 1.00")
    assert said == "unbekanntes Teil: gleicht nichts, was das Modell gelernt hat, Neuheit 3.82 > 1.00"
    said = translated("the picture has less fine detail than those taught: sharpness 0.032 < 0.058")
    assert said == "das Bild hat weniger feine Einzelheiten als die gelernten: Schärfe 0.032 < 0.058"


def test_unknown_sentence_stays_as_it_came(german: None) -> None:
    assert translated("xq zzt: nobody wrote this") == "xq zzt: nobody wrote this"


def test_numbers_follow_the_language(german: None) -> None:
    assert number(1204.5, 1) == "1.204,5"
    assert percent(0.971) == "97,1 %"


def test_tables_follow_the_language(german: None) -> None:
    assert table_spelling() == SEMICOLON


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("de_CH", Spelling(";", ".")), ("en_GB", PLAIN), ("fr_FR", SEMICOLON), ("zh_CN", PLAIN), ("en_ZA", SEMICOLON)],
)
def test_tables_follow_the_country(name: str, wanted: Spelling) -> None:
    before = QLocale()
    QLocale.setDefault(QLocale(name))
    try:
        assert table_spelling() == wanted
    finally:
        QLocale.setDefault(before)


def test_language_can_be_changed_back_and_an_unknown_one_gives_english(qapp: QCoreApplication) -> None:
    language = Language()
    heard: list[str] = []
    language.choose("en")
    language.changed.connect(lambda: heard.append(language.code))
    language.choose("de")
    language.choose("xx")
    assert heard == ["de", "en"]
    assert set(available()) == set(LANGUAGES)


def test_text_files_hold_no_control_characters() -> None:
    for language in LANGUAGES:
        translator = QTranslator()
        assert translator.load(str(FOLDER / f"lineside_{language}.qm"))
        assert "\x00" not in (FOLDER / f"lineside_{language}.ts").read_text(encoding="utf-8")
