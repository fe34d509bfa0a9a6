"""What a seeded mutant changes, which tests it is put before, and when a kept result no longer holds."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests import ROOT
from tests.mutants.__main__ import chosen, key_of
from tests.mutants.groups import GROUPS
from tests.mutants.operators import Mutant, mutants_of
from tests.mutants.trial import asked_in, noticed

ALL = '''"""A module 1 == 1."""
from pathlib import Path

LIMIT: int = 3


def grün(a: int, b: int = 2) -> int | None:
    """Say 1 + 1."""
    if a < b and not a == LIMIT:
        log.info("twice %d", a * 2)
        raise ValueError(f"{a + 1} é {b - 1}")
    for n in zip(range(a), "é" * b, strict=True):
        if n in (a, b):
            continue
        print(n + 1)
        done(n // 2)
    return a - b if a else None
'''


def changes(source: str) -> list[tuple[str, str, str]]:
    """Kind, text before, text after."""
    return [(m.kind, source[m.start : m.end], m.text) for m in mutants_of("a.py", source)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = a <= b", [("comparison", "<=", "<")]),
        ("x = a < b > c", [("comparison", "<", "<="), ("comparison", ">", ">=")]),
        ("x = a is  not b", [("comparison", "is  not", "is")]),
        ("x = a not in b", [("comparison", "not in", "in")]),
        ("x = a and b or c", [("and/or", "and", "or"), ("and/or", "or", "and")]),
        ("x = band and orb", [("and/or", "and", "or")]),
        ("x = (a) - (b)", [("arithmetic", "-", "+")]),
        ("x = a // b", [("arithmetic", "//", "*")]),
        ("x = a ** b % c", []),
        ("x = not a", [("not", "not a", "bool(a)")]),
        ("x = True", [("constant", "True", "False")]),
        ("x = 0.5", [("constant", "0.5", "1.5")]),
        ("x = 'a' + b", []),
        ("x = a / b / 'c'", []),
        ("x = [a] * b", []),
        ("x: Literal[3] = y", []),
        ("if a: b()", [("condition", "a", "not (a)"), ("act", "b()", "pass")]),
        ("while a < b: c = d", [("condition", "a < b", "not (a < b)"), ("comparison", "<", "<=")]),
        ("x = a if b == c else d", [("comparison", "==", "!=")]),
        ("x = a if not b else c", [("not", "not b", "bool(b)")]),
        ("def f(): return a", [("return", "a", "None")]),
        ("def f(): return True", [("constant", "True", "False")]),
        ("def f(): return None", []),
        ("for a in b: break", [("loop", "break", "continue")]),
        ("raise E(a + b)", []),
        ("log.info(a + b)", []),
        ("x = f'{a + b}'", []),
        ("x = zip(a, b, strict=True)", []),
        ("@d(1)\nclass A(B, x=1): pass", []),
    ],
)
def test_each_operator_makes_its_one_fault(source: str, expected: list[tuple[str, str, str]]) -> None:
    assert sorted(changes(source)) == sorted(expected)


def test_every_mutant_is_another_program_that_can_be_read_and_none_is_made_twice() -> None:
    whole = ast.dump(ast.parse(ALL))
    trees = [ast.dump(ast.parse(mutant.applied(ALL))) for mutant in mutants_of("a.py", ALL)]
    assert whole not in trees and len(set(trees)) == len(trees) == 15


def test_words_comments_and_letters_beyond_ascii_move_no_mutant() -> None:
    source = 'é = "ü + 1\x0c"; x = "é" if a == b else c  # a == b\n'
    (mutant,) = mutants_of("a.py", source)
    assert mutant.applied(source) == source.replace("a == b else", "a != b else") and mutant.line == 1


def test_mutants_of_the_house_can_be_read_and_the_draw_is_the_seed_s() -> None:
    readers = next(group for group in GROUPS if group.name == "readers")
    drawn = chosen(readers, 60, 1)
    assert drawn == chosen(readers, 60, 1) != chosen(readers, 60, 2) and len(set(drawn)) == 60
    for mutant in drawn:
        compile(mutant.applied((ROOT / mutant.path).read_text(encoding="utf-8")), mutant.path, "exec")


def test_kept_result_holds_for_the_same_fault_file_and_tests_only(tmp_path: Path) -> None:
    for name in ("a.py", "test_a.py", "test_b.py"):
        (tmp_path / name).write_text("1\n", encoding="utf-8")
    mutant, tests = Mutant("a.py", 1, "constant", 0, 1, "2"), ["test_a.py::test_one"]
    keys = [key_of(mutant, tests, tmp_path), key_of(mutant, [*tests, "test_b.py::test_two"], tmp_path)]
    assert keys[0] == key_of(mutant, tests, tmp_path)
    keys.append(key_of(Mutant("a.py", 1, "constant", 0, 1, "3"), tests, tmp_path))
    for name in ("test_b.py", "test_a.py", "a.py"):
        (tmp_path / name).write_text("2\n", encoding="utf-8")
        keys.append(key_of(mutant, tests, tmp_path))
    assert keys[3] == keys[0], "a test that is not asked says nothing"
    assert len(set(keys)) == 5


def test_mutant_before_no_test_is_not_noticed(tmp_path: Path) -> None:
    assert not noticed(Mutant("a.py", 1, "constant", 0, 1, "2"), [], tmp_path)


def test_context_names_its_test_whatever_its_parameters_hold() -> None:
    assert asked_in("tests/a.py::test_it[a|b]|run") == "tests/a.py::test_it[a|b]"
    assert asked_in("") == ""
