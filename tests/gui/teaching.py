"""A stand-in trainer, and what the tests of teaching do with it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from db.inspections.overrides import add_override
from db.models.registry import active
from engine.domain.inspection import Outcome, Override, new_id, utc_now
from gui.pages.models.page import ModelsPage
from gui.pages.models.teach import flow as teach
from gui.training.process import Trainer
from gui.users.why_dialog import WhyDialog
from tests import ROOT
from tests.gui.stored import Bench

TRAINER = """
import json, sys, time
from pathlib import Path
sys.path.insert(0, {root!r})
from engine.packages.manifest import LimitSpec
from engine.packages.package import write_package
from tests.packages import tiny_graph, write_tiny_package
Path(sys.argv[0] + ".arguments").write_text("\\n".join(sys.argv[1:]))
def say(**event): print(json.dumps(event), flush=True)
def checkpoint():
    run = Path(sys.argv[sys.argv.index("--run") + 1])
    run.mkdir(parents=True)
    (run / "checkpoint.pt").write_bytes(b"weights")
say(event="started", preset="finetune", architecture="tiny", device="cpu", epochs=2, train=1, validation=1, test=0)
print("a library talks")
for epoch in (1, 2):
    say(event="progress", stage="training", done=epoch, total=2)
    say(event="epoch", epoch=epoch, epochs=2, train_loss=1 / epoch, validation_loss=1 / epoch, figures={{"ap": 0.5}},
        best=True, seconds=0.5)
# middle
out = Path(sys.argv[sys.argv.index("--out") + 1])
made = write_tiny_package(out, name="taught", defect="scratch")
# It rejects what is brighter than 0.1: with it dark parts (0.16) are NG.
limits = LimitSpec(ng_at=0.1, review_from=0.1, review_to=0.1)
made = write_package(out, made.manifest.model_copy(update={{"thresholds": limits}}), {{"model.onnx": tiny_graph()}})
say(event="finished", package=str(out), version=made.version, metrics={{"accuracy": 1.0}}, seconds=0.1)
"""


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A trainer of our own: a real process that speaks the real protocol."""
    script = folder / "trainer.py"
    script.write_text(TRAINER.format(root=str(ROOT)), encoding="utf-8")
    monkeypatch.setattr(teach, "find_trainer", lambda _settings: Trainer(sys.executable, (str(script),), "stand-in"))
    return script


def patient(bench: Bench, until: Callable[[], bool]) -> None:
    """Wait until it is so, with a deadline nobody meets."""
    bench.qtbot.waitUntil(until, timeout=60_000)


def taught(bench: Bench, page: ModelsPage) -> None:
    """Wait until the new model went through the gate."""
    patient(bench, lambda: page.teaching.gate.result is not None)
    bench.idle()


def agree(page: ModelsPage, why: str) -> None:
    """Type a reason and press the dialog's button."""
    dialog = page.findChildren(WhyDialog)[-1]
    dialog.why.setText(why)
    dialog.go.click()


def still_active(bench: Bench) -> bool:
    """The model of the start judges."""
    now = active(bench.db)
    return now is not None and now.version == bench.model.version


def correct_one(bench: Bench, outcome: Outcome = Outcome.NG) -> str:
    """A part of grey 40, of which somebody said what it is."""
    part, at = bench.parts(Outcome.NG)[0], utc_now()
    label = "scratch" if outcome is Outcome.NG else "ok"
    add_override(bench.db, Override(new_id(at), part.id, at, "anna", outcome, label))
    return part.id
