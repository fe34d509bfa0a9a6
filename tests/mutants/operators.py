"""What a mutant changes: one operator, constant, condition, returned value or act, at one place of one file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

SWAPPED = {
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.In: ("in", "not in"),
    ast.NotIn: (r"not\s+in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: (r"is\s+not", "is"),
}
COUNTED = {
    ast.Add: (r"\+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: (r"\*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
}
"""The other arithmetic operator; only where no operand is text."""
SPOKEN = frozenset({"log", "print", "warnings"})
"""Calls on these tell somebody something; a test of their words is not asked for."""
UNSEEN = frozenset({"compare", "repr", "strict"})
"""Arguments that guard against our own slips, or say how a value is shown: no user could see them."""
TOLD = (ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Is, ast.IsNot)
"""Comparisons whose mutant is their very opposite."""
NOT_MUTATED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: the text between two offsets of a file is replaced."""

    path: str
    line: int
    kind: str
    start: int
    end: int
    text: str

    def applied(self, source: str) -> str:
        """The file with the fault in it."""
        return source[: self.start] + self.text + source[self.end :]


class _Places:
    """Offsets of nodes; ast counts columns in bytes of UTF-8."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._lines = [line + "\n" for line in source.split("\n")]
        self._begins = [0]
        for line in self._lines:
            self._begins.append(self._begins[-1] + len(line))

    def at(self, line: int, column: int) -> int:
        """The offset of a node's line (from 1) and column (in bytes)."""
        return self._begins[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def of(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Where a node begins and ends."""
        assert node.end_lineno is not None and node.end_col_offset is not None
        return self.at(node.lineno, node.col_offset), self.at(node.end_lineno, node.end_col_offset)


def mutants_of(path: str, source: str) -> list[Mutant]:
    """Every mutant of a file, in the order of its text."""
    places, found = _Places(source), []
    for node in _mutated(ast.parse(source)):
        for kind, start, end, text in _changes(node, places):
            found.append(Mutant(path, source.count("\n", 0, start) + 1, kind, start, end, text))
    return sorted(set(found), key=lambda m: (m.start, m.end, m.kind, m.text))


def _mutated(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that do something when the program runs: no annotation, decorator, docstring or log line.

    Nor what is put into a sentence: before Python 3.12 the places of nodes in an f-string are not told rightly.
    """
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list", "type_params", "bases", "keywords"} and isinstance(
            node, (*NOT_MUTATED, ast.arg, ast.AnnAssign)
        ):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _silent(child):
                if not (isinstance(child, ast.BinOp) and isinstance(node, ast.BinOp) and _is_text(node)):
                    yield child
                yield from _mutated(child)


def _silent(node: ast.AST) -> bool:
    if isinstance(node, ast.Raise | ast.Assert | ast.Import | ast.ImportFrom | ast.JoinedStr):
        return True
    if isinstance(node, ast.keyword) and node.arg in UNSEEN:
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    called = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(called, ast.Call):
        return False
    function = called.func
    root = function.value if isinstance(function, ast.Attribute) else function
    return isinstance(root, ast.Name) and root.id in SPOKEN


def _changes(node: ast.AST, places: _Places) -> Iterator[tuple[str, int, int, str]]:
    match node:
        case ast.Compare():
            yield from _compared(node, places)
        case ast.BoolOp():
            here, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
            for left, right in zip(node.values, node.values[1:], strict=False):
                yield from _between(left, right, here, other, places, "and/or")
        case ast.BinOp() if type(node.op) in COUNTED and not _is_text(node):
            yield from _between(node.left, node.right, *COUNTED[type(node.op)], places, "arithmetic")
        case ast.UnaryOp(op=ast.Not()):
            start, end = places.of(node)
            yield "not", start, end, f"bool({places.source[slice(*places.of(node.operand))]})"
        case ast.Constant(value=bool() as value):
            yield "constant", *places.of(node), str(not value)
        case ast.Constant(value=int() | float() as value):
            yield "constant", *places.of(node), repr(value + 1)
        case ast.If() | ast.IfExp() | ast.While() if not _turned(node.test):
            start, end = places.of(node.test)
            yield "condition", start, end, f"not ({places.source[start:end]})"
        case ast.Return(value=ast.expr() as value) if not (
            isinstance(value, ast.Constant) and (value.value is None or isinstance(value.value, bool))
        ):
            yield "return", *places.of(value), "None"
        case ast.Expr(value=ast.Call()):
            yield "act", *places.of(node), "pass"
        case ast.Break():
            yield "loop", *places.of(node), "continue"
        case ast.Continue():
            yield "loop", *places.of(node), "break"
        case _:
            return


def _turned(test: ast.expr) -> bool:
    """Whether the condition's opposite is a mutant already: of its `not`, or of its one comparison."""
    if isinstance(test, ast.UnaryOp):
        return isinstance(test.op, ast.Not)
    return isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], TOLD)


def _compared(node: ast.Compare, places: _Places) -> Iterator[tuple[str, int, int, str]]:
    for left, operator, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
        yield from _between(left, right, *SWAPPED[type(operator)], places, "comparison")


def _between(
    left: ast.expr, right: ast.expr, here: str, other: str, places: _Places, kind: str
) -> Iterator[tuple[str, int, int, str]]:
    start, end = places.of(left)[1], places.of(right)[0]
    found = re.search(here if not here.isalpha() else rf"\b{here}\b", places.source[start:end])
    if found:
        yield kind, start + found.start(), start + found.end(), other


def _is_text(node: ast.expr) -> bool:
    """Whether a text, a list or a tuple is written here, or joined to something here."""
    if isinstance(node, ast.BinOp):
        return _is_text(node.left) or _is_text(node.right)
    return isinstance(node, ast.JoinedStr | ast.List | ast.Tuple) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    )
