"""The language of an article, detected on its first letters by a library that carries its model.

The library's automaton is walked for all texts at once, and its scores are added up in a fixed order, so that the
language is the same on any CPU.
"""

import io
import lzma
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

PREFIX_CHARS = 300
LEAST_CONFIDENCE = 0.4
UNSURE = "und"
MOST_BYTES = 12 * PREFIX_CHARS  # NFC makes at most three characters of one, UTF-8 four bytes of each

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """The library's model.

    moves: the next state, at a state's row + the byte; rows: of each state; features: what a state finds, or -1;
    weights: of each feature for each language; base: of each language; twins: pairs of columns of one language;
    logs: log(1 + n) of n.
    """

    encode: Any
    languages: tuple[str, ...]
    moves: npt.NDArray[np.unsignedinteger[Any]]
    rows: Numbers
    features: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]
    base: npt.NDArray[np.float32]
    twins: tuple[tuple[int, int], ...]
    logs: npt.NDArray[np.float32]


def detect_languages(texts: Sequence[str]) -> list[str]:
    """Give the language (ISO 639-1 where there is a code, else 639-3) of each text, `und` when unsure."""
    if not texts:
        return []
    model = _model()
    encoded = [model.encode(text[:PREFIX_CHARS]) for text in texts]
    found = _find_features(model, encoded)
    scores = np.array([_scores(model, features) for features in found])
    best, sure = _most_probable(model, scores, np.array([max(len(data), 1) for data in encoded]))
    return [model.languages[k] if it_is else UNSURE for k, it_is in zip(best.tolist(), sure.tolist(), strict=True)]


def _find_features(model: _Model, texts: Sequence[bytes]) -> list[Numbers]:
    """The features that each text holds, in a walk of all texts side by side, byte by byte."""
    sizes = np.array([len(text) for text in texts], np.int64)
    order = np.argsort(-sizes, kind="stable")  # those that still go on stand first
    starts = (np.cumsum(sizes) - sizes)[order]
    longest = int(sizes.max(initial=0))
    going = len(texts) - np.searchsorted(np.sort(sizes), np.arange(longest), side="right")
    data = np.frombuffer(b"".join(texts), np.uint8)
    found = np.full((len(texts), longest), -1, np.int32)
    row = np.full(len(texts), model.rows[0])
    for place, n in enumerate(going.tolist()):
        state = model.moves[row[:n] + data[starts[:n] + place]]
        found[:n, place] = model.features[state]
        row[:n] = model.rows[state]
    place_of = np.argsort(order)
    return [features[features >= 0] for features in found[place_of]]


def _scores(model: _Model, features: Numbers) -> npt.NDArray[np.float32]:
    """The score of each language by the features of a text; without any, all languages are alike."""
    if not len(features):
        return np.zeros_like(model.base)
    numbers, counts = np.unique(features, return_counts=True)
    # Added row by row: a matrix product adds in an order that depends on the CPU.
    scores: npt.NDArray[np.float32] = (model.logs[counts][:, None] * model.weights[numbers]).sum(axis=0) + model.base
    return scores


def _most_probable(
    model: _Model, scores: npt.NDArray[np.float32], sizes: Numbers
) -> tuple[Numbers, npt.NDArray[np.bool_]]:
    """The best language of each text, and whether it is sure: the library's formula, scaled by the root of the size."""
    above = (scores - scores.max(axis=1, keepdims=True)).astype(np.float64)
    chances = np.exp(above / np.sqrt(sizes)[:, None])
    chances /= chances.sum(axis=1, keepdims=True)
    for first, twin in model.twins:
        chances[:, first] += chances[:, twin]
        chances[:, twin] = 0
    best = chances.argmax(axis=1)
    return best, chances[np.arange(len(best)), best] >= LEAST_CONFIDENCE


@cache
def _model() -> _Model:
    from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier

    # The library's own reader unpacks them into a temporary file, for which there need be no place.
    with lzma.open(MODEL_DIR / MODEL_FILE) as packed, np.load(io.BytesIO(packed.read()), allow_pickle=False) as given:
        likelihoods, priors, languages = given["ptc"], given["pc"], given["classes"].tolist()
        moves, features = given["nextmove"], given["out_feat"].tolist()
        library = LanguageIdentifier(likelihoods, priors, languages, moves, features, tk_row=given["nextmove_row"])
    return _Model(
        encode=library._encode,
        languages=tuple(library.nb_classes),
        moves=np.asarray(library.tk_nextmove),
        rows=np.asarray(library.tk_row).astype(np.int64) << 8,
        features=np.array(library.tk_output, np.int32),
        weights=library.nb_ptc.astype(np.float32),
        base=library.nb_pc.astype(np.float32),
        twins=tuple(library._alias_pairs),
        logs=np.array([math.log1p(n) for n in range(MOST_BYTES + 1)], np.float32),
    )
