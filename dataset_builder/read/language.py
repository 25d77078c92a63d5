"""The language of an article, detected on its first letters by a library that carries its model."""

from collections.abc import Sequence
from functools import cache
from typing import Any

PREFIX_CHARS = 300
LEAST_CONFIDENCE = 0.4
UNSURE = "und"


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.min_confidence = LEAST_CONFIDENCE
    return identifier


def detect_languages(texts: Sequence[str]) -> list[str]:
    """Give the language (ISO 639-1 where there is a code, else 639-3) of each text, `und` when unsure."""
    identifier = _identifier()
    return [identifier.classify(text[:PREFIX_CHARS])[0] if text else UNSURE for text in texts]
