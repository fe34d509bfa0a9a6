"""Exports hold what inspectors confirmed, in layouts that read back."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from db.datasets.export import export, waiting
from db.inspections import overrides
from db.inspections import table as inspections
from db.inspections.table import Filter
from db.models import registry
from db.recording.recorder import Recorder
from db.store.session import Database
from db.users import trail as audit
from engine.domain.inspection import Inspection, Mask, Outcome, Region
from engine.errors import InputError, StorageError, UsageError
from engine.images.pictures import read_picture
from engine.training import DatasetManifest
from tests.db import make

PIT = Region("scratch", 0.7, (30, 20, 4, 4), 16.0)


def _part(db: Database, number: int, outcome: Outcome = Outcome.NG, **more: object) -> Inspection:
    made = make.inspection(number, outcome, regions=(make.SQUARE, PIT), **more)  # type: ignore[arg-type]
    with Recorder(db) as recorder:
        recorder(made, make.recipe(1), make.frame_of(made, number), make.prediction_of(made))
    return made


def _painted() -> Mask:
    mask = np.zeros((32, 48), np.uint8)
    mask[4:10, 20:40] = 255
    mask[20:24, 5:9] = 255
    return mask


@pytest.fixture
def parts(db: Database) -> list[Inspection]:
    """Sound, painted, accepted, without a place, sent to review, undone, never touched."""
    made = [_part(db, 0, part="P-0"), *(_part(db, n) for n in range(1, 7))]
    for override in (
        make.override(made[0], why="dust"),
        make.override(made[1], Outcome.NG, "scratch", mask=_painted()),
        make.override(made[2], Outcome.NG, "pit", accepted=(0, 1)),
        make.override(made[3], Outcome.NG, "scratch"),
        make.override(made[4], Outcome.REVIEW, ""),
        make.override(made[5]),
    ):
        overrides.add_override(db, override)
    overrides.undo_last(db, "ann", make.START)
    return made


def _manifest(folder: Path) -> DatasetManifest:
    return DatasetManifest.model_validate_json((folder / "dataset.json").read_bytes())


def test_lineside_export_reads_back(db: Database, parts: list[Inspection], tmp_path: Path) -> None:
    out = tmp_path / "out" / "set"
    report = export(db, out)
    assert (report.folder, report.items, report.skipped) == (out, 4, ())
    assert report.by_label == {"good": 1, "scratch": 2, "pit": 1}
    manifest = _manifest(out)
    assert manifest.schema_version == 1
    assert manifest.classes == ["good", "scratch", "pit"]
    assert manifest.ok_classes == ["good"]
    assert [i.inspection for i in manifest.items] == [p.id for p in parts[:4]]
    for number, item in enumerate(manifest.items):
        assert hashlib.sha256((out / item.path).read_bytes()).hexdigest() == item.sha256
        assert np.array_equal(read_picture(out / item.path), make.pixels(number))
    sound, painted, accepted, nowhere = manifest.items
    assert (sound.mask, sound.group, sound.why, sound.verdict, sound.operator) == (None, "P-0", "dust", "NG", "ann")
    assert painted.mask is not None
    assert np.array_equal(read_picture(out / painted.mask), _painted())
    assert accepted.mask is not None
    union = np.zeros((32, 48), np.uint8)
    union[8:13, 10:16] = 255
    union[20:24, 30:34] = 255
    assert np.array_equal(read_picture(out / accepted.mask), union)
    assert (nowhere.label, nowhere.mask) == ("scratch", None)


def test_image_folder_export_reads_back(db: Database, parts: list[Inspection], tmp_path: Path) -> None:
    export(db, tmp_path / "out", "imagefolder")
    found = sorted(str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.png"))
    labels = ["good", "scratch", "pit", "scratch"]
    assert found == sorted(f"{label}/{p.id}.png" for label, p in zip(labels, parts, strict=False))


def test_class_names_that_are_no_folder_names_are_made_safe(db: Database, tmp_path: Path) -> None:
    for number, label in enumerate(["a/b", "a_b", "../up"]):
        overrides.add_override(db, make.override(_part(db, number), Outcome.NG, label))
    export(db, tmp_path / "out", "imagefolder")
    names = json.loads((tmp_path / "out" / "classes.json").read_text())
    assert {"a/b", "a_b", "../up"} <= set(names.values())
    assert all((tmp_path / "out" / n).is_dir() for n, label in names.items() if label not in ("good", "scratch"))
    assert len(list((tmp_path / "out").glob("*/*.png"))) == 3


def test_coco_export_reads_back(db: Database, parts: list[Inspection], tmp_path: Path) -> None:
    report = export(db, tmp_path / "out", "coco")
    assert [reason for _, reason in report.skipped] == ["where its defect lies is not known, and this format needs it"]
    read = json.loads((tmp_path / "out" / "annotations.json").read_text())
    assert [c["name"] for c in read["categories"]] == ["scratch", "pit"]
    assert len(read["images"]) == 3
    by_image = {i["id"]: [a for a in read["annotations"] if a["image_id"] == i["id"]] for i in read["images"]}
    assert [len(a) for a in by_image.values()] == [0, 2, 2]
    first = by_image[2][0]
    assert (first["bbox"], first["area"], first["category_id"]) == ([20, 4, 20, 6], 120.0, 1)
    drawn = np.zeros((32, 48), np.uint8)
    for annotation in by_image[2]:
        polygon = np.array(annotation["segmentation"][0], np.int32).reshape(-1, 2)
        cv2.fillPoly(drawn, [polygon], (255,))
    assert np.array_equal(drawn, _painted())
    assert all((tmp_path / "out" / "images" / i["file_name"]).exists() for i in read["images"])


def test_yolo_export_reads_back(db: Database, parts: list[Inspection], tmp_path: Path) -> None:
    export(db, tmp_path / "out", "yolo")
    labels = tmp_path / "out" / "labels"
    assert (labels / f"{parts[0].id}.txt").read_text() == ""
    line = (labels / f"{parts[1].id}.txt").read_text().splitlines()[0].split()
    kind, x, y, width, height = int(line[0]), *(float(v) for v in line[1:])
    assert kind == 0
    assert [round(v) for v in (x * 48, y * 32, width * 48, height * 32)] == [30, 7, 20, 6]
    assert '  0: "scratch"\n  1: "pit"\n' in (tmp_path / "out" / "data.yaml").read_text()
    assert not (labels / f"{parts[3].id}.txt").exists()


def test_masks_export_reads_back(db: Database, parts: list[Inspection], tmp_path: Path) -> None:
    export(db, tmp_path / "out", "masks")
    sound = read_picture(tmp_path / "out" / "masks" / f"{parts[0].id}.png")
    assert sound.shape == (32, 48)
    assert not sound.any()
    assert np.array_equal(read_picture(tmp_path / "out" / "masks" / f"{parts[1].id}.png"), _painted())
    assert len(list((tmp_path / "out" / "images").iterdir())) == 3


def test_what_waits_goes_down_with_an_export_and_up_with_a_correction(
    db: Database, parts: list[Inspection], tmp_path: Path
) -> None:
    assert waiting(db) == 4
    export(db, tmp_path / "one", by="ann")
    assert waiting(db) == 0
    overrides.add_override(db, make.override(parts[6]))
    assert waiting(db) == 1
    assert audit.entries(db)[0].what == "exported"


def test_filter_limits_the_export(db: Database, parts: list[Inspection], tmp_path: Path) -> None:
    report = export(db, tmp_path / "out", filter=Filter(since=parts[2].times.inspected_at))
    assert report.by_label == {"pit": 1, "scratch": 1}
    assert waiting(db) == 2


def test_full_folder_is_refused_and_left_alone(db: Database, parts: list[Inspection], tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="not empty"):
        export(db, tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    assert export(db, tmp_path / "empty").items == 4


def test_nothing_confirmed_is_told(db: Database, tmp_path: Path) -> None:
    _part(db, 1)
    with pytest.raises(InputError, match="no confirmed parts"):
        export(db, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_unknown_format_is_wrong_use(db: Database, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="coco"):
        export(db, tmp_path / "out", "voc")  # type: ignore[arg-type]


def test_place_that_cannot_be_written_is_a_storage_error(db: Database, parts: list[Inspection], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError):
        export(db, tmp_path / "file" / "out")
    assert waiting(db) == 4


def test_changed_archive_picture_is_skipped_with_its_reason(
    db: Database, parts: list[Inspection], tmp_path: Path
) -> None:
    stored = inspections.get(db, parts[0].id)
    assert stored is not None
    (db.archive_folder / str(stored.image)).write_bytes(b"other")
    report = export(db, tmp_path / "out")
    assert report.skipped == ((parts[0].id, "its archived picture was changed"),)


def test_picture_left_in_its_folder_is_exported_only_while_unchanged(db: Database, tmp_path: Path) -> None:
    recorder = Recorder(db)
    made = []
    for number in range(4):
        path = tmp_path / f"{number}.png"
        cv2.imwrite(str(path), make.pixels(number))
        one = make.inspection(number, name=str(path))
        recorder(one, make.recipe(defects=False), make.frame_of(one, number), None)
        overrides.add_override(db, make.override(one, Outcome.NG, "scratch"))
        made.append(one)
    cv2.imwrite(str(tmp_path / "1.png"), make.pixels(99))
    (tmp_path / "2.png").unlink()
    # Packed otherwise, the same pixels.
    cv2.imwrite(str(tmp_path / "3.png"), make.pixels(3), (cv2.IMWRITE_PNG_COMPRESSION, 9))
    report = export(db, tmp_path / "out")
    assert [i.inspection for i in _manifest(tmp_path / "out").items] == [made[0].id, made[3].id]
    assert [id for id, _ in report.skipped] == [made[1].id, made[2].id]
    assert "was changed" in report.skipped[0][1]


def test_part_without_any_picture_is_skipped(db: Database, tmp_path: Path) -> None:
    recorder = Recorder(db)
    made = make.inspection(1)
    recorder(made, make.recipe(defects=False), make.frame_of(made), None)
    overrides.add_override(db, make.override(made, Outcome.NG, "scratch"))
    with pytest.raises(InputError, match="not archived"):
        export(db, tmp_path / "out")
    assert waiting(db) == 0


def test_roles_come_from_the_registered_model(db: Database, tmp_path: Path) -> None:
    package = make.package(tmp_path / "pkg")
    registry.register(db, package.folder, "ann")
    wrong, right = _part(db, 1, model=package.version), _part(db, 2, model=package.version)
    overrides.add_override(db, make.override(wrong, Outcome.NG, "good"))
    overrides.add_override(db, make.override(right, Outcome.OK, ""))
    report = export(db, tmp_path / "out")
    assert report.by_label == {"good": 1}
    assert report.skipped == ((wrong.id, "it was called NG, but its class good says otherwise"),)


def test_untold_class_of_a_defect_is_the_stations_own(db: Database, tmp_path: Path) -> None:
    overrides.add_override(db, make.override(_part(db, 1), Outcome.NG, ""))
    overrides.add_override(db, make.override(_part(db, 2, Outcome.OK), Outcome.OK, ""))
    assert export(db, tmp_path / "out").by_label == {"scratch": 1, "good": 1}
