"""A model's evaluation as one HTML page: no script, no other file; pictures and plots are inside. Needs no torch.

The page is made of plain parts (sections of sentences, plots, tables and pictures); who judges fills them in.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
from jinja2 import Environment, FileSystemLoader
from numpy.typing import NDArray

from engine.domain.inspection import Box, HeatMap, Mask, Pixels
from engine.images.depth import to_channels, to_uint8
from engine.images.overlay import CONTOUR_BGR, HEAT_FLOOR, render
from engine.system.files import write_atomically
from engine.system.places import resources_folder
from engine.system.zone import local_words
from trainer.evaluation.plots import Chart

PANEL = 320
"""Longer side of a picture in the page, pixels."""
GAP = 4


@dataclass(frozen=True, slots=True)
class Headline:
    """One figure that stands at the top, with its interval and what it means."""

    name: str
    value: str
    interval: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A table's cell. `shade` 0…1 colours its ground, `below` stands small under the text, `chip` is a colour's number
    (-1 = none)."""

    text: str
    shade: float = 0.0
    below: str = ""
    chip: int = -1
    css: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under a head; the first column is text, all others are numbers. `marked`: rows set in bold."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    marked: frozenset[int] = frozenset()
    css: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG with its words: one in bold, then lines."""

    jpeg: bytes = field(repr=False)
    title: str = ""
    lines: tuple[str, ...] = ()

    @property
    def data(self) -> str:
        """The JPEG as base64."""
        return base64.b64encode(self.jpeg).decode()


@dataclass(frozen=True, slots=True)
class Section:
    """One chapter: sentences, plots, tables, pictures, in this order, then notes in small type."""

    title: str
    sentences: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = ()
    notes: tuple[str, ...] = ()
    css: str = ""


@dataclass(frozen=True, slots=True)
class StudyPage:
    """The whole page."""

    title: str
    made_at: datetime
    summary: tuple[str, ...]
    cautions: tuple[str, ...]
    headlines: tuple[Headline, ...]
    facts: dict[str, str]
    sections: tuple[Section, ...]


def write_study(path: Path, page: StudyPage) -> Path:
    """Write the page; returns its path. Raises StorageError."""
    templates = Environment(
        loader=FileSystemLoader(resources_folder() / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    write_atomically(
        path, templates.get_template("study.html.j2").render(page=page, made=local_words(page.made_at)).encode()
    )
    return path


def row(*cells: Cell | str) -> tuple[Cell, ...]:
    """A table's row of cells and plain texts."""
    return tuple(c if isinstance(c, Cell) else Cell(c) for c in cells)


def study_picture(
    pixels: Pixels,
    mask: Mask | None = None,
    heat: HeatMap | None = None,
    heat_box: Box | None = None,
    *,
    floor: float = HEAT_FLOOR,
) -> bytes:
    """A small JPEG: the picture, its drawn mask outlined; where there is a map, the picture again under it.

    `mask`: H×W of the picture, 255 = defect. The two stand side by side, one below the other where they are wide.
    """
    plain = to_channels(to_uint8(pixels), 3)
    panels = [_outlined(_small(plain), mask)]
    if heat is not None:
        panels.append(_small(render(pixels, heat, (), "heat", roi=heat_box, floor=floor)))
    height, width = panels[0].shape[:2]
    wide = width > height
    gap = np.full((GAP, width, 3) if wide else (height, GAP, 3), 128, np.uint8)
    joined = np.concatenate(panels if heat is None else [panels[0], gap, panels[1]], axis=0 if wide else 1)
    return bytes(cv2.imencode(".jpg", joined, [cv2.IMWRITE_JPEG_QUALITY, 82])[1])


def _small(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """At most PANEL pixels long; a small picture is enlarged without smoothing to at least half of that."""
    longer = max(picture.shape[:2])
    scale = min(1.0, PANEL / longer)
    if longer * 2 <= PANEL:
        scale = float(PANEL // longer)
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    method = cv2.INTER_AREA if scale <= 1.0 else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(picture, size, interpolation=method), np.uint8)


def _outlined(picture: NDArray[np.uint8], mask: Mask | None) -> NDArray[np.uint8]:
    if mask is None or not mask.any():
        return picture
    grown = cv2.resize(mask, (picture.shape[1], picture.shape[0]), interpolation=cv2.INTER_AREA)
    contours: Sequence[NDArray[np.int32]]
    contours, _ = cv2.findContours((grown > 0).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)  # type: ignore[assignment]
    drawn = picture.copy()
    cv2.drawContours(drawn, contours, -1, CONTOUR_BGR, 1, cv2.LINE_AA)
    return drawn
