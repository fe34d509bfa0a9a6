"""`lineside run` raises the results' alarms: told on the console, stored like the window's, no line of --jsonl."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import pytest

from db.store.session import open_database
from db.users.alarms import StoredAlarm, list_alarms
from engine.settings import AlarmRules, StationSettings, save_settings
from engine.system.places import database_url
from main import main
from tests.frames import part
from tests.packages import write_tiny_package

OFF = {"ng_in_row": 0, "ng_rate": 0.0, "rate_parts": 5, "same_place": 0}
OK, NG = 0, 250


@pytest.fixture
def package(tmp_path: Path) -> str:
    return str(write_tiny_package(tmp_path / "tiny").folder)


def run(tmp_path: Path, package: str, spots: Sequence[int], **rules: float) -> list[dict[str, object]]:
    """A run over parts with these spots, under these rules; its lines."""
    alarms = AlarmRules.model_validate(OFF | rules)
    save_settings(StationSettings(schema_version=1, alarms=alarms))
    folder, lines = tmp_path / "parts", tmp_path / "lines.jsonl"
    folder.mkdir(exist_ok=True)
    for place, spot in enumerate(spots):
        cv2.imwrite(str(folder / f"{place}.png"), part(spot, seed=place))
    words = ["run", "--source", f"folder:{folder}", "--model", package, "--lot", "L7", "--jsonl", str(lines)]
    assert main(words) == 0
    return [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]


def stored() -> list[StoredAlarm]:
    """The alarms on record, oldest first."""
    db = open_database(database_url())
    try:
        return list(reversed(list_alarms(db)))
    finally:
        db.close()


def test_ng_in_a_row_is_told_and_stored_and_the_lines_stay_inspections(
    tmp_path: Path, package: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = run(tmp_path, package, [OK, NG, NG, NG, NG], ng_in_row=3)
    said = "3 NG in a row; the last is part 3."
    assert f"ALARM: {said} Look at the parts" in capsys.readouterr().err
    (alarm,) = stored()
    assert (alarm.kind, alarm.message, alarm.lot) == ("in_row", said, "L7")
    assert alarm.inspection_id == lines[3]["id"]
    assert alarm.acknowledged_at is None
    assert [line["verdict"] for line in lines] == ["OK", "NG", "NG", "NG", "NG"]


def test_too_many_ng_are_told_with_share_and_limit(
    tmp_path: Path, package: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, package, [NG, OK, NG, OK, OK, OK], ng_rate=0.3)
    said = "2 NG among the last 5 parts: 40 %, the limit is 30 %. The last is part 4."
    assert f"ALARM: {said}" in capsys.readouterr().err
    assert [(alarm.kind, alarm.message) for alarm in stored()] == [("rate", said)]


def test_a_defect_in_one_place_names_lens_and_tool(
    tmp_path: Path, package: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, package, [NG, NG, OK], same_place=2)
    said = "A defect in the same place on 2 parts in a row: a dirty lens or a tool mark? The last is part 1."
    assert f"ALARM: {said} Look at the lens" in capsys.readouterr().err
    assert [(alarm.kind, alarm.message) for alarm in stored()] == [("same_place", said)]


def test_while_an_alarm_of_its_kind_waits_it_is_told_but_not_stored_again(
    tmp_path: Path, package: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, package, [NG, NG, OK, NG, NG], ng_in_row=2)
    assert capsys.readouterr().err.count("ALARM: 2 NG in a row") == 2
    assert len(stored()) == 1


def test_a_quiet_line_raises_none(tmp_path: Path, package: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, package, [NG, OK, NG, OK, NG], ng_in_row=2)
    assert "ALARM" not in capsys.readouterr().err
    assert stored() == []
