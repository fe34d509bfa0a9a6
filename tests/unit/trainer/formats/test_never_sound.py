"""Sets as people leave them in which a defect was once taken for sound without a word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.domain.sound_names import said_by
from engine.errors import DatasetError
from tests.labelled import SIZE, box_mask, write_mask, write_picture, write_text
from trainer.formats.detect import look_at_dataset, open_dataset
from trainer.formats.samples.dataset import Sample

OUTLINE = [[6, 4], [21, 4], [21, 15], [6, 15]]
WHOLE = [[0, 0], [SIZE[1] - 1, 0], [SIZE[1] - 1, SIZE[0] - 1], [0, SIZE[0] - 1]]
YOLO_BOX = "0 0.5 0.5 0.2 0.2"


def pictures(folder: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        write_picture(folder / name, number)
    return folder


def labelme(path: Path, *shapes: tuple[str, list[list[int]]], **more: Any) -> None:
    listed = [{"label": label, "shape_type": "polygon", "points": points} for label, points in shapes]
    write_text(path, json.dumps({"flags": {}, "imagePath": f"{path.stem}.jpg", **more, "shapes": listed}))


def sample_of(folder: Path, key: str, *ok_classes: str) -> Sample:
    return next(s for s in look_at_dataset(str(folder), ok_classes=ok_classes).samples if s.key == key)


def refusal(folder: Path) -> str:
    with pytest.raises(DatasetError) as caught:
        open_dataset(str(folder))
    return str(caught.value)


def write_yolo(folder: Path) -> None:
    write_text(folder / "data.yaml", "names: [scratch, ok]\n")
    write_text(folder / "labels" / "a.txt", f"1 0.5 0.5 0.9 0.9\n{YOLO_BOX}")
    write_text(folder / "labels" / "b.txt", "")


def write_voc(folder: Path) -> None:
    box = "<object><name>{}</name><bndbox><xmin>{}</xmin><ymin>4</ymin><xmax>21</xmax><ymax>15</ymax></bndbox></object>"
    objects = box.format("ok", 0) + box.format("scratch", 15)
    write_text(folder / "images" / "a.xml", f"<annotation><filename>a.jpg</filename>{objects}</annotation>")
    write_text(folder / "images" / "b.xml", "<annotation><filename>b.jpg</filename></annotation>")


def write_coco(folder: Path) -> None:
    def drawn(number: int, category: int, points: list[list[int]]) -> dict[str, Any]:
        flat = [value for point in points for value in point]
        return {"id": number, "image_id": 1, "category_id": category, "segmentation": [flat]}

    images = [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}]
    named = [{"id": 0, "name": "scratch"}, {"id": 1, "name": "ok"}]
    annotations = [drawn(1, 1, WHOLE), drawn(2, 0, OUTLINE)]
    write_text(folder / "i.json", json.dumps({"images": images, "annotations": annotations, "categories": named}))


def write_labelme(folder: Path) -> None:
    labelme(folder / "images" / "a.json", ("ok", WHOLE), ("scratch", OUTLINE))
    labelme(folder / "images" / "b.json")


def spoil_yolo(folder: Path) -> None:
    write_text(folder / "labels" / "a.txt", "1 0.5 0.5 0.9 0.9\n0 0.5 7 0.2 0.2")
    write_text(folder / "labels" / "c.txt", YOLO_BOX)


def spoil_voc(folder: Path) -> None:
    path = folder / "images" / "a.xml"
    text = path.read_text(encoding="utf-8")
    write_text(path, text.replace("<xmin>15</xmin>", ""))
    write_text(path.with_name("c.xml"), text.replace("a.jpg", "c.jpg"))


def spoil_coco(folder: Path) -> None:
    values = json.loads((folder / "i.json").read_text(encoding="utf-8"))
    values["images"].append({"id": 3, "file_name": "c.jpg"})
    values["annotations"].append({**values["annotations"][1], "id": 3, "image_id": 3})
    values["annotations"][1]["segmentation"] = [[1, 2, 3, 4]]
    write_text(folder / "i.json", json.dumps(values))


def spoil_labelme(folder: Path) -> None:
    labelme(folder / "images" / "a.json", ("ok", WHOLE), ("scratch", OUTLINE[:2]))
    labelme(folder / "images" / "c.json", ("scratch", OUTLINE))


@pytest.mark.parametrize("sound", ["ok", "clean"])
@pytest.mark.parametrize(
    ("write", "spoil"),
    [(write_yolo, spoil_yolo), (write_voc, spoil_voc), (write_coco, spoil_coco), (write_labelme, spoil_labelme)],
)
def test_box_that_is_called_ok_makes_no_part_sound_of_which_another_label_is_not_used(
    tmp_path: Path, write: Any, spoil: Any, sound: str
) -> None:
    pictures(tmp_path, "images/a.jpg", "images/b.jpg", "images/c.jpg")
    write(tmp_path)
    spoil(tmp_path)
    for path in (p for p in tmp_path.rglob("*") if p.suffix in (".yaml", ".xml", ".json")):
        text = path.read_text(encoding="utf-8").replace(" ok]", f" {sound}]")
        write_text(path, text.replace('"ok"', f'"{sound}"').replace(">ok<", f">{sound}<"))
    dataset = look_at_dataset(str(tmp_path), ok_classes=(sound, "ok") if sound == "clean" else ())
    assert [s.key for s in dataset.samples] == ["images/b.jpg", "images/c.jpg"] and len(dataset.unused) == 1


@pytest.mark.parametrize("write", [write_yolo, write_voc, write_coco, write_labelme])
def test_a_large_box_that_is_called_ok_hides_no_small_defect(tmp_path: Path, write: Any) -> None:
    pictures(tmp_path, "images/a.jpg", "images/b.jpg")
    write(tmp_path)
    found = sample_of(tmp_path, "images/a.jpg")
    assert (found.label, found.also) == ("scratch", ())


@pytest.mark.parametrize("write", [write_coco, write_labelme])
def test_what_is_called_ok_is_not_drawn(tmp_path: Path, write: Any) -> None:
    pictures(tmp_path, "images/a.jpg", "images/b.jpg")
    write(tmp_path)
    mask = sample_of(tmp_path, "images/a.jpg").load()[1]
    assert mask is not None and int((mask > 0).sum()) == 16 * 12


def test_a_class_that_only_the_person_calls_sound_hides_no_defect_and_is_no_mask(tmp_path: Path) -> None:
    pictures(tmp_path, "a.jpg", "b.jpg")
    labelme(tmp_path / "a.json", ("plate", WHOLE), ("scratch", OUTLINE))
    labelme(tmp_path / "b.json", ("plate", WHOLE))
    found = sample_of(tmp_path, "a.jpg", "plate")
    assert (found.label, found.has_mask, found.load()[1]) == ("scratch", False, None)
    assert sample_of(tmp_path, "b.jpg", "plate").label == "plate"


def test_labelme_flag_of_a_defect_beside_a_box_that_is_called_ok(tmp_path: Path) -> None:
    pictures(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    labelme(tmp_path / "a.json", ("ok", WHOLE), flags={"scratch": True, "seen": True})
    labelme(tmp_path / "b.json", ("scratch", OUTLINE))
    labelme(tmp_path / "c.json")
    found = sample_of(tmp_path, "a.jpg")
    assert (found.label, found.has_mask) == ("scratch", False)


@pytest.mark.parametrize("text", ["", '{"flags": {}, "imageData": "AAAA'])
def test_labelme_file_that_is_cut_short_before_its_shapes(tmp_path: Path, text: str) -> None:
    pictures(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    labelme(tmp_path / "a.json", ("scratch", OUTLINE))
    write_text(tmp_path / "b.json", text)
    labelme(tmp_path / "c.json")
    assert str(tmp_path / "b.json") in refusal(tmp_path)


def test_labelme_file_of_a_renamed_picture_whose_old_name_another_bears(tmp_path: Path) -> None:
    pictures(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    labelme(tmp_path / "b.json", ("scratch", OUTLINE), imagePath="a.jpg")
    labelme(tmp_path / "c.json", ("scratch", OUTLINE))
    assert str(tmp_path / "b.json") in refusal(tmp_path)


@pytest.mark.parametrize("name", ["b.txt", "b.xml"])
def test_two_tools_in_one_folder(tmp_path: Path, name: str) -> None:
    pictures(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    labelme(tmp_path / "a.json", ("scratch", OUTLINE))
    write_text(tmp_path / name, YOLO_BOX)
    assert str(tmp_path / name) in refusal(tmp_path)


@pytest.mark.parametrize("place", ["b.txt", "annotations/b.txt"])
@pytest.mark.parametrize("line", [f"\ufeff{YOLO_BOX}", "scratch 0.5 0.5 0.2 0.2", "0.0 0.5 0.5 0.2 0.2"])
def test_yolo_texts_in_a_folder_of_another_name(tmp_path: Path, place: str, line: str) -> None:
    pictures(tmp_path, "images/a.jpg", "images/b.jpg", "images/c.jpg")
    write_text(tmp_path / "data.yaml", "names: [scratch]\n")
    write_text(tmp_path / "labels" / "a.txt", YOLO_BOX)
    write_text(tmp_path / place, line)
    assert str(tmp_path / place) in refusal(tmp_path)


def test_a_label_of_a_picture_of_the_same_name_in_another_folder_stops_nothing(tmp_path: Path) -> None:
    pictures(tmp_path, "ng/1.jpg", "ok/1.jpg", "ok/2.jpg")
    labelme(tmp_path / "ng" / "1.json", ("scratch", OUTLINE))
    write_text(tmp_path / "ok" / "2.txt", "\n")
    write_text(tmp_path / "read_me.txt", "hello")
    assert [s.label for s in open_dataset(str(tmp_path)).samples] == ["scratch", "ok", "ok"]


def test_cvat_of_two_entries_for_one_picture_neither_labels_it(tmp_path: Path) -> None:
    pictures(tmp_path, "one/a.jpg", "b.jpg", "c.jpg")
    shape = '<polygon label="scratch" points="6,4;21,4;21,15"/>'
    sound, size = '<tag label="ok"/>', f'width="{SIZE[1]}" height="{SIZE[0]}"'
    listed = {"two/a.jpg": sound, "one/a.jpg": shape, "b.jpg": shape, "c.jpg": sound}
    images = "".join(f'<image name="{name}" {size}>{inner}</image>' for name, inner in listed.items())
    write_text(tmp_path / "annotations.xml", f"<annotations>{images}</annotations>")
    found = open_dataset(str(tmp_path))
    assert [s.key for s in found.samples] == ["b.jpg", "c.jpg"]
    assert "one/a.jpg is named before" in str(found.unused[0])


def test_visa_row_of_a_picture_that_is_gone_makes_none_of_its_name_sound(tmp_path: Path) -> None:
    top = tmp_path / "Data"
    pictures(top / "Images", "A/002.JPG", "B/001.JPG", "B/003.JPG")
    (top / "Masks").mkdir()
    rows = ("A/001.JPG,normal,", "A/002.JPG,normal,", "B/001.JPG,bent,", "B/003.JPG,bent,")
    lines = "".join(f"p/Data/Images/{row}\n" for row in rows)
    write_text(tmp_path / "image_anno.csv", f"image,label,mask\n{lines}")
    found = open_dataset(str(tmp_path))
    assert {s.path.name: s.label for s in found.samples if s.path} == {"002.JPG": "normal", "003.JPG": "bent"}
    assert len(found.unused) == 1


def test_dagm_label_folder_of_another_case(tmp_path: Path) -> None:
    for part, name in (("Train", "Label"), ("Test", "label")):
        pictures(tmp_path / "Class1" / part, "0001.PNG", "0002.PNG")
        write_mask(tmp_path / "Class1" / part / name / "0001_label.PNG", box_mask(6, 4, 22, 16))
    assert sample_of(tmp_path, "Class1/Test/0001.PNG").label == "defect"


def test_magnetic_tile_that_is_free_and_has_a_defect_drawn(tmp_path: Path) -> None:
    pictures(tmp_path, "MT_Free/Imgs/a.jpg", "MT_Free/Imgs/c.jpg", "MT_Crack/Imgs/b.jpg")
    write_mask(tmp_path / "MT_Free" / "Imgs" / "c.png", box_mask(6, 4, 22, 16))
    found = open_dataset(str(tmp_path))
    assert [s.label for s in found.samples] == ["Crack", "Free"]
    assert "c.png: it draws a defect on c.jpg, which is Free" in str(found.unused[0])


def test_class_folder_below_one_that_says_the_reverse(tmp_path: Path) -> None:
    pictures(tmp_path, "ok/a.jpg", "ok/NG/b.jpg", "ok/lot1/c.jpg", "scratch/d.jpg")
    found = open_dataset(str(tmp_path))
    assert [s.key for s in found.samples] == ["ok/a.jpg", "ok/lot1/c.jpg", "scratch/d.jpg"]
    assert "both sound and defective" in str(found.unused[0])


def test_voc_objects_where_none_are_read(tmp_path: Path) -> None:
    pictures(tmp_path, "a.jpg", "b.jpg", "c.jpg", "d.jpg")
    box = "<bndbox><xmin>6</xmin><ymin>4</ymin><xmax>21</xmax><ymax>15</ymax></bndbox>"
    thing = f"<object><name>scratch</name>{box}</object>"
    for name, inner in (("a", f"<objects>{thing}</objects>"), ("b", thing), ("c", "")):
        write_text(tmp_path / f"{name}.xml", f"<annotation><filename>{name}.jpg</filename>{inner}</annotation>")
    found = open_dataset(str(tmp_path))
    assert [(s.key, s.label) for s in found.samples] == [("b.jpg", "scratch"), ("c.jpg", "ok")]
    assert "a.xml: its annotation/objects/object" in str(found.unused[0])


def mask_set(folder: Path) -> None:
    pictures(folder, "images/a.png", "images/b.png", "images/c.png")
    write_mask(folder / "masks" / "a.png", box_mask(6, 4, 22, 16))
    write_mask(folder / "masks" / "b.png", np.zeros(SIZE, np.uint8))


def test_mask_that_is_drawn_in_its_transparency(tmp_path: Path) -> None:
    mask_set(tmp_path)
    black = np.zeros((*SIZE, 3), np.uint8)
    write_mask(tmp_path / "masks" / "c.png", np.dstack([black, box_mask(6, 4, 22, 16)]))
    found = open_dataset(str(tmp_path))
    assert [s.label for s in found.samples] == ["defect", "ok"]
    assert "transparency" in str(found.unused[0])


def test_black_mask_that_is_opaque_all_over_is_a_sound_picture_s(tmp_path: Path) -> None:
    mask_set(tmp_path)
    write_mask(tmp_path / "masks" / "c.png", np.dstack([np.zeros((*SIZE, 3), np.uint8), np.full(SIZE, 255, np.uint8)]))
    found = open_dataset(str(tmp_path))
    assert ([s.label for s in found.samples], found.unused) == (["defect", "ok", "ok"], ())


def test_masks_as_jpeg_and_as_png_of_one_picture(tmp_path: Path) -> None:
    mask_set(tmp_path)
    write_mask(tmp_path / "masks" / "c.jpg", np.zeros(SIZE, np.uint8))
    write_mask(tmp_path / "masks" / "c.png", box_mask(6, 4, 22, 16))
    found = open_dataset(str(tmp_path))
    assert [s.key for s in found.samples] == ["images/a.png", "images/b.png"]
    assert "c.jpg, c.png" in str(found.unused[0])


def test_folder_of_masks_that_are_named_label(tmp_path: Path) -> None:
    pictures(tmp_path, "images/a.jpg", "images/b.jpg")
    write_mask(tmp_path / "masks" / "a_label.png", box_mask(6, 4, 22, 16))
    write_mask(tmp_path / "masks" / "b_label.png", np.zeros(SIZE, np.uint8))
    found = open_dataset(str(tmp_path))
    assert (found.format, [s.label for s in found.samples], found.unused) == ("masks", ["defect", "ok"], ())


def test_dagm_picture_that_its_list_calls_defective_and_that_has_no_mask(tmp_path: Path) -> None:
    pictures(tmp_path / "Train", "0001.PNG", "0002.PNG", "0003.PNG")
    write_mask(tmp_path / "Train" / "Label" / "0001_label.PNG", box_mask(6, 4, 22, 16))
    rows = "1\n0001\t1\t0001.PNG\t1\t0001_label.PNG\n0002\t1\t0002.PNG\t1\t0002_label.PNG\n0003\t0\t0003.PNG\t0\t0\n"
    write_text(tmp_path / "Train" / "Label" / "Labels.txt", rows)
    found = look_at_dataset(str(tmp_path))
    assert [s.key for s in found.samples] == ["Train/0001.PNG", "Train/0003.PNG"]
    assert found.doubtful == 1 and "0002.PNG" in str(found.unused[0])


def test_severstal_second_list_beside_train_csv(tmp_path: Path) -> None:
    pictures(tmp_path / "train_images", "a.jpg", "b.jpg", "c.jpg")
    for name, picture in (("train.csv", "a.jpg"), ("train2.csv", "b.jpg"), ("sample_submission.csv", "c.jpg")):
        write_text(tmp_path / name, f"ImageId,ClassId,EncodedPixels\n{picture},1,1 3\n")
    said = refusal(tmp_path)
    assert "one label is not used" in said and "train2.csv: train.csv is read instead" in said


def test_a_sound_entry_lands_on_no_picture_of_a_defect_folder(tmp_path: Path) -> None:
    pictures(tmp_path, "ng/a.jpg", "ng/b.jpg", "ok/b.jpg")
    images = [{"id": n, "file_name": name} for n, name in enumerate(("ok/a.jpg", "ng/b.jpg", "ok/b.jpg"))]
    flat = [value for point in OUTLINE for value in point]
    drawn = {"id": 1, "image_id": 1, "category_id": 0, "segmentation": [flat]}
    named = [{"id": 0, "name": "scratch"}]
    write_text(tmp_path / "i.json", json.dumps({"images": images, "annotations": [drawn], "categories": named}))
    found = open_dataset(str(tmp_path))
    assert ([s.key for s in found.samples], found.missing) == (["ng/b.jpg", "ok/b.jpg"], 1)


@pytest.mark.parametrize(("name", "said"), [("!OK", ""), ("OK?", ""), ("≠ ok", ""), ("OK", "sound"), ("_OK_", "sound")])
def test_a_name_that_denies_or_asks_says_nothing(name: str, said: str) -> None:
    assert said_by(name) == said


def test_masks_in_folders_of_large_letters_are_masks_and_no_class(tmp_path: Path) -> None:
    pictures(tmp_path / "Images", "a.png", "b.png")
    write_mask(tmp_path / "Masks" / "a.png", box_mask(6, 4, 21, 15))
    write_mask(tmp_path / "Masks" / "b.png", np.zeros(SIZE, np.uint8))
    dataset = open_dataset(str(tmp_path))
    assert dataset.format == "masks"
    assert [(s.key, s.label) for s in dataset.samples] == [("Images/a.png", "defect"), ("Images/b.png", "ok")]


def test_a_voc_file_that_names_another_picture_than_its_own_labels_neither(tmp_path: Path) -> None:
    pictures(tmp_path, "a.jpg", "b.jpg", "c.jpg", "d.jpg")
    box = "<bndbox><xmin>6</xmin><ymin>4</ymin><xmax>21</xmax><ymax>15</ymax></bndbox>"
    for name, named, inside in (
        ("a", "b.jpg", ""),
        ("c", "c.jpg", f"<object><name>dent</name>{box}</object>"),
        ("d", "d.jpg", ""),
    ):
        write_text(tmp_path / f"{name}.xml", f"<annotation><filename>{named}</filename>{inside}</annotation>")
    dataset = look_at_dataset(str(tmp_path), ok_classes=())
    assert [(s.key, s.label) for s in dataset.samples] == [("c.jpg", "dent"), ("d.jpg", "ok")]
    assert "names b.jpg and bears the name of a.jpg" in str(dataset.unused[0])
