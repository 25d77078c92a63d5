"""Decoding: byte order marks, UTF-8 whole and damaged, UTF-16/32 without a mark, legacy code pages, binary files."""

import codecs

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dataset_builder.read.encodings import LEGACY, MARKS, Decoded, Undecoded, decode

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200)
LETTERS = "Starý prievozník čaká pri rieke každé ráno.\r\nLoď nesmie zabudnúť cestu.\n"

MILLER = {
    "de": "Der Müller hat die Tür zum Garten geöffnet, weil die Kühe über die Straße gehen sollten. Am Abend fand er"
    " größere Äpfel unter dem Baum, als er je gesehen hatte.",
    "fr": "Le garçon a été reçu à l'école où son frère aîné étudiait déjà. Ça m'étonne, dit-il, et la fenêtre s'ouvrit"
    " sur la forêt. Il faisait très froid, même près du poêle.",
    "pl": "Zażółć gęślą jaźń, powiedział stary młynarz i zamknął drzwi. W ogrodzie rosły śliwy, których nikt już nie"
    " przycinał, i źródło szemrało pod płotem.",
    "cs": "Příliš žluťoučký kůň úpěl ďábelské ódy. Starý mlynář zavřel dveře a šel k řece, kde na něho čekala loďka.",
    "ru": "Старый мельник закрыл дверь и пошёл к реке, где его ждала лодка. В саду росли сливы, которые никто давно не"
    " подрезал.",
    "uk": "Старий мельник зачинив двері й пішов до річки, де на нього чекав човен. У садку росли сливи, яких ніхто"
    " давно не підрізав, і їхній цвіт падав у воду.",
    "el": "Ο γέρος μυλωνάς έκλεισε την πόρτα και κατέβηκε στο ποτάμι, όπου τον περίμενε μια βάρκα. Στον κήπο υπήρχαν"
    " δαμασκηνιές που κανείς δεν κλάδευε πια.",
    "tr": "Yaşlı değirmenci kapıyı kapattı ve onu bir kayığın beklediği nehre indi. Bahçede artık kimsenin budamadığı"
    " erik ağaçları vardı; ışık söndü.",
    "he": "הטוחן הזקן סגר את הדלת וירד אל הנהר, שם חיכתה לו סירה. בגן צמחו עצי שזיף שאיש לא גזם עוד.",
    "ar": "أغلق الطحان العجوز الباب ونزل إلى النهر حيث كان قارب ينتظره. وفي الحديقة كانت أشجار البرقوق التي لم يعد"
    " أحد يقلمها.",
    "th": "เจ้าของโรงสีเก่าปิดประตูแล้วเดินลงไปที่แม่น้ำ ซึ่งมีเรือลำเล็กรออยู่ ในสวนมีต้นพลัมที่ไม่มีใครตัดแต่งอีกแล้ว",
    "ja": "年老いた粉屋は戸を閉めて川へ下りた。そこには小さな舟が待っていた。"
    "庭にはもう誰も枝を切らない梅の木が並んでいた。",
    "zh": "老磨坊主关上门，走到河边，那里有一条小船在等他。园子里长着李树，已经很久没有人修剪了。",
    "zh-Hant": "老磨坊主關上門，走到河邊，那裡有一條小船在等他。園子裡長著李樹，已經很久沒有人修剪了。",
    "ko": "늙은 방앗간 주인은 문을 닫고 강으로 내려갔다. 그곳에는 작은 배가 그를 기다리고 있었다."
    " 정원에는 아무도 가지를"
    " 치지 않는 자두나무가 자라고 있었다.",
}
CODE_PAGES = {
    "de": "cp1252 iso8859-1 cp850 mac-roman",
    "fr": "cp1252 iso8859-15 cp850 mac-roman",
    "pl": "cp1250 iso8859-2",
    "cs": "cp1250 iso8859-2",
    "ru": "cp1251 koi8-r cp866 iso8859-5",
    "uk": "cp1251 koi8-u",
    "el": "cp1253 iso8859-7",
    "tr": "cp1254 iso8859-9",
    "he": "cp1255 iso8859-8",
    "ar": "cp1256 iso8859-6",
    "th": "cp874",
    "ja": "cp932 euc_jp iso2022_jp",
    "zh": "gb18030 gb2312",
    "zh-Hant": "big5",
    "ko": "cp949 euc_kr",
}


def decoded(data: bytes) -> Decoded:
    found = decode(data)
    assert isinstance(found, Decoded), found
    return found


def refused(data: bytes) -> str:
    found = decode(data)
    assert isinstance(found, Undecoded), found
    assert found.reason
    return found.code


@given(TEXTS)
def test_utf8_is_read_as_it_stands(text: str) -> None:
    assume("\x1b$" not in text)
    assert decoded(text.encode()) == Decoded(text, "utf-8", bytes_exact=True)


@given(st.binary(max_size=300))
def test_any_bytes_give_a_text_or_a_reason_and_exact_means_exact(data: bytes) -> None:
    found = decode(data)
    if isinstance(found, Decoded):
        assert found.text == data.decode(found.encoding)
        assert "\0" not in found.text
        assert found.text.encode() or not data
        assert not found.bytes_exact or found.text.encode(found.encoding) == data


@pytest.mark.parametrize(("mark", "codec"), MARKS)
def test_a_byte_order_mark_decides_and_stays_in_the_text(mark: bytes, codec: str) -> None:
    data = mark + LETTERS.encode(codec)
    assert decoded(data) == Decoded("\ufeff" + LETTERS, codec, bytes_exact=True)
    assert data == decoded(data).text.encode(codec)


def test_the_mark_of_utf32_is_not_taken_for_that_of_utf16() -> None:
    assert decoded(codecs.BOM_UTF32_LE + "a".encode("utf-32-le")).encoding == "utf-32-le"


@pytest.mark.parametrize(
    "data",
    [
        codecs.BOM_UTF8 + b"caf\xe9",
        codecs.BOM_UTF16_LE + b"a\0b",
        codecs.BOM_UTF16_LE + b"\x00\xd8a\x00",
        codecs.BOM_UTF32_BE + b"\0\x11\0\0",
        codecs.BOM_UTF16_BE + b"\0a\0\0",
    ],
)
def test_what_its_byte_order_mark_does_not_fit_is_refused(data: bytes) -> None:
    assert refused(data) == "E511"


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize(
    "text",
    [
        LETTERS,
        MILLER["ru"],
        MILLER["el"],
        MILLER["ar"],
        MILLER["ko"],
        MILLER["th"] + " ...............",
        "Short.",
        "“Quoted” – twice…",
    ],
)
def test_wide_text_without_a_mark_is_text(text: str, codec: str) -> None:
    assert decoded(text.encode(codec)) == Decoded(text, codec, bytes_exact=True)


@pytest.mark.parametrize(
    "data",
    [
        b"\0",
        b"A line.\n\0Another.\n",
        b"Hello\0World!",
        b"abc\0" * 25,
        bytes(range(256)) * 8,
        b"\x7fELF\x02\x01\x01" + b"\0" * 57 + b"\x03\0\x3e\0\x01\0\0\0" * 20,
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\x01\0\x08\x06\0\0\0",
        b"\x1f\x8b\x08\x08" + bytes(range(128, 256)),
        b"%PDF-1.4\n1 0 obj <</Type /Catalog>> endobj\n",
    ],
)
def test_binary_files_are_told(data: bytes) -> None:
    assert refused(data) == "E502"


def test_control_characters_other_than_nul_make_no_file_binary() -> None:
    text = "".join(map(chr, range(1, 32))) + "\x7f\x80\x9f"
    assert decoded(text.encode()) == Decoded(text, "utf-8", bytes_exact=True)


@pytest.mark.parametrize(
    "text", ["BZh is how a bzip2 file begins.", "GIF89a is an image format.", "PK\x03\x04 opens ZIP."]
)
def test_text_that_begins_like_an_archive_is_text(text: str) -> None:
    assert decoded(text.encode()).text == text


@pytest.mark.parametrize(
    "text", ["Blåbær på øen.", "Řeka je tichá.", "◆ hei", "é", "q7ZmPw2xTnB5.kd8LrVhYc3JfUeA6sNg9tQo", ""]
)
def test_a_short_file_that_is_utf8_is_that(text: str) -> None:
    assert decoded(text.encode()) == Decoded(text, "utf-8", bytes_exact=True)


@pytest.mark.parametrize(
    "fault", [b"\xff", b"\xe9", b"\xc3", b"\xe2\x80", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"]
)
@pytest.mark.parametrize("lang", ["cs", "ru", "ja", "de"])
def test_one_broken_sign_never_makes_utf8_a_code_page(lang: str, fault: bytes) -> None:
    data = MILLER[lang].encode()
    for place in (0, len(MILLER[lang][:20].encode()), len(data)):
        assert refused(data[:place] + fault + data[place:]) == "E503"


def test_the_reason_of_damage_names_the_byte() -> None:
    found = decode("Řeka je tichá.".encode() + b"\xff.")
    assert isinstance(found, Undecoded)
    assert found.reason == "is damaged UTF-8: byte 16 starts no character"


def test_a_lone_surrogate_is_refused() -> None:
    assert refused(b"A plain line with \xed\xa0\x80 in it.") == "E503"


def test_a_file_that_is_cut_within_a_character_is_damaged() -> None:
    assert refused("Un café et une forêt".encode()[:-2]) == "E503"


def test_whole_sequences_by_chance_leave_a_code_page_what_it_is() -> None:
    text = "« Quel café\u00a0», dit-il, « et quelle forêt\u00a0! Le marché\u00a0» fut fermé, près du blé, l'été passé."
    assert "é\u00a0»".encode("cp1252").decode() == "頻"
    assert decoded(text.encode("cp1252")).text == text


@pytest.mark.parametrize(("lang", "codec"), [(lang, c) for lang, cs in CODE_PAGES.items() for c in cs.split()])
def test_a_legacy_code_page_gives_the_text_back(lang: str, codec: str) -> None:
    data = MILLER[lang].encode(codec)
    found = decoded(data)
    assert found.text == MILLER[lang]
    assert found.bytes_exact
    assert decoded(b"\r\n\r\n".join([data] * 8)).text == "\r\n\r\n".join([MILLER[lang]] * 8)


@pytest.mark.parametrize(
    ("lang", "codec", "named"),
    [("fr", "iso8859-1", "cp1252"), ("ja", "euc_jp", "euc_jp"), ("zh-Hant", "big5", "big5"), ("ja", "cp932", "cp932")],
)
def test_of_codecs_that_give_one_text_the_usual_is_named(lang: str, codec: str, named: str) -> None:
    assert decoded(MILLER[lang].encode(codec)).encoding == named


def test_the_euro_sign_is_read_from_windows_and_from_latin_9() -> None:
    text = MILLER["fr"] + " Cela coûte 12 € à la foire."
    for codec in ("cp1252", "iso8859-15"):
        assert decoded(text.encode(codec)).text == text


@pytest.mark.parametrize("data", [b"caf\xe9", b"\xff\xf7\x90 a", bytes(range(128, 256))])
def test_an_unsure_guess_is_refused(data: bytes) -> None:
    assert refused(data) == "E504"


def test_bytes_that_a_codec_does_not_write_again_are_not_exact() -> None:
    twice = MILLER["ja"].encode("cp932") + b"\x87\x90"  # one of two codes of an equals sign
    found = decoded(twice)
    assert found.text == MILLER["ja"] + "≒"
    assert not found.bytes_exact
    shifts = MILLER["ja"].encode("iso2022_jp") + b"\x1b(B\x1b(B"
    assert decoded(shifts) == Decoded(MILLER["ja"], "iso2022_jp", bytes_exact=False)


def test_escapes_that_are_no_iso_2022_are_ascii() -> None:
    text = "A shell prompt: \x1b[1m$HOME\x1b[0m and \x1b$!"
    assert decoded(text.encode()) == Decoded(text, "utf-8", bytes_exact=True)


@pytest.mark.parametrize("codec", LEGACY)
def test_every_legacy_codec_is_known_and_gives_no_surrogates(codec: str) -> None:
    rows = "".join(bytes([lead, trail]).decode(codec, "ignore") for lead in range(256) for trail in range(256))
    assert rows.encode()
