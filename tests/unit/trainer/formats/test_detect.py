"""Each layout is read as what it is; hostile exports are refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from engine.errors import DatasetError, UsageError
from tests.labelled import write_picture
from tests.unit.engine.odd_names import NAMES, write
from trainer.formats.detect import open_dataset


def write_export(folder: Path, **changes: Any) -> Path:
    picture = write_picture(folder / "pictures" / "a.png", 1)
    mask = np.zeros((24, 32), np.uint8)
    mask[4:8, 4:8] = 255
    (folder / "masks").mkdir()
    (folder / "masks" / "a.png").write_bytes(cv2.imencode(".png", mask)[1].tobytes())
    digest = hashlib.sha256(picture.read_bytes()).hexdigest()
    item = {"path": "pictures/a.png", "sha256": digest, "label": "scratch", "mask": "masks/a.png", "group": "7"}
    other = write_picture(folder / "pictures" / "b.png", 2)
    sound = {"path": "pictures/b.png", "sha256": hashlib.sha256(other.read_bytes()).hexdigest(), "label": "ok"}
    manifest = {
        "schema": 1,
        "kind": "lineside-dataset",
        "name": "corrections",
        "created_at": "2026-01-01T00:00:00+00:00",
        "classes": ["ok", "scratch", "pit"],
        "ok_classes": ["ok"],
        "items": [{**item, **changes}, sound],
    }
    (folder / "dataset.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def test_lineside_export_gives_labels_groups_and_masks(tmp_path: Path) -> None:
    dataset = open_dataset(str(write_export(tmp_path)))
    assert (dataset.format, dataset.classes, dataset.ok_classes) == ("lineside", ("ok", "pit", "scratch"), ("ok",))
    sample = dataset.samples[0]
    pixels, mask = sample.load()
    assert (sample.label, sample.group, sample.has_mask, pixels.shape) == ("scratch", "7", True, (24, 32))
    assert mask is not None and int((mask > 0).sum()) == 16


@pytest.mark.parametrize("path", ["../a.png", "/etc/passwd", "pictures\\a.png", "C:/a.png"])
def test_export_that_names_a_file_outside_itself_is_refused(tmp_path: Path, path: str) -> None:
    write_picture(tmp_path / "a.png", 1)
    with pytest.raises(DatasetError, match="outside itself"):
        open_dataset(str(write_export(tmp_path / "export", path=path)))


def test_export_whose_link_leads_outside_is_refused(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "export")
    outside = write_picture(tmp_path / "secret.png", 9)
    (folder / "pictures" / "a.png").unlink()
    (folder / "pictures" / "a.png").symlink_to(outside)
    with pytest.raises(DatasetError, match="outside itself"):
        open_dataset(str(folder))


def test_exported_picture_with_another_hash_is_refused(tmp_path: Path) -> None:
    folder = write_export(tmp_path)
    write_picture(folder / "pictures" / "a.png", 5)
    with pytest.raises(DatasetError, match="hash differs"):
        open_dataset(str(folder))


def test_export_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    folder = write_export(tmp_path)
    path = folder / "dataset.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"schema": 1', '"schema": 99'), encoding="utf-8")
    with pytest.raises(DatasetError, match="newer"):
        open_dataset(str(folder))


def test_class_folders_below_train_and_test_keep_their_parts(tmp_path: Path) -> None:
    for n, name in enumerate(("train/ok_front/a.jpg", "train/def_front/b.jpg", "test/ok_front/c.jpg")):
        write_picture(tmp_path / name, n)
    dataset = open_dataset(str(tmp_path))
    assert dataset.classes == ("ok_front", "def_front") and dataset.ok_classes == ("ok_front",)
    assert {s.key: s.part for s in dataset.samples} == {
        "train/ok_front/a.jpg": "train",
        "train/def_front/b.jpg": "train",
        "test/ok_front/c.jpg": "test",
    }


def test_sound_classes_can_be_named(tmp_path: Path) -> None:
    for n, name in enumerate(("red/a.png", "blue/b.png")):
        write_picture(tmp_path / name, n)
    assert open_dataset(str(tmp_path)).ok_classes == ()
    assert open_dataset(str(tmp_path), ok_classes=["red"]).ok_classes == ("red",)
    with pytest.raises(DatasetError, match="no class 'green'"):
        open_dataset(str(tmp_path), ok_classes=["green"])


def test_class_that_says_defective_beside_none_that_says_sound_is_noticed(tmp_path: Path) -> None:
    for n, name in enumerate(("stack/a.png", "n.i.O/b.png")):
        write_picture(tmp_path / name, n)
    (note,) = open_dataset(str(tmp_path)).notes
    assert note.startswith("n.i.O says defective by its name and no class says sound")
    assert open_dataset(str(tmp_path), ok_classes=["stack"]).notes == ()
    (tmp_path / "stack").rename(tmp_path / "Gut")
    dataset = open_dataset(str(tmp_path))
    assert (dataset.classes, dataset.ok_classes, dataset.notes) == (("Gut", "n.i.O"), ("Gut",), ())


@pytest.mark.parametrize("suffix", [".png", ".bmp"])
def test_kolektor_layout_takes_the_label_from_the_mask(tmp_path: Path, suffix: str) -> None:
    for item, part, filled in (("kos01", 0, True), ("kos01", 1, False), ("kos02", 0, False)):
        write_picture(tmp_path / item / f"Part{part}.jpg", hash((item, part)) % 1000)
        mask = np.full((24, 32), 255 if filled else 0, np.uint8)
        (tmp_path / item / f"Part{part}_label{suffix}").write_bytes(cv2.imencode(suffix, mask)[1].tobytes())
    dataset = open_dataset(str(tmp_path))
    assert dataset.format == "kolektor"
    assert [(s.key, s.label, s.group) for s in dataset.samples] == [
        ("kos01/Part0.jpg", "defect", "kos01"),
        ("kos01/Part1.jpg", "ok", "kos01"),
        ("kos02/Part0.jpg", "ok", "kos02"),
    ]


def test_groups_that_share_a_picture_become_one(tmp_path: Path) -> None:
    for item in ("kos01", "kos02", "kos26"):
        write_picture(tmp_path / item / "Part0.jpg", 1 if item != "kos02" else 2)
        (tmp_path / item / "Part0_label.png").write_bytes(
            cv2.imencode(".png", np.zeros((24, 32), np.uint8))[1].tobytes()
        )
    groups = {s.key: s.group for s in open_dataset(str(tmp_path)).samples}
    assert groups["kos01/Part0.jpg"] == groups["kos26/Part0.jpg"] != groups["kos02/Part0.jpg"]


def test_demo_data_set_is_made_again_by_its_uri() -> None:
    uri = "demo:?seed=5&lines=2&count=6&defect_rate=1&kinds=pit"
    first, second = open_dataset(uri), open_dataset(uri)
    assert first.sha256() == second.sha256() and first.classes == ("ok", "pit")
    assert [s.key for s in first.samples] == ["5/0", "5/1", "5/2", "6/0", "6/1", "6/2"]
    assert {s.label for s in first.samples} == {"pit"}
    for one, other in zip(first.samples[:1], second.samples[:1], strict=True):
        (pixels, mask), (again, _) = one.load(), other.load()
        assert np.array_equal(pixels, again) and mask is not None and mask.any()


@pytest.mark.parametrize("uri", ["demo:?colour=red", "demo:?count=0", "demo:?count=x", "demo:?kinds=rust"])
def test_bad_demo_uri_is_wrong_use(uri: str) -> None:
    with pytest.raises(UsageError):
        open_dataset(uri)


def test_folder_of_no_known_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="none of the known layouts"):
        open_dataset(str(tmp_path))
    with pytest.raises(DatasetError, match="no data set folder"):
        open_dataset(str(tmp_path / "missing"))
    with pytest.raises(UsageError, match="format"):
        open_dataset(str(tmp_path), "tarball")


def test_odd_names_of_pictures_and_classes_are_kept_escaped(tmp_path: Path) -> None:
    picture = cv2.imencode(".png", np.full((20, 30), 7, np.uint8))[1].tobytes()
    for name in NAMES:
        write(tmp_path, b"d\xe4ta/ok/" + name, picture)
    write(tmp_path, b"d\xe4ta/Kr\xe4tzer/a.png", picture)
    dataset = open_dataset(str(tmp_path / r"d\xe4ta"), "imagefolder")
    assert (dataset.id, dataset.classes) == (r"d\xe4ta", ("ok", r"Kr\xe4tzer"))
    assert {s.key for s in dataset.samples} == {*(f"ok/{kept}" for kept in NAMES.values()), r"Kr\xe4tzer/a.png"}
    assert {s.label for s in dataset.samples} == set(dataset.classes)
    assert len(dataset.sha256()) == 64
    assert all(s.load()[0].shape == (20, 30) for s in dataset.samples)
