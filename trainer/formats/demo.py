"""The demo line's parts as a data set: `demo:?seed=1&lines=1&count=4000&kinds=scratch,pit&defect_rate=0.5`. Nothing is
stored; the URI makes the same parts again. Group = part; masks are known.

`lines` spreads the parts over that many lines (seeds seed, seed + 1, …): every line has metal and light of its own, so
a model that shall serve a line it has never seen is taught on several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import parse_qs, urlsplit

from engine.domain.inspection import Mask, Pixels
from engine.errors import UsageError
from engine.sources.demo import ALL_KINDS, KINDS, OK, PartMaker
from engine.sources.demo.line import MAX_PARTS
from trainer.formats.samples.dataset import Dataset, Sample, make_dataset

MAX_COUNT = 1_000_000
MAX_LINES = 10_000
KEYS = ("seed", "lines", "count", "kinds", "defect_rate", "start")


def open_demo(uri: str, ok_classes: Sequence[str] = ()) -> Dataset:
    """The parts `start` … of the lines `seed` …, `count` in all. Raises UsageError for a bad URI."""
    values = {k: v[-1] for k, v in parse_qs(urlsplit(uri).query).items()}
    # The same URI opens the demo line as a source; how fast it runs does not matter here.
    unknown = [k for k in values if k not in (*KEYS, "fps")]
    if unknown:
        raise UsageError(f"A demo data set has no {unknown[0]!r}.", f"It takes {', '.join(KEYS)}.")
    try:
        seed, count, start, lines = (int(values.get(k, d)) for k, d in _NUMBERS.items())
        rate = float(values.get("defect_rate", 0.5))
    except ValueError as error:
        raise UsageError(f"{uri[:80]} has a value that is no number.", "Use demo:?seed=1&count=1000.") from error
    if not (1 <= count <= MAX_COUNT and 1 <= lines <= MAX_LINES and 0 <= start <= MAX_PARTS and 0 <= seed <= MAX_PARTS):
        raise UsageError(
            f"{uri[:80]} has a number that is out of range.",
            f"Use count from 1 to {MAX_COUNT:,}, lines to {MAX_LINES:,}, start and seed from 0 to {MAX_PARTS:,}.",
        )
    if not 0.0 <= rate <= 1.0:
        raise UsageError(f"{uri[:80]} has a defect_rate that is no share.", "Use a share from 0 to 1.")
    kinds = tuple(k for k in values.get("kinds", ",".join(KINDS)).split(",") if k)
    if not kinds or not set(kinds) <= set(ALL_KINDS):
        known = ", ".join(ALL_KINDS)
        raise UsageError(f"{uri[:80]} has kinds that the demo line does not make.", f"Use some of {known}.")
    samples: list[Sample] = []
    for line in range(lines):
        maker = PartMaker(seed + line, kinds=kinds, defect_rate=rate)
        share = count * (line + 1) // lines - count * line // lines
        samples += [_sample(maker, i) for i in range(start, start + share)]
    return make_dataset(uri, "demo", samples, ok_classes, classes=(OK, *kinds))


_NUMBERS = {"seed": 1, "count": 1000, "start": 0, "lines": 1}


def _sample(maker: PartMaker, index: int) -> Sample:
    key = f"{maker.seed}/{index}"
    return Sample(key, maker.label(index), key, _making(maker, index), has_mask=True)


def _making(maker: PartMaker, index: int) -> Callable[[], tuple[Pixels, Mask | None]]:
    def load() -> tuple[Pixels, Mask | None]:
        part = maker.part(index)
        return part.pixels, part.truth.mask

    return load
