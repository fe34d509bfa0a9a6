"""The tensors of a file that torch saved before its version 1.6, without torch: pickles, then the storages' bytes.

A pickle can name any function to be called. Here four names are known, and what they stand for makes arrays alone;
any other is refused before anything is called.
"""

from __future__ import annotations

import io
import pickle
import struct
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import EnvironmentFailure

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
REMEDY = "Install the package of the weights again."


@dataclass(frozen=True, slots=True)
class _Storage:
    """Numbers that tensors are views of; their bytes follow the pickles."""

    key: str
    dtype: np.dtype[Any]
    count: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A view of a storage, offset and strides in numbers."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_tensors(data: bytes) -> dict[str, NDArray[Any]]:
    """Tensors by name, contiguous whatever their strides were. Raises EnvironmentFailure for anything else in there."""
    file = io.BytesIO(data)
    try:
        if _Tensors(file).load() != MAGIC or _Tensors(file).load() != PROTOCOL:
            raise pickle.UnpicklingError("no torch file of the old format")
        if not _Tensors(file).load()["little_endian"]:
            raise pickle.UnpicklingError("big-endian numbers")
        named = _Tensors(file).load()
        known = {tensor.storage.key: tensor.storage for tensor in named.values()}
        numbers = {key: _numbers(file, known[key]) for key in _Tensors(file).load()}
        return {name: _array(tensor, numbers[tensor.storage.key]) for name, tensor in named.items()}
    # What a damaged pickle raises is anything that its few operations can.
    except (pickle.UnpicklingError, EOFError, KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise EnvironmentFailure(f"The weights cannot be read: {error}.", REMEDY) from error


class _Tensors(pickle.Unpickler):
    """Knows four names; none of them does more than keep what it is given."""

    def find_class(self, module: str, name: str) -> Callable[..., object] | np.dtype[Any]:
        """What a name of the pickle stands for. Raises UnpicklingError for any but the four."""
        try:
            return _KNOWN[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is no tensor") from None

    def persistent_load(self, pid: Any) -> _Storage:
        """A storage by its note: kind, type, key, device, count, view."""
        kind, dtype, key, _, count, view = pid
        if kind != "storage" or view is not None or not isinstance(dtype, np.dtype):
            raise pickle.UnpicklingError("a storage of another kind")
        return _Storage(str(key), dtype, int(count))


def _tensor(storage: _Storage, offset: int, shape: Any, strides: Any, *_: object) -> _Tensor:
    return _Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


_KNOWN: dict[tuple[str, str], Callable[..., object] | np.dtype[Any]] = {
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch", "FloatStorage"): np.dtype("<f4"),
    ("torch", "LongStorage"): np.dtype("<i8"),
    ("collections", "OrderedDict"): OrderedDict,
}


def _numbers(file: io.BytesIO, storage: _Storage) -> NDArray[Any]:
    """The next storage of the file: a count of 8 bytes, then its numbers."""
    found = file.read(8)
    if len(found) != 8 or struct.unpack("<q", found)[0] != storage.count:
        raise ValueError("a storage has another size than its note says")
    return np.frombuffer(file.read(storage.count * storage.dtype.itemsize), storage.dtype, storage.count)


def _array(tensor: _Tensor, numbers: NDArray[Any]) -> NDArray[Any]:
    if len(tensor.shape) != len(tensor.strides) or min((tensor.offset, *tensor.shape, *tensor.strides)) < 0:
        raise ValueError("a tensor has no shape")
    last = tensor.offset + sum((side - 1) * step for side, step in zip(tensor.shape, tensor.strides, strict=True))
    if last >= len(numbers) or 0 in tensor.shape:
        raise ValueError("a tensor reaches past its storage")
    steps = tuple(step * numbers.itemsize for step in tensor.strides)
    view = np.lib.stride_tricks.as_strided(numbers[tensor.offset :], tensor.shape, steps, writeable=False)
    return np.ascontiguousarray(view).reshape(tensor.shape)
