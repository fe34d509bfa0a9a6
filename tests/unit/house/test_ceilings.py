"""The checker behind `make lint` sees each kind of breach, and lets nobody keep an exception that is not needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import ROOT
from tests.house.ceilings import EXCEPTIONS, PRODUCT, Breach, breaches, settle

SENTENCE = '"""What belongs here, in one sentence."""\n'


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A checkout without a breach."""
    for folder in (*PRODUCT, "tests", "tests/unit", "tests/unit/engine", "tests/db", "tests/gui"):
        write(tmp_path / folder / "__init__.py", SENTENCE)
    for part in PRODUCT:
        write(tmp_path / part / "one.py", "ONE = 1\n")
        write(tmp_path / part / "two.py", "TWO = 2\n")
    write(tmp_path / "main.py", "def run() -> None:\n    import engine\n")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def function(lines: int) -> str:
    return "def long() -> None:\n" + "    ...\n" * (lines - 1)


@pytest.mark.slow  # make fast has just run lint, which says the same
def test_this_checkout_keeps_its_ceilings() -> None:
    assert settle(list(breaches(ROOT)), EXCEPTIONS) == []


def test_a_house_at_its_ceilings_has_no_breach(house: Path) -> None:
    write(house / "engine" / "one.py", "ONE = 1\n" * 400)
    write(house / "engine" / "two.py", function(40) + "class Wide:\n" + "    ONE = 1\n" * 249)
    write(house / "tests" / "gui" / "test_one.py", "ONE = 1\n" * 450 + function(50))
    for number in range(13):
        write(house / "engine" / f"file{number}.py", "")
    assert list(breaches(house)) == []


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("engine/one.py", "ONE = 1\n" * 401, "engine/one.py"),
        ("engine/one.py", function(41), "engine/one.py long"),
        ("engine/one.py", "class Wide:\n" + "    ONE = 1\n" * 250, "engine/one.py Wide"),
        ("engine/one.py", "def late() -> None:\n    from db import one\n", "engine/one.py late"),
        ("engine/one.py", "import main\n", "engine/one.py"),
        ("engine/one.py", "from main import run\n", "engine/one.py"),
        ("tests/test_one.py", "ONE = 1\n" * 501, "tests/test_one.py"),
        ("tests/test_one.py", function(51), "tests/test_one.py long"),
        ("gui/file_utils.py", "", "gui/file_utils.py"),
        ("gui/__init__.py", "", "gui"),
        ("gui/__init__.py", '"""Pages. And windows."""\n', "gui"),
        ("gui/__init__.py", '"""Pages and windows"""\n', "gui"),
        ("db/users/alone.py", "", "db/users"),
        ("tests/gui/nowhere/__init__.py", SENTENCE, "tests/gui/nowhere"),
        ("tests/unit/engine/gone/__init__.py", SENTENCE, "tests/unit/engine/gone"),
    ],
)
def test_a_breach_is_seen_where_it_is(house: Path, name: str, text: str, place: str) -> None:
    if name == "db/users/alone.py":
        write(house / "db" / "users" / "__init__.py", SENTENCE)
    write(house / name, text)
    assert [breach.place for breach in breaches(house)] == [place]


def test_a_full_folder_is_seen(house: Path) -> None:
    for number in range(14):
        write(house / "trainer" / f"file{number}.py", "")
    assert [str(breach) for breach in breaches(house)] == ["trainer: 16 files, at most 15"]


def test_an_exception_counts_only_while_it_is_needed() -> None:
    found = [Breach("gui/page.py Page", "300 lines, at most 250")]
    assert settle(found, {"gui/page.py Page"}) == []
    assert settle(found, set()) == found
    (idle,) = settle([], {"gui/page.py Page"})
    assert idle.place == "gui/page.py Page" and "take it from the list" in idle.words


def test_machine_paths_and_registries_stay_out() -> None:
    sources = [path for part in (*PRODUCT, "tests") for path in (ROOT / part).rglob("*.py")]
    pages = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), ROOT / "Makefile", ROOT / "main.py"]
    for path in [*sources, *pages]:
        text = path.read_text(encoding="utf-8")
        assert "/" + "work/" not in text, path
        assert "pypi" + ".org" not in text, path
