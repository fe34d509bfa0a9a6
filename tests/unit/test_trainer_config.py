"""Presets are valid, settings are checked, and a wrong one names the right ones."""

from __future__ import annotations

import pytest

from engine.errors import UsageError
from trainer.config import load_config, parse_settings, preset_names


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_is_valid(name: str) -> None:
    config = load_config(name)
    assert config.description and config.input.channels in {1, 3}


def test_the_published_presets_are_there() -> None:
    assert {
        "casting-resnet18",
        "casting-fast",
        "kolektor-segdec",
        "kolektor-fast",
        "demo-segdec",
        "demo-classifier",
        "finetune",
    } <= set(preset_names())


def test_settings_take_the_type_of_their_key() -> None:
    config = load_config("demo-segdec", ["epochs=3", "learning_rate=1e-4", "ok_classes=good, fine", "turn=false"])
    assert (config.epochs, config.learning_rate, config.ok_classes, config.turn) == (3, 1e-4, ["good", "fine"], False)


def test_unknown_setting_names_the_valid_ones() -> None:
    with pytest.raises(UsageError, match="learning_rate"):
        parse_settings(["lerning_rate=1"])


@pytest.mark.parametrize("setting", ["epochs=many", "epochs=0", "folds=3 ", "keep=worst", "threshold=high"])
def test_bad_value_names_its_key(setting: str) -> None:
    extra = ["fold=3"] if setting.startswith("folds") else []
    with pytest.raises(UsageError, match="cannot be used"):
        load_config("demo-segdec", [setting, *extra])


def test_unknown_preset_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="casting-fast"):
        load_config("castings")
