"""Mistakes are counted in one place, mistakes.py of engine/statistics; intervals and p of shares in one, shares.py.

What a second count looks like is known: eight stood here once, and their lines are kept below as what must be found.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests import ROOT
from tests.house.sources import SOURCES, nodes_of

COUNT, SHARE = "engine/statistics/mistakes.py", "engine/statistics/shares.py"
MISTAKE = re.compile(r"escape|overkill|false.?reject|let_through|slipped", re.IGNORECASE)
INTERVAL = re.compile(
    r"wilson|clopper|agresti|jeffreys|betainc|binomtest|mcnemar|^comb$|proportion_confint|^ppf$", re.IGNORECASE
)
QUANTILES = (1.6448, 1.9599, 1.96, 2.5758, 2.576)
COUNTERS = {"sum", "count", "count_nonzero", "searchsorted", "len", "Counter", "bincount", "cumsum"}
JUDGED = {"OK", "NG"}
ALLOWED = {
    ("engine/gate/gate.py", "let_through"): "adds up what each set counted, and parts that turned round one by one",
    ("trainer/packaging/quantise.py", "escapes"): "critical parts that turned round, one by one, by lets_through",
}
"""Where a name of a mistake stands over a sum that is none of verdicts against truths, and why."""


def counts(node: ast.AST) -> bool:
    """Whether something is counted in here."""
    called = (n.func for n in ast.walk(node) if isinstance(n, ast.Call))
    return any((f.attr if isinstance(f, ast.Attribute) else getattr(f, "id", "")) in COUNTERS for f in called)


def named(node: ast.AST) -> str:
    """What is assigned to, as it is called; empty where it has no name."""
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Tuple | ast.List):
        return " ".join(named(part) for part in node.elts)
    return getattr(node, "id", "")


def written(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, ast.AST, bool]]:
    """Every name with what is put under it, and whether that is added up."""
    for node in nodes:
        if isinstance(node, ast.Assign):
            yield from ((named(target), node.value, False) for target in node.targets)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield named(node.target), node.value, False
        elif isinstance(node, ast.AugAssign):
            yield named(node.target), node.value, True
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg, node.value, False
        elif isinstance(node, ast.Dict):
            keys = (k.value if isinstance(k, ast.Constant) else "" for k in node.keys)
            yield from ((str(key), value, False) for key, value in zip(keys, node.values, strict=True))
        elif isinstance(node, ast.FunctionDef):
            yield from ((node.name, n.value, False) for n in ast.walk(node) if isinstance(n, ast.Return) and n.value)


def weighs_truth(node: ast.AST) -> bool:
    """Whether a verdict of OK or NG is asked for together with something else, as `bad and outcome is Outcome.OK`."""
    for part in ast.walk(node):
        if isinstance(part, ast.BoolOp) and isinstance(part.op, ast.And):
            asked = part.values
        elif isinstance(part, ast.BinOp) and isinstance(part.op, ast.BitAnd):
            asked = [part.left, part.right]
        elif isinstance(part, ast.comprehension) and len(part.ifs) > 1:
            asked = part.ifs
        else:
            continue
        if any(asks(one) for one in asked):
            return True
    return False


def asks(node: ast.AST) -> bool:
    """Whether this compares with Outcome.OK or Outcome.NG."""
    return isinstance(node, ast.Compare) and any(
        isinstance(n, ast.Attribute) and n.attr in JUDGED and getattr(n.value, "id", "") == "Outcome"
        for side in (node.left, *node.comparators)
        for n in ast.walk(side)
    )


def second_counts(text: str) -> set[tuple[str, str]]:
    """What in a module counts mistakes by itself: the name it goes by, and how it was told."""
    nodes = nodes_of(text)
    found = set()
    for name, value, added in written(nodes):
        begun = isinstance(value, ast.Constant) and value.value == 0 and isinstance(value.value, int)
        if MISTAKE.search(name) and (added or begun or counts(value)):
            found |= {(word, "counted by name") for word in name.split() if MISTAKE.search(word)}
    for node in nodes:
        if isinstance(node, ast.Call) and counts(ast.Call(node.func, [], [])) and weighs_truth(node):
            found.add((ast.unparse(node)[:60], "verdicts counted against truths"))
        if isinstance(node, ast.AugAssign) and weighs_truth(node.value):
            found.add((named(node.target), "verdicts counted against truths"))
        if (
            isinstance(node, ast.Call)
            and getattr(node.func, "attr", "") == "count"
            and any(
                isinstance(a, ast.Attribute) and a.attr in JUDGED and getattr(a.value, "id", "") == "Outcome"
                for a in node.args
            )
        ):
            found.add((ast.unparse(node)[:60], "verdicts of one kind counted"))
    return found


def second_intervals(text: str) -> set[str]:
    """What in a module makes an interval or a p by itself: a name of a method, or a quantile of the normal."""
    found = set()
    for node in nodes_of(text):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found |= {str(node.value)} if any(abs(node.value - q) < 2e-4 for q in QUANTILES) else set()
        name = getattr(node, "name", None) or getattr(node, "attr", None) or getattr(node, "id", None)
        if isinstance(name, str) and INTERVAL.search(name):
            found.add(name)
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_mistakes_and_intervals_are_counted_in_one_place(path: Path) -> None:
    name, text = str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    if name != COUNT:
        found = {(what, why) for what, why in second_counts(text) if (name, what) not in ALLOWED}
        assert not found, f"{name} counts mistakes by itself: ask engine.statistics.mistakes"
    if name != SHARE:
        assert not second_intervals(text), f"{name} makes an interval by itself: ask engine.statistics.shares"


@pytest.mark.parametrize(
    "line",
    [
        # As they stood: by verdict, by label, by score.
        "self._overkill += part.sound and said is Outcome.NG",
        "f(escapes=sum(bad and outcome is Outcome.OK for outcome, bad in pairs))",
        "n = sum(truth in ok and row.verdict.outcome is Outcome.NG for truth, row in pairs)",
        "share(bad.count(Outcome.OK), len(bad))",
        "found = {'escapes': int((positive & ~rejected).sum())}",
        "counts = {'escape': 0, 'false reject': 0, 'other': 0}",
        "f(overkill=sum(good and outcome is not Outcome.OK for good, outcome in pairs))",
        "escapes, overkill = int((bad < at).sum()), int((good >= at).sum())",
        "escapes = np.searchsorted(bad, thresholds, side='left')",
        "n = len([p for p in parts if p.defective if p.outcome == Outcome.OK])",
        "def overkill_rate(good):\n    return sum(good) / len(good)",
    ],
)
def test_a_second_count_is_found(line: str) -> None:
    assert second_counts(line), line


@pytest.mark.parametrize(
    "line",
    ["def wilson_interval(hits, total): ...", "z = 1.96", "low = beta.ppf(0.5)", "p = math.comb(9, 2) / 512"],
)
def test_a_second_interval_is_found(line: str) -> None:
    assert second_intervals(line), line


@pytest.mark.parametrize(
    "line",
    [
        "escapes = counted.escapes.count",
        "ng = sum(row.outcome is Outcome.NG for row in rows)",
        "if part.judged and outcome is Outcome.OK:\n    show(part)",
        "prices = {'escape': 100.0, 'overkill': 5.0}",
    ],
)
def test_a_reader_and_a_count_of_verdicts_alone_are_no_second_count(line: str) -> None:
    assert not second_counts(line) and not second_intervals(line)


def test_what_is_allowed_is_still_there() -> None:
    for name, what in ALLOWED:
        told = {word for word, _ in second_counts((ROOT / name).read_text(encoding="utf-8"))}
        assert what in told, f"{name} no longer has {what}: take it off the list"
