"""The new model beside the active one: the same parts by the same rules, and every verdict that turned round."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.domain.recipe import ClassRule
from engine.networks.load import load_graph
from engine.packages.manifest import Manifest
from engine.packages.package import ModelPackage
from engine.recipes.file import rules_of
from engine.statistics.metrics import evaluate_scores, labels_at
from engine.statistics.shares import Share, exact_p, rounded
from engine.verdicts.verdict import SOUND
from trainer.packaging.guard import BATCH

MOST_FLIPS = 200
"""More than this are counted but not listed."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What turns scores into labels: a package's classes and limits, with no review band and no guard."""

    classes: tuple[str, ...]
    ok_classes: tuple[str, ...]
    ng_at: float
    exclusive: bool
    own: tuple[ClassRule, ...]

    @classmethod
    def of(cls, manifest: Manifest) -> Rules:
        """A package's own."""
        return cls(
            manifest.class_names,
            manifest.ok_classes,
            manifest.thresholds.ng_at,
            manifest.head != "sigmoid",
            rules_of(ModelPackage(Path(), manifest, "")),
        )

    @property
    def sound(self) -> frozenset[str]:
        """Labels of sound parts; none where every class is a defect."""
        return frozenset(self.ok_classes) or (frozenset() if self.exclusive else frozenset({SOUND}))

    def labels(self, scores: NDArray[np.floating]) -> list[str]:
        """The label of each row of N×K scores."""
        return labels_at(scores, self.classes, self.ok_classes, self.ng_at, exclusive=self.exclusive, rules=self.own)

    def figures(self, truth: Sequence[str], scores: NDArray[np.floating]) -> dict[str, Any]:
        """`engine.statistics.metrics.evaluate_scores` of N×K scores; empty without parts."""
        if not truth:
            return {}
        return evaluate_scores(
            truth, self.labels(scores), scores, self.classes, self.ok_classes, self.ng_at, exclusive=self.exclusive
        )


@dataclass(frozen=True, slots=True, eq=False)
class JudgedParts:
    """Scores of the same parts by one model, N×K in the order of its classes."""

    rules: Rules
    scores: NDArray[np.floating]

    def some(self, rows: NDArray[np.bool_]) -> JudgedParts:
        """Of some parts only."""
        return JudgedParts(self.rules, self.scores[rows])

    def figures(self, truth: Sequence[str]) -> dict[str, Any]:
        """All figures; empty without parts."""
        return self.rules.figures(truth, self.scores)


@torch.no_grad()
def judged_by(
    package: ModelPackage,
    pictures: NDArray[np.uint8],
    rows: NDArray[np.int64],
    device: torch.device,
    check: Callable[[], None],
) -> JudgedParts:
    """What a package says of the prepared pictures (N×H×W×C) at `rows`, by torch in fp32; `check` may raise to stop."""
    graph = load_graph(package).eval().to(device)
    found = [np.zeros((0, len(package.manifest.classes)), np.float32)]
    for first in range(0, rows.size, BATCH):
        check()
        part = torch.from_numpy(pictures[rows[first : first + BATCH]]).to(device)
        found.append(graph(part)[0].float().cpu().numpy())
    return JudgedParts(Rules.of(package.manifest), np.concatenate(found))


def flips(keys: Sequence[str], truth: Sequence[str], before: JudgedParts, after: JudgedParts) -> dict[str, Any]:
    """The parts whose verdict turned round: counts, an exact test, and the first 200 parts, those lost first.

    gained: wrong before and right now; lost: right before and wrong now. Right means OK for a sound part and NG for any
    other, or where the model has no sound class the right class. `p`: two-sided exact binomial test that gains and
    losses are equally likely (McNemar 1947); `gained_share`: 95 % interval of gains among both.
    """
    sound = before.rules.sound | after.rules.sound
    rows = []
    for key, name, was, now in zip(
        keys, truth, before.rules.labels(before.scores), after.rules.labels(after.scores), strict=True
    ):
        # Without sound classes the label itself is the verdict.
        was_right, now_right = ((label in sound) == (name in sound) if sound else label == name for label in (was, now))
        if was_right != now_right:
            rows.append({"key": key, "truth": name, "before": was, "after": now, "gained": now_right})
    gained, lost = sum(bool(r["gained"]) for r in rows), sum(not r["gained"] for r in rows)
    return {
        "gained": gained,
        "lost": lost,
        "gained_share": rounded(Share(gained, gained + lost).interval),
        "p": round(exact_p(gained, lost), 6),
        "parts": sorted(rows, key=lambda r: bool(r["gained"]))[:MOST_FLIPS],
    }


def change_in_words(
    what: str, new: dict[str, Any], old: dict[str, Any] | None, turned: dict[str, Any] | None = None
) -> str:
    """A line for a person: what became of escapes and false rejects, or of mistakes where there is no sound class."""
    if not new:
        return f"{what}: no parts."
    counts = [_counted(name, new, old, pick) for name, pick in _KINDS if pick(new)[1]] if _has_sound(new) else []
    said = ", ".join(counts or [_counted("wrong", new, old, _wrong)])
    if turned is None:
        return f"{what}: {said}."
    return f"{what}: {said}; {turned['gained']} parts gained, {turned['lost']} lost (p = {turned['p']:.2g})."


def _counted(
    name: str,
    new: dict[str, Any],
    old: dict[str, Any] | None,
    pick: Callable[[dict[str, Any]], tuple[int, int]],
) -> str:
    count, total = pick(new)
    return f"{name} {count} of {total}" if old is None else f"{name} {pick(old)[0]} → {count} of {total}"


def _escapes(figures: dict[str, Any]) -> tuple[int, int]:
    return figures["escapes"]["count"], figures["escapes"]["of"]


def _overkill(figures: dict[str, Any]) -> tuple[int, int]:
    return figures["overkill"]["count"], figures["overkill"]["of"]


def _wrong(figures: dict[str, Any]) -> tuple[int, int]:
    matrix = np.array(figures["confusion"]["matrix"])
    return int(matrix.sum() - np.trace(matrix)), int(matrix.sum())


def _has_sound(figures: dict[str, Any]) -> bool:
    """Whether the model can call a part sound: else every part is a defect and none can escape."""
    return figures["ap"] is not None or bool(figures["overkill"]["of"])


_KINDS = (("escapes", _escapes), ("false rejects", _overkill))
