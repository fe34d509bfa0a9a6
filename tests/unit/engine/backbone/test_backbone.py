"""Descriptions come in the order of their pictures, always the same, whatever else was asked for."""

from __future__ import annotations

import numpy as np
import pytest

from engine.backbone.backbone import Backbone
from tests.unit.engine.backbone.drawn import drawn


def test_descriptions_come_in_the_order_of_their_pictures_and_one_by_one_the_same() -> None:
    pictures = drawn(9, 64, 96)
    backbone = Backbone(64, 96, 3)
    together = [found.whole for found in backbone.describe(iter(pictures))]
    alone = [next(iter(backbone.describe([picture]))).whole for picture in pictures]
    assert np.array_equal(together, alone)
    assert len({found.tobytes() for found in together}) == 9


def test_description_is_the_same_with_places_and_on_one_thread() -> None:
    pictures = drawn(3, 64, 96, 1)
    plain = [found.whole for found in Backbone(64, 96, 1).describe(pictures)]
    for other in (Backbone(64, 96, 1, patches=True), Backbone(64, 96, 1, threads=1)):
        assert np.array_equal([found.whole for found in other.describe(pictures)], plain)


def test_descriptions_left_half_way_leave_the_backbone_ready() -> None:
    pictures = drawn(9, 64, 96)
    backbone = Backbone(64, 96, 3)
    running = backbone.describe(pictures)
    first = next(running).whole
    running.close()
    assert np.array_equal(next(backbone.describe(pictures)).whole, first)


def test_picture_may_be_overwritten_once_it_was_taken() -> None:
    pictures = drawn(6, 64, 96)
    backbone = Backbone(64, 96, 3)
    told = [found.whole for found in backbone.describe(pictures)]
    buffer = np.empty_like(pictures[0])

    def camera():  # type: ignore[no-untyped-def]
        for picture in pictures:
            buffer[:] = picture
            yield buffer

    assert np.array_equal([found.whole for found in backbone.describe(camera())], told)


def test_identity_names_what_a_description_depends_on() -> None:
    assert Backbone(64, 96, 1).identity == "efficientnet-lite0/579344248a93/f32/64x96x1/1"
    assert Backbone(64, 96, 3).identity != Backbone(64, 96, 1).identity


def test_picture_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="a backbone of"):
        next(Backbone(64, 96, 3).describe(drawn(1, 64, 64)))
