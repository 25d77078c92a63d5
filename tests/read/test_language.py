"""The language of a text, and doubt about it."""

import pytest

from dataset_builder.read import detect_languages
from dataset_builder.read.language import LEAST_CONFIDENCE, PREFIX_CHARS, UNSURE
from tests.conftest import ROOT

SENTENCES = {
    "en": "The old miller closed the door and went down to the river, where a boat was waiting for him.",
    "de": "Der alte Müller schloss die Tür und ging zum Fluss hinunter, wo ein Boot auf ihn wartete.",
    "fr": "Le vieux meunier ferma la porte et descendit vers la rivière, où une barque l'attendait.",
    "es": "El viejo molinero cerró la puerta y bajó al río, donde lo esperaba una barca.",
    "pl": "Stary młynarz zamknął drzwi i zszedł nad rzekę, gdzie czekała na niego łódka.",
    "ru": "Старый мельник закрыл дверь и спустился к реке, где его ждала лодка.",
    "uk": "Старий мельник зачинив двері й пішов до річки, де на нього чекав човен.",
    "el": "Ο γέρος μυλωνάς έκλεισε την πόρτα και κατέβηκε στο ποτάμι, όπου τον περίμενε μια βάρκα.",
    "he": "הטוחן הזקן סגר את הדלת וירד אל הנהר, שם חיכתה לו סירה.",
    "ar": "أغلق الطحان العجوز الباب ونزل إلى النهر حيث كان قارب ينتظره.",
    "hi": "बूढ़े चक्कीवाले ने दरवाज़ा बंद किया और नदी की ओर गया, जहाँ एक नाव उसकी राह देख रही थी।",
    "th": "เจ้าของโรงสีเก่าปิดประตูแล้วเดินลงไปที่แม่น้ำ ซึ่งมีเรือลำเล็กรออยู่",
    "ja": "年老いた粉屋は戸を閉めて川へ下りた。そこには小さな舟が待っていた。",
    "zh": "老磨坊主关上门，走到河边，那里有一条小船在等他。",
    "ko": "늙은 방앗간 주인은 문을 닫고 강으로 내려갔다. 그곳에는 작은 배가 그를 기다리고 있었다.",
}


@pytest.mark.parametrize("language", SENTENCES)
def test_a_sentence_is_enough_to_tell_its_language(language: str) -> None:
    assert detect_languages([SENTENCES[language]]) == [language]


@pytest.mark.parametrize("text", ["", "2021", "* * *", "—", "x"])
def test_where_nothing_tells_the_language_it_is_und(text: str) -> None:
    assert detect_languages([text]) == [UNSURE]


def test_languages_come_in_the_order_of_the_texts() -> None:
    assert detect_languages(list(SENTENCES.values())) == list(SENTENCES)


def test_only_a_prefix_is_looked_at() -> None:
    german = (SENTENCES["de"] + " ") * 4
    assert len(german) > PREFIX_CHARS
    assert detect_languages([german + SENTENCES["ru"] * 50]) == ["de"]


def test_the_languages_are_those_that_the_library_itself_tells() -> None:
    """Texts of the sample corpus, whole and in pieces down to a few words, and texts without a language."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    library = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    library.min_confidence = LEAST_CONFIDENCE
    articles = [path.read_text("utf-8") for path in sorted((ROOT / "seeds").glob("*/*.txt"))]
    texts = [article[start : start + size] for article in articles for start in (0, 700) for size in (12, 40, 120, 300)]
    texts += ["", " ", "12345", "...", "QUITE LOUD WORDS", "\u0301", "e\u0301te\u0301", "x" * 300]
    expected = [library.classify(text)[0] if text else "und" for text in texts]
    assert detect_languages(texts) == expected
    assert len(set(expected)) > 15
