"""Which devices are there now: every kind asked in a process of its own, all at the same time, with a limit.

A driver that crashes or hangs when it looks for its cameras costs only its own kind.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from engine.errors import LinesideError, SourceLost
from engine.sources.base import SourceInfo
from engine.sources.process.host import TEXT, Forward, Orphaned, Talk
from engine.system.terminal import start_apart

log = logging.getLogger(__name__)

Listing = Callable[[], list[SourceInfo]]
MANY = 256
END_S = 1.0


@dataclass(frozen=True, slots=True)
class _Asked:
    kind: str
    process: SpawnProcess
    link: Connection[Any, Any]


def find(lists: Mapping[str, Listing], limit_s: float = 8.0) -> tuple[list[SourceInfo], dict[str, str]]:
    """The devices of every kind, in the order of the kinds, and for a kind that could not be listed why, in a sentence.

    `lists`: per kind a picklable function of a module; it may hang or crash. A kind whose library is not installed
    (ImportError) has no devices. It takes `limit_s` seconds at most and a little; no process is left.
    """
    asked: list[_Asked] = []
    found: dict[str, list[SourceInfo]] = {}
    whys: dict[str, str] = {}
    try:
        for kind, listing in lists.items():
            asked.append(_ask(kind, listing))
        _hear(asked, time.monotonic() + limit_s, found, whys)
    except OSError as error:
        raise SourceLost("The search for cameras cannot be started.", "Close other programs.") from error
    finally:
        for one in asked:
            _end(one)
    for kind in lists:
        if kind not in found and kind not in whys:
            whys[kind] = f"Cameras of the kind {kind} were not listed: their driver gave no answer in {limit_s:g} s."
    return [info for kind in lists for info in found.get(kind, [])], whys


def _ask(kind: str, listing: Listing) -> _Asked:
    context = multiprocessing.get_context("spawn")
    link, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_list, args=(theirs, listing), name=f"lineside-find-{kind}", daemon=True)
    try:
        start_apart(process)
    except OSError:
        link.close()
        raise
    finally:
        theirs.close()
    return _Asked(kind, process, link)


def _hear(asked: list[_Asked], until: float, found: dict[str, list[SourceInfo]], whys: dict[str, str]) -> None:
    waiting = {one.link: one.kind for one in asked}
    while waiting and (left := until - time.monotonic()) > 0:
        for link in wait(list(waiting), left):
            assert isinstance(link, Connection)
            kind = waiting[link]
            try:
                said, what = link.recv()
            except (EOFError, OSError):
                whys[kind] = f"Cameras of the kind {kind} were not listed: their driver crashed."
                del waiting[link]
                continue
            if said == "log":
                name, level, text = what
                logging.getLogger(name).log(level, "%s", text)
            elif said == "found":
                found[kind] = what
                del waiting[link]
            else:
                whys[kind] = f"Cameras of the kind {kind} were not listed: {what}"
                del waiting[link]


def _end(one: _Asked) -> None:
    one.process.kill()
    one.process.join(END_S)
    one.link.close()
    try:
        one.process.close()
    except ValueError:
        log.error("the process that lists %s cannot be ended", one.kind)


def _list(link: Connection[Any, Any], listing: Listing) -> None:
    """In the child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    talk = Talk(link)
    logging.basicConfig(handlers=[Forward(talk)], level=logging.WARNING, force=True)
    said: str
    what: list[SourceInfo] | str
    try:
        said, what = "found", [info for info in listing()[:MANY] if isinstance(info, SourceInfo)]
    except ImportError as error:
        log.info("not installed: %s", error)
        said, what = "found", []
    except LinesideError as error:
        said, what = "failed", str(error)[:TEXT]
    except Exception as error:
        log.error("the driver failed:\n%s", traceback.format_exc())
        said, what = "failed", f"{type(error).__name__}: {error}"[:TEXT]
    with suppress(Orphaned):
        talk.say(said, what)
    # A driver's threads and exit hooks may hang.
    os._exit(0)
