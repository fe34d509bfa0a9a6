"""Manifests of Lookout for Vision: classes, masks in the colours of their map, parts, and what is not used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.domain.inspection import Mask
from engine.errors import DatasetError
from tests.labelled import SIZE, box_mask, write_mask, write_picture, write_text
from trainer.formats.detect import look_at_dataset, open_dataset

SPOT = (5, 6, 9, 10)
COLOURS = {"BACKGROUND": "#ffffff", "scratch": "#2ca02c", "dent": "#1f77b4"}


def line(name: str, label: str, mask: str = "", colours: dict[str, str] = COLOURS) -> dict[str, Any]:
    told = {"creation-date": "2021-10-12T14:16:45.668", "human-annotated": "yes", "job-name": "labeling-job/x"}
    values: dict[str, Any] = {
        "source-ref": f"s3://bucket/parts/{name}",
        "anomaly-label": int(label != "normal"),
        "anomaly-label-metadata": {
            **told,
            "class-name": label,
            "type": "groundtruth/image-classification",
            "confidence": 1,
        },
    }
    if mask:
        named = {
            str(number): {"class-name": name, "hex-color": colour, "confidence": 0.0}
            for number, (name, colour) in enumerate(colours.items())
        }
        values |= {
            "anomaly-mask-ref": f"s3://bucket/{mask}",
            "anomaly-mask-ref-metadata": {
                **told,
                "internal-color-map": named,
                "type": "groundtruth/semantic-segmentation",
            },
        }
    return values


def write(path: Path, *lines: dict[str, Any]) -> None:
    write_text(path, "".join(json.dumps(one) + "\n" for one in lines))


def drawn(*spots: tuple[str, tuple[int, int, int, int]]) -> Mask:
    """White, and boxes in the colours of the map."""
    mask = np.full((*SIZE, 3), 255, np.uint8)
    for name, (left, top, right, bottom) in spots:
        mask[top:bottom, left:right] = [int(COLOURS[name][n : n + 2], 16) for n in (5, 3, 1)]
    return mask


def folder_of(tmp_path: Path) -> Path:
    for number, name in enumerate(("train/1.jpg", "train/2.jpg", "test/1.jpg", "test/3.jpg", "other.jpg")):
        write_picture(tmp_path / "parts" / name, number)
    write_mask(tmp_path / "masks" / "train" / "1.png", drawn(("scratch", (0, 0, 20, 2)), ("dent", SPOT)))
    write_mask(tmp_path / "masks" / "test" / "3.png", drawn())
    return tmp_path


def test_lookout_for_vision(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    write(
        folder / "train.manifest",
        line("train/1.jpg", "anomaly", "masks/train/1.png"),
        line("train/2.jpg", "normal"),
    )
    write(
        folder / "test.manifest",
        line("test/1.jpg", "anomaly"),
        line("test/3.jpg", "normal", "masks/test/3.png"),
    )
    dataset = open_dataset(str(folder))
    assert (dataset.format, dataset.classes, dataset.ok_classes) == (
        "manifest",
        ("normal", "anomaly", "dent", "scratch"),
        ("normal",),
    )
    assert [(s.key, s.label, s.also, s.part, s.has_mask, s.assumed) for s in dataset.samples] == [
        ("parts/test/1.jpg", "anomaly", (), "test", False, False),
        ("parts/test/3.jpg", "normal", (), "test", True, False),
        ("parts/train/1.jpg", "scratch", ("dent",), "train", True, False),
        ("parts/train/2.jpg", "normal", (), "train", True, False),
    ]
    mask = dataset.samples[2].load()[1]
    assert mask is not None and np.array_equal(mask, box_mask(0, 0, 20, 2) | box_mask(*SPOT))
    assert dataset.notes == ("1 pictures are in no manifest and are left out.",) and not dataset.unused


def test_map_that_names_no_background_has_white_for_it_and_job_may_bear_any_name(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    values = line(
        "train/1.jpg", "anomaly", "masks/train/1.png", {k: v for k, v in COLOURS.items() if k != "BACKGROUND"}
    )
    renamed = {key.replace("anomaly-label", "my-job"): value for key, value in values.items()}
    write(folder / "output.manifest", renamed, line("train/2.jpg", "normal"))
    assert open_dataset(str(folder)).counts() == {"normal": 1, "dent": 0, "scratch": 1}


def test_mask_beside_its_picture_and_of_its_name_is_found(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    write_mask(folder / "parts" / "train" / "2.png", drawn(("dent", SPOT)))
    write(folder / "a.manifest", line("train/2.jpg", "anomaly", "parts/train/2.png"), line("train/1.jpg", "normal"))
    assert {s.key: s.label for s in open_dataset(str(folder)).samples} == {
        "parts/train/1.jpg": "normal",
        "parts/train/2.jpg": "dent",
    }


def test_lines_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    write_mask(folder / "masks" / "train" / "2.png", drawn(("dent", SPOT)))
    no_class = {"source-ref": "s3://bucket/parts/train/2.jpg"}
    write(
        folder / "a.manifest",
        line("train/1.jpg", "anomaly", "masks/train/1.png"),
        line("test/1.jpg", "normal"),
        line("train/1.jpg", "normal"),
        line("gone.jpg", "anomaly"),
        line("train/2.jpg", "normal", "masks/train/2.png"),
        line("test/3.jpg", "anomaly", "masks/gone/7.png"),
        no_class,
        {"anomaly-label": 1},
        line("other.jpg", "anomaly", "masks/test/3.png", {"BACKGROUND": "white"}),
    )
    path = folder / "a.manifest"
    path.write_text(path.read_text("utf-8") + "{broken\n\n", encoding="utf-8")
    dataset = look_at_dataset(str(folder))
    assert {s.key: s.label for s in dataset.samples} == {"parts/train/1.jpg": "scratch", "parts/test/1.jpg": "normal"}
    reasons = {one.where.rpartition(" ")[2]: one.reason for one in dataset.unused}
    assert {number: text in reasons[number] for number, text in WANTED.items()} == dict.fromkeys(WANTED, True)
    assert len(dataset.unused) == len(WANTED) and dataset.missing == 1


WANTED = {
    "3": "is named before",
    "4": "there is no picture s3://bucket/parts/gone.jpg",
    "5": "contradict",
    "6": "there is no picture s3://bucket/masks/gone/7.png",
    "7": "names no class",
    "8": "names no picture",
    "9": "without a colour",
    "10": "not valid JSON",
}


def test_address_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "set")
    write_picture(tmp_path / "secret.jpg", 9)
    write(folder / "a.manifest", {**line("x", "anomaly"), "source-ref": "../secret.jpg"}, line("train/1.jpg", "normal"))
    with pytest.raises(DatasetError, match=r"there is no picture \.\./secret.jpg"):
        open_dataset(str(folder))


def test_line_that_fits_two_pictures_or_masks_alike_labels_neither(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    write_mask(tmp_path / "masks" / "test" / "1.png", drawn())
    write(
        folder / "a.manifest",
        line("1.jpg", "anomaly"),
        line("train/2.jpg", "normal"),
        line("test/3.jpg", "anomaly", "1.png"),
        line("other.jpg", "anomaly"),
    )
    dataset = look_at_dataset(str(folder))
    assert [s.key for s in dataset.samples] == ["parts/other.jpg", "parts/train/2.jpg"]
    told = [(one.where[-6:], one.reason) for one in dataset.unused]
    assert [where for where, reason in told if "may be" in reason] == ["line 3", "line 1"]
