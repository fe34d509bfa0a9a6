"""A head of classes: ridge on the whole picture's description, its outputs made probabilities by parts left out.

The ridge answers with 1 for the class of a part and 0 for every other (Bishop, Pattern recognition and machine
learning, 4.1.3); scale and offset of its outputs are fitted to what it says of parts that were left out (Platt,
Probabilistic outputs for support vector machines, 1999, with his targets that are never quite 0 and 1), one score a
class, together 1. Two classes, many, and sets with no sound class go the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.learning.ridge import Linear, left_out, ridge, spectrum_of
from engine.learning.taught import Floats, Taught, balanced, classes_of

PENALTY = 0.3
"""On castings, steel and tiles anything from 0.1 to 1 serves alike; 3 loses."""
ROUNDS = 60
STEADY = 1e-3
"""A little weight on scale and offsets, so that parts told apart without a mistake do not ask for certainty."""


@dataclass(frozen=True, slots=True, eq=False)
class ClassHead:
    """Logits of K classes from D numbers: ((d - mean) / deviation) @ weights + bias; scores are their softmax."""

    classes: tuple[str, ...]
    linear: Linear

    def scores(self, values: Floats) -> Floats:
        """N×K probabilities of N×D descriptions."""
        return softmax(self.linear.of(values))


@dataclass(frozen=True, slots=True, eq=False)
class ClassFit:
    """A head, and N×K scores of the taught rows, each as the head without that row's part would give them."""

    head: ClassHead
    left_out: Floats


def fit_classes(
    given: Taught, classes: Sequence[str], *, penalty: float = PENALTY, dual: bool | None = None
) -> ClassFit:
    """Learn from rows of all classes. Raises InputError by `classes_of`."""
    held = classes_of(given, classes)
    weights = balanced(given, held)
    rows = spectrum_of(given.values, weights, dual=dual)
    plain = ridge(rows, held, penalty)
    told = left_out(rows, held, given.codes, penalty)
    scale, offset = calibrated(told[given.shown], held[given.shown])
    linear = Linear(plain.standard, plain.weights * scale, plain.bias * scale + offset)
    return ClassFit(ClassHead(tuple(classes), linear), softmax(told * scale + offset))


def calibrated(outputs: Floats, held: Floats) -> tuple[float, Floats]:
    """Scale and K offsets under which the softmax of N×K outputs is likeliest; each class weighs by its root.

    Newton's method on the negative log-likelihood, which is convex.
    """
    classes = held.shape[1]
    counts = held.sum(axis=0)
    weights = held @ (1.0 / np.sqrt(np.maximum(counts, 1.0)))
    weights /= weights.sum()
    sure = (counts + 1.0) / (counts + 2.0)
    wanted = held * sure + (1.0 - held) * (held @ (1.0 - sure))[:, None] / max(1, classes - 1)
    slopes = np.concatenate([outputs[:, :, None], np.broadcast_to(np.eye(classes), (len(held), classes, classes))], 2)
    found = np.zeros(classes + 1)
    found[0] = 4.0
    best = _loss(slopes, wanted, weights, found)
    for _ in range(ROUNDS):
        step = _newton(slopes, wanted, weights, found)
        while (loss := _loss(slopes, wanted, weights, found - step)) > best and np.abs(step).max() > 1e-12:
            step = step / 2
        if loss >= best:
            break
        found, best = found - step, loss
    return max(float(found[0]), STEADY), found[1:]


def softmax(logits: Floats) -> Floats:
    """N×K probabilities."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float64)


def _loss(slopes: Floats, wanted: Floats, weights: Floats, found: Floats) -> float:
    logits = slopes @ found
    top = logits.max(axis=1, keepdims=True)
    total = top[:, 0] + np.log(np.exp(logits - top).sum(axis=1))
    return float(weights @ (total - (wanted * logits).sum(axis=1)) + 0.5 * STEADY * (found**2).sum() / len(found))


def _newton(slopes: Floats, wanted: Floats, weights: Floats, found: Floats) -> Floats:
    shares = softmax(slopes @ found)
    gradient = np.einsum("n,nk,nkp->p", weights, shares - wanted, slopes)
    mean = np.einsum("nk,nkp->np", shares, slopes)
    curved = np.einsum("n,nk,nkp,nkq->pq", weights, shares, slopes, slopes, optimize=True)
    curved -= np.einsum("n,np,nq->pq", weights, mean, mean)
    steady = STEADY / len(found)
    return np.asarray(np.linalg.solve(curved + steady * np.eye(len(found)), gradient + steady * found), np.float64)
