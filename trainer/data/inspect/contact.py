"""A contact sheet: some pictures of each class side by side, the outlines of their masks drawn in."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Mask, Pixels
from engine.errors import DatasetError
from engine.images.depth import to_channels, to_uint8
from trainer.data.inspect.survey import Facts
from trainer.formats.samples.dataset import Dataset

PER_CLASS = 10
MOST_CLASSES = 50
CELL = 144
GAP = 6
STRIP = 30
_PAPER, _INK, _OUTLINE = (32, 32, 32), (235, 235, 235), (0, 140, 255)


def contact_sheet(dataset: Dataset, facts: Sequence[Facts], seed: int = 0) -> NDArray[np.uint8]:
    """H×W×3 BGR: a row for each of the first fifty classes, up to ten pictures drawn by `seed` in each.

    Raises DatasetError when no picture can be read.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for name in dataset.classes[:MOST_CLASSES]:
        own = [f for f in facts if f.sample.label == name and not f.error]
        if own:
            chosen = rng.choice(len(own), min(PER_CLASS, len(own)), replace=False)
            rows.append(_row(f"{name} ({dataset.counts()[name]})", [own[i] for i in sorted(chosen.tolist())]))
    if not rows:
        raise DatasetError(f"No picture of {dataset.id} can be read.", "Replace them by complete copies.")
    return np.vstack(rows)


def _row(title: str, chosen: Sequence[Facts]) -> NDArray[np.uint8]:
    row = np.full((STRIP + CELL + GAP, GAP + PER_CLASS * (CELL + GAP), 3), _PAPER, np.uint8)
    cv2.putText(row, title, (GAP, STRIP - 9), _INK, cv2.FontFace("sans"), 16)
    for number, facts in enumerate(chosen):
        cell = _cell(*facts.sample.load())
        top, left = STRIP + (CELL - cell.shape[0]) // 2, GAP + number * (CELL + GAP) + (CELL - cell.shape[1]) // 2
        row[top : top + cell.shape[0], left : left + cell.shape[1]] = cell
    return row


def _cell(pixels: Pixels, mask: Mask | None) -> NDArray[np.uint8]:
    """The picture fitted into a cell, in its own proportions; a mask of another size is stretched to it."""
    height, width = pixels.shape[:2]
    scale = CELL / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    cell = np.asarray(cv2.resize(to_channels(to_uint8(pixels), 3), size, interpolation=cv2.INTER_AREA), np.uint8)
    if mask is not None and mask.any():
        # Averaged, not sampled: a thin scratch must not fall between the pixels.
        small = cv2.resize(np.asarray(mask > 0, np.float32), size, interpolation=cv2.INTER_AREA)
        outlines, _ = cv2.findContours((small > 0).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(cell, outlines, -1, _OUTLINE, 1)
    return cell
