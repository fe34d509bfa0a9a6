"""What a tuning has found: trials.csv, and study.html with the history and the parallel coordinates of its trials.
The page is one file with inline SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader
from pydantic import BaseModel

from engine.domain.inspection import utc_now
from engine.reports.csv_tables import PLAIN, Cell, Spelling, csv_bytes
from engine.system.files import write_atomically
from engine.system.places import resources_folder
from engine.system.zone import local_words

State = Literal["complete", "pruned", "failed"]
LEFT, RIGHT, TOP, BOTTOM = 70.0, 730.0, 40.0, 280.0
"""The plots' area in the template, in pixels."""
WORST, BEST = (0xC3, 0xCC, 0xD6), (0x1F, 0x4E, 0x79)
"""Colours of the worst and the best trial, red, green, blue."""
LOG_FROM = 100.0
"""An axis of positive numbers whose largest is so many times the smallest is drawn in decades."""


class TrialDone(BaseModel):
    """One trial has ended; a JSON line of `lineside tune --jsonl`."""

    event: Literal["trial"] = "trial"
    trial: int
    """From 1."""
    trials: int
    """How many there will be."""
    state: State
    value: float | None = None
    """Of the best epoch, or of the last one where the preset keeps that; of a pruned trial as far as it came."""
    settings: dict[str, bool | int | float | str]
    best: bool = False
    """So far."""
    error: str = ""

    def in_words(self, metric: str) -> str:
        """One line for a person."""
        chosen = ", ".join(f"{name} {shown(value)}" for name, value in self.settings.items())
        value = "—" if self.value is None else f"{self.value:.4f}"
        mark = "  best so far" if self.best else ""
        why = f": {self.error}" if self.error else ""
        return f"trial {self.trial}/{self.trials} {self.state}{why}  {metric} {value}  ({chosen}){mark}"


@dataclass(frozen=True, slots=True)
class Tried:
    """One trial that is done."""

    number: int
    state: State
    value: float | None
    settings: dict[str, Any]
    epochs: int
    seconds: float
    error: str = ""


def write_tune_report(
    folder: Path, preset: str, metric: str, names: Sequence[str], trials: Sequence[Tried], spelling: Spelling = PLAIN
) -> None:
    """Write trials.csv and study.html into `folder`; `names` are the settings searched. Raises StorageError."""
    write_atomically(folder / "trials.csv", csv_of(metric, names, trials, spelling))
    templates = Environment(loader=FileSystemLoader(resources_folder() / "templates"), autoescape=True)
    ranked = sorted((t for t in trials if t.state == "complete"), key=lambda t: _cost(metric, t))
    html = templates.get_template("tuning.html.j2").render(
        preset=Path(preset).name,
        metric=metric,
        names=names,
        made=local_words(utc_now()),
        trials=trials,
        best=ranked[0] if ranked else None,
        history=history_of(metric, trials),
        parallel=parallel_of(metric, names, trials),
        shown=shown,
    )
    write_atomically(folder / "study.html", html.encode())


def csv_of(metric: str, names: Sequence[str], trials: Sequence[Tried], spelling: Spelling = PLAIN) -> bytes:
    """One line a trial."""
    rows: list[Sequence[Cell]] = [("trial", "state", metric, *names, "epochs", "seconds", "error")]
    for t in trials:
        value = "" if t.value is None else Decimal(f"{t.value:.6f}")
        chosen = [t.settings.get(name, "") for name in names]
        rows.append((t.number, t.state, value, *chosen, t.epochs, t.seconds, t.error))
    return csv_bytes(rows, spelling, marked=False, ends="\n")


def history_of(metric: str, trials: Sequence[Tried]) -> dict[str, Any]:
    """Points of the trials over their number, the line of the best so far, and the ticks of both axes."""
    known = [t for t in trials if t.value is not None]
    scale = _Scale([t.value for t in known if t.value is not None], upwards=True)
    last = max((t.number for t in trials), default=1)

    def x(number: int) -> float:
        return LEFT + (RIGHT - LEFT) * (number - 0.5) / last

    points: list[dict[str, Any]] = []
    line: list[str] = []
    best = math.inf
    for t in known:
        assert t.value is not None
        points.append({"x": round(x(t.number), 1), "y": scale.at(t.value), "trial": t})
        if t.state == "complete":
            if best < math.inf:
                line.append(f"{x(t.number):.1f},{line[-1].split(',')[1]}")
            best = min(best, _cost(metric, t))
            line.append(f"{x(t.number):.1f},{scale.at(best if metric == 'loss' else -best)}")
    every = max(1, -(-last // 12))
    numbers = [{"x": round(x(n), 1), "text": n} for n in range(1, last + 1, every)]
    return {"points": points, "line": " ".join(line), "values": scale.ticks(), "numbers": numbers}


def parallel_of(metric: str, names: Sequence[str], trials: Sequence[Tried]) -> dict[str, Any]:
    """One vertical axis a setting and one of the figure; a line a trial, the worst first and palest."""
    known = [t for t in trials if t.value is not None and all(name in t.settings for name in names)]
    known.sort(key=lambda t: (t.state == "complete", -_cost(metric, t)))
    step = (RIGHT - LEFT) / len(names)
    scales = {name: _Scale([t.settings[name] for t in known]) for name in names}
    scales[metric] = _Scale([t.value for t in known], upwards=True)
    axes = [{"x": round(LEFT + step * i, 1), "name": n, "ticks": s.ticks()} for i, (n, s) in enumerate(scales.items())]
    lines = []
    for rank, t in enumerate(known):
        values = [*(t.settings[name] for name in names), t.value]
        places = zip(axes, scales.values(), values, strict=True)
        points = " ".join(f"{axis['x']},{scale.at(value)}" for axis, scale, value in places)
        share = rank / max(1, len(known) - 1)
        lines.append({"points": points, "colour": _colour(share), "trial": t, "best": rank == len(known) - 1})
    return {"axes": axes, "lines": lines}


def shown(value: object) -> str:
    """A setting's value for a person."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


class _Scale:
    """Where values lie on a vertical axis: numbers by size, in decades where they span many, words one by one."""

    def __init__(self, values: Sequence[Any], *, upwards: bool = False) -> None:
        self._words = not values or any(isinstance(v, str | bool) for v in values)
        self._places: list[Any] = list(dict.fromkeys(sorted(values, key=str))) if self._words else []
        numbers = [] if self._words else [float(v) for v in values]
        self._log = not upwards and bool(numbers) and min(numbers) > 0 and max(numbers) / min(numbers) >= LOG_FROM
        self._low = self._map(min(numbers)) if numbers else 0.0
        self._high = self._map(max(numbers)) if numbers else 1.0
        self._whole = bool(numbers) and all(isinstance(v, int) for v in values)

    def _map(self, value: float) -> float:
        return math.log10(value) if self._log else value

    def at(self, value: Any) -> float:
        """The place of a value, in pixels from the top."""
        if self._words:
            share = self._places.index(value) / max(1, len(self._places) - 1) if len(self._places) > 1 else 0.5
        else:
            span = self._high - self._low
            share = (self._map(float(value)) - self._low) / span if span else 0.5
        return round(BOTTOM - (BOTTOM - TOP) * share, 1)

    def ticks(self) -> list[dict[str, Any]]:
        """A few places with their values in words."""
        if self._words:
            return [{"y": self.at(v), "text": str(v)} for v in self._places]
        shares = (0.0, 0.25, 0.5, 0.75, 1.0) if self._high > self._low else (0.0,)
        mapped = [self._low + share * (self._high - self._low) for share in shares]
        values = [10**v if self._log else v for v in mapped]
        if self._whole:
            values = sorted({float(round(v)) for v in values})
            return [{"y": self.at(v), "text": f"{v:.0f}"} for v in values]
        return [{"y": self.at(v), "text": f"{v:.3g}"} for v in values]


def _cost(metric: str, trial: Tried) -> float:
    """Lower is better."""
    value = math.inf if trial.value is None else trial.value
    return value if metric == "loss" or trial.value is None else -value


def _colour(share: float) -> str:
    mixed = [round(a + (b - a) * share) for a, b in zip(WORST, BEST, strict=True)]
    return "#" + "".join(f"{c:02x}" for c in mixed)
