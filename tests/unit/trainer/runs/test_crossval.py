"""Cross-validation: every picture judged once by a model that never saw it, and what is done is not done again."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("lightning_fabric", reason="needs the train extra")

from engine.errors import InputError, UsageError
from trainer.arguments import add_crossval_arguments
from trainer.runs import crossval
from trainer.runs.crossval import run_crossval

pytestmark = pytest.mark.slow

PARTS = "demo:?seed=3&count=24&defect_rate=0.5&kinds=scratch,pit"
SMALL = ["height=64", "width=80", "epochs=1", "batch=4", "samples_per_epoch=8", "threads=1", "int8=false"]


def asked(out: Path, *more: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_crossval_arguments(parser)
    sets = [word for setting in SMALL for word in ("--set", setting)]
    return parser.parse_args([PARTS, "--preset", "demo-segdec", "--folds", "2", "--out", str(out), *sets, *more])


def test_every_picture_is_judged_once_by_a_model_that_never_saw_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "folds"
    assert run_crossval(asked(out, "--seeds", "5")) == 0
    figures = json.loads((out / "figures.json").read_text())
    (seed,) = figures["seeds"]
    judged = [[json.loads(x) for x in (out / f"seed-5/fold-{f}.jsonl").read_text().splitlines()] for f in (0, 1)]
    names = [{line["path"] for line in fold} for fold in judged]
    assert not names[0] & names[1] and len(names[0] | names[1]) == 24
    for fold, tested in enumerate(names):
        parts = json.loads((out / f"runs/seed-5-fold-{fold}/split.json").read_text())
        assert not tested & {*parts["train"], *parts["validation"]}
    assert seed["count"] == 24 == sum(f["count"] for f in seed["folds"])
    wrong = sum(line["truth"] != line["label"] for fold in judged for line in fold)
    assert seed["mistakes"]["count"] == wrong == figures["median"]["mistakes"]
    assert seed["fold_ap"] == pytest.approx(sum(f["ap"] for f in seed["folds"]) / 2, abs=1e-6)
    assert "median over seeds" in capsys.readouterr().out

    def never(*_args: Any) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(crossval, "train", never)
    assert run_crossval(asked(out, "--seeds", "5")) == 0
    assert json.loads((out / "figures.json").read_text())["seeds"][0]["mistakes"] == seed["mistakes"]
    with pytest.raises(InputError, match="with other settings"):
        run_crossval(asked(out, "--seeds", "5", "--set", "batch=8"))


@pytest.mark.parametrize(
    ("more", "said"), [(["--folds", "1"], "cannot be held out"), (["--seeds", "1,x"], "no whole numbers")]
)
def test_what_cannot_be_done_is_said(tmp_path: Path, more: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        run_crossval(asked(tmp_path / "folds", *more))
