"""Bad input through the real main(): one sentence with the remedy, the right exit code, nothing lost."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import cv2
import pytest

from db.inspections.table import counts
from db.store.session import open_database
from engine.system.places import database_url
from main import main
from tests.frames import part
from tests.packages import write_tiny_package
from tests.unit.engine.odd_names import NAMES, write


@pytest.fixture
def package(tmp_path: Path) -> str:
    return str(write_tiny_package(tmp_path / "tiny").folder)


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    folder = tmp_path / "parts"
    folder.mkdir()
    for index in range(4):
        cv2.imwrite(str(folder / f"{index}.png"), part(250 if index == 2 else 0, seed=index))
    return folder


def one_sentence(capsys: pytest.CaptureFixture[str]) -> str:
    """The last line of the error output; a traceback fails."""
    said = capsys.readouterr().err
    assert "Traceback" not in said
    lines = [line for line in said.splitlines() if line.startswith("lineside: ")]
    assert len(lines) == 1, said
    return lines[0]


def test_missing_model_package(parts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", str(parts), "--model", "nowhere.zip"]) == 3
    assert "nowhere.zip" in one_sentence(capsys)


def test_corrupt_model_package(parts: Path, package: str, capsys: pytest.CaptureFixture[str]) -> None:
    (Path(package) / "model.onnx").write_bytes(b"rot")
    assert main(["scan", str(parts), "--model", package]) == 3
    assert "damaged" in one_sentence(capsys)


def test_empty_folder(tmp_path: Path, package: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["scan", str(tmp_path / "empty"), "--model", package]) == 3
    assert "empty" in one_sentence(capsys)


def test_folder_that_is_not_there(package: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", "not/here", "--model", package]) in {2, 3}
    assert "not/here" in one_sentence(capsys)


def test_truncated_picture_is_skipped_with_its_reason_and_the_rest_is_judged(
    parts: Path, package: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = (parts / "1.png").read_bytes()
    (parts / "1.png").write_bytes(whole[: len(whole) // 2])
    (parts / "notes.jpg").write_bytes(b"hello")
    url = f"sqlite:///{tmp_path / 'scan.db'}"
    assert main(["scan", str(parts), "--model", package, "--db", url]) == 0
    out = capsys.readouterr()
    assert "OK 2  NG 1  REVIEW 0  NO VERDICT 2" in out.out
    assert "1.png" in out.err
    assert "notes.jpg" in out.err
    database = open_database(url)
    assert counts(database).total == 5
    database.close()


def test_folder_of_nothing_but_broken_pictures_is_bad_input(
    tmp_path: Path, package: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.png").write_bytes(b"\x89PNG rot")
    assert main(["scan", str(tmp_path / "broken"), "--model", package]) == 3
    assert "Not one picture" in one_sentence(capsys)


def test_video_that_ends_ends_the_run_in_order(
    tmp_path: Path, package: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "line.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (160, 128))
    for index in range(7):
        writer.write(cv2.cvtColor(part(seed=index), cv2.COLOR_GRAY2BGR))
    writer.release()
    assert main(["run", "--source", f"video:{path}", "--model", package]) == 0
    assert "Inspected 7" in capsys.readouterr().out


def test_file_that_is_no_video(tmp_path: Path, package: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "line.avi").write_bytes(b"no video" * 100)
    assert main(["run", "--source", f"video:{tmp_path / 'line.avi'}", "--model", package]) == 3
    assert "line.avi" in one_sentence(capsys)


def test_database_from_a_newer_version(lineside_home: Path, package: str, capsys: pytest.CaptureFixture[str]) -> None:
    open_database(database_url()).close()
    raw = sqlite3.connect(lineside_home / "lineside.db")
    raw.execute("UPDATE alembic_version SET version_num = '9999_future'")
    raw.commit()
    raw.close()
    assert main(["run", "--source", "demo:?fps=0&count=2", "--model", package]) == 3
    assert "newer" in one_sentence(capsys)


def test_database_that_is_no_database(lineside_home: Path, package: str, capsys: pytest.CaptureFixture[str]) -> None:
    lineside_home.mkdir()
    (lineside_home / "lineside.db").write_bytes(b"this is no database " * 200)
    assert main(["run", "--source", "demo:?fps=0&count=2", "--model", package]) == 3
    assert "lineside.db" in one_sentence(capsys)


def test_disk_that_cannot_be_written(
    tmp_path: Path, package: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("LINESIDE_HOME", str(tmp_path / "file" / "home"))
    for words in (
        ["run", "--source", "demo:?fps=0&count=2"],
        ["scan", "demo:?count=2"],
        ["scan", "demo:?count=2", "--db", f"sqlite:///{tmp_path / 'elsewhere.db'}"],
    ):
        assert main([*words, "--model", package]) == 4
        said = one_sentence(capsys)
        assert "The data folder" in said and "home" in said and "LINESIDE_HOME" in said, words


def test_report_that_could_not_be_written_is_refused_before_the_first_picture(
    tmp_path: Path, package: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    lines, report = tmp_path / "lines.jsonl", tmp_path / "file" / "report"
    words = ["scan", "demo:?count=2", "--model", package, "--jsonl", str(lines), "--report", str(report)]
    assert main(words) == 4
    assert str(report) in one_sentence(capsys)
    assert not lines.exists()


def test_wrong_use_of_a_source_option(package: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--source", "demo:?speed=9", "--model", package]) == 2
    assert "speed" in one_sentence(capsys)


def test_unknown_command_is_wrong_use() -> None:
    assert main(["inspekt"]) == 2


def test_verify_of_a_database_that_is_not_there_makes_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--db", f"sqlite:///{tmp_path / 'no.db'}"]) == 3
    assert "no.db" in one_sentence(capsys)
    assert not (tmp_path / "no.db").exists()


def test_odd_names_are_judged_recorded_and_reported(
    tmp_path: Path, package: str, parts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = (parts / "0.png").read_bytes()
    for name in NAMES:
        write(tmp_path, b"odd/" + name, picture)
    write(tmp_path, b"odd/b\xe4d\x1b[2J.png", b"no picture")
    write(tmp_path, b"odd/m\xe4sk\x1b_label.png", picture)
    write(tmp_path, b"odd/n\xf6te\n.txt", b"no picture")
    lines, db = tmp_path / "lines.jsonl", f"sqlite:///{tmp_path}/odd.db"
    command = ["scan", str(tmp_path / "odd"), "--model", package, "--db", db, "--jsonl", str(lines)]
    command += ["--json", str(tmp_path / "account.json")]
    assert main([*command, "--report", str(tmp_path / "re\udcf6ort")]) == 0
    wanted = {*NAMES.values(), r"b\xe4d\x1b[2J.png"}
    left_out = {r"m\xe4sk\x1b_label.png", r"n\xf6te\x0a.txt"}
    told = capsys.readouterr()
    assert r"b\xe4d\x1b[2J.png cannot be decoded." in told.err
    assert r"re\xf6ort/report.html" in told.out
    assert "\x1b" not in told.out + told.err
    assert {
        Path(json.loads(line)["path"]).name for line in lines.read_text(encoding="utf-8").splitlines()
    } == wanted | left_out
    with closing(open_database(db)) as opened:
        assert counts(opened).total == len(wanted)
    table = (tmp_path / "re\udcf6ort" / "inspections.csv").read_text(encoding="utf-8-sig")
    assert all(name in table for name in wanted | left_out)
    account = json.loads((tmp_path / "account.json").read_text(encoding="utf-8"))
    assert {Path(left["path"]).name for left in account["files_left_out"]} == left_out
