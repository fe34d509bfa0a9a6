"""`lineside label`: a model labels a folder of pictures. What it is sure of becomes a data set whose labels are marked
as a model's, everything else a list for a person. Needs no torch."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from engine.domain.inspection import Outcome, utc_now
from engine.domain.recipe import Recipe
from engine.errors import InputError, StorageError, UsageError
from engine.images.listing import LeftOut, Listing, in_words, list_folder, remedies
from engine.names import name_of
from engine.packages.package import ModelPackage, open_package, sha256_of
from engine.recipes.file import default_recipe, load_recipe
from engine.reports.csv_tables import PLAIN, SPELLINGS, Spelling, csv_bytes
from engine.system.files import write_atomically
from engine.training import DATASET_FILE, DATASET_SCHEMA, DatasetItem, DatasetManifest
from engine.verdicts.verdict import SOUND, defect_score
from trainer.evaluation.evaluate import JudgedSample, judge
from trainer.formats.labels.imagefolder import reading
from trainer.formats.samples.dataset import Sample
from trainer.formats.samples.several import LABELS_FILE
from trainer.pseudo_labels.page import write_review
from trainer.runtime.progress import meter

BELOW, BAND, UNREADABLE, NOVEL, REFUSED, SEVERAL = (
    "below the floor", "REVIEW band", "unreadable", "novel", "guard refused", "unsure of a further class"
)  # fmt: skip
REASONS = (BELOW, BAND, UNREADABLE, NOVEL, REFUSED, SEVERAL)


@dataclass(frozen=True, slots=True)
class Labelled:
    """One picture with the model's label; `reason` says why a person must decide, empty where the label is taken."""

    sample: Sample
    label: str
    score: float
    """How sure the model is of the label, 0…1, calibrated as the package is."""
    verdict: str
    reason: str = ""
    detail: str = ""
    also: tuple[str, ...] = ()
    """Further classes the picture shows, of a model of many labels."""


@dataclass(frozen=True, slots=True)
class Labelling:
    """What was written."""

    folder: Path
    model: str
    taken: tuple[Labelled, ...]
    left: tuple[Labelled, ...]
    copies: int
    """Pictures that are byte for byte another one; they are in neither."""
    calibrated: bool
    left_out: tuple[LeftOut, ...] = ()
    """What lies in the folder besides its pictures."""

    def in_words(self) -> list[str]:
        """The summary for a person."""
        counts = Counter(one.label for one in self.taken)
        reasons = Counter(one.reason for one in self.left)
        total = len(self.taken) + len(self.left)
        lines = [f"{len(self.taken)} of {total} pictures are labelled by {self.model}, {len(self.left)} are not."]
        lines += [f"  {name:<24}{count:>6}" for name, count in sorted(counts.items())]
        lines += [f"  not labelled, {name:<24}{count:>6}" for name, count in sorted(reasons.items())]
        if self.copies:
            lines.append(f"{self.copies} pictures are copies of others and were left out.")
        if self.left_out:
            lines += [f"Of the folder {in_words(self.left_out)}.", *remedies(self.left_out)]
        if not self.calibrated:
            lines.append("The model's scores are not calibrated: the floor is no probability here.")
        lines.append(
            f"A person must look at {name_of(self.folder / 'review.html')} before anything is trained on these labels."
        )
        return lines


def run_label(args: argparse.Namespace) -> int:
    """Label as asked and print the summary. Returns 0; raises LinesideError."""
    package = open_package(Path(args.model))
    recipe = load_recipe(Path(args.recipe), package) if args.recipe else default_recipe(package)
    progress, spelling = meter(sys.stderr, "pictures"), SPELLINGS[args.separator]
    made = label(Path(args.input), package, recipe, args.floor, Path(args.out), progress=progress, spelling=spelling)
    print("\n".join(made.in_words()))
    return 0


def label(
    folder: Path,
    package: ModelPackage,
    recipe: Recipe,
    floor: float,
    out: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
    spelling: Spelling = PLAIN,
) -> Labelling:
    """Judge every picture under `folder` as the line does, and write `out`, complete or not at all: the data set of the
    sure ones, review.csv of the others in that `spelling`, review.html of both.

    Raises UsageError for a floor that is none or an `out` inside `folder`, InputError without pictures or where `out`
    holds something, StorageError when the disk fails.
    """
    if not 0.0 < floor <= 1.0:
        raise UsageError(f"The floor {floor} is not in 0…1.", "Give --floor a probability such as 0.95.")
    if out.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"{out} lies inside {folder}.", "Give --out a folder elsewhere.")
    _check_empty(out)
    listing = list_folder(folder)
    samples, copies = _samples(listing)
    taken: list[Labelled] = []
    left: list[Labelled] = []
    for done, judged in enumerate(judge(package, samples, recipe, precision="f32"), 1):
        one = labelled(judged, recipe, floor)
        (left if one.reason else taken).append(one)
        if progress is not None:
            progress(done, len(samples))
    calibration = package.manifest.calibration
    calibrated = "temperature" in calibration and calibration.get("validated", True) is not False
    model = f"{package.manifest.name} {package.version}"
    made = Labelling(out, model, tuple(taken), tuple(left), copies, calibrated, listing.left_out)
    _write(made, package, recipe, floor, spelling)
    return made


def labelled(judged: JudgedSample, recipe: Recipe, floor: float) -> Labelled:
    """What becomes of one picture: the verdict's label where the model is sure, else why a person must decide."""
    prediction, verdict = judged.prediction, judged.verdict
    if judged.error or prediction is None:
        return Labelled(judged.sample, "", 0.0, str(verdict.outcome), UNREADABLE, judged.error)
    scores, detail = prediction.scores, "; ".join(verdict.reasons)
    if verdict.unknown:
        return Labelled(judged.sample, "", 0.0, str(verdict.outcome), NOVEL, detail)
    known = scores.classes
    score = scores.of(verdict.label) if verdict.label in known else 1.0 - defect_score(scores, recipe.ok_classes)
    found = Labelled(judged.sample, verdict.label, round(score, 6), str(verdict.outcome))
    if verdict.outcome is Outcome.NO_VERDICT:
        return replace(found, label="", score=0.0, reason=REFUSED, detail=detail)
    if verdict.outcome is Outcome.REVIEW:
        return replace(found, reason=BAND, detail=detail)
    if score < floor:
        return replace(found, reason=BELOW, detail=detail)
    if scores.exclusive:
        return found
    others = {n: v for n, v in scores if n != verdict.label and n not in recipe.ok_classes}
    if any(1.0 - floor < v < floor for v in others.values()):
        return replace(found, reason=SEVERAL, detail=detail)
    return replace(found, also=tuple(n for n, v in others.items() if v >= floor))


def _samples(listing: Listing) -> tuple[list[Sample], int]:
    """Every different picture, and how many are copies of another."""
    found: dict[str, Sample] = {}
    folder, paths = listing.folder, listing.pictures
    if not paths:
        raise InputError(f"{folder} holds no pictures.", "Choose a folder of pictures.")
    for path in paths:
        key = name_of(path.relative_to(folder).as_posix())
        try:
            digest = sha256_of(path)
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}.", "Check its access rights.") from error
        found.setdefault(digest, Sample(key, "", key, reading(path), digest=digest, path=path))
    return list(found.values()), len(paths) - len(found)


def _check_empty(out: Path) -> None:
    try:
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise InputError(f"{out} is not empty.", "Give --out a new folder.")
    except OSError as error:
        raise StorageError(f"{out} cannot be read: {error.strerror}.", "Choose another folder.") from error


def _write(made: Labelling, package: ModelPackage, recipe: Recipe, floor: float, spelling: Spelling) -> None:
    staging = made.folder.with_name(f".{made.folder.name}.{os.getpid()}.new")
    try:
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        _write_dataset(staging, made, package)
        facts = {
            "model": made.model,
            "recipe": f"{recipe.name} {recipe.version}",
            "floor": f"{floor:g}" + ("" if made.calibrated else " (the scores are not calibrated)"),
            "labelled": str(len(made.taken)),
            "not labelled": str(len(made.left)),
        }
        if made.left_out:
            facts["left out"] = in_words(made.left_out).removeprefix("left out ")
        write_review(staging, facts, made.taken, made.left, spelling)
        if made.folder.exists():
            made.folder.rmdir()
        staging.rename(made.folder)
    except OSError as error:
        raise StorageError(
            f"{made.folder} could not be written: {error.strerror or error}.", "Choose another folder."
        ) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write_dataset(folder: Path, made: Labelling, package: ModelPackage) -> None:
    """dataset.json, pictures/ and, where a picture shows several classes, labels.csv. Nothing without a label."""
    if not made.taken:
        return
    items = list(_items(folder, made))
    sound = list(package.manifest.ok_classes) or [SOUND]
    names = [*sound, *(n for n in package.manifest.class_names if n not in sound)]
    manifest = DatasetManifest(
        schema=DATASET_SCHEMA,
        name=made.folder.name,
        created_at=utc_now().isoformat(timespec="seconds"),
        classes=names,
        ok_classes=sound,
        items=items,
    )
    write_atomically(folder / DATASET_FILE, manifest.model_dump_json(by_alias=True, indent=2).encode())
    several = [(item.path, ";".join(one.also)) for item, one in zip(items, made.taken, strict=True) if one.also]
    if several:
        rows = csv_bytes((("path", "classes"), *several), marked=False, ends="\n")
        write_atomically(folder / LABELS_FILE, rows)


def _items(folder: Path, made: Labelling) -> Iterator[DatasetItem]:
    (folder / "pictures").mkdir()
    for one in made.taken:
        source = one.sample.path
        assert source is not None
        # Named by its contents: names from outside may not be usable, or not be allowed, in a data set.
        path = f"pictures/{one.sample.digest[:24]}{source.suffix.lower()}"
        shutil.copyfile(source, folder / path)
        if sha256_of(folder / path) != one.sample.digest:
            raise InputError(f"{source} changed while it was labelled.", "Label the folder again when it is at rest.")
        why = f"pseudo-label by {made.model}, score {one.score:.4f}, from {one.sample.key}"
        yield DatasetItem(
            path=path, sha256=one.sample.digest, label=one.label, group=path, verdict=one.verdict, why=why, pseudo=True
        )
