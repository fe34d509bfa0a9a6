"""The operating curve as one HTML page with inline SVG: escapes and overkill over the threshold, the chosen point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader

from engine.statistics.mistakes import Floats, Sweep
from engine.statistics.shares import Share
from engine.system.files import write_atomically
from engine.system.places import resources_folder
from engine.system.zone import local_words
from trainer.thresholds.operating import Cost, OperatingPoint, neighbours

LEFT, WIDTH, BOTTOM, HEIGHT = 70, 660, 280, 250
"""The plot's area in the template, in pixels."""
MAX_POINTS = 500


@dataclass(frozen=True, slots=True, eq=False)
class Plot:
    """One curve with its chosen point; `score` says in words what the threshold is on."""

    title: str
    score: str
    curve: Sweep
    point: OperatingPoint
    cost: Cost | None = None


def write_operating_report(
    folder: Path, title: str, summary: Sequence[str], warnings: Sequence[str], plots: Sequence[Plot], made_at: datetime
) -> Path:
    """Write operating.html into `folder`; returns its path. Raises StorageError."""
    templates = Environment(loader=FileSystemLoader(resources_folder() / "templates"), autoescape=True)
    html = templates.get_template("operating.html.j2").render(
        title=title,
        summary=summary,
        warnings=warnings,
        made=local_words(made_at),
        plots=[_drawn(plot) for plot in plots],
    )
    page = folder / "operating.html"
    write_atomically(page, html.encode())
    return page


def steps_of(thresholds: Floats, rates: Floats) -> str:
    """The points of an SVG polyline over 0…1; a rate holds until the next threshold. At most MAX_POINTS thresholds."""
    chosen = np.unique(np.linspace(0, thresholds.size - 1, min(MAX_POINTS, thresholds.size)).round().astype(int))
    x = LEFT + WIDTH * np.append(thresholds[chosen], 1.0)
    y = BOTTOM - HEIGHT * rates[chosen]
    corners = [(x[0] if i else LEFT, y[0]) for i in (0, 1)]
    for i in range(1, y.size):
        corners += [(x[i], y[i - 1]), (x[i], y[i])]
    corners.append((x[-1], y[-1]))
    return " ".join(f"{px:.1f},{py:.1f}" for px, py in corners)


def _drawn(plot: Plot) -> dict[str, Any]:
    near = neighbours(plot.curve, plot.point.threshold, each=5, cost=plot.cost)
    return {
        "title": plot.title,
        "score": plot.score,
        "escapes": steps_of(plot.curve.thresholds, plot.curve.escape_rate),
        "overkill": steps_of(plot.curve.thresholds, plot.curve.overkill_rate),
        "at": round(LEFT + WIDTH * plot.point.threshold, 1),
        "threshold": f"{plot.point.threshold:.4g}",
        "priced": plot.cost is not None,
        "rows": [_row(p, chosen=p.threshold == plot.point.threshold) for p in near],
    }


def _row(point: OperatingPoint, *, chosen: bool) -> dict[str, Any]:
    return {
        "threshold": point.threshold,
        "escapes": _said(point.mistakes.escapes),
        "overkill": _said(point.mistakes.overkill),
        "cost": point.cost_per_1000,
        "chosen": chosen,
    }


def _said(share: Share) -> str:
    low, high = share.interval
    return f"{share.count} of {share.of} ({100 * low:.1f} % to {100 * high:.1f} %)"
