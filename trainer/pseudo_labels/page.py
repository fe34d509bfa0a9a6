"""For the person who looks at a model's labels: review.csv, and review.html with the pictures in it."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import cv2
from jinja2 import Environment, FileSystemLoader

from engine.domain.inspection import utc_now
from engine.errors import PictureError
from engine.images.thumbnails import thumbnail
from engine.reports.csv_tables import PLAIN, Spelling, csv_bytes
from engine.system.files import write_atomically
from engine.system.places import resources_folder
from engine.system.zone import local_words
from trainer.formats.samples.dataset import Sample

MOST_LEFT = 400
MOST_TAKEN = 24
"""Of each class; those the model is least sure of."""
JPEG_QUALITY = 80


class Shown(Protocol):
    """A picture with what a model says of it."""

    @property
    def sample(self) -> Sample:
        """The picture."""
        ...

    @property
    def label(self) -> str:
        """The model's label; empty where it has none."""
        ...

    @property
    def score(self) -> float:
        """How sure it is."""
        ...

    @property
    def reason(self) -> str:
        """Why a person must decide; empty where the label is taken."""
        ...

    @property
    def detail(self) -> str:
        """The reason in the verdict's own words."""
        ...


def write_review(
    folder: Path, facts: Mapping[str, str], taken: Sequence[Shown], left: Sequence[Shown], spelling: Spelling = PLAIN
) -> None:
    """Write review.csv (`left`) and review.html (both) into `folder`. Raises StorageError."""
    write_atomically(folder / "review.csv", csv_of(left, spelling))
    ordered = sorted(left, key=lambda one: (one.reason, -one.score))
    groups = [{"title": f"Labelled {name}", "all": len(ones), "shown": _pictures(ones[:MOST_TAKEN])}
              for name, ones in _by_label(taken).items()]  # fmt: skip
    templates = Environment(loader=FileSystemLoader(resources_folder() / "templates"), autoescape=True)
    html = templates.get_template("labels.html.j2").render(
        made=local_words(utc_now()), facts=facts, left=_pictures(ordered[:MOST_LEFT]), all_left=len(left), groups=groups
    )
    write_atomically(folder / "review.html", html.encode())


def csv_of(left: Iterable[Shown], spelling: Spelling = PLAIN) -> bytes:
    """path, label, score, reason, detail."""
    rows = ((one.sample.key, one.label, Decimal(f"{one.score:.6f}"), one.reason, one.detail) for one in left)
    return csv_bytes((("path", "label", "score", "reason", "detail"), *rows), spelling, marked=False, ends="\n")


def _by_label(taken: Sequence[Shown]) -> dict[str, list[Shown]]:
    found: dict[str, list[Shown]] = {}
    for one in sorted(taken, key=lambda one: (one.label, one.score)):
        found.setdefault(one.label, []).append(one)
    return found


def _pictures(ones: Sequence[Shown]) -> list[dict[str, Any]]:
    return [{"one": one, "src": _thumbnail(one.sample)} for one in ones]


def _thumbnail(sample: Sample) -> str:
    """The picture as base64 JPEG of 160 pixels' width; empty where it cannot be read."""
    try:
        pixels, _ = sample.load()
    except PictureError:
        return ""
    done, jpeg = cv2.imencode(".jpg", thumbnail(pixels), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return base64.b64encode(jpeg.tobytes()).decode() if done else ""
