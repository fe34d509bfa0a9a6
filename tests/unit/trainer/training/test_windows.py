"""Windows cut from pictures show the defect, or are sound."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from engine.networks.catalogue import build  # noqa: E402
from trainer.config import TrainConfig  # noqa: E402
from trainer.training.windows import WINDOWS, training_batch, windows  # noqa: E402


@pytest.mark.parametrize("parts", [2, 4])
def test_three_of_four_windows_hold_the_defect_wherever_it_lies(parts: int) -> None:
    rng = torch.Generator().manual_seed(1)
    for top, left in ((0, 0), (0, 79), (63, 0), (63, 79), (30, 40)):
        pictures, masks = torch.zeros(1, 1, 64, 80), torch.zeros(1, 1, 64, 80)
        masks[0, 0, top, left] = 1.0
        pictures[0, 0, top, left] = 0.5
        cut, cut_masks = windows(pictures, masks, rng, parts)
        assert cut.shape == cut_masks.shape == (WINDOWS, 1, 64 // parts, {2: 40, 4: 16}[parts])
        assert (cut_masks.flatten(1).sum(1) > 0).sum() >= WINDOWS - 1
        assert torch.equal(cut > 0, cut_masks > 0), "mask and picture are cut alike"


def test_windows_fit_the_network_whatever_the_picture_measures() -> None:
    cut, _ = windows(torch.zeros(1, 1, 200, 72), torch.zeros(1, 1, 200, 72), torch.Generator().manual_seed(1), 4)
    logits, seen = build("segdec-map", 1, 2)(cut)
    assert cut.shape[2:] == (48, 16) and logits.shape == (WINDOWS, 2) and seen.shape[2:] == (12, 4)


def test_windows_of_a_sound_picture_come_from_all_over_it() -> None:
    rng = torch.Generator().manual_seed(2)
    pictures = torch.arange(64 * 80, dtype=torch.float32).reshape(1, 1, 64, 80).repeat(40, 1, 1, 1)
    cut, masks = windows(pictures, torch.zeros(40, 1, 64, 80), rng)
    assert not masks.any()
    assert len({float(w[0, 0, 0]) for w in cut}) > 100


def test_pictures_without_a_mask_wait_for_the_whole_ones() -> None:
    drawn = np.array([True, False, True, False])
    pictures, masks = torch.rand(4, 1, 64, 80), torch.zeros(4, 1, 64, 80)
    masks[0, 0, 10:20, 10:20] = 1.0
    asked: list[list[int]] = []

    def taken(of: torch.Tensor) -> Any:
        return lambda rows: of[torch.from_numpy(rows)]

    def whole(rows: Any, _rng: Any, *, masks: bool) -> Any:
        asked.append(rows.tolist())
        return pictures[torch.from_numpy(rows)], torch.zeros(len(rows), 1, 64, 80)

    job: Any = SimpleNamespace(
        config=TrainConfig(kind="segdec", architecture="segdec-map", window_epochs=1),
        data=SimpleNamespace(drawn=drawn),
        sound=(0,),
        views=None,
        fabric=SimpleNamespace(to_device=lambda x: x),
        pictures=taken(pictures),
        masks=taken(masks),
        labels=taken(torch.tensor([1, 1, 0, 0])),
        held=lambda _rows: None,
        soft=lambda _rows: None,
        augmented=whole,
    )
    rows = np.arange(4)
    cut = training_batch(job, rows, torch.Generator().manual_seed(1), epoch=0)
    assert cut.pictures.shape == (2 * WINDOWS, 1, 32, 40) and bool(cut.drawn.all()) and not asked
    assert (cut.labels[:WINDOWS] == cut.masks[:WINDOWS].flatten(1).any(dim=1)).all() and not cut.labels[WINDOWS:].any()
    every = training_batch(job, rows, torch.Generator().manual_seed(1), epoch=1)
    assert asked == [[0, 1, 2, 3]] and every.labels.tolist() == [1, 1, 0, 0] and every.drawn.tolist() == drawn.tolist()
