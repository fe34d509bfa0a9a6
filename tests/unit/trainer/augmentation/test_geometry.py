"""Augmentation: masks follow the picture, angles stay angles, light stays in range, draws depend on the generator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from torch import Generator, Tensor  # noqa: E402

from trainer.augmentation.geometry import augment  # noqa: E402
from trainer.config import TrainConfig  # noqa: E402

BASE: dict[str, Any] = {"kind": "segdec", "architecture": "segdec-fast", "height": 96, "width": 64, "channels": 1}


def config(**changes: Any) -> TrainConfig:
    return TrainConfig.model_validate(BASE | changes)


def draws(seed: int = 1) -> Generator:
    return Generator().manual_seed(seed)


def scene(count: int = 6, height: int = 96, width: int = 64) -> tuple[Tensor, Tensor]:
    """A bright bar on grey, and its mask."""
    masks = torch.zeros(count, 1, height, width)
    masks[:, :, 30:60, 20:30] = 1.0
    return 0.25 + 0.5 * masks, masks


MOVES: list[dict[str, Any]] = [
    {"flip_horizontal": True, "flip_vertical": True},
    {"shift": 0.2},
    {"rotate": 20.0},
    {"zoom": 0.2, "shift": 0.1, "flip_vertical": True},
    {"elastic": 0.02},
    {"turn": True},
    {"turn": True, "rotate": 5.0},
]


@pytest.mark.parametrize("changes", MOVES)
def test_masks_follow_the_picture(changes: dict[str, Any]) -> None:
    pictures, masks = scene()
    moved, followed = augment(pictures, masks, config(**changes), draws())
    assert followed is not None and set(followed.unique().tolist()) == {0.0, 1.0}
    assert ((moved > 0.5).float() - followed).abs().mean() < 0.005
    assert not torch.equal(moved, pictures) or moved.shape != pictures.shape
    again, _ = augment(pictures, masks, config(**changes), draws())
    other, _ = augment(pictures, masks, config(**changes), draws(2))
    assert torch.equal(moved, again)
    assert moved.shape != other.shape or not torch.equal(moved, other)


def test_a_picture_that_is_not_square_turns_with_its_whole_batch_and_keeps_its_pixels() -> None:
    pictures, masks = scene()
    pictures = pictures + 0.01 * torch.rand(pictures.shape, generator=draws())
    shapes = set()
    for seed in range(8):
        moved, followed = augment(pictures, masks, config(turn=True), draws(seed))
        assert followed is not None and followed.shape == moved.shape
        assert torch.equal(moved.flatten(1).sort(dim=1).values, pictures.flatten(1).sort(dim=1).values)
        shapes.add(tuple(moved.shape[2:]))
    assert shapes == {(96, 64), (64, 96)}


def test_a_flip_by_resampling_is_the_same_flip() -> None:
    pictures, _ = scene()
    pictures = pictures + 0.2 * torch.rand(pictures.shape, generator=draws())
    moved, _ = augment(pictures, None, config(flip_horizontal=True, rotate=1e-4), draws())
    flipped = [torch.allclose(m, p.flip(2), atol=1e-3) for m, p in zip(moved, pictures, strict=True)]
    same = [torch.allclose(m, p, atol=1e-3) for m, p in zip(moved, pictures, strict=True)]
    assert any(flipped) and any(same) and all(a != b for a, b in zip(flipped, same, strict=True))


def test_a_turn_keeps_lengths_on_a_picture_that_is_not_square() -> None:
    pictures = torch.zeros(1, 1, 128, 64)
    pictures[:, :, 58:70, 26:38] = 1.0
    for seed in range(6):
        moved, _ = augment(pictures, None, config(height=128, rotate=20.0), draws(seed))
        ys, xs = torch.nonzero(moved[0, 0] > 0.5, as_tuple=True)
        spread = torch.linalg.eigvalsh(torch.cov(torch.stack((ys, xs)).float()))
        assert float(spread[1] / spread[0]) == pytest.approx(1.0, abs=0.1) and abs(len(ys) - 144) < 15


LIGHTS: list[dict[str, Any]] = [
    *({name: 0.3} for name in ("brightness", "contrast", "exposure", "gamma", "noise")),
    *({name: 1.0} for name in ("clahe", "glare", "jpeg")),
    {"blur": 2.0},
]


@pytest.mark.parametrize("changes", LIGHTS)
@pytest.mark.parametrize("channels", [1, 3])
def test_light_changes_the_picture_alone_and_stays_in_range(changes: dict[str, Any], channels: int) -> None:
    rng = np.random.default_rng(0)
    pictures = torch.from_numpy(rng.random((8, channels, 96, 64), np.float32))
    masks = (pictures[:, :1] > 0.9).float()
    lit, same = augment(pictures.clone(), masks, config(**changes), draws())
    assert lit.shape == pictures.shape and lit.min() >= 0.0 and lit.max() <= 1.0
    assert same is not None and torch.equal(same, masks)
    assert (lit - pictures).abs().mean() > 0.004
    assert torch.equal(lit, augment(pictures.clone(), masks, config(**changes), draws())[0])


def test_each_light_does_what_it_says() -> None:
    pictures = torch.full((64, 1, 32, 32), 0.2)
    pictures[:, :, ::2] = 0.4
    levels = augment(pictures, None, config(exposure=0.7), draws())[0].mean(dim=(1, 2, 3)) / 0.3
    assert 0.49 < levels.min() < 0.6 and 1.7 < levels.max() < 2.02
    # Light multiplies: the ratio of bright to dark stays.
    lit = augment(pictures, None, config(exposure=0.7), draws())[0]
    assert torch.allclose(lit[:, :, 0] / lit[:, :, 1], torch.tensor(2.0), atol=1e-3)
    contrast = augment(pictures, None, config(blur=3.0), draws())[0].std(dim=(1, 2, 3)) / pictures[0].std()
    assert contrast.min() < 0.2 and (contrast > 0.99).float().mean() > 0.3
    spots = augment(pictures, None, config(glare=0.5), draws())[0] - pictures
    hit = (spots.amax(dim=(1, 2, 3)) > 0.05).float().mean()
    assert 0.2 < hit < 0.8 and spots.min() >= -1e-6


def test_nothing_wanted_changes_nothing() -> None:
    pictures, masks = scene()
    same, followed = augment(pictures, masks, config(), draws())
    assert torch.equal(same, pictures) and followed is not None and torch.equal(followed, masks)
