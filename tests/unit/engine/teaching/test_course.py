"""What is asked of the backbone before a head is learnt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

import numpy as np
from numpy.typing import NDArray

from engine.backbone.backbone import Backbone, Description
from engine.learning import good_only, variation
from engine.teaching.course import learn
from engine.teaching.words import Word


class Counting:
    """A backbone that tells pictures apart by their grey levels, and counts them."""

    def __init__(self) -> None:
        self.seen = 0

    def describe(self, pictures: Iterable[NDArray[np.uint8]]) -> Iterator[Description]:
        """Forty quantiles of each picture."""
        for picture in pictures:
            self.seen += 1
            yield Description(np.quantile(picture, np.linspace(0.0, 1.0, 40)).astype(np.float32))


def words(*told: str) -> list[Word]:
    random = np.random.default_rng(1)
    pictures = [random.integers(60 + 5 * i, 160 + 3 * i, (32, 32, 1), dtype=np.uint8) for i in range(len(told))]
    return [Word(f"p{i}", word, picture) for i, (word, picture) in enumerate(zip(told, pictures, strict=True))]


def test_good_parts_alone_are_varied_in_more_ways_than_parts_of_both_kinds() -> None:
    for told, copies in ((["ok"] * 8, good_only.COPIES), (["ok"] * 6 + ["bad"] * 2, variation.COPIES)):
        backbone = Counting()
        classes = tuple(dict.fromkeys(told))
        learn(cast(Backbone, backbone), words(*told), classes, ("ok",))
        assert backbone.seen == len(told) * (1 + copies)
