"""What is taught: a picture as the model sees it, the part it shows, and the word that was said of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.backbone.backbone import Backbone, Description
from engine.domain.inspection import Mask
from engine.learning.places import Drawn, Painted, painted, sound
from engine.learning.taught import Taught, taught
from engine.learning.variation import COPIES, moved_mask, variations, varied

PLACES_BYTES = 2 * 1024**3
"""Descriptions of places that are held at once; varied copies are made as far as there is room."""


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """One picture, uint8 H×W×C of the model's input. `mask`: uint8 H×W, 255 = painted; None = no place is told."""

    part: str
    """Pictures of one part are taught and left out together."""
    word: str
    picture: NDArray[np.uint8]
    mask: Mask | None = None
    drawn: Drawn = Drawn.MASK


def described(backbone: Backbone, words: Sequence[Word], copies: int = COPIES) -> Taught:
    """Every picture and its varied copies as one row each. Raises InputError where nothing is taught."""
    found = list(backbone.describe(_varied(words, copies)))
    each = [(word, copy > 0) for word in words for copy in range(copies + 1)]
    values = np.array([one.whole for one in found], np.float64).reshape(len(found), -1)
    marks = np.array([copy for _, copy in each], np.bool_)
    return taught(values, [w.part for w, _ in each], [w.word for w, _ in each], marks)


def described_places(backbone: Backbone, words: Sequence[Word], sound_words: Sequence[str]) -> list[Painted]:
    """Places of every picture that tells some: of the sound ones, and of those that are painted on."""
    usable = [word for word in words if word.mask is not None or word.word in sound_words]
    copies = _room(backbone, usable)
    found = backbone.describe(_varied(usable, copies))
    return [_places(word, copy, one) for (word, copy), one in zip(_each(usable, copies), found, strict=True)]


def _room(backbone: Backbone, words: Sequence[Word]) -> int:
    """How many varied copies of each can be held."""
    if not words:
        return 0
    patches = next(iter(backbone.describe([words[0].picture]))).patches
    size = 1 if patches is None else patches.nbytes
    return max(0, min(COPIES, PLACES_BYTES // (size * len(words)) - 1))


def _each(words: Sequence[Word], copies: int) -> Iterator[tuple[Word, int]]:
    """Copy 0 is the picture itself."""
    return ((word, copy) for word in words for copy in range(copies + 1))


def _varied(words: Sequence[Word], copies: int) -> Iterator[NDArray[np.uint8]]:
    for word in words:
        yield word.picture
        for how in variations(word.picture, copies=copies) if copies else ():
            yield varied(word.picture, how)


def _places(word: Word, copy: int, one: Description) -> Painted:
    assert one.patches is not None
    if word.mask is None:
        return sound(word.part, one.patches, varied=copy > 0)
    mask = word.mask if copy == 0 else moved_mask(word.mask, variations(word.picture)[copy - 1])
    if not mask.any():
        # Turned out of the picture: what is left of it is no example of the defect, nor of a sound part.
        nothing = np.zeros(one.patches.shape[:2], np.bool_)
        return Painted(word.part, one.patches, nothing, nothing, varied=True)
    return painted(word.part, one.patches, mask, word.drawn, varied=copy > 0)
