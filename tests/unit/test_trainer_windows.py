"""Windows cut from pictures show the defect, or are sound."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from trainer.windows import WINDOWS, windows  # noqa: E402


def test_three_of_four_windows_hold_the_defect_wherever_it_lies() -> None:
    rng = torch.Generator().manual_seed(1)
    for top, left in ((0, 0), (0, 79), (63, 0), (63, 79), (30, 40)):
        pictures, masks = torch.zeros(1, 1, 64, 80), torch.zeros(1, 1, 64, 80)
        masks[0, 0, top, left] = 1.0
        pictures[0, 0, top, left] = 0.5
        cut, cut_masks = windows(pictures, masks, rng)
        assert cut.shape == cut_masks.shape == (WINDOWS, 1, 32, 40)
        assert (cut_masks.flatten(1).sum(1) > 0).sum() >= WINDOWS - 1
        assert torch.equal(cut > 0, cut_masks > 0), "mask and picture are cut alike"


def test_windows_of_a_sound_picture_come_from_all_over_it() -> None:
    rng = torch.Generator().manual_seed(2)
    pictures = torch.arange(64 * 80, dtype=torch.float32).reshape(1, 1, 64, 80).repeat(40, 1, 1, 1)
    cut, masks = windows(pictures, torch.zeros(40, 1, 64, 80), rng)
    assert not masks.any()
    assert len({float(w[0, 0, 0]) for w in cut}) > 100
