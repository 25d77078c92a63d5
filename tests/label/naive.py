"""The labeller's columns once more, block by block in plain Python: slow, and easy to read."""

from collections.abc import Sequence
from itertools import pairwise

from dataset_builder.characters import NAMES, classes_of, codes_of_text, fold_of
from dataset_builder.label.shape import LONG_CHARS, LONG_WORD, MOST, PLACES, SIGNS
from dataset_builder.label.text_model import BACK, BASE, BITS, EDGE, HEAD, IN_WORD, SIZES, TAIL

WRAP = 2**32
LETTERS = ("upper", "lower", "letter", "logogram")
Article = Sequence[str]


def kinds_of(text: str) -> list[str]:
    return [NAMES[k] for k in classes_of(codes_of_text(text)).tolist()]


def own_columns(text: str) -> dict[str, int]:
    """The columns that the block alone decides."""
    kinds = kinds_of(text)
    n = len(text)

    def at(place: int) -> str:
        return kinds[place] if 0 <= place < n else "other"

    def share(*names: str) -> int:
        return sum(kinds.count(name) for name in names) * 1000 // max(n, 1)

    words = kinds.count("space") + 1
    capital = sum(kind == "upper" and (i == 0 or kinds[i - 1] == "space") for i, kind in enumerate(kinds))
    number = at(0) == "digit" and (at(1) in ("punctuation", "end", "close") or at(2) == "end")
    bullet = at(0) == "punctuation" and at(1) == "space"
    bulleted = text[:1] in "-*+•‣◦▪" and at(1) == "space"
    digits = 2 if at(1) == "digit" else 1
    numbered = at(0) == "digit" and at(digits) in ("end", "close") and at(digits + 1) == "space"
    closing, before = at(n - 1), at(n - 2)
    weight = min(n + 2 * kinds.count("logogram"), MOST)
    ended = closing == "end" or (before == "end" and closing in ("close", "punctuation"))
    columns = {
        "chars": min(n, MOST),
        "words": min(words, MOST),
        "weight": weight,
        "ends": min(kinds.count("end"), 255),
        "closing": 16 + NAMES.index(before) if closing == "close" else NAMES.index(closing),
        "first_class": NAMES.index(at(0)),
        "second_class": NAMES.index(at(1)),
        "lead": (at(0) == "symbol") + 2 * (at(0) == "dash") + 4 * bullet + 8 * number,
        "mark": 1 if bulleted else 2 * numbered,
        "quoted": int(at(0) == "open" or (at(0) == "punctuation" and closing == "punctuation")),
        "upper_share": share("upper"),
        "capital_share": capital * 1000 // words,
        "digit_share": share("digit"),
        "digits": min(kinds.count("digit"), 255),
        "mark_share": share("punctuation", "symbol"),
        "dashes": min(kinds.count("dash"), 255),
        "letter_share": share(*LETTERS),
        "logogram_share": share("logogram"),
        "word_length": min((n - words) * 10 // words, MOST),
        "long": int(weight >= LONG_CHARS and ended),
    }
    return columns | {name: min(sum(text.count(sign) for sign in signs), 255) for name, signs in SIGNS.items()}


def place_columns(article: Article) -> list[dict[str, int]]:
    """The columns that the block's place in its article decides."""
    own = [own_columns(text) for text in article]
    long = [row["long"] for row in own]
    weight = [row["weight"] for row in own]
    n, total = len(article), max(sum(weight), 1)
    rows = []
    for i in range(n):
        back = [i - j for j in range(i + 1) if long[j]]
        ahead = [j - i for j in range(i, n) if long[j]]
        rows.append(
            {
                "from_start": min(i, 200),
                "from_end": min(n - 1 - i, 200),
                "place": i * 1000 // n,
                "blocks": min(n, 500),
                "long_before": min(sum(long[:i]), 200),
                "long_after": min(sum(long[i + 1 :]), 200),
                "long_share": sum(long) * 1000 // n,
                "text_before": sum(weight[:i]) * 1000 // total,
                "text_after": sum(weight[i + 1 :]) * 1000 // total,
                "mean_weight": min(total // n, MOST),
                "since_long": min(min(back, default=99), 99),
                "until_long": min(min(ahead, default=99), 99),
            }
        )
    return rows


def values_of(text: str) -> list[int]:
    """The values whose grams are counted: of the head and the tail, between two edges."""
    kept = text if len(text) <= HEAD + TAIL else text[:HEAD] + text[-TAIL:]
    folded = fold_of(codes_of_text(kept)).tolist()
    values = []
    for code, kind in zip(folded, kinds_of(kept), strict=True):
        value = 0x30 if kind == "digit" else code
        in_word = kind in ("upper", "lower", "letter", "mark", "digit")
        values.append(value | (int(IN_WORD) if in_word else 0))
    return [EDGE, *values, EDGE]


def bucket(value: int, salt: int) -> int:
    return ((value ^ (salt * 0x4F6CDD1D % WRAP)) * 0xED558CCD % WRAP) >> (32 - BITS)


def words_of(values: Sequence[int]) -> list[list[int]]:
    words: list[list[int]] = []
    before = False
    for value in values:
        inside = value >= int(IN_WORD)
        if inside and not before:
            words.append([])
        if inside:
            words[-1].append(value)
        before = inside
    return words


def hash_of(values: Sequence[int]) -> int:
    """The first value times the base's power 0, the next times power 1, and so on."""
    return sum(value * pow(int(BASE), i, WRAP) for i, value in enumerate(values)) % WRAP


def buckets_of(text: str) -> list[int]:
    """The buckets of all grams of a block, in no particular order."""
    values = values_of(text)
    found = []
    for size in SIZES:
        for i in range(len(values) - size + 1):
            rolling = 0
            for value in values[i : i + size]:
                rolling = (rolling * int(BASE) + value) % WRAP
            found.append(bucket(rolling, size))
    # A word's hash is scaled back by the power of the place before it, which leaves a factor of one.
    assert int(BASE) * int(BACK) % WRAP == 1
    words = [hash_of(word) for word in words_of(values)]
    found += [bucket(word, 11) for word in words]
    return found + [bucket((a * 31 + b) % WRAP, 13) for a, b in pairwise(words)]


def long_words_of(text: str) -> list[int]:
    words = [hash_of(word) for word in words_of(values_of(text)) if len(word) >= LONG_WORD]
    return [(word * 0x85EBCA6B % WRAP) >> (32 - PLACES.bit_length() + 1) for word in words]


def shared_columns(article: Article) -> list[dict[str, int]]:
    """How much of each block's vocabulary the rest of the article has."""
    words = [long_words_of(text) for text in article]
    rows = []
    for i, own in enumerate(words):
        others = {word for j, list_ in enumerate(words) if j != i for word in list_}
        shared = sum(word in others for word in own)
        titled = sum(word in words[0] for word in own) if i else 0
        rows.append(
            {
                "long_words": len(own),
                "shared_share": shared * 1000 // max(len(own), 1),
                "new_words": len(own) - shared,
                "title_share": titled * 1000 // max(len(own), 1),
            }
        )
    return rows


def repeat_columns(article: Article) -> list[dict[str, int]]:
    """How often the block's text stands in its article, and stood before it: case, and which digits, are the same."""
    keys = [(tuple(values_of(text)), len(text)) for text in article]
    return [{"repeats": min(keys.count(key), 50), "seen": min(keys[:i].count(key), 50)} for i, key in enumerate(keys)]


def shape_columns(article: Article) -> list[dict[str, int]]:
    """Every shape column of an article's blocks."""
    own = [own_columns(text) for text in article]
    parts = zip(own, place_columns(article), repeat_columns(article), shared_columns(article), strict=True)
    rows = [a | b | c | d for a, b, c, d in parts]
    for name in ("chars", "words", "closing", "upper_share", "digit_share", "long", "first_class", "lead"):
        for i, row in enumerate(rows):
            row |= {
                f"{name}{step:+d}": own[i + step][name] if 0 <= i + step < len(own) else -1
                for step in (-3, -2, -1, 1, 2, 3)
            }
    return rows
