"""`lineside data inspect`: look at every picture of a data set once and say what is wrong with it. Needs no torch."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from engine.errors import DatasetError, UsageError
from engine.system.files import write_atomically
from trainer.data.inspect.contact import contact_sheet
from trainer.data.inspect.copies import conflicts, crossing_copies, crossing_near, find_copies
from trainer.data.inspect.findings import (
    Finding,
    Looked,
    empty_classes,
    empty_masks,
    findings,
    odd_brightness,
    other_masks,
)
from trainer.data.inspect.hints import class_hints
from trainer.data.inspect.phash import NEAR_BITS, NEAR_CORRELATION
from trainer.data.inspect.survey import Facts, survey
from trainer.formats.samples.dataset import Dataset
from trainer.formats.samples.unused import MAX_TOLD
from trainer.split import SplitRule, check_classes, split

MOST_NAMED = 1000
"""So many names a list of the JSON holds at most; its count is always whole."""
SHOWN = 3
SEED = 42
_WIDTH = 100


def inspect_dataset(dataset: Dataset, progress: Callable[[int, int], None] | None = None) -> Looked:
    """Read every picture and find out all that `findings` and `report` tell. Pictures may be unreadable."""
    facts = survey(dataset.samples, progress)
    refusal, parts = "", None
    try:
        parts = split(dataset.samples, SplitRule(seed=SEED))
        check_classes(dataset.samples, parts)
    except DatasetError as error:
        refusal = error.message
    return Looked(dataset, facts, find_copies(facts), class_hints(facts), parts, refusal)


def report(looked: Looked) -> dict[str, Any]:
    """What `data inspect --json` prints; keys are stable, new ones may be added. Sizes are pixels."""
    dataset, facts, copies, described = looked.dataset, looked.facts, looked.copies, looked.dataset.describe()
    samples, read = dataset.samples, [f for f in looked.facts if not f.error]
    near = crossing_near(copies, samples, looked.parts)
    return {
        **described,
        "unused": described["unused"][:MOST_NAMED],
        "per_part": _per_part(dataset),
        "sizes": _sizes(read),
        "modes": dict(Counter(f.mode for f in read)),
        "unreadable": [{"key": f.sample.key, "error": f.error} for f in facts if f.error and not f.unfit][:MOST_NAMED],
        "identical": {
            "groups": len(copies.identical),
            "pictures": sum(len(rows) for rows in copies.identical),
            "named": [[samples[i].key for i in rows] for rows in copies.identical[:MOST_NAMED]],
        },
        "near": {
            "bits": NEAR_BITS,
            "correlation": NEAR_CORRELATION,
            "pairs": len(copies.near),
            "complete": copies.complete,
            "named": [[samples[a].key, samples[b].key] for a, b in copies.near[:MOST_NAMED]],
        },
        "leaks": {"identical": len(crossing_copies(copies, samples)), "near": len(near)},
        "conflicts": {
            "identical": len(conflicts(copies.identical, samples)),
            "near": len(conflicts(copies.near, samples)),
        },
        "brightness": _brightness(facts),
        "masks_of_another_size": [f.sample.key for f in other_masks(facts)][:MOST_NAMED],
        "empty_masks": empty_masks(facts, dataset),
        "empty_classes": empty_classes(dataset),
        "hints": [asdict(h) for h in looked.hints],
        "split": _split_figures(looked),
        "findings": [{**asdict(f), "examples": list(f.examples[:MOST_NAMED])} for f in findings(looked)],
    }


def in_words(looked: Looked) -> str:
    """The findings first, then what is there, for a person."""
    dataset, found = looked.dataset, findings(looked)
    shown = report(looked)
    parts = ", ".join(f"{n:,} {name}" for name, n in shown["parts"].items() if name != "unassigned")
    lines = [
        f"{dataset.id}: {len(dataset.samples):,} pictures, format {dataset.format}" + (f" ({parts})" * bool(parts))
    ]
    lines += textwrap.wrap(" ".join(dataset.notes), _WIDTH)
    lines += ["", f"{len(found)} finding{'s' * (len(found) != 1)}" if found else "No findings."]
    for number, finding in enumerate(found, 1):
        lines += _finding(number, finding)
    lines += ["", *_class_table(shown, looked)]
    rows = [
        ("sizes", _size_words(shown["sizes"])),
        ("pixels", _counts(shown["modes"])),
        ("groups", f"{shown['groups']:,}"),
    ]
    rows += [
        ("masks", f"{shown['masks']:,}"),
        ("copies", f"{shown['duplicates']:,}"),
        ("near pairs", _near_words(shown)),
    ]
    if assumed := shown["sound_without_label"]:
        rows.append(("no label", f"{assumed:,} of the pictures, sound for want of one"))
    rows += [("split", _split_words(shown["split"])), ("sha256", shown["sha256"])]
    lines += ["", *(f"{name:<12}{value}" for name, value in rows)]
    for note in shown["split"].get("notes", ()):
        lines += textwrap.wrap(note, _WIDTH, initial_indent=" " * 12, subsequent_indent=" " * 12)
    return "\n".join(lines)


def write_sheet(looked: Looked, path: Path) -> None:
    """Write the contact sheet as PNG. Raises UsageError for another file name, DatasetError, StorageError."""
    check_sheet(path)
    done, data = cv2.imencode(".png", contact_sheet(looked.dataset, looked.facts, SEED))
    if not done:
        raise DatasetError("The contact sheet cannot be encoded.", "Leave --sheet out.")
    write_atomically(path, data.tobytes())


def check_sheet(path: Path) -> None:
    """Raises UsageError for a file name that is none of a PNG, before the long look begins."""
    if path.suffix.lower() != ".png":
        raise UsageError(f"The contact sheet {path} is no PNG file.", "Give it a name that ends in .png.")


def _per_part(dataset: Dataset) -> dict[str, dict[str, int]]:
    counts: Counter[tuple[str, str]] = Counter((s.label, s.part or "unassigned") for s in dataset.samples)
    names = [n for n in ("train", "validation", "test", "unassigned") if any(part == n for _, part in counts)]
    return {label: {name: counts[label, name] for name in names} for label in dataset.classes}


def _sizes(read: Sequence[Facts]) -> dict[str, Any]:
    if not read:
        return {"distinct": 0}
    table = np.array([f.size for f in read])

    def spread(column: int) -> list[int]:
        return [int(v) for v in (table[:, column].min(), np.median(table[:, column]), table[:, column].max())]

    return {"distinct": len({f.size for f in read}), "height": spread(0), "width": spread(1)}


def _brightness(facts: Sequence[Facts]) -> dict[str, Any]:
    means = [f.brightness for f in facts if not f.error]
    odd = [{"key": f.sample.key, "mean": round(f.brightness, 1), "z": round(z, 1)} for f, z in odd_brightness(facts)]
    return {"median": round(float(np.median(means)), 1) if means else None, "odd": odd[:MOST_NAMED]}


def _split_figures(looked: Looked) -> dict[str, Any]:
    if looked.parts is None:
        return {"error": looked.refusal}
    parts = looked.parts
    figures: dict[str, Any] = {n: len(getattr(parts, n)) for n in ("train", "validation", "test", "dropped")}
    return {**figures, "notes": list(parts.notes), **({"error": looked.refusal} if looked.refusal else {})}


def _finding(number: int, finding: Finding) -> list[str]:
    lines = textwrap.wrap(f"{number:>3}. {finding.text}", _WIDTH, subsequent_indent=" " * 5)
    shown = SHOWN
    if finding.kind == "unused":
        # Each says what is to be mended, so it is told whole.
        shown = MAX_TOLD
        for example in finding.examples[:shown]:
            lines += textwrap.wrap(example, _WIDTH, initial_indent="     - ", subsequent_indent=" " * 7)
    else:
        lines += [f"     - {textwrap.shorten(e, _WIDTH + 20, placeholder=' …')}" for e in finding.examples[:shown]]
    if len(finding.examples) > shown:
        lines.append(f"     - and {len(finding.examples) - shown:,} more (--json names them)")
    return lines + textwrap.wrap(finding.remedy, _WIDTH, initial_indent="     → ", subsequent_indent=" " * 7)


def _class_table(shown: dict[str, Any], looked: Looked) -> list[str]:
    """Pictures per class and part, with the masks that show something."""
    drawn = Counter(f.sample.label for f in looked.facts if f.mask_set)
    table = {name: [n for part, n in c.items() if part != "unassigned"] for name, c in shown["per_part"].items()}
    heads = [part for part in next(iter(shown["per_part"].values())) if part != "unassigned"]
    heads += ["pictures", "drawn"] if drawn else ["pictures"]
    width = max(14, *(len(name) + 7 for name in table))
    lines = [f"{'class':<{width}}" + "".join(f"{n:>12}" for n in heads)]
    for name, counts in table.items():
        label = name + " (ok)" * (name in shown["ok_classes"])
        figures = [*counts, shown["classes"][name], *([drawn[name]] if drawn else [])]
        lines.append(f"{label:<{width}}" + "".join(f"{n:>12,}" for n in figures))
    return lines


def _size_words(sizes: dict[str, Any]) -> str:
    if not sizes["distinct"]:
        return "none"
    if sizes["distinct"] == 1:
        return f"{sizes['height'][0]}×{sizes['width'][0]} (height × width)"
    height, width = ("{}…{} (median {})".format(*(s[0], s[2], s[1])) for s in (sizes["height"], sizes["width"]))
    return f"height {height}, width {width}; {sizes['distinct']} distinct"


def _near_words(shown: dict[str, Any]) -> str:
    return f"{'' if shown['near']['complete'] else 'at least '}{shown['near']['pairs']:,}"


def _split_words(figures: dict[str, Any]) -> str:
    if "train" not in figures:
        return "none"
    words = f"{figures['train']:,} train, {figures['validation']:,} validation, {figures['test']:,} test by default"
    return words + (f"; {figures['dropped']:,} copies left out" if figures["dropped"] else "")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{n:,} {name}" for name, n in counts.items())
