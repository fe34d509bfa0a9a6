"""Which names say that a part is sound is told in one place, sound_names.py of engine/domain.

What a second list looks like is known: three stood here once, and their lines are kept below as what must be found.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.domain.sound_names import Said, said_by
from tests import ROOT

SOURCES = [p for part in ("engine", "db", "gui", "trainer") for p in sorted((ROOT / part).rglob("*.py"))]
RULE = "engine/domain/sound_names.py"


def constants(node: ast.AST) -> Iterator[str]:
    """The strings in a collection or a pattern, also of those within; what is handed to a call is no part of it."""
    if isinstance(node, ast.Constant):
        yield from [node.value] if isinstance(node.value, str) else []
    elif isinstance(node, ast.Dict):
        yield from (name for key in node.keys if key is not None for name in constants(key))
    elif not isinstance(node, ast.Call):
        yield from (name for child in ast.iter_child_nodes(node) for name in constants(child))


def told(node: ast.AST) -> set[str]:
    """The names in there that say sound or defective."""
    return {name for name in constants(node) if said_by(name) is not Said.NOTHING}


def asked(tree: ast.AST) -> Iterator[ast.AST]:
    """Where a name would be looked up: collections, cases, texts that are split into words."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Set | ast.Tuple | ast.List | ast.Dict | ast.MatchOr):
            yield node
        elif isinstance(node, ast.Attribute) and node.attr == "split" and isinstance(node.value, ast.Constant):
            yield ast.Tuple([ast.Constant(word) for word in str(node.value.value).split()], ast.Load())


def second_rules(text: str) -> set[str]:
    """What in a module says by itself which names are sound or defective: two of one kind side by side."""
    found = set()
    for node in asked(ast.parse(text)):
        kinds = [said_by(name) for name in told(node)]
        if any(kinds.count(kind) > 1 for kind in (Said.SOUND, Said.DEFECT)):
            found.add(" ".join(sorted(told(node))))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Compare) and folded(node):
            found |= told(node)
    return found


def folded(node: ast.Compare) -> bool:
    """Whether a name is compared regardless of its case: so are names that people gave."""
    calls = (n.func for n in ast.walk(node) if isinstance(n, ast.Call))
    return any(getattr(f, "attr", "") in ("lower", "casefold", "upper") for f in calls)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_sound_names_are_told_in_one_place(path: Path) -> None:
    name, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    if name != RULE:
        assert not second_rules(text), f"{name} tells sound names by itself: ask engine.domain.sound_names"


@pytest.mark.parametrize(
    "line",
    [
        # As they stood: the trainer's and the gate's, the importer's, a reader's.
        "OK_NAMES = frozenset({*('ok', 'ok_front', 'okay', 'good', 'free', 'mt_free', 'normal'), *('sound', 'pass')})",
        "SOUND = frozenset(('ok', 'good', 'normal', 'sound', 'free', 'pass', 'io', 'background', 'ok_front'))",
        "drawn = bool(mask.any()) or kind.lower() == 'free'",
        "bad = {'ng': 1, 'reject': 1}",
        "sound = name in ['OK', 'Gut']",
        "names = 'ok good normal'.split()",
        "if name.startswith(('ok_', 'good_')): ...",
        "if name.casefold() in ('ok',): ...",
        "match name:\n    case 'ng' | 'bad': ...",
    ],
)
def test_a_second_list_is_found(line: str) -> None:
    assert second_rules(line), line


@pytest.mark.parametrize("line", ["KINDS = ('ok', 'defect')", "if label == 'ok': ...", "words = ('front', 'scratch')"])
def test_what_a_reader_calls_its_own_kinds_is_no_list(line: str) -> None:
    assert not second_rules(line)
