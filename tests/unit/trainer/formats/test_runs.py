"""Run lengths bit for bit, and Severstal's csv in both layouts."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from engine.domain.inspection import Mask
from engine.errors import DatasetError
from tests.labelled import SIZE, write_picture, write_text
from trainer.formats.detect import open_dataset
from trainer.formats.published.severstal import class_name, read_runs
from trainer.formats.samples.runs import decode, from_compressed, from_counts, parse_runs

HEIGHT, WIDTH = SIZE


def reference(text: str, height: int, width: int) -> Mask:
    """Kaggle's rule, one pixel after the other: pixels count from 1, down the columns."""
    mask = np.zeros((height, width), np.uint8)
    numbers = [int(word) for word in text.split()]
    for start, length in zip(numbers[0::2], numbers[1::2], strict=True):
        for pixel in range(start - 1, start - 1 + length):
            mask[pixel % height, pixel // height] = 255
    return mask


def encode(mask: Mask) -> str:
    numbers: list[int] = []
    flat = [bool(mask[y, x]) for x in range(mask.shape[1]) for y in range(mask.shape[0])]
    for pixel, inside in enumerate(flat):
        if inside and (pixel == 0 or not flat[pixel - 1]):
            numbers += [pixel + 1, 0]
        if inside:
            numbers[-1] += 1
    return " ".join(map(str, numbers))


def compress(counts: list[int]) -> str:
    """COCO's rleToString, from its maskApi.c."""
    text = ""
    for i, count in enumerate(counts):
        value = count - (counts[i - 2] if i > 2 else 0)
        more = True
        while more:
            bits = value & 0x1F
            value >>= 5
            more = value != -1 if bits & 0x10 else value != 0
            text += chr((bits | 0x20 if more else bits) + 48)
    return text


def counts_of(mask: Mask) -> list[int]:
    counts, last = [0], False
    for inside in (mask.T.ravel() > 0).tolist():
        if inside != last:
            counts.append(0)
            last = inside
        counts[-1] += 1
    return counts


@pytest.mark.parametrize("seed", range(8))
def test_every_spelling_of_run_lengths_gives_the_same_mask(seed: int) -> None:
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 70, 2).tolist()
    mask = np.where(rng.random((height, width)) < rng.random(), np.uint8(255), np.uint8(0))
    text, counts = encode(mask), counts_of(mask)
    assert np.array_equal(reference(text, height, width), mask)
    assert np.array_equal(decode(parse_runs(text), height, width), mask)
    assert np.array_equal(decode(from_counts(counts, height, width), height, width), mask)
    assert np.array_equal(decode(from_compressed(compress(counts), height, width), height, width), mask)


@pytest.mark.parametrize("cut", ["", "o"])
def test_compressed_counts_that_are_cut_are_refused(cut: str) -> None:
    whole = compress([100, 400, 268])
    assert decode(from_compressed(whole, HEIGHT, WIDTH), HEIGHT, WIDTH).any()
    with pytest.raises(DatasetError, match=r"add up|too soon"):
        from_compressed(whole[:-2] + cut, HEIGHT, WIDTH)


JOINED = "ImageId_ClassId,EncodedPixels\na.jpg_1,\na.jpg_2,\nb.jpg_3,1 4 30 2\nb.jpg_1,\nb.jpg_2,2 3\n"
APART = "ImageId,ClassId,EncodedPixels\nb.jpg,3,1 4 30 2\nb.jpg,2,2 3\n"


@pytest.mark.parametrize("text", [JOINED, APART, "\ufeff" + APART.replace("\n", "\r\n")])
@pytest.mark.parametrize("place", ["train_images", "images", "."])
def test_both_csv_layouts_teach_the_same(tmp_path: Path, text: str, place: str) -> None:
    write_text(tmp_path / "train.csv", text)
    write_text(tmp_path / "sample_submission.csv", "ImageId,EncodedPixels,ClassId\nt.jpg,1 1,1\n")
    for seed, name in enumerate("abc"):
        write_picture(tmp_path / place / f"{name}.jpg", seed)
    write_picture(tmp_path / "test_images" / "t.jpg", 9)
    dataset = open_dataset(str(tmp_path))
    assert (dataset.format, dataset.classes, dataset.ok_classes) == ("severstal", ("ok", "dent", "scratch"), ("ok",))
    assert [(s.label, s.also, s.has_mask) for s in dataset.samples] == [
        ("ok", (), True),
        ("scratch", ("dent",), True),
        ("ok", (), True),
    ]
    _, sound = dataset.samples[0].load()
    _, mask = dataset.samples[1].load()
    assert sound is not None and not sound.any()
    assert mask is not None and np.array_equal(mask, reference("1 4 30 2", *SIZE) | reference("2 3", *SIZE))


def test_class_names_are_not_shifted() -> None:
    assert [class_name(n) for n in (1, 2, 3, 4, 7)] == ["crack", "scratch", "dent", "other", "class_7"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a.jpg,1,5 3 9", "odd number"),
        ("a.jpg,1,5 x", "not whole numbers"),
        ("a.jpg,1,0 3", "outside the picture"),
        ("a.jpg,1,5 0", "outside the picture"),
        ("a.jpg,1,99999999999999999999 1", "not whole numbers"),
        ("a.jpg,1,768 2", "outside the picture"),
        ("a.jpg,0,5 3", "class '0'"),
        ("a.jpg,100,5 3", "class '100'"),
        ("a.jpg,crack,5 3", "class 'crack'"),
        ("a.jpg,1,5 3\na.jpg,1,9 2", "second time"),
        ("a.jpg,1", "too few columns"),
    ],
)
def test_bad_row_is_one_sentence_that_names_it(tmp_path: Path, row: str, message: str) -> None:
    write_text(tmp_path / "train.csv", f"ImageId,ClassId,EncodedPixels\n{row}\n")
    write_picture(tmp_path / "a.jpg", 1)
    with pytest.raises(DatasetError, match=message) as caught:
        open_dataset(str(tmp_path))
    assert "train.csv line" in caught.value.message or "row of a.jpg" in caught.value.message


def test_csv_without_a_column_says_which(tmp_path: Path) -> None:
    write_text(tmp_path / "train.csv", "ImageId,EncodedPixels\na.jpg,1 1\n")
    with pytest.raises(DatasetError, match="lacks the column ClassId"):
        open_dataset(str(tmp_path), "severstal")


def test_missing_pictures_are_counted_and_all_missing_is_refused(tmp_path: Path) -> None:
    write_text(tmp_path / "train.csv", APART + "c.jpg,1,1 2\n")
    with pytest.raises(DatasetError, match=r"names 2 pictures and all 2 are missing.*train_images"):
        open_dataset(str(tmp_path))
    write_picture(tmp_path / "train_images" / "b.jpg", 1)
    write_picture(tmp_path / "train_images" / "d.jpg", 2)
    with pytest.raises(DatasetError, match=r"one label is not used \(c.jpg: there is no picture of that name\)"):
        open_dataset(str(tmp_path))
    dataset = open_dataset(str(tmp_path), without_label="ok")
    assert (len(dataset.samples), dataset.missing) == (2, 1)
    assert dataset.notes[0] == "1 of 2 named pictures are missing and left out."


@pytest.mark.data
def test_all_real_masks_equal_the_reference(real_data: Path) -> None:
    path = real_data / "severstal" / "rle_sample.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    named = read_runs(path)
    pixels = Counter[int]()
    for row in rows:
        name, _, number = row["ImageId_ClassId"].rpartition("_")
        runs = named[name].runs.get(int(number))
        assert (runs is None) == (not row["EncodedPixels"])
        if runs is not None:
            assert np.array_equal(decode(runs, 256, 1600), reference(row["EncodedPixels"], 256, 1600))
            pixels[int(number)] += 1
    assert len(rows) == 600 and len(named) == 150
    assert pixels == Counter(n for rows in named.values() for n in rows.runs)
