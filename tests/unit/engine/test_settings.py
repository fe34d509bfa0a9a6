"""Settings: kept whole, refused by name, never half-written."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from engine.errors import InputError, StorageError
from engine.settings import load_settings, save_settings
from engine.system.files import write_atomically
from engine.system.threads import thread_budget


def test_settings_come_back_as_they_were_kept(lineside_home: Path) -> None:
    settings = load_settings()
    settings.operator, settings.theme = "Ana", "light"
    save_settings(settings)
    again = load_settings()
    assert (again.operator, again.theme) == ("Ana", "light")
    assert [p.name for p in lineside_home.iterdir()] == ["settings.json"]


def test_bad_value_names_its_key(lineside_home: Path) -> None:
    lineside_home.mkdir()
    (lineside_home / "settings.json").write_text(json.dumps({"schema_version": 1, "overlay_opacity": 7}))
    with pytest.raises(InputError, match="overlay_opacity"):
        load_settings()


def test_unknown_key_warns_and_is_kept(lineside_home: Path, caplog: pytest.LogCaptureFixture) -> None:
    lineside_home.mkdir()
    (lineside_home / "settings.json").write_text(json.dumps({"schema_version": 1, "colour": "red"}))
    with caplog.at_level(logging.WARNING):
        settings = load_settings()
    assert "colour" in caplog.text
    save_settings(settings)
    assert json.loads((lineside_home / "settings.json").read_text())["colour"] == "red"


def test_newer_settings_are_refused(lineside_home: Path) -> None:
    lineside_home.mkdir()
    (lineside_home / "settings.json").write_text(json.dumps({"schema_version": 9}))
    with pytest.raises(InputError, match="newer"):
        load_settings()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="could not be written"):
        write_atomically(tmp_path / "file" / "below", b"x")


def test_thread_budget_never_exceeds_the_cores() -> None:
    assert 1 <= thread_budget(1) == 1
    assert thread_budget(10_000) == thread_budget()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ('{"operator": "Jörg"}'.encode("latin-1"), "not text in UTF-8"),
        ('{"operator": "Jörg"}'.encode("utf-16"), "UTF-16"),
        (b'{"memory":' * 100_000, "nests too deeply"),
        (b'{"save_every_ok": ' + b"9" * 5000 + b"}", "a number that cannot be read"),
        (b'{"operator": ', "not valid JSON, at line 1"),
    ],
)
def test_settings_that_are_no_text_are_told(lineside_home: Path, data: bytes, said: str) -> None:
    lineside_home.mkdir()
    (lineside_home / "settings.json").write_bytes(data)
    with pytest.raises(InputError, match=f"The settings in .*{said}"):
        load_settings()


def test_settings_may_come_from_notepad(lineside_home: Path) -> None:
    lineside_home.mkdir()
    (lineside_home / "settings.json").write_text('{"operator": "Jörg"}', encoding="utf-8-sig")
    assert load_settings().operator == "Jörg"
