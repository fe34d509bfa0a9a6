"""Presets are valid, settings are checked, and a wrong one names the right ones."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the train extra")

from engine.errors import UsageError
from engine.networks.catalogue import check_input, kind_of
from trainer.config import TrainConfig, load_config, parse_settings, preset_names


def test_the_published_presets_are_there() -> None:
    assert {
        "casting-resnet18",
        "casting-fast",
        "kolektor-segdec",
        "kolektor-fast",
        "demo-segdec",
        "demo-classifier",
        "finetune",
        "gc10-resnet18",
        "gc10-ensemble",
        "severstal-smallcnn",
        "severstal-resnet50",
        "lineside-classifier",
        "lineside-segdec",
        "lite0-classifier",
        "lite0-segdec",
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


def test_a_choice_written_like_a_number_is_the_choice() -> None:
    assert load_config("demo-segdec", ["precision=32"]).precision == "32"


def test_a_preset_may_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "best.toml"
    path.write_text('kind = "classifier"\narchitecture = "resnet18"\nlearning_rate = 2e-5\n', encoding="utf-8")
    assert load_config(str(path), ["batch=4"]).learning_rate == 2e-5
    with pytest.raises(UsageError, match="no preset file"):
        load_config(str(tmp_path / "worse.toml"))
    path.write_text("kind = [", encoding="utf-8")
    with pytest.raises(UsageError, match="not valid TOML"):
        load_config(str(path))


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_loads_and_its_network_can_be_built(name: str) -> None:
    config = load_config(name)
    for architecture in config.members or [config.architecture]:
        assert kind_of(architecture) == config.kind
        check_input(architecture, config.height, config.width)
    assert config.description and config.input.channels in {1, 3}


@pytest.mark.parametrize("raw", ["[" * 60_000, "9" * 60_000, "a." * 30_000 + "b", "{a." + "a." * 30_000 + "b=1}"])
def test_a_setting_that_no_toml_is_stays_a_text_and_is_refused(raw: str) -> None:
    with pytest.raises(UsageError, match="The setting epochs cannot be used"):
        load_config("demo-classifier", [f"epochs={raw}"])


def test_a_preset_from_notepad_is_read(tmp_path: Path) -> None:
    path = tmp_path / "best.toml"
    path.write_text('kind = "classifier"\narchitecture = "resnet18"\n', encoding="utf-8-sig")
    assert load_config(str(path)).architecture == "resnet18"


@pytest.mark.parametrize(
    "name", [name for name, field in TrainConfig.model_fields.items() if field.annotation in (int, float)]
)
@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e308", "1" + "0" * 30, "9" * 5000, "0xffffffffffffffff"])
def test_every_number_of_a_training_has_a_bound(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"The setting {name} cannot be used"):
        load_config("demo-classifier", [f"{name}={value}"])


@pytest.mark.parametrize("value", ["nan", "recall:nan", "recall:7", "-0.1", "inf"])
def test_a_threshold_is_a_share(value: str) -> None:
    with pytest.raises(UsageError, match="cannot be used"):
        load_config("demo-classifier", [f"threshold={value}"])
