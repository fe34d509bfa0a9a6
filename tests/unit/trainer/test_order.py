"""The station's order is understood by the trainer: each word of its command line is one of the trainer's."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from engine.training import TeachOrder
from trainer.arguments import add_train_arguments

A, B, C, D = Path("set"), Path("parent"), Path("out"), Path("home")


def parsed(order: TeachOrder) -> dict[str, object]:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_train_arguments(parser)
    command, *words = order.arguments
    assert command == "train"
    return {key: value for key, value in vars(parser.parse_args(words)).items() if value}


@pytest.mark.parametrize(
    ("order", "understood"),
    [
        (TeachOrder(A, B, C, D), {"dataset": "set", "preset": "finetune", "parent": "parent", "out": "out"}),
        (
            TeachOrder(
                A, B, C, D, "mine", ("epochs=2", "seed=3"), run=Path("run"), challenge=Path("known"), without_label="ok"
            ),
            {
                "dataset": "set",
                "preset": "mine",
                "parent": "parent",
                "out": "out",
                "set": ["epochs=2", "seed=3"],
                "run": "run",
                "challenge": "known",
                "without_label": "ok",
            },
        ),
        (
            TeachOrder(A, None, C, D, "mine", ("epochs=2",)),
            {"dataset": "set", "preset": "mine", "out": "out", "set": ["epochs=2"]},
        ),
        (TeachOrder(A, B, C, D, run=Path("run"), resume=True), {"resume": "run", "out": "out"}),
    ],
    ids=["plain", "whole", "from scratch", "resumed"],
)
def test_the_trainer_understands_the_station_s_order(order: TeachOrder, understood: dict[str, object]) -> None:
    assert parsed(order) == understood
