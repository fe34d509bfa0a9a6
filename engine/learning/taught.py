"""What a head is taught with: described pictures, the part each one shows and the word that was said of it.

A part may have many rows: the picture, a second one of it, its varied copies. They are taught together and left out
together, for a part that is known is no proof of anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Bools = NDArray[np.bool_]

COPY_WEIGHT = 0.5
"""A varied copy weighs so much of its picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """N rows: descriptions N×D, and of each the part's key, the word, and whether it is a varied copy."""

    values: Floats
    parts: tuple[str, ...]
    words: tuple[str, ...]
    varied: Bools

    def __len__(self) -> int:
        return len(self.parts)

    @property
    def codes(self) -> Indices:
        """Which part each row is of, counted from 0 in the order of their keys."""
        return np.asarray(np.unique(np.array(self.parts, dtype=str), return_inverse=True)[1].ravel(), np.int64)

    @property
    def shown(self) -> Indices:
        """The rows that are pictures of parts: what figures are counted over."""
        return np.flatnonzero(~self.varied)

    def chosen(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Taught:
        """Some rows of it, in the order given."""
        index = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        parts, words = (tuple(np.array(text, dtype=object)[index]) for text in (self.parts, self.words))
        return Taught(self.values[index], parts, words, self.varied[index])


def taught(values: Floats, parts: Sequence[str], words: Sequence[str], varied: Bools | None = None) -> Taught:
    """Rows in canonical order: by part, word and the bytes of the description, so that no head depends on the order
    in which words were said. Raises InputError where nothing is taught, or a description holds no numbers.
    """
    table = np.ascontiguousarray(values, np.float64)
    if table.ndim != 2 or not table.size:
        raise InputError("No picture is taught yet.", "Say of a part what it is.")
    if not np.isfinite(table).all():
        raise InputError("A picture's description holds no numbers.", "Leave that picture out.")
    copies = np.zeros(len(table), np.bool_) if varied is None else np.asarray(varied, np.bool_)
    if not len(parts) == len(words) == len(table) == len(copies):
        raise ValueError("as many parts, words and marks as rows are asked for")
    keys = [hashlib.sha256(row.tobytes()).digest() for row in table]
    order = sorted(range(len(table)), key=lambda i: (parts[i], words[i], bool(copies[i]), keys[i]))
    whole = Taught(table, tuple(parts), tuple(words), copies)
    return whole.chosen(np.array(order, np.int64))


def classes_of(given: Taught, classes: Sequence[str]) -> Floats:
    """N×K of 0 and 1: which class each row's word is. Raises InputError for a word that is no class, fewer than two
    classes, or a class nobody taught.
    """
    held = np.array([[word == name for name in classes] for word in given.words], np.float64)
    if len(classes) < 2:
        raise InputError("All parts are taught as one class.", "Teach a second one, or learn from good parts alone.")
    if not held.any(axis=1).all():
        word = given.words[int(np.flatnonzero(~held.any(axis=1))[0])]
        raise InputError(f"{word} is no class of this model.", "Add the class, or say another word.")
    if not held.any(axis=0).all():
        name = classes[int(np.flatnonzero(~held.any(axis=0))[0])]
        raise InputError(f"No part is taught as {name}.", "Teach one, or leave the class out.")
    return held


def balanced(given: Taught, held: Floats) -> Floats:
    """The weight of each of N rows, together 1. A class weighs by the root of its parts, between one voice a part and
    one a class: ten bad castings among 25 good ones are heard, and one crack among a thousand does not drown them.
    """
    codes = given.codes
    parts = np.array([len(np.unique(codes[column > 0])) for column in held.T], np.float64)
    rows = np.bincount(codes, weights=np.where(given.varied, COPY_WEIGHT, 1.0))
    share = held @ (1.0 / np.sqrt(parts))
    weights = share * np.where(given.varied, COPY_WEIGHT, 1.0) / rows[codes]
    return np.asarray(weights / weights.sum(), np.float64)


def without_copies(given: Taught) -> Taught:
    """The pictures alone."""
    return given.chosen(~given.varied)


def renamed(given: Taught, words: Sequence[str]) -> Taught:
    """The same rows under other words."""
    return replace(given, words=tuple(words))
