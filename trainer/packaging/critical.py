"""Critical classes: defects that must never escape get a threshold of their own, chosen to catch them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Severity
from engine.errors import UsageError
from engine.packages.manifest import ClassSpec
from engine.statistics.metrics import target_recall_threshold
from trainer.config import TrainConfig

LEAST, MOST = 0.001, 0.999


def check_critical(config: TrainConfig, classes: Sequence[str], ok_classes: Sequence[str]) -> None:
    """Raises UsageError where a critical class is none of the data set's defects."""
    defects = [name for name in classes if name not in ok_classes]
    unknown = [name for name in config.critical if name not in defects]
    if unknown:
        raise UsageError(
            f"The critical class {unknown[0]!r} is none of the defects.",
            f"Use --set critical=… with some of {', '.join(defects)}, or --set critical=[].",
        )


def with_critical(
    specs: Sequence[ClassSpec], config: TrainConfig, truth: Sequence[str], scores: NDArray[np.float64]
) -> tuple[list[ClassSpec], list[str]]:
    """The classes with severity critical and the highest threshold that catches `critical_recall` of each; and notes.

    `scores` is N×K of the validation part, `truth` its N labels. A class no validation picture shows keeps the model's
    threshold, which is said.
    """
    found, notes = [], []
    for at, spec in enumerate(specs):
        if spec.name not in config.critical:
            found.append(spec)
            continue
        held = np.array([name == spec.name for name in truth], bool)
        if not held.any():
            notes.append(f"No held-out picture shows {spec.name}: it is critical with the model's threshold.")
            found.append(spec.model_copy(update={"severity": Severity.CRITICAL}))
            continue
        threshold = target_recall_threshold(held, scores[:, at], config.critical_recall)
        # Rounded down: the part that set it must still be caught.
        threshold = min(MOST, max(LEAST, float(np.floor(threshold * 1e6) / 1e6)))
        said = scores[:, at] >= threshold
        notes.append(
            f"{spec.name} is critical: NG from {threshold:.3g} on, which catches {int(said[held].sum())} of "
            f"{int(held.sum())} held-out ones and takes {int(said[~held].sum())} of {int((~held).sum())} others for it."
        )
        found.append(spec.model_copy(update={"severity": Severity.CRITICAL, "ng_at": threshold}))
    return found, notes
