"""Regions over the true masks: `python -m tests.benchmarks.judging.contact_sheet PKG DATASET OUT.png [PART]`.

The defective parts first: the true mask's outline in green, the model's regions in magenta, the verdict as text.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.images.depth import to_channels, to_uint8
from engine.images.overlay import CONTOUR_BGR
from engine.packages.package import open_package
from engine.recipes.file import default_recipe, without_review
from trainer.evaluation.evaluate import JudgedSample, judge, part_of
from trainer.formats.detect import open_dataset

COLUMNS, SHOWN, HEIGHT = 10, 30, 420


def tile(judged: JudgedSample) -> NDArray[np.uint8]:
    """One part with truth and regions."""
    pixels, mask = judged.sample.load()
    picture = to_channels(to_uint8(pixels), 3).copy()
    if mask is not None:
        outlines, _ = cv2.findContours((mask > 0).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(picture, outlines, -1, (80, 220, 80), 2)
    if judged.prediction is not None:
        for region in judged.prediction.regions:
            points = np.array(region.contour, np.int32).reshape(-1, 1, 2)
            cv2.polylines(picture, [points], True, CONTOUR_BGR, 4, cv2.LINE_AA)
    scale = HEIGHT / picture.shape[0]
    small = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    text = f"{judged.sample.label} {judged.verdict.outcome} {judged.verdict.score:.2f}"
    cv2.putText(small, text, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (0, 255, 255), 1, cv2.LINE_AA)
    return small


def main() -> None:
    """Write the sheet."""
    package, dataset = open_package(Path(sys.argv[1])), open_dataset(sys.argv[2])
    samples = part_of(package, dataset, sys.argv[4] if len(sys.argv) > 4 else "test")
    judged = list(judge(package, samples, without_review(default_recipe(package))))
    defects = [j for j in judged if j.sample.label not in dataset.ok_classes]
    sound = sorted((j for j in judged if j.sample.label in dataset.ok_classes), key=lambda j: -j.verdict.score)
    tiles = [tile(j) for j in (defects + sound)[:SHOWN]]
    width = max(t.shape[1] for t in tiles)
    blank = np.zeros((HEIGHT, width, 3), np.uint8)
    padded = [np.hstack([t, blank[:, : width - t.shape[1]]]) for t in tiles]
    padded += [blank] * (-len(padded) % COLUMNS)
    rows = [np.hstack(padded[i : i + COLUMNS]) for i in range(0, len(padded), COLUMNS)]
    cv2.imwrite(sys.argv[3], np.vstack(rows))
    print(f"{sys.argv[3]}: {len(defects)} defective parts first, then the sound ones with the highest scores")


if __name__ == "__main__":
    main()
