"""Lineside's own export: items in order, what they may leave out, and what is refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import DatasetError
from engine.training import DATASET_SCHEMA
from tests.labelled import SIZE, box_mask, write_mask, write_picture, write_text
from trainer.formats.lineside import looks_like, open_lineside


def item(folder: Path, name: str, label: str, **more: Any) -> dict[str, Any]:
    path = write_picture(folder / "pictures" / name, sum(map(ord, name)))
    return {"path": f"pictures/{name}", "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "label": label, **more}


def write(folder: Path, *items: dict[str, Any], **more: Any) -> Path:
    values = {
        "schema": DATASET_SCHEMA,
        "kind": "lineside-dataset",
        "name": "corrections",
        "created_at": "2026-01-01T00:00:00+00:00",
        "classes": ["fine", "pit"],
        "ok_classes": ["fine"],
        "items": list(items),
    }
    write_text(folder / "dataset.json", json.dumps({**values, **more}))
    return folder


def test_items_keep_their_order_and_what_they_leave_out_is_their_own(tmp_path: Path) -> None:
    write_mask(tmp_path / "masks" / "b.png", box_mask(1, 2, 3, 4))
    items = [
        item(tmp_path, "b.png", "pit", mask="masks/b.png", group="lot"),
        item(tmp_path, "c.png", "pit", mask=None),
        item(tmp_path, "a.png", "fine"),
    ]
    dataset = open_lineside(write(tmp_path, *items))
    assert (dataset.id, dataset.format, dataset.location) == ("corrections", "lineside", tmp_path)
    assert (dataset.classes, dataset.ok_classes, dataset.notes) == (("fine", "pit"), ("fine",), ())
    assert [(s.key, s.group, s.has_mask, s.digest) for s in dataset.samples] == [
        ("pictures/b.png", "lot", True, items[0]["sha256"]),
        ("pictures/c.png", "pictures/c.png", False, items[1]["sha256"]),
        ("pictures/a.png", "pictures/a.png", False, items[2]["sha256"]),
    ]
    pixels, mask = dataset.samples[0].load()
    assert pixels.shape == SIZE and mask is not None and np.array_equal(mask, box_mask(1, 2, 3, 4))
    assert dataset.samples[1].load()[1] is None
    assert dataset.samples[0].path == tmp_path / "pictures" / "b.png"


def test_labels_that_a_model_made_are_counted(tmp_path: Path) -> None:
    items = [item(tmp_path, f"{n}.png", "pit", pseudo=n < 2) for n in range(3)]
    dataset = open_lineside(write(tmp_path, *items, classes=["fine", "pit", "rust"]))
    assert dataset.notes == ("No picture shows fine, rust.", "2 of 3 labels were made by a model.")


def test_sound_classes_can_be_named_instead_of_the_export_s(tmp_path: Path) -> None:
    folder = write(tmp_path, item(tmp_path, "a.png", "pit"), item(tmp_path, "b.png", "fine"))
    assert open_lineside(folder, ["pit"]).ok_classes == ("pit",)


def test_sound_class_without_pictures_is_there_all_the_same(tmp_path: Path) -> None:
    dataset = open_lineside(write(tmp_path, item(tmp_path, "a.png", "pit"), classes=["pit"], ok_classes=["good"]))
    assert (dataset.classes, dataset.notes) == (("good", "pit"), ("No picture shows good.",))


def test_further_classes_of_labels_csv_count_as_shown(tmp_path: Path) -> None:
    folder = write(tmp_path, item(tmp_path, "a.png", "pit"), classes=["pit", "rust"], ok_classes=[])
    write_text(tmp_path / "labels.csv", "pictures/a.png,rust\n")
    dataset = open_lineside(folder)
    assert ([s.also for s in dataset.samples], dataset.notes) == ([("rust",)], ())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label": "rust"}, "pictures/a.png has the label 'rust', which is not among the classes"),
        ({"path": "pictures/gone.png"}, "The data set lacks pictures/gone.png"),
        ({"path": "pictures"}, "The data set lacks pictures"),
        ({"mask": "masks/gone.png"}, "The data set lacks masks/gone.png"),
        ({"mask": "../masks/a.png"}, "names a file '../masks/a.png' outside itself"),
        ({"path": "pictures/../pictures/a.png"}, "outside itself"),
        ({"path": "/pictures/a.png"}, "outside itself"),
        ({"path": "pictures\\a.png"}, "outside itself"),
        ({"path": "c:a.png"}, "outside itself"),
        ({"sha256": "0" * 64}, "pictures/a.png is not the picture that was exported"),
    ],
)
def test_item_that_is_not_as_exported_is_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    folder = write(tmp_path, {**item(tmp_path, "a.png", "pit"), **changes})
    with pytest.raises(DatasetError) as caught:
        open_lineside(folder)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("{", "file"),
        ("[]", "file"),
        ('{"schema": 1}', "name"),
        (
            '{"name":"a","created_at":"","classes":[],"ok_classes":[],"items":[{"path":"a","label":"b"}]}',
            "items.0.sha256",
        ),
        ('{"name":"a","created_at":"","classes":[],"ok_classes":[],"items":[],"schema":0}', "schema"),
    ],
)
def test_manifest_that_is_not_valid_is_named_with_the_first_bad_key(tmp_path: Path, text: str, key: str) -> None:
    write_text(tmp_path / "dataset.json", text)
    with pytest.raises(DatasetError, match=rf"dataset.json is not valid at {key}: "):
        open_lineside(tmp_path)


def test_manifest_of_this_version_is_read_and_of_the_next_is_refused(tmp_path: Path) -> None:
    one = item(tmp_path, "a.png", "pit")
    assert len(open_lineside(write(tmp_path, one)).samples) == 1
    with pytest.raises(DatasetError, match="made by a newer Lineside"):
        open_lineside(write(tmp_path, one, schema=DATASET_SCHEMA + 1))


def test_folder_without_manifest_is_another_layout(tmp_path: Path) -> None:
    assert not looks_like(tmp_path)
    with pytest.raises(DatasetError, match=r"dataset.json cannot be read"):
        open_lineside(tmp_path)
    assert looks_like(write(tmp_path))
