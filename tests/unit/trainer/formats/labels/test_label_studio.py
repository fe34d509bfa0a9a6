"""Label Studio's JSON export as it writes it, and what is named as not used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.domain.inspection import Mask
from engine.errors import DatasetError
from tests.labelled import SIZE, write_picture, write_text
from tests.sets.tools import pack
from trainer.formats.detect import look_at_dataset, open_dataset
from trainer.formats.labels.brush import read_brush
from trainer.formats.samples.dataset import Dataset

HEIGHT, WIDTH = SIZE


def result(kind: str, labels: list[str], number: int = 1, **value: Any) -> dict[str, Any]:
    """One region; places are per cent of the picture."""
    return {
        "original_width": WIDTH,
        "original_height": HEIGHT,
        "image_rotation": 0,
        "value": {**value, kind: labels},
        "id": f"r{number}",
        "from_name": "label",
        "to_name": "image",
        "type": kind,
        "origin": "manual",
    }


def choice(*labels: str, **more: Any) -> dict[str, Any]:
    """What the picture as a whole is called."""
    said = {"choices": list(labels)}
    return {"value": said, "id": "c1", "from_name": "class", "to_name": "image", "type": "choices", **more}


def task(number: int, name: str, *results: dict[str, Any], **more: Any) -> dict[str, Any]:
    annotation = {
        "id": number,
        "completed_by": 1,
        "result": list(results),
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": "2026-01-05T08:00:00.000000Z",
        "updated_at": "2026-01-05T08:00:00.000000Z",
        "draft_created_at": None,
        "lead_time": 3.1,
        "prediction": {},
        "result_count": 0,
    }
    return {
        "id": number,
        "annotations": [annotation],
        "file_upload": f"1a2b3c4d-{name}",
        "drafts": [],
        "predictions": [{"id": 9, "result": [result("rectanglelabels", ["pit"], x=1, y=1, width=9, height=9)]}],
        "data": {"image": f"/data/upload/1/1a2b3c4d-{name}"},
        "meta": {},
        "created_at": "2026-01-05T07:00:00.000000Z",
        "inner_id": number,
        **more,
    }


def write(folder: Path, *tasks: dict[str, Any]) -> Path:
    write_text(folder / "project-1-at-2026-01-05-09-00-1a2b3c4d.json", json.dumps(list(tasks)))
    return folder


def pictures(folder: Path, *names: str) -> None:
    for number, name in enumerate(names):
        write_picture(folder / name, number)


def mask_of(dataset: Dataset, key: str) -> Mask | None:
    (sample,) = (s for s in dataset.samples if s.key == key)
    return sample.load()[1]


RECTANGLE = result("rectanglelabels", ["pit"], x=25.0, y=25.0, width=25.0, height=25.0, rotation=0)
POLYGON = result("polygonlabels", ["scratch"], points=[[0, 0], [25, 0], [25, 50], [0, 50]], closed=True)


def test_export_of_all_kinds(tmp_path: Path) -> None:
    pictures(tmp_path, *(f"images/{name}.png" for name in "abcdefg"))
    ellipse = result("ellipselabels", ["pit"], x=50, y=50, radiusX=12.5, radiusY=12.5, rotation=0)
    open_task = task(7, "g.png", annotations=[])
    skipped = task(6, "f.png")
    skipped["annotations"][0]["was_cancelled"] = True
    write(
        tmp_path,
        task(1, "a.png", POLYGON, result("polygonlabels", ["pit"], 2, points=[[50, 50], [75, 50], [75, 75]])),
        task(2, "b.png", RECTANGLE),
        task(3, "c.png", ellipse),
        task(4, "d.png"),
        task(5, "e.png", choice("Good"), choice("some words", type="textarea")),
        skipped,
        open_task,
    )
    dataset = open_dataset(str(tmp_path))
    assert (dataset.format, dataset.ok_classes) == ("label-studio", ("Good", "ok"))
    assert [(s.key, s.label, s.also, s.has_mask, s.assumed) for s in dataset.samples] == [
        ("images/a.png", "scratch", ("pit",), True, False),
        ("images/b.png", "pit", (), False, False),
        ("images/c.png", "pit", (), True, False),
        ("images/d.png", "ok", (), True, False),
        ("images/e.png", "Good", (), True, False),
    ]
    drawn = mask_of(dataset, "images/a.png")
    assert drawn is not None and drawn[:12, :8].all() and not drawn[:10, 9:].any() and not drawn[13:, :14].any()
    assert dataset.notes == (
        "2 tasks are not finished, skipped or cannot be read, and are left out.",
        "2 pictures are in no finished task and are left out.",
    )
    assert dataset.unused == ()


@pytest.mark.parametrize(
    "address",
    [
        "/data/upload/1/1a2b3c4d-a%20b.png",
        "s3://bucket/lot/a b.png",
        "https://host/x/a%20b.png?token=7",
        "/data/local-files/?d=lot/a%20b.png",
        "a b.png",
    ],
)
def test_address_is_only_matched_by_name(tmp_path: Path, address: str) -> None:
    pictures(tmp_path, "lot/a b.png", "lot/c.png")
    one = task(1, "", POLYGON, data={"id": "7", "picture": address}, file_upload=None)
    dataset = open_dataset(str(write(tmp_path, one, task(2, "c.png"))))
    assert {s.key: s.label for s in dataset.samples} == {"lot/a b.png": "scratch", "lot/c.png": "ok"}


def test_name_that_the_tool_made_is_taken_before_the_picture_s_own(tmp_path: Path) -> None:
    pictures(tmp_path, "a.png", "1a2b3c4d-a.png", "b.png")
    dataset = open_dataset(str(write(tmp_path, task(1, "a.png", POLYGON), task(2, "b.png"))))
    assert [s.key for s in dataset.samples] == ["1a2b3c4d-a.png", "b.png"]


def test_turned_ellipse_turns_about_its_centre(tmp_path: Path) -> None:
    pictures(tmp_path, "a.png", "b.png")
    turned = result("ellipselabels", ["pit"], x=50, y=50, radiusX=25, radiusY=12.5, rotation=90)
    dataset = open_dataset(str(write(tmp_path, task(1, "a.png", turned), task(2, "b.png"))))
    mask = mask_of(dataset, "a.png")
    assert mask is not None
    rows, columns = np.nonzero(mask)
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (13, 19, 4, 20)


def test_last_annotation_of_a_task_holds_and_the_others_are_named(tmp_path: Path) -> None:
    pictures(tmp_path, "a.png", "b.png")
    several = task(1, "a.png", POLYGON)
    later = {**task(3, "", choice("good"))["annotations"][0], "updated_at": "2026-01-06T08:00:00.000000Z"}
    several["annotations"] = [later, *several["annotations"]]
    dataset = look_at_dataset(str(write(tmp_path, several, task(2, "b.png", POLYGON))))
    assert {s.key: s.label for s in dataset.samples} == {"a.png": "good", "b.png": "scratch"}
    assert [one.reason for one in dataset.unused] == ["another one of the same task is used."]
    several["annotations"][1]["ground_truth"] = True
    assert {s.label for s in look_at_dataset(str(write(tmp_path, several, task(2, "b.png")))).samples} == {
        "scratch",
        "ok",
    }


def test_label_that_is_chosen_apart_from_its_region_stands_there_twice(tmp_path: Path) -> None:
    pictures(tmp_path, "a.png", "b.png")
    place = {"points": [[0, 0], [25, 0], [25, 50], [0, 50]]}
    bare = {**POLYGON, "type": "polygon", "value": place, "from_name": "shape"}
    named = {**POLYGON, "type": "labels", "value": {**place, "labels": ["scratch"]}}
    severity = choice("deep", id=POLYGON["id"])
    dataset = open_dataset(str(write(tmp_path, task(1, "a.png", bare, named, severity), task(2, "b.png"))))
    assert [(s.label, s.also, s.has_mask) for s in dataset.samples] == [("scratch", (), True), ("ok", (), True)]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({**POLYGON, "image_rotation": 90}, "turned in the tool"),
        ({**POLYGON, "original_width": 0}, "impossible size"),
        ({**POLYGON, "original_width": WIDTH + 1}, "of another size than the others"),
        ({**POLYGON, "value": {"polygonlabels": ["pit"], "points": [[1, 2], [3, 4]]}}, "encloses nothing"),
        ({**POLYGON, "value": {"polygonlabels": ["pit"], "points": [[1, 2], [3, 4], ["x", 5]]}}, "'x' where"),
        (result("rectanglelabels", [], x=1, y=1, width=2, height=2), "no label"),
        (result("rectangle", ["pit"], x=1, y=1, width=2, height=2) | {"value": {"x": 1}}, "no label"),
        (result("keypointlabels", ["pit"], x=1, y=1, width=0.5), "encloses nothing"),
        (result("brushlabels", ["pit"], format="rle", rle=[0, 0, 0, 1, 2]), "cannot be read"),
        ({"type": "polygonlabels"}, "cannot be read"),
    ],
)
def test_result_that_cannot_be_used_is_named_and_its_picture_is_not_sound(
    tmp_path: Path, bad: dict[str, Any], reason: str
) -> None:
    pictures(tmp_path, "a.png", "b.png", "c.png")
    write(tmp_path, task(1, "a.png", POLYGON, bad), task(2, "b.png", choice("x"), bad), task(3, "c.png"))
    dataset = look_at_dataset(str(tmp_path))
    assert (dataset.samples[0].key, dataset.samples[0].has_mask) == ("a.png", False)
    assert dataset.unused and reason in dataset.unused[0].reason


def test_task_that_is_no_object_and_picture_of_another_size(tmp_path: Path) -> None:
    pictures(tmp_path, "a.png", "b.png", "c.png")
    write_picture(tmp_path / "a.png", 3, (10, 10))
    write(
        tmp_path, task(1, "a.png", POLYGON), task(2, "b.png"), task(3, "c.png", POLYGON), task(4, "gone.png", POLYGON)
    )
    dataset = look_at_dataset(str(tmp_path))
    assert [s.key for s in dataset.samples] == ["b.png", "c.png"] and len(dataset.unused) == 2
    write_text(next(tmp_path.glob("*.json")), '[{"annotations": [], "data": {}, "result": 1}, 7]')
    with pytest.raises(DatasetError, match="no list of tasks"):
        open_dataset(str(tmp_path))


@pytest.mark.parametrize("seed", range(20))
def test_brushed_mask_is_the_fourth_channel(seed: int) -> None:
    rng = np.random.default_rng(seed)
    height, width = (int(n) for n in rng.integers(1, 40, 2))
    wanted = np.zeros((height, width), np.uint8)
    for _ in range(3):
        y, x = rng.integers(0, height), rng.integers(0, width)
        wanted[y : y + rng.integers(1, 9), x : x + rng.integers(1, 9)] = 255
    wanted[rng.random((height, width)) < 0.02] = 255
    channels = np.repeat(rng.integers(0, 3, (height, width, 1), np.uint8), 4, axis=2)
    channels[..., 3] = wanted
    stamp = read_brush(pack(channels.ravel().tolist()), height, width, "here")
    drawn = np.zeros_like(wanted)
    drawn[stamp.y : stamp.y + stamp.pixels.shape[0], stamp.x : stamp.x + stamp.pixels.shape[1]] = stamp.pixels
    assert np.array_equal(drawn, wanted)


@pytest.mark.parametrize("packed", [None, [], [1], [300], ["a"], [0] * 12])
def test_brushed_mask_that_is_none_is_refused(packed: Any) -> None:
    with pytest.raises(DatasetError, match=r"here is a brushed mask (that cannot be read|of an impossible size)"):
        read_brush(packed, 4, 4, "here")


def test_brushed_mask_that_is_cut_or_huge_is_refused() -> None:
    packed = pack([0, 0, 0, 255] * 16)
    assert read_brush(packed, 4, 4, "here").pixels.shape == (4, 4)
    assert read_brush(pack([0] * 64), 4, 4, "here").pixels.size == 0
    with pytest.raises(DatasetError, match="cannot be read"):
        read_brush(packed[:-4], 4, 4, "here")
    with pytest.raises(DatasetError, match="cannot be read"):
        read_brush(packed, 4, 5, "here")
    with pytest.raises(DatasetError, match="impossible size"):
        read_brush(packed, 40_000, 40_000, "here")
