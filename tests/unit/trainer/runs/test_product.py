"""Whose parts a model judges is asked with the training, kept in its package and goes on to what is made of it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

pytest.importorskip("torch")

from engine.packages.package import ModelPackage, open_package
from main import build_parser
from tests.labelled import write_picture
from tests.packages import write_tiny_package
from trainer.config import TrainConfig
from trainer.formats import detect
from trainer.packaging.finish import Origin, lineage_of
from trainer.runs import distil, train


def lineage_product(tmp_path: Path, asked: str, parent: ModelPackage | None) -> str:
    for name in ("ok", "pit"):
        write_picture(tmp_path / "set" / name / "1.png", 1)
    dataset = detect.open_dataset(str(tmp_path / "set"))
    job = SimpleNamespace(config=TrainConfig.model_validate({"kind": "classifier", "architecture": "small_cnn"}))
    origin = Origin("demo", "lineside train", parent, None, None, asked)
    return lineage_of(cast(Any, job), cast(Any, SimpleNamespace(dataset=dataset)), origin).product


def test_train_and_distil_ask_for_the_product_and_say_it_again(tmp_path: Path) -> None:
    words = ["parts", "--preset", "finetune", "--out", "new", "--product", "bracket 12"]
    asked, _ = train.request_of(build_parser("train").parse_args(["train", *words, "--run", str(tmp_path / "run")]))
    teacher = str(write_tiny_package(tmp_path / "teacher").folder)
    learnt = distil.request_of(
        build_parser("distil").parse_args(["distil", teacher, "parts", "--out", "S", "--product", "bracket 12"])
    )
    for request in (asked, learnt):
        assert request.product == "bracket 12"
        assert "--product 'bracket 12'" in request.command()


def test_the_package_keeps_it_and_hands_it_on(tmp_path: Path) -> None:
    parent = write_tiny_package(tmp_path / "parent")
    assert lineage_product(tmp_path, "", parent) == ""
    assert lineage_product(tmp_path, "bracket 12", parent) == "bracket 12"
    parent.manifest.lineage.product = "bracket 12"
    assert lineage_product(tmp_path, "", parent) == "bracket 12"
    assert open_package(parent.folder).manifest.lineage.product == ""
