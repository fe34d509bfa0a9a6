"""Every picture of a data set looked at once, in a few threads: what `data inspect` judges by. Needs no torch."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Mask, Pixels
from engine.errors import DatasetError, InputError
from engine.images.depth import to_channels, to_uint8
from engine.system.threads import thread_budget
from trainer.data.inspect.phash import perceptual_hash, shrunk
from trainer.formats.samples.dataset import Sample

HEAD_BYTES = 256 * 1024
_MAGIC = (
    (b"\xff\xd8", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"RIFF", "WebP"),
)
_TABLES, _SCAN, _COMMENT = 0xDB, 0xDA, 0xFE


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What is kept of one picture; of one that cannot be read only `error`."""

    sample: Sample
    error: str = ""
    unfit: bool = False
    """The picture itself may be good: `error` tells of its mask or label file."""
    size: tuple[int, int] = (0, 0)
    """Height and width."""
    mode: str = ""
    brightness: float = 0.0
    """Mean of all pixels, 0 … 255."""
    small: NDArray[np.uint8] | None = None
    """The picture in grey at 32×32."""
    hash: int = 0
    mask_size: tuple[int, int] | None = None
    mask_set: bool = False
    """Whether any pixel of the mask is a defect."""
    traits: dict[str, str] = field(default_factory=dict)
    """How the file was saved, apart from what it shows."""


def survey(samples: Sequence[Sample], progress: Callable[[int, int], None] | None = None) -> list[Facts]:
    """The facts of every sample, in order; at most two pictures a thread are in memory at once."""
    found: list[Facts] = []
    for facts in _looked_at(samples):
        found.append(facts)
        if progress is not None:
            progress(len(found), len(samples))
    return found


def _looked_at(samples: Sequence[Sample]) -> Iterator[Facts]:
    workers = thread_budget()
    waiting: deque[Future[Facts]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="inspect") as pool:
        for sample in samples:
            waiting.append(pool.submit(look, sample))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def look(sample: Sample) -> Facts:
    """The facts of one sample; an unreadable picture or mask is told in `error`."""
    try:
        pixels, mask = sample.load()
        traits = file_traits(sample.path) if sample.path is not None else {}
    except InputError as error:
        return Facts(sample, error=error.message, unfit=isinstance(error, DatasetError))
    except OSError as error:
        return Facts(sample, error=f"{sample.key} cannot be read ({error.strerror}).")
    grey = to_channels(to_uint8(pixels), 1)
    small = shrunk(grey)
    height, width = int(pixels.shape[0]), int(pixels.shape[1])
    return Facts(
        sample,
        size=(height, width),
        mode=_mode(pixels),
        brightness=float(grey.mean()),
        small=small,
        hash=perceptual_hash(small),
        mask_size=_size(mask),
        mask_set=mask is not None and bool(mask.any()),
        traits=traits,
    )


def file_traits(path: Path) -> dict[str, str]:
    """`file name ending`, `file format`, `metadata` and `compression` of a picture file. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    kind = next((name for magic, name in _MAGIC if head.startswith(magic)), "other")
    metadata, compression = _jpeg_traits(head) if kind == "JPEG" else _png_traits(head) if kind == "PNG" else ("", "")
    return {
        "file name ending": path.suffix.lower(),
        "file format": kind,
        "metadata": f"{kind} {metadata or 'without'}",
        "compression": f"{kind} {compression}".strip(),
    }


def _jpeg_traits(head: bytes) -> tuple[str, str]:
    """The metadata segments' names, and a short name of the quantisation tables, which tell quality and encoder."""
    names: list[str] = []
    tables = hashlib.sha256()
    at = 2
    while at + 4 <= len(head) and head[at] == 0xFF and head[at + 1] != _SCAN:
        marker, length = head[at + 1], int.from_bytes(head[at + 2 : at + 4], "big")
        body = head[at + 4 : at + 2 + length]
        if 0xE0 <= marker <= 0xEF:
            names.append(body.split(b"\0")[0][:16].decode("ascii", "replace") or f"APP{marker - 0xE0}")
        elif marker == _COMMENT:
            names.append("comment")
        elif marker == _TABLES:
            tables.update(body)
        at += 2 + max(2, length)
    return ", ".join(dict.fromkeys(names)), "tables " + tables.hexdigest()[:6]


def _png_traits(head: bytes) -> tuple[str, str]:
    """The ancillary chunks' names before the pixels, and bit depth, colour type and interlace of the header."""
    names: list[str] = []
    at = 8
    while at + 8 <= len(head) and head[at + 4 : at + 8] != b"IDAT":
        names.append(head[at + 4 : at + 8].decode("ascii", "replace"))
        at += 12 + int.from_bytes(head[at : at + 4], "big")
    header = "/".join(str(head[i]) for i in (24, 25, 28) if i < len(head))
    return ", ".join(dict.fromkeys(n for n in names if n[:1].islower())), header


def _mode(pixels: Pixels) -> str:
    depth = f"{8 * pixels.dtype.itemsize} bit"
    if pixels.ndim == 2:
        return f"grey {depth}"
    # Every seventh pixel tells grey stored as colour well enough; compression shifts colours by a little.
    few = pixels[::7, ::7].astype(np.int32)
    colourless = int((few.max(axis=2) - few.min(axis=2)).max(initial=0)) <= 2 * 256 ** (pixels.dtype.itemsize - 1)
    return f"{'grey stored as colour' if colourless else 'colour'} {depth}"


def _size(mask: Mask | None) -> tuple[int, int] | None:
    return None if mask is None else (int(mask.shape[0]), int(mask.shape[1]))
