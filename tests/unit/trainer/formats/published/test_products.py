"""MVTec AD, VisA and DAGM as they are distributed: kinds, parts, masks, and what is named as not used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import DatasetError
from tests.labelled import SIZE, box_mask, write_mask, write_picture, write_text
from trainer.formats.detect import look_at_dataset, open_dataset
from trainer.formats.samples.dataset import Dataset

SPOT, OTHER = box_mask(5, 6, 9, 10), box_mask(20, 2, 24, 5)


def masks(dataset: Dataset) -> dict[str, int]:
    """How many pixels each drawn sample's mask sets."""
    drawn = {s.key: s.load()[1] for s in dataset.samples if s.has_mask}
    return {key: int((mask > 0).sum()) for key, mask in drawn.items() if mask is not None}


def mvtec(folder: Path) -> Path:
    """A product as MVTec AD lays it out; the numbers begin anew in each folder."""
    for number, name in enumerate(("train/good/000", "train/good/001", "test/good/000", "test/broken_large/000")):
        write_picture(folder / f"{name}.png", number)
    write_picture(folder / "test" / "contamination" / "000.png", 9)
    write_mask(folder / "ground_truth" / "broken_large" / "000_mask.png", SPOT)
    write_mask(folder / "ground_truth" / "contamination" / "000_mask.png", OTHER)
    write_text(folder / "license.txt", "CC BY-NC-SA 4.0")
    write_text(folder / "readme.txt", "")
    return folder


def test_mvtec_ad(tmp_path: Path) -> None:
    dataset = open_dataset(str(mvtec(tmp_path / "bottle")))
    assert (dataset.id, dataset.format, dataset.classes) == (
        "bottle",
        "mvtec",
        ("good", "broken_large", "contamination"),
    )
    assert [(s.key, s.label, s.part, s.assumed) for s in dataset.samples] == [
        ("test/broken_large/000.png", "broken_large", "test", False),
        ("test/contamination/000.png", "contamination", "test", False),
        ("test/good/000.png", "good", "test", False),
        ("train/good/000.png", "good", "train", False),
        ("train/good/001.png", "good", "train", False),
    ]
    assert list(masks(dataset).values()) == [16, 12, 0, 0, 0]
    assert (dataset.ok_classes, dataset.notes, dataset.unused) == (("good",), (), ())


def test_mvtec_loco_keeps_several_masks_a_picture_and_btad_names_them_as_the_picture(tmp_path: Path) -> None:
    names = ("train/good/000", "validation/good/000", "test/good/000", "test/logical_anomalies/000")
    for number, name in enumerate(names):
        write_picture(tmp_path / "juice" / f"{name}.png", number)
    for number, mask in enumerate((SPOT, OTHER)):
        place = tmp_path / "juice" / "ground_truth" / "logical_anomalies" / "000"
        write_mask(place / f"00{number}.png", np.where(mask > 0, np.uint8(251), np.uint8(0)))
    juice = open_dataset(str(tmp_path / "juice"))
    assert masks(juice)["test/logical_anomalies/000.png"] == 28 and {s.part for s in juice.samples} == {
        "train",
        "validation",
        "test",
    }
    for number, name in enumerate(("train/ok/0000", "test/ok/0001", "test/ko/0000")):
        write_picture(tmp_path / "01" / f"{name}.bmp", number)
    write_mask(tmp_path / "01" / "ground_truth" / "ko" / "0000.png", SPOT)
    btad = open_dataset(str(tmp_path / "01"))
    assert (btad.ok_classes, btad.counts()) == (("ok",), {"ok": 2, "ko": 1})
    assert masks(btad)["test/ko/0000.bmp"] == 16


def test_mvtec_mask_of_no_picture_is_named_and_defect_without_mask_has_none(tmp_path: Path) -> None:
    folder = mvtec(tmp_path / "bottle")
    (folder / "ground_truth" / "contamination" / "000_mask.png").rename(
        folder / "ground_truth" / "contamination" / "7_mask.png"
    )
    dataset = open_dataset(str(folder))
    assert "test/contamination/000.png" not in masks(dataset) and "1 defects have no mask." in dataset.notes
    assert [Path(one.where).name for one in dataset.unused] == ["7_mask.png"]


def test_mvtec_mask_on_a_sound_picture_leaves_it_out(tmp_path: Path) -> None:
    folder = mvtec(tmp_path / "bottle")
    write_mask(folder / "ground_truth" / "good" / "000_mask.png", SPOT)
    dataset = open_dataset(str(folder))
    assert "test/good/000.png" not in [s.key for s in dataset.samples]
    assert "draws a defect on 000.png, which is good" in dataset.unused[0].reason


def test_several_products_are_no_classes(tmp_path: Path) -> None:
    mvtec(tmp_path / "bottle")
    assert open_dataset(str(tmp_path)).id == "bottle"
    mvtec(tmp_path / "cable")
    with pytest.raises(DatasetError, match="holds 2 data sets of different products: bottle, cable"):
        open_dataset(str(tmp_path))


def visa(root: Path) -> Path:
    """VisA's root with one of its twelve products."""
    rows, split = ["image,label,mask"], ["object,split,label,image,mask"]
    for kind, number, name in (("Normal", 1, "0000.JPG"), ("Normal", 2, "0001.JPG"), ("Anomaly", 3, "0000.JPG")):
        path = f"candle/Data/Images/{kind}/{name}"
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        write_picture(root / f"candle/Data/Images/{kind}/{name[:-4]}.jpg", number).rename(root / path)
        sound = kind == "Normal"
        label = "normal" if sound else '"chunk of wax missing,wax melded out of the candle"'
        mask = "" if sound else "candle/Data/Masks/Anomaly/0000.png"
        rows.append(f"{path},{label},{mask}")
        part = "train" if number == 1 else "test"
        split.append(f"candle,{part},{'normal' if sound else 'anomaly'},{path},{mask}")
    write_mask(
        root / "candle" / "Data" / "Masks" / "Anomaly" / "0000.png", np.where(SPOT > 0, np.uint8(2), np.uint8(0))
    )
    write_text(root / "candle" / "image_anno.csv", "\n".join(rows) + "\n")
    write_text(root / "split_csv" / "1cls.csv", "\n".join(split) + "\n")
    return root


def test_visa(tmp_path: Path) -> None:
    dataset = open_dataset(str(visa(tmp_path)))
    assert (dataset.id, dataset.format) == ("candle", "visa")
    assert [(s.key, s.label, s.also, s.part) for s in dataset.samples] == [
        ("Data/Images/Anomaly/0000.JPG", "chunk of wax missing", ("wax melded out of the candle",), "test"),
        ("Data/Images/Normal/0000.JPG", "normal", (), "train"),
        ("Data/Images/Normal/0001.JPG", "normal", (), "test"),
    ]
    assert list(masks(dataset).values()) == [16, 0, 0]
    assert (dataset.ok_classes, dataset.missing, dataset.unused) == (("normal",), 0, ())
    alone = open_dataset(str(tmp_path / "candle"))
    assert {s.part for s in alone.samples} == {""} and alone.counts() == dataset.counts()


def test_visa_list_that_a_spreadsheet_saved_is_read(tmp_path: Path) -> None:
    path = visa(tmp_path) / "candle" / "image_anno.csv"
    path.write_text(path.read_text("utf-8").replace(",normal,", ";normal;").replace("image,label,", "image;label;")
                    .replace('JPG,"', 'JPG;"').replace('",', '";'), encoding="utf-8")  # fmt: skip
    assert [s.label for s in open_dataset(str(tmp_path)).samples] == ["chunk of wax missing", "normal", "normal"]


def test_visa_row_whose_picture_or_mask_is_missing_is_named(tmp_path: Path) -> None:
    root = visa(tmp_path)
    (root / "candle" / "Data" / "Images" / "Normal" / "0001.JPG").unlink()
    write_picture(root / "candle" / "Data" / "Images" / "Normal" / "0002.jpg", 7)
    path = root / "candle" / "image_anno.csv"
    path.write_text(path.read_text("utf-8") + "candle/Data/Images/Anomaly/9.JPG,x,\n", encoding="utf-8")
    dataset = open_dataset(str(root))
    assert dataset.missing == 2 and [one.where[-6:] for one in dataset.unused] == ["line 3", "line 5"]
    assert "1 pictures are not in image_anno.csv and are left out." in dataset.notes


def test_visa_without_its_masks_has_the_defects_all_the_same(tmp_path: Path) -> None:
    root = visa(tmp_path)
    (root / "candle" / "Data" / "Masks").rename(root / "elsewhere")
    dataset = open_dataset(str(root))
    assert [(s.label, s.has_mask) for s in dataset.samples] == [
        ("chunk of wax missing", False),
        ("normal", True),
        ("normal", True),
    ]
    assert [(one.where[-6:], one.reason) for one in dataset.unused] == [
        ("line 4", "there is no mask candle/Data/Masks/Anomaly/0000.png.")
    ]
    path = root / "candle" / "image_anno.csv"
    text = path.read_text("utf-8").replace("Normal/0000.JPG,normal,", "Normal/0000.JPG,normal,candle/Data/Masks/0.png")
    write_text(path, text)
    assert [s.key for s in open_dataset(str(root)).samples][1:] == ["Data/Images/Normal/0001.JPG"]
    (root / "candle" / "Data" / "Images").rename(root / "pictures")
    with pytest.raises(DatasetError, match="candle lacks the folder Data/Images"):
        open_dataset(str(root))


def test_visa_row_that_fits_two_pictures_alike_labels_neither(tmp_path: Path) -> None:
    path = visa(tmp_path) / "candle" / "image_anno.csv"
    write_text(path, path.read_text("utf-8") + "0000.JPG,normal,\n")
    dataset = open_dataset(str(tmp_path))
    assert len(dataset.samples) == 3 and ["may be" in one.reason for one in dataset.unused] == [True]


def test_visa_without_a_column_says_which(tmp_path: Path) -> None:
    write_text(visa(tmp_path) / "candle" / "image_anno.csv", "image,label\na,normal\n")
    with pytest.raises(DatasetError, match="lacks the column mask"):
        open_dataset(str(tmp_path))


def dagm(root: Path) -> Path:
    """Two textures: numbers begin anew in each."""
    for number, name in enumerate(("Class1/Train/0001", "Class1/Train/0576", "Class1/Test/0002", "Class2/Train/0576")):
        write_picture(root / f"{name}.png", number).rename(root / f"{name}.PNG")
    for name in ("Class1/Train/Label/0576_label", "Class2/Train/Label/0576_label"):
        write_mask(root / f"{name}.png", SPOT).rename(root / f"{name}.PNG")
    write_text(root / "Class1" / "Train" / "Label" / "Labels.txt", "1\n0001\t0\t0001.PNG\t0\t0\n")
    (root / "Class1" / "Test" / "Label").mkdir()
    return root


def test_dagm(tmp_path: Path) -> None:
    dataset = open_dataset(str(dagm(tmp_path)))
    assert dataset.format == "dagm"
    assert [(s.key, s.label, s.part, s.assumed) for s in dataset.samples] == [
        ("Class1/Test/0002.PNG", "ok", "test", True),
        ("Class1/Train/0001.PNG", "ok", "train", True),
        ("Class1/Train/0576.PNG", "defect", "train", False),
        ("Class2/Train/0576.PNG", "defect", "train", False),
    ]
    assert list(masks(dataset).values()) == [0, 0, 16, 16]
    assert dataset.notes == ("Its masks are ellipses around the defects, larger than these.",)
    one = open_dataset(str(tmp_path / "Class1"))
    assert [s.key for s in one.samples] == ["Test/0002.PNG", "Train/0001.PNG", "Train/0576.PNG"]


def test_dagm_mask_without_its_picture_makes_no_other_picture_sound(tmp_path: Path) -> None:
    root = dagm(tmp_path)
    label = root / "Class1" / "Train" / "Label"
    (label / "0576_label.PNG").rename(label / "0577_label.PNG")
    with pytest.raises(DatasetError, match=r"0577_label\.PNG: there is no picture of that name"):
        open_dataset(str(root))
    assert open_dataset(str(root), without_label="ok").counts() == {"ok": 3, "defect": 1}


def test_dagm_mask_of_another_size_leaves_its_picture_out(tmp_path: Path) -> None:
    root = dagm(tmp_path)
    write_mask(root / "a.png", np.zeros((SIZE[0], 5), np.uint8)).rename(
        root / "Class1" / "Train" / "Label" / "0576_label.PNG"
    )
    dataset = open_dataset(str(root), without_label="ok")
    assert "Class1/Train/0576.PNG" not in [s.key for s in dataset.samples] and len(dataset.unused) == 1


def test_dagm_list_that_says_something_else_than_the_label_pictures(tmp_path: Path) -> None:
    root = dagm(tmp_path)
    rows = ["1", "1 0 0001.PNG 0 0", "576 0 0576.PNG 0 0", "2 1 0002.PNG 1 0002_label.PNG", "3;1;0003.PNG;1;x 1", ""]
    label = root / "Class1" / "Train" / "Label"
    (label / "Labels.txt").unlink()
    write_text(label / "LABELS.TXT", "\r\n".join(rows))
    dataset = look_at_dataset(str(root))
    assert [s.key for s in dataset.samples] == [
        "Class1/Test/0002.PNG",
        "Class1/Train/0001.PNG",
        "Class2/Train/0576.PNG",
    ]
    reasons = [one.reason for one in dataset.unused]
    assert reasons[0] == "it is not a number, 0 or 1, and a picture's name."
    assert reasons[1].startswith("Labels.txt says that it is sound, and ") and "0576_label.PNG is there" in reasons[1]
    assert reasons[2] == "there is no picture 0002, which it calls defective."
    write_text(label / "LABELS.TXT", "2 1 0001.PNG 1 0001_label.PNG")
    assert "defective, and its label picture is missing" in look_at_dataset(str(root)).unused[0].reason
