"""Every command that learns refuses a set in doubt until a person says what pictures without a label are."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("lightning_fabric", reason="needs the train extra")
pytest.importorskip("optuna", reason="needs the train extra")

from engine.errors import InputError
from engine.packages.manifest import Lineage
from main import main
from tests.labelled import write_doubtful
from tests.packages import write_tiny_package
from trainer.config import TrainConfig
from trainer.data.material import replay
from trainer.formats import detect
from trainer.packaging.finish import Origin, lineage_of
from trainer.runs.request import TrainRequest

pytestmark = pytest.mark.slow

DEMO = ("--preset", "demo-classifier", "--set", "architecture=small_cnn")
COMMANDS = {
    "train": ("train", "{set}", *DEMO, "--weights", "none"),
    "tune": ("tune", "{set}", *DEMO),
    "crossval": ("crossval", "{set}", *DEMO),
    "distil": ("distil", "{package}", "{set}", "--student", "small_cnn", "--weights", "none", "--run", "{out}-run"),
    "quantise": ("quantise", "{package}", "{set}"),
}


class Opened(Exception):
    """The data set was opened."""


@pytest.mark.parametrize("command", COMMANDS)
def test_command_refuses_a_set_in_doubt_until_told(
    tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LINESIDE_HOME", str(tmp_path / "home"))
    write_tiny_package(tmp_path / "package", defect="pit")
    places = {name: str(tmp_path / name) for name in ("set", "package", "out")}
    write_doubtful(tmp_path / "set")
    words = [word.format(**places) for word in (*COMMANDS[command], "--out", "{out}")]
    assert main(words) == InputError.exit_code
    assert "would be taken for sound. Look with" in capsys.readouterr().err and not (tmp_path / "out").exists()

    def told(*_: Any) -> None:
        raise Opened

    # Beyond the doubt: the notes are written for a set that may be used.
    monkeypatch.setattr(detect, "doubt_notes", told)
    with pytest.raises(Opened):
        main([*words, "--without-label", "ok"])


def test_request_says_it_again() -> None:
    asked = TrainRequest(dataset="set", preset="demo", out="new", without_label="ok")
    assert "--without-label ok" in asked.command()
    assert TrainRequest.model_validate_json('{"dataset": "set", "preset": "demo", "out": "new"}').without_label == ""


@pytest.mark.parametrize("doubtful", [True, False])
def test_package_keeps_what_was_said_of_a_set_in_doubt(
    tmp_path: Path, doubtful: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINESIDE_HOME", str(tmp_path / "home"))
    if not doubtful:
        (write_doubtful(tmp_path) / "p2.json").unlink()
    dataset = detect.open_dataset(str(write_doubtful(tmp_path)) if doubtful else str(tmp_path), without_label="ok")
    job = SimpleNamespace(config=TrainConfig.model_validate({"kind": "classifier", "architecture": "small_cnn"}))
    material = SimpleNamespace(dataset=dataset)
    lineage = lineage_of(cast(Any, job), cast(Any, material), Origin("demo", "lineside train", None, None, None))
    assert (lineage.model_extra or {}).get("without_label", "") == ("ok" if doubtful else "")


@pytest.mark.parametrize(("said", "replayed"), [({"without_label": "ok"}, 4), ({"without_label": "x"}, 0), ({}, 0)])
def test_what_was_said_of_the_parent_s_set_holds_when_it_is_replayed(
    tmp_path: Path, said: dict[str, Any], replayed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINESIDE_HOME", str(tmp_path))
    write_doubtful(tmp_path / "datasets" / "set")
    lineage = Lineage(dataset="set", dataset_path="datasets/set", **said)
    found, notes = replay(cast(Any, SimpleNamespace(manifest=SimpleNamespace(lineage=lineage))), 10, 1)
    assert len(found) == replayed and ("would be taken for sound" in notes[0]) == (not replayed)
