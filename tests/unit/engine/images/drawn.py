"""Drawn folders for tests: pictures among everything else that lies in folders, and what must be said of each."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from pathlib import Path

import cv2

from engine.images.listing import PICTURE_SUFFIXES, UNREAD_SUFFIXES, Why
from tests.frames import part

SUFFIXES = tuple(sorted(PICTURE_SUFFIXES))
WRITTEN = (".png", ".jpg", ".bmp")


@dataclass(slots=True)
class Drawn:
    """A folder that was drawn: its pictures, and everything else with the reason. Paths below the folder, with /."""

    root: Path
    pictures: set[str] = field(default_factory=set)
    left_out: dict[str, Why] = field(default_factory=dict)

    @property
    def entries(self) -> int:
        """All that lies there, a folder that is not entered being one."""
        return len(self.pictures) + len(self.left_out)


def draw_folder(root: Path, seed: int, *, readable: bool = False) -> Drawn:
    """Up to 40 entries in up to four storeys. `readable`: pictures that decode, PNG, JPEG and BMP only."""
    draw, drawn = random.Random(seed), Drawn(root)
    root.mkdir(parents=True)
    folders = [""]
    for number in range(draw.randint(1, 40)):
        below = draw.choice(folders)
        _draw_entry(draw, drawn, folders, f"{below}{_word(draw)}{number}", readable)
    if not drawn.pictures:
        _picture(draw, drawn, "at-least-one", readable)
    return drawn


def _draw_entry(draw: random.Random, drawn: Drawn, folders: list[str], name: str, readable: bool) -> None:
    root, left_out = drawn.root, drawn.left_out
    match draw.randrange(14):
        case 0 if name.count("/") < 3:
            (root / name).mkdir()
            folders.append(f"{name}/")
        case 1 if name.count("/") < 3:
            # A folder that is called like a picture is a folder.
            (root / f"{name}.jpg").mkdir()
            folders.append(f"{name}.jpg/")
        case 2:
            hidden = root / Path(name).parent / f".{Path(name).name}"
            hidden.mkdir()
            (hidden / "inside.png").touch()
            left_out[hidden.relative_to(root).as_posix()] = Why.HIDDEN
        case 3:
            _touch(drawn, Path(name).with_name(f"._{Path(name).name}.jpg").as_posix(), Why.HIDDEN)
        case 4:
            _touch(drawn, f"{name}{draw.choice(('_label', '_LABEL'))}{draw.choice(('.png', '.bmp'))}", Why.MASK)
        case 5:
            _link(drawn, name, draw.choice((root, root.parent)), Why.LINK)
        case 6:
            _link(drawn, f"{name}.png", root / "gone.png", Why.NO_FILE)
        case 7:
            _link(drawn, f"{name}.tif", root / f"{name}.tif", Why.NO_FILE)
        case 8:
            pipe = f"{name}{draw.choice(SUFFIXES)}"
            os.mkfifo(root / pipe)
            left_out[pipe] = Why.NO_FILE
        case 9:
            _touch(drawn, f"{name}{draw.choice(sorted(UNREAD_SUFFIXES)).upper()}", Why.UNREAD)
        case 10:
            _touch(drawn, f"{name}.png{draw.choice(('.tmp', '.PART', '.crdownload'))}", Why.UNFINISHED)
        case 11:
            _touch(drawn, f"{name}{draw.choice(('.txt', '.json', '.db', '', '.png.bak'))}", Why.NO_PICTURE)
        case 12:
            for twin in (f"{name}.jpg", f"{name}.png", f"{name}.JPG"):
                _picture(draw, drawn, twin, readable)
        case _:
            _picture(draw, drawn, name, readable)


def _word(draw: random.Random) -> str:
    return draw.choice(("part", "ä ö", "No.", "x#2 ", "label", "-", "目", "a_label"))


def _touch(drawn: Drawn, name: str, why: Why) -> None:
    (drawn.root / name).write_bytes(b"whatever")
    drawn.left_out[name] = why


def _link(drawn: Drawn, name: str, to: Path, why: Why) -> None:
    (drawn.root / name).symlink_to(to)
    drawn.left_out[name] = why


def _picture(draw: random.Random, drawn: Drawn, name: str, readable: bool) -> None:
    if Path(name).suffix.lower() not in SUFFIXES:
        suffix = draw.choice(WRITTEN if readable else SUFFIXES)
        name = f"{name}{draw.choice((suffix, suffix.upper()))}"
    path = drawn.root / name
    if readable:
        path.write_bytes(_encoded(path.suffix.lower(), draw.choice((0, 0, 250))))
    else:
        path.touch()
    drawn.pictures.add(name)


def _encoded(suffix: str, spot: int) -> bytes:
    return bytes(cv2.imencode(suffix, part(spot))[1])
