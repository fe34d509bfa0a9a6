"""`lineside data inspect` names what is wrong with a data set: copies, leaks, conflicts, bad files, class hints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.errors import DatasetError, UsageError
from main import main
from trainer.data.inspect.command import in_words, inspect_dataset, report
from trainer.data.inspect.contact import CELL, GAP, PER_CLASS, STRIP
from trainer.formats.detect import open_dataset
from trainer.formats.samples.dataset import Dataset, Sample


def surface(seed: int, level: int = 120, size: tuple[int, int] = (48, 64)) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    coarse = rng.normal(level, 25, (12, 16)).clip(0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC), np.uint8)


def save(path: Path, pixels: NDArray[np.uint8], *options: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, pixels, options)[1].tobytes())


def folder_of(top: Path, count: int = 14) -> Path:
    for i in range(count):
        save(top / "ok" / f"a{i}.png", surface(i))
        save(top / "scratch" / f"b{i}.png", surface(100 + i))
    return top


def told(folder: Path) -> dict[str, Any]:
    return report(inspect_dataset(open_dataset(str(folder))))


def kinds(shown: dict[str, Any]) -> dict[str, int]:
    return {f["kind"]: f["count"] for f in shown["findings"]}


def test_clean_set_has_no_findings(tmp_path: Path) -> None:
    looked = inspect_dataset(open_dataset(str(folder_of(tmp_path))))
    assert report(looked)["findings"] == [] and "No findings." in in_words(looked)
    assert report(looked)["sizes"] == {"distinct": 1, "height": [48, 48, 48], "width": [64, 64, 64]}


def test_copies_across_parts_are_leaks_and_left_out_of_training(tmp_path: Path) -> None:
    folder_of(tmp_path / "train")
    folder_of(tmp_path / "test", 1)
    save(tmp_path / "test" / "ok" / "again.jpg", surface(5), cv2.IMWRITE_JPEG_QUALITY, 70)
    shown = told(tmp_path)
    leak = next(f for f in shown["findings"] if f["kind"] == "leak")
    assert leak["count"] == 2 == shown["split"]["dropped"] == shown["leaks"]["identical"]
    assert leak["examples"] == ["train/ok/a0.png = test/ok/a0.png", "train/scratch/b0.png = test/scratch/b0.png"]
    near = next(f for f in shown["findings"] if f["kind"] == "near-leak")
    assert near["examples"] == ["test/ok/again.jpg ≈ train/ok/a5.png"]


def test_one_picture_under_two_classes_is_a_conflict(tmp_path: Path) -> None:
    folder_of(tmp_path)
    save(tmp_path / "scratch" / "same.png", surface(3))
    save(tmp_path / "scratch" / "dimmer.png", (surface(4) * 0.95).astype(np.uint8))
    shown = told(tmp_path)
    assert shown["conflicts"] == {"identical": 1, "near": 1}
    assert shown["near"]["named"] == [["ok/a4.png", "scratch/dimmer.png"]]
    assert kinds(shown)["conflict"] == 1 and "copies" not in kinds(shown)


def test_unreadable_and_oddly_lit_pictures_are_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    folder_of(tmp_path)
    (tmp_path / "ok" / "cut.png").write_bytes((tmp_path / "ok" / "a0.png").read_bytes()[:100])
    save(tmp_path / "ok" / "dark.png", surface(50, level=15))
    shown = told(tmp_path)
    assert [u["key"] for u in shown["unreadable"]] == ["ok/cut.png"] and shown["classes"]["ok"] == 16
    assert [o["key"] for o in shown["brightness"]["odd"]] == ["ok/dark.png"]
    assert shown["brightness"]["odd"][0]["z"] < -5
    assert kinds(shown) == {"unreadable": 1, "brightness": 1}


@pytest.mark.parametrize("trait", ["file format", "file name ending", "picture size", "compression"])
def test_how_a_class_was_saved_is_a_hint(tmp_path: Path, trait: str) -> None:
    folder_of(tmp_path)
    for i in range(14):
        path = tmp_path / "scratch" / f"b{i}.png"
        path.unlink()
        match trait:
            case "file format":
                save(path.with_suffix(".jpg"), surface(100 + i))
                path.with_suffix(".jpg").rename(path)
            case "file name ending":
                save(path.with_suffix(".bmp" if i else ".jpg"), surface(100 + i))
            case "picture size":
                save(path, surface(100 + i, size=(48, 60)))
            case _:
                save(path, cv2.cvtColor(surface(100 + i), cv2.COLOR_GRAY2BGR))
    first = told(tmp_path)["hints"][0]
    assert first["trait"] == trait and first["share"] > 0.8
    assert {first["inside"], first["outside"]} <= {0.0, 1.0} or trait == "file name ending"


def test_traits_without_bearing_on_the_class_are_no_hints(tmp_path: Path) -> None:
    for i in range(14):
        suffix = ".png" if i % 2 else ".jpg"
        save(tmp_path / "ok" / f"a{i}{suffix}", surface(i))
        save(tmp_path / "scratch" / f"b{i}{suffix}", surface(100 + i))
    assert told(tmp_path)["hints"] == []


def drawn(name: str, label: str, mask: NDArray[np.uint8] | None, seed: int) -> Sample:
    return Sample(name, label, name, lambda: (surface(seed), mask), has_mask=mask is not None, digest=name)


def test_masks_that_cannot_be_right_are_told() -> None:
    full, blank = np.full((48, 64), 255, np.uint8), np.zeros((48, 64), np.uint8)
    rows = [("ok", blank), ("ok", full), ("pit", full), ("pit", blank), ("pit", full[:40]), ("pit", None)]
    rows += [("ok", blank), ("pit", full)] * 8
    samples = tuple(drawn(f"{i}.png", label, mask, i) for i, (label, mask) in enumerate(rows))
    dataset = Dataset("tiles", "masks", ("ok", "pit", "dent"), ("ok",), samples)
    shown = report(inspect_dataset(dataset))
    assert shown["masks_of_another_size"] == ["4.png"] and shown["empty_masks"] == {"pit": 1}
    found = kinds(shown)
    assert found == {"empty-class": 1, "mask-size": 1, "empty-mask": 1, "no-mask": 1, "sound-mask": 1}


def test_a_mask_that_its_reader_refuses_is_no_unreadable_picture() -> None:
    def load() -> tuple[NDArray[np.uint8], None]:
        raise DatasetError("The mask m.png is made for 3×3 pixels.", "Give both the same size.")

    samples = [drawn(f"{i}.png", ("ok", "pit")[i % 2], None, i) for i in range(12)]
    dataset = Dataset("tiles", "masks", ("ok", "pit"), ("ok",), (*samples, Sample("m.png", "pit", "m", load)))
    shown = report(inspect_dataset(dataset))
    assert shown["unreadable"] == [] and shown["masks_of_another_size"] == ["m.png"]


def test_one_class_set_is_told(tmp_path: Path) -> None:
    samples = tuple(drawn(f"{i}.png", "ok", None, i) for i in range(12))
    looked = inspect_dataset(Dataset("good", "imagefolder", ("ok",), ("ok",), samples))
    assert [f["kind"] for f in report(looked)["findings"]] == ["one-class"]
    assert "nothing to tell apart" in in_words(looked)


def test_contact_sheet_shows_every_class_and_repeats(tmp_path: Path) -> None:
    folder_of(tmp_path / "data", 12)
    sheets = [tmp_path / "out" / f"{i}.png" for i in range(2)]
    for sheet in sheets:
        assert main(["data", "inspect", str(tmp_path / "data"), "--sheet", str(sheet)]) == 0
    pixels = cv2.imread(str(sheets[0]))
    assert pixels is not None
    assert pixels.shape == (2 * (STRIP + CELL + GAP), GAP + PER_CLASS * (CELL + GAP), 3)
    assert sheets[0].read_bytes() == sheets[1].read_bytes()
    # The last cell of the second row shows a picture: it is lighter than the paper.
    assert pixels[-(GAP + CELL // 2), -(GAP + CELL // 2)].mean() > 60


def test_command_prints_json_and_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_of(tmp_path / "plates")
    assert main(["data", "inspect", str(folder), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["pictures"] == 28 and shown["split"]["train"] > 0
    assert {"id", "classes", "parts", "duplicates", "sha256", "missing", "findings"} <= shown.keys()
    assert main(["data", "inspect", str(folder)]) == 0
    assert capsys.readouterr().out.startswith("plates: 28 pictures, format imagefolder")
    assert main(["data", "inspect", str(folder), "--sheet", str(tmp_path / "a.jpg")]) == UsageError.exit_code


@pytest.mark.data
def test_known_traps_of_the_real_sets_are_found(real_data: Path) -> None:
    shown = told(real_data / "xsdd")
    hint = shown["hints"][0]
    assert (hint["value"], hint["label"], hint["outside"]) == (".png", "finishing roll printing", 0.0)
    tiles = inspect_dataset(open_dataset(str(real_data / "magnetic_tile")))
    assert "or an empty one: 3 Uneven" in in_words(tiles)
