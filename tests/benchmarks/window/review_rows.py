"""A month on a fast line, made in a minute or two: a million inspections, some overrides, real pictures."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from db.images.archive import Archive
from db.models.registry import activate, register
from db.store.session import open_database
from engine.domain.inspection import new_id
from engine.system.places import demo_package

DAYS, LOTS_A_DAY, RECIPES = 30, 5, ("housing", "cover", "plate")
OVERRIDES, MISTAKES, PICTURES = 2000, 300, 300
NG_SHARE, REVIEW_SHARE = 0.03, 0.01
KINDS = ("scratch", "dent", "stain", "hole")
COMMENTED, AUDITED = 400, 500
SIZE = (1024, 1280)
STAMP = "%Y-%m-%d %H:%M:%S.%f"


def build(folder: Path, rows: int) -> Path:
    """Make the station's database in `folder`; returns its path. The newest PICTURES parts have PNGs of 1280×1024."""
    path = folder / "lineside.db"
    database = open_database(path)
    activate(database, register(database, demo_package(), "bench").version, "bench")
    now = datetime.now(UTC)
    start = now - timedelta(days=DAYS)
    ids = [new_id(start + timedelta(days=DAYS) * (i / rows)) for i in range(rows)]
    archive = Archive(database.archive_folder)
    database.close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -400000")
    connection.execute("BEGIN")
    names = [row[1] for row in connection.execute("PRAGMA table_info(inspections)")]
    marks = ", ".join("?" for _ in names)
    made = _rows(ids, start, now, names)
    indexes = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'inspections' AND sql IS NOT NULL"
    ).fetchall()
    # Sorting a whole index once takes a fraction of keeping it while rows come.
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    connection.executemany(f"INSERT INTO inspections ({', '.join(names)}) VALUES ({marks})", made)
    for _, made_by in indexes:
        connection.execute(made_by)
    _say(connection, ids, now)
    _picture(connection, archive, ids[-PICTURES:], now)
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


def _rows(ids: list[str], start: datetime, now: datetime, names: list[str]) -> Iterator[list[Any]]:
    dice, step = random.Random(7), (now - start) / len(ids)
    for number, id_ in enumerate(ids):
        at, chance = start + number * step, dice.random()
        outcome, label, score = _verdict(chance, dice.random(), KINDS[number % len(KINDS)])
        share = number / len(ids)
        values: dict[str, Any] = {
            "id": id_,
            "inspected_at": at.strftime(STAMP),
            "captured_at": at.strftime(STAMP),
            "source": "genicam:line",
            "sequence": number,
            "name": "",
            "height": SIZE[0],
            "width": SIZE[1],
            "outcome": outcome,
            "label": label,
            "score": score,
            "margin": abs(score - 0.5),
            "reasons": json.dumps([f"{label} {score:.2f}"]),
            "scores": json.dumps({"classes": ["ok", label], "values": [1 - score, score], "exclusive": True}),
            "regions": "[]",
            "model_name": "bench",
            "model_version": "model-a" if share < 0.5 else "model-b",
            "recipe_name": RECIPES[number // 500 % len(RECIPES)],
            "recipe_version": 1,
            "recipe_digest": "0",
            "lot": f"L-{int(share * DAYS * LOTS_A_DAY):04d}",
            "operator": "bench",
            "station": "Station 1",
            "prepare_ms": 1.0,
            "infer_ms": 5.0,
            "total_ms": 9.0,
            "bits": 0,
            "device_ns": 0,
        }
        nothing = {"truth", "pixels_sha256", "triggered_at", "exposed_at"}
        yield [values.get(name, None if name in nothing else "") for name in names]


def _verdict(chance: float, height: float, kind: str) -> tuple[str, str, float]:
    if chance < NG_SHARE:
        return "NG", kind, 0.6 + 0.4 * height
    if chance < NG_SHARE + REVIEW_SHARE:
        return "REVIEW", kind, 0.4 + 0.2 * height
    return "OK", "ok", 0.4 * height**2


def _say(connection: sqlite3.Connection, ids: list[str], now: datetime) -> None:
    """Overrides, MISTAKES of them against the verdict; comments; drawn audits."""
    dice, stamp = random.Random(11), now.strftime(STAMP)
    chosen = dice.sample(ids, min(len(ids), OVERRIDES + COMMENTED + AUDITED))
    for number, id_ in enumerate(chosen[:OVERRIDES]):
        outcome, label = connection.execute("SELECT outcome, label FROM inspections WHERE id = ?", (id_,)).fetchone()
        wrong = number < MISTAKES
        said = ("NG" if outcome == "OK" else "OK") if wrong else outcome
        of = f"o{number:06d}"
        connection.execute(
            "INSERT INTO overrides (id, inspection_id, at, operator, outcome, label, why) VALUES (?,?,?,?,?,?,'')",
            (of, id_, stamp, "bench", said, "scratch" if said == "NG" else label),
        )
        connection.execute("INSERT INTO standing VALUES (?,?,?)", (id_, of, int(wrong)))
    for id_ in chosen[OVERRIDES : OVERRIDES + COMMENTED]:
        connection.execute(
            "INSERT INTO comments (inspection_id, at, who, text) VALUES (?,?,'bench','looked at')", (id_, stamp)
        )
    for id_ in chosen[OVERRIDES + COMMENTED :]:
        connection.execute("INSERT INTO random_audits VALUES (?,?,200)", (id_, stamp))


def _picture(connection: sqlite3.Connection, archive: Archive, ids: list[str], now: datetime) -> None:
    """Metal-like grey pictures: a gradient, noise and a scratch, each another one."""
    noise = np.random.default_rng(3)
    base = np.linspace(90, 160, SIZE[1], dtype=np.float32)[None, :]
    for number, id_ in enumerate(ids):
        pixels = base + noise.normal(0, 4, SIZE).astype(np.float32)
        pixels[(97 * number) % 1000 :, :][:6, 200:700] -= 40
        image, _ = archive.save(id_, now, np.clip(pixels, 0, 255).astype(np.uint8))
        mark = archive.fingerprint(str(image))
        connection.execute(
            "INSERT INTO pictures (inspection_id, image, image_sha256, image_bytes, archived_at, state)"
            " VALUES (?,?,?,?,?,'kept')",
            (id_, image, mark.sha256, mark.size, now.strftime(STAMP)),
        )
