"""Critical classes get the threshold that catches them, on the validation part."""

from __future__ import annotations

import numpy as np
import pytest

from engine.domain.inspection import Severity
from engine.errors import UsageError
from engine.packages.manifest import ClassSpec
from trainer.config import TrainConfig
from trainer.packaging.critical import check_critical, with_critical

CLASSES = ("ok", "crack", "dent")
SPECS = [ClassSpec(name="ok", role="ok"), ClassSpec(name="crack"), ClassSpec(name="dent")]


def config(recall: float = 1.0, critical: tuple[str, ...] = ("crack",)) -> TrainConfig:
    return TrainConfig(kind="classifier", architecture="small_cnn", critical=list(critical), critical_recall=recall)


def test_the_threshold_catches_every_critical_part_and_no_more_than_it_must() -> None:
    truth = ["ok", "ok", "crack", "crack", "dent"]
    cracks = [0.01, 0.2, 0.1234567, 0.9, 0.3]
    scores = np.stack((1.0 - np.array(cracks), np.array(cracks), np.zeros(5)), axis=1)
    found, notes = with_critical(SPECS, config(), truth, scores)
    assert [c.severity for c in found] == [Severity.MAJOR, Severity.CRITICAL, Severity.MAJOR]
    assert found[1].ng_at == pytest.approx(0.123456, abs=1e-9) and found[1].ng_at <= 0.1234567
    assert "catches 2 of 2" in notes[0] and "takes 2 of 3 others" in notes[0]
    half, _ = with_critical(SPECS, config(0.5), truth, scores)
    assert half[1].ng_at == pytest.approx(0.9)


def test_a_critical_class_nobody_saw_keeps_the_models_threshold_and_it_is_said() -> None:
    found, notes = with_critical(SPECS, config(), ["ok", "dent"], np.eye(3)[[0, 2]])
    assert found[1].severity is Severity.CRITICAL and found[1].ng_at is None
    assert "No held-out picture shows crack" in notes[0]


@pytest.mark.parametrize("name", ["ok", "hole"])
def test_only_defects_can_be_critical(name: str) -> None:
    check_critical(config(), CLASSES, ("ok",))
    with pytest.raises(UsageError, match="none of the defects"):
        check_critical(config(critical=(name,)), CLASSES, ("ok",))
