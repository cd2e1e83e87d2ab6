"""Character encodings: labels, marks, detection, what cannot be decoded; through pages, feeds, mails, lists, files."""

from __future__ import annotations

import base64
import quopri
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.encodings import ascii_start, charset_of, codec_of, decode, html_label, is_about_loss, is_wide, xml_label
from briefing.errors import ExtractError
from briefing.extract import extract_article, extract_file
from briefing.fetch.refresh import refresh_target
from briefing.mail_headers import header_text
from briefing.sources import classify_content, find_feeds, find_own_feeds, read_feed, read_head, read_subscriptions
from briefing.types import SourceKind

GERMAN = "Die Straße über die Brücke wird im März gebaut, sagte der Bürgermeister, und sie bleibt für Wagen offen. "
LIES = ["utf-16", "utf-16le", "UTF-16BE", "utf-32", "cp037", "cp500", "cp1140", "utf-7", "ascii", "zip", "no-such"]

ENGLISH = (
    "The council will pay £4.5 million for the new ferry – not the €3 million that it had planned – and the mayor’s "
    "office called the price “fair”. The captain said that nobody can wait for another winter."
)
FRENCH = (
    "Le conseil a décidé mardi de réparer la jetée, qui s’était effondrée l’hiver dernier ; les travaux coûteront près "
    "de 4 millions d’euros, a précisé le maire à la presse, et dureront jusqu’à l’été."
)
POLISH = (
    "Rada miasta zdecydowała we wtorek o naprawie mola, które zawaliło się zeszłej zimy. Prace będą kosztować cztery "
    "miliony złotych, powiedziała burmistrz, a łodzie muszą czekać do wiosny."
)
CZECH = (
    "Městská rada v úterý rozhodla o opravě mola, které se zřítilo minulou zimu. Práce budou stát čtyři miliony korun, "
    "řekla starostka, a lodě musejí počkat až do jara příštího roku."
)
RUSSIAN = (
    "Городской совет во вторник решил отремонтировать причал, который обрушился прошлой зимой. Работы обойдутся в "
    "четыре миллиона рублей, сообщила мэр города, а лодкам придётся ждать до весны."
)
GREEK = (
    "Το δημοτικό συμβούλιο αποφάσισε την Τρίτη να επισκευάσει την προβλήτα που κατέρρευσε τον περασμένο χειμώνα. Τα "
    "έργα θα κοστίσουν τέσσερα εκατομμύρια ευρώ, είπε η δήμαρχος στους δημοσιογράφους."
)
TURKISH = (
    "Belediye meclisi salı günü, geçen kış çöken iskelenin onarılmasına karar verdi. Başkan, çalışmaların dört milyon "
    "liraya mal olacağını ve teknelerin ilkbahara kadar bekleyeceğini söyledi."
)
HEBREW = (
    "מועצת העיר החליטה ביום שלישי לתקן את המזח שקרס בחורף שעבר. העבודות יעלו ארבעה מיליון שקלים, אמרה ראש העיר, "
    "והסירות ייאלצו להמתין עד האביב לפני שיוכלו לצאת לים."
)
ARABIC = (
    "قرر مجلس المدينة يوم الثلاثاء إصلاح الرصيف الذي انهار في الشتاء الماضي. وستكلف الأعمال أربعة ملايين، كما قالت "
    "رئيسة البلدية، وعلى القوارب أن تنتظر حتى الربيع قبل أن تعود إلى البحر."
)
LITHUANIAN = (
    "Miesto taryba antradienį nusprendė suremontuoti prieplauką, kuri sugriuvo praėjusią žiemą. Darbai kainuos keturis "
    "milijonus eurų, sakė merė, o laivai turės laukti iki kito pavasario."
)
THAI = "สภาเมืองมีมติเมื่อวันอังคารให้ซ่อมท่าเรือที่พังลงเมื่อฤดูหนาวที่แล้ว งานจะใช้เงินสี่ล้านบาท นายกเทศมนตรีกล่าว และเรือต้องรอจนถึงฤดูใบไม้ผลิ"
JAPANESE = (
    "市議会は火曜日、昨冬に崩れた桟橋を修理することを決めた。工事費は四億円で、来年の春までかかる見通しだと市長は話した。"
    "船はそれまで別の港を使うという。"
)
CHINESE = (
    "市议会周二决定修复去年冬天倒塌的码头。市长说，工程将耗资四百万元，预计要到明年春天才能完成，"
    "在此之前船只必须使用另一个港口。"
)
TAIWANESE = (
    "市議會週二決定修復去年冬天倒塌的碼頭。市長說，工程將耗資四百萬元，預計要到明年春天才能完成，"
    "在此之前船隻必須使用另一個港口。"
)
KOREAN = (
    "시의회는 지난겨울 무너진 부두를 고치기로 화요일 결정했다. 공사에는 사십억 원이 들며 내년 봄까지 걸릴 것이라고 "
    "시장은 말했다. 그때까지 배들은 다른 항구를 써야 한다."
)


class Sample(NamedTuple):
    """A text and how it was written."""

    label: str
    codec: str
    text: str
    told_apart: bool = True
    """Whether it can be detected, or without a label read as nothing else."""
    wrong: tuple[str, ...] = ("utf-8", "utf-16", "no-such")
    """Labels that its bytes contradict."""


SAMPLES = (
    Sample("utf-8", "utf-8", GERMAN + RUSSIAN + JAPANESE, wrong=("iso-8859-1", "utf-16", "koi8-r", "shift_jis")),
    Sample("utf-16", "utf-16-le", GERMAN, wrong=("utf-8", "iso-8859-1")),
    Sample("utf-16", "utf-16-be", RUSSIAN, wrong=("utf-8", "windows-1251")),
    Sample("utf-16le", "utf-16-le", JAPANESE, wrong=("utf-8", "shift_jis")),
    Sample("utf-16be", "utf-16-be", CHINESE, wrong=("utf-16le", "gbk")),
    Sample("windows-1252", "cp1252", ENGLISH),
    Sample("ISO-8859-1", "cp1252", FRENCH),
    Sample("macintosh", "mac-roman", FRENCH),
    Sample("windows-1250", "cp1250", CZECH),
    Sample("iso-8859-2", "iso8859-2", POLISH),
    Sample("windows-1251", "cp1251", RUSSIAN),
    Sample("koi8-r", "koi8-r", RUSSIAN),
    Sample("iso-8859-5", "iso8859-5", RUSSIAN),
    Sample("ibm866", "cp866", RUSSIAN),
    Sample("windows-1253", "cp1253", GREEK),
    Sample("iso-8859-9", "cp1254", TURKISH),
    Sample("iso-8859-8-i", "iso8859-8", HEBREW),
    Sample("windows-1256", "cp1256", ARABIC),
    Sample("windows-1257", "cp1257", LITHUANIAN),
    Sample("tis-620", "cp874", THAI),
    Sample("x-sjis", "cp932", JAPANESE),
    Sample("euc-jp", "euc_jp", JAPANESE),
    Sample("iso-2022-jp", "iso2022_jp", JAPANESE, wrong=("utf-8", "us-ascii", "no-such")),
    Sample("gb2312", "gb18030", CHINESE),
    Sample("big5", "big5hkscs", TAIWANESE),
    Sample("euc-kr", "cp949", KOREAN),
)
MARKS = {"utf-8": b"\xef\xbb\xbf", "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
KINDS = ("page", "feed", "mail", "list", "file")


class Written(NamedTuple):
    """A document's bytes, and the label outside of it."""

    body: bytes
    label: str


def writings(sample: Sample, kind: str) -> Iterator[Written]:
    """A document of this kind in every way of saying, or not saying, what its encoding is."""
    inside = sample.label if kind in {"page", "feed", "list"} else ""
    ways = [("", ""), (sample.label, ""), ("", inside), (sample.label, "koi8-r" if inside else "")]
    ways += [way for wrong in sample.wrong for way in ((wrong, ""), ("", wrong if inside else ""))]
    for outside, declared in dict.fromkeys(ways):
        if outside and kind in {"list", "file"}:
            continue
        if not sample.told_apart and not {outside, declared} & {sample.label}:
            continue
        body = document(kind, sample.text, declared).encode(sample.codec)
        yield Written(body, outside)
        if mark := MARKS.get(sample.codec):
            yield Written(mark + body, outside)


def document(kind: str, text: str, declared: str) -> str:
    """`text` as a page, a feed, a list (as the names of its entries) or by itself."""
    prolog = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    if kind == "page":
        meta = f'<meta charset="{declared}">' if declared else ""
        return f"<!DOCTYPE html><html><head>{meta}<title>News</title></head><body><p>{text}</p></body></html>"
    if kind == "feed":
        return (
            f"{prolog}<rss version='2.0'><channel><title>Post</title><item><title>News</title>"
            f"<description>{text}</description></item></channel></rss>"
        )
    if kind == "list":
        return f"{prolog}<opml><body><outline text='{text[:90]}' xmlUrl='https://a.example/f'/></body></opml>"
    return text


def read(kind: str, written: Written, folder: Path) -> str:
    """What the product reads from it."""
    if kind == "page":
        return extract_article(
            written.body, content_type="text/html", charset=written.label or None, name="it", url=None, source="Post"
        ).text
    if kind == "feed":
        return read_feed(written.body, content_type=f"text/xml; charset={written.label}").items[0].html
    if kind == "list":
        return read_subscriptions(written.body)[0].name
    if kind == "mail":
        return extract_article(letter(written), content_type="message/rfc822", name="it", url=None, source="Post").text
    (folder / "it.txt").write_bytes(written.body)
    return extract_file(folder / "it.txt", source="Post").text


def letter(written: Written) -> bytes:
    charset = f"; charset={written.label}" if written.label else ""
    head = f"MIME-Version: 1.0\r\nContent-Type: text/plain{charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return b"From: Post <p@a.example>\r\nSubject: News\r\n" + head.encode() + base64.encodebytes(written.body)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.label}-{sample.codec}")
def test_text_in_every_encoding_is_read_however_it_is_labelled(sample: Sample, kind: str, tmp_path: Path) -> None:
    text = " ".join(sample.text.split())
    wanted = text[:90].rstrip() if kind == "list" else text
    for written in writings(sample, kind):
        assert wanted in " ".join(read(kind, written, tmp_path).split()), (written.label, written.body[:90])


# --- labels -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "body", "text"),
    [
        ("iso-8859-1", b"\x804.5 \x93fair\x94 \x96 it\x92s", "€4.5 “fair” – it’s"),
        ("us-ascii", b"\x804.5 \x85", "€4.5 …"),
        ("latin-1", b"na\xefve \x97", "naïve —"),
        ("x-cp1252", b"\x8a\x9e", "Šž"),
        ("iso-8859-9", b"\xfd\xfe\xf0 \x80", "ışğ €"),
        ("tis-620", b"\xa1\xd2 \x85", "กา …"),
        ("iso-8859-11", b"\xa1\xd2 \x80", "กา €"),
        ("ks_c_5601-1987", "똠방각하".encode("cp949"), "똠방각하"),
        ("gb2312", "朱镕基 㐀".encode("gb18030"), "朱镕基 㐀"),
        ("gbk", "𠀀 €".encode("gb18030"), "𠀀 €"),
        ("gb2312", b"\x80 4.5 \xd6\xd0", "€ 4.5 中"),
        ("x-sjis", "①㈱髙".encode("cp932"), "①㈱髙"),
        ("shift-jis", "～①".encode("cp932"), "～①"),
        ("euc-jp", b"\xad\xa1\xad\xea\xa5\xc6", "①㈱テ"),
        ("big5", "香港係㗎".encode("big5hkscs"), "香港係㗎"),
        ("big5", b"\xa4\xa4 \xa3\xe1 4", "中 € 4"),
        ("koi8-u", "Їжак".encode("koi8-u"), "Їжак"),
        ("x-mac-cyrillic", "Ёлка".encode("mac-cyrillic"), "Ёлка"),
        ("x-x-big5", "中文".encode("big5"), "中文"),
        ("iso-8859-8-i", "שלום".encode("iso8859-8"), "שלום"),
        ("logical", "שלום".encode("iso8859-8"), "שלום"),
        ("iso-8859-2", b"\x84Brno\x93 \x9akoda \xe8as", "„Brno“ škoda čas"),
        ("iso-8859-2", b"\x8cwi\xeato \x84dla\x94 ludzi", "Święto „dla” ludzi"),
        ("iso-8859-7", b"\xc1\xe8 \x93\xe1\x94", "Αθ “α”"),
        ("iso-8859-5", "Да".encode("iso8859-5") + b" \x93x\x94", "Да “x”"),
        ("cp437", b"Gr\x81\xe1e", "Grüße"),
        (" UTF8\t", "Zürich".encode(), "Zürich"),
    ],
)  # fmt: skip
def test_a_label_means_what_the_encoding_standard_says(label: str, body: bytes, text: str) -> None:
    assert decode(body, [label]).text == text
    assert not decode(body, [label]).lost


@pytest.mark.parametrize(
    ("head", "label"),
    [
        (b"<meta charset=koi8-r>", "koi8-r"),
        (b"<META CHARSET = 'Shift_JIS' />", "Shift_JIS"),
        (b'<meta charset="utf-8" name="x">', "utf-8"),
        (b"<meta http-equiv='Content-Type' content='text/html; charset=windows-1251'>", "windows-1251"),
        (b'<meta content="text/html;charset=big5" http-equiv=content-type>', "big5"),
        (b'<meta http-equiv="Content-Type" content="text/html" charset="euc-kr">', "euc-kr"),
        (b'<?xml version="1.0" encoding="euc-jp"?><html><meta charset=utf-8>', "euc-jp"),
        (b"\xef\xbb\xbf\n<?xml version='1.0' encoding='ISO-8859-2' ?>", "ISO-8859-2"),
        (b"<!-- <meta charset=big5> --><meta charset=koi8-u>", "koi8-u"),
        (b"<!-- <meta charset=big5>", ""),
        (b'<meta name="description" content="how to set charset=big5 in a page">', ""),
        (b'<meta name=keywords content="charset=big5">', ""),
        (b"<p>charset=big5</p>", ""),
        (b"<metadata charset=big5>", ""),
        (b"x" * 5000 + b"<meta charset=big5>", ""),
        (b"<meta charset='\xff'>", ""),
    ],
)
def test_the_declaration_of_a_page_is_found(head: bytes, label: str) -> None:
    assert html_label(head) == label


def test_a_declared_encoding_counts_that_no_detection_could_tell(tmp_path: Path) -> None:
    text = "The ferry will cost 5 € again from Tuesday, the harbour master said, and sail no later than last year."
    for kind in ("page", "feed"):
        assert text in read(kind, Written(document(kind, text, "latin9").encode("iso8859-15"), ""), tmp_path)
    page = document("page", text, "latin9").encode("iso8859-15")
    head = b"Subject: a\nFrom: b@c.d\nMIME-Version: 1.0\nContent-Type: text/html\nContent-Transfer-Encoding: base64\n\n"
    (tmp_path / "it.eml").write_bytes(head + base64.encodebytes(page))
    assert extract_file(tmp_path / "it.eml", source="Post").text == text
    assert header_text(b"=?x-unknown?q?=F6=D5=CB?=", "koi8-r") == "Жук"


def test_the_declaration_of_a_feed_is_not_that_of_a_page_in_it() -> None:
    feed = document("feed", f"<![CDATA[<meta charset=koi8-r>{FRENCH}]]>", "").encode("cp1252")
    assert (xml_label(feed), FRENCH in read_feed(feed).items[0].html) == ("", True)


def test_the_servers_label_counts_before_that_of_the_document() -> None:
    body = document("page", RUSSIAN, "koi8-r").encode("cp1251")
    article = extract_article(body, charset="windows-1251", name="it", url=None, source="Post")
    assert article.text == RUSSIAN


@pytest.mark.parametrize("codec", ["cp1251", "utf-8", "utf-16"])
def test_declarations_in_a_page_do_not_change_what_was_decoded(codec: str) -> None:
    page = (
        '<?xml version="1.0" encoding="windows-1251"?><html xmlns="http://www.w3.org/1999/xhtml"><head>'
        '<meta http-equiv="Content-Type" content="text/html; charset=koi8-r"/><title>Новости порта</title></head>'
        f"<body><div><p>{RUSSIAN}</p><p>{RUSSIAN}</p></div></body></html>"
    )
    article = extract_article(page.encode(codec), content_type="text/html", name="it", url=None, source="Post")
    assert (article.title, article.text) == ("Новости порта", f"{RUSSIAN}\n\n{RUSSIAN}")


@pytest.mark.parametrize(("label", "text"), [("gb2312", "头"), ("euc-kr", "휌"), ("big5", "鑒"), ("euc-jp", "道")])
def test_a_word_that_is_by_chance_valid_utf_8_is_read_by_its_label(label: str, text: str) -> None:
    body = text.encode(codec_of(label))
    body.decode("utf-8")
    assert decode(body, [label]).text == text
    assert decode(f"{GERMAN}".encode(), [label]).text == GERMAN


@pytest.mark.parametrize("find", [find_feeds, find_own_feeds, refresh_target])
@pytest.mark.parametrize(
    ("start", "charset"),
    [("<meta charset=windows-1251>", None), ("", "windows-1251"), ("<meta charset=koi8-r>", "cp1251"), ("", None)],
)
def test_addresses_in_a_page_are_read_in_its_encoding(
    find: Callable[[bytes, str, str | None], list[str] | str | None], start: str, charset: str | None
) -> None:
    page = (
        f"{start}<meta http-equiv=refresh content='0; url=/новости'><title>{RUSSIAN}</title>"
        "<link rel=alternate type='application/rss+xml' href='/новости'>"
    )
    found = find(page.encode("cp1251"), "https://a.example/", charset)
    assert found in ("https://a.example/новости", ["https://a.example/новости"])
    short = (
        "<meta charset=latin9><meta http-equiv=refresh content='0; url=/5€'>"
        "<link rel=alternate type='application/rss+xml' href='/5€'>"
    )
    found = find(short.encode("iso8859-15"), "https://a.example/", None)
    assert found in ("https://a.example/5€", ["https://a.example/5€"])


@pytest.mark.parametrize("longer", ["", "!"])
@pytest.mark.parametrize("declared", LIES)
def test_an_impossible_declared_encoding_is_ignored(declared: str, longer: str) -> None:
    text = GERMAN * 4 + longer
    assert decode(text.encode("cp1252"), [declared]).text == text
    assert decode(text.encode("utf-8"), [declared]).text == text
    assert decode(b"The bridge is open." + longer.encode(), [declared]).text == f"The bridge is open.{longer}"


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le"])
@pytest.mark.parametrize("text", ["The bridge is open.\n", "Der Zoll fällt.\n", "橋は火曜日に開かれた。\n" * 3])
def test_utf_16_and_utf_32_are_told_by_their_bytes(codec: str, text: str) -> None:
    for labels in ([codec], ["utf-16"], ["utf-8"], []):
        assert decode(text.encode(codec), labels).text == text
    assert is_wide(text.encode(codec))


def test_a_stray_zero_byte_is_not_utf_16() -> None:
    body = GERMAN.encode("cp1252") + b"\0" + GERMAN.encode("cp1252")
    assert decode(body, ["utf-16"]).text == f"{GERMAN}\0{GERMAN}"


@pytest.mark.parametrize(
    "body", [bytes(range(256)) * 20, b"\0\1\0\0" * 500, b"\x7fELF\2\1\1" + bytes(300), b"a\0\0\0\1\0\0\0" * 99]
)
def test_a_binary_file_is_not_utf_16(body: bytes) -> None:
    assert not is_wide(body)


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_page_in_utf_16_without_a_media_type_is_a_page(codec: str) -> None:
    body = document("page", GERMAN * 2, "").encode(codec)
    assert ascii_start(body, 9) == b"<!DOCTYPE"
    assert extract_article(body, name="standard input", url=None, source="Post").text == (GERMAN * 2).strip()


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_a_json_feed_and_a_list_of_addresses_are_known_in_every_encoding(codec: str) -> None:
    feed = '{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "title": "Größe – 5 €"}]}'
    assert classify_content(feed.encode(codec), "application/json") is SourceKind.FEED
    assert read_feed(feed.encode(codec)).items[0].title == "Größe – 5 €"
    addresses = "# Länder\nhttps://a.example/fü\n".encode(codec)
    assert classify_content(addresses, "text/plain") is SourceKind.OPML
    assert [source.location for source in read_subscriptions(addresses)] == ["https://a.example/fü"]


@pytest.mark.parametrize(("codec", "text"), [("iso-2022-jp", "会議は火曜日に開かれた。"), ("hz", "会议在星期二举行。")])
def test_encodings_with_escape_sequences_are_accepted(codec: str, text: str) -> None:
    assert decode(text.encode(codec), [codec]).text == text


def test_rows_of_iso_2022_jp_that_only_browsers_know_are_read() -> None:
    body = b"\x1b$B\x2d\x21\x46\x7c\x1b(B and \x1b(I6\x1b(B"
    assert (decode(body).text, decode(body).encoding) == ("①日 and ｶ", "iso-2022-jp")


def test_colours_of_a_terminal_are_not_iso_2022_jp() -> None:
    assert decode(b"a \x1b[31mred\x1b[0m tram", ["utf-8"]).text == "a \x1b[31mred\x1b[0m tram"


@pytest.mark.parametrize("label", ["utf-7", "UTF7", "unicode-1-1-utf-7", "x-imap4-modified-utf7"])
def test_utf_7_is_refused(label: str) -> None:
    for body in (b"+ADw-script+AD4-", b"~{ \x1b +ADw-script+AD4-"):
        assert decode(body, [label]).text == body.decode("ascii")


# --- what nobody labels -----------------------------------------------------------------------------------------


def test_other_encodings_declared_as_utf_8_are_detected() -> None:
    text = "The bridge is open to all who come by bus or on foot, said Mayor Müller, and to nobody else. " * 4
    assert decode(text.encode("cp1252"), ["utf-8"]).text == text


@pytest.mark.parametrize(
    "text",
    [
        "El ayuntamiento aprobó ayer la reparación del muelle, que se derrumbó el año pasado, señaló la alcaldesa.",
        "Kommunen beslutade på tisdagen att laga bryggan. Båtarna får vänta till våren, säger borgmästaren.",
        "A prefeitura aprovou ontem a reforma do cais. As obras não terminarão antes da primavera, disse a prefeita.",
        "The council will pay £4 million, the mayor’s office said, and €3 million more next year – if it can.",
        "Ein Zimmer von 20 m² für 3½ Wochen, ±2 °C: „das reicht“, schrieb die Wohnungsbaugesellschaft München.",
    ],
)
def test_western_text_is_not_taken_for_central_european(text: str) -> None:
    assert decode(text.encode("cp1252")).text == text


@pytest.mark.parametrize("stray", ["don’t", "25–30", "£5", "Rémy", "María", "10°C", "“so", "naïve", "été"])
@pytest.mark.parametrize("label", ["utf-8", None])
def test_one_stray_byte_in_english_does_not_make_it_chinese_or_russian(stray: str, label: str | None) -> None:
    prose = "The council met on Tuesday to keep the ferry, and the mayor said that it costs less than a bridge. " * 80
    text = f"{prose[:300]} {stray} {prose[300:]}"
    assert decode(text.encode("cp1252"), [label]).text == text


def test_a_long_beginning_in_ascii_does_not_hide_what_follows() -> None:
    body = b"<script>" + b"var tram = 1; " * 20_000 + b"</script>" + RUSSIAN.encode("cp1251")
    assert decode(body).text.endswith(RUSSIAN)


@pytest.mark.parametrize(("codec", "text"), [("euc_jp", JAPANESE), ("gb18030", CHINESE), ("cp949", KOREAN)])
def test_a_long_text_is_not_cut_within_a_character(codec: str, text: str) -> None:
    for start in ("", "a"):
        assert decode(f"{start}{text * 1000}".encode(codec)).text == start + text * 1000


# --- what cannot be decoded -------------------------------------------------------------------------------------


def test_what_cannot_be_decoded_is_marked_counted_and_named() -> None:
    found = decode(f"{FRENCH} %".encode("cp1252").replace(b"%", b"\x81 \x8d \x90"), ["windows-1252"])
    assert found.text == f"{FRENCH} \ufffd \ufffd \ufffd"
    assert found.warning == "3 characters of it could not be read (it says it is windows-1252)"
    assert is_about_loss(f"{found.warning}.")
    assert not is_about_loss("The article is long; it was read in 2 parts.")


def test_a_loss_names_the_encoding_it_was_read_in_not_the_declared_one() -> None:
    found = decode(f"{GERMAN * 3}\xa0".encode() + b"\xff", ["iso-8859-15"])
    assert found.warning == "1 character of it could not be read (it was read as utf-8)"


def test_replacement_characters_that_were_written_are_not_counted() -> None:
    for codec in ("utf-8", "utf-16", "gb18030"):
        assert not decode(f"{GERMAN}\ufffd".encode(codec), [codec]).warning
    assert decode(f"{GERMAN * 3}\ufffd ".encode() + b"\xff", ["utf-8"]).lost == 1


def test_bytes_that_are_text_in_no_encoding_are_refused() -> None:
    noise = bytes(128 + 37 * n * n % 128 for n in range(2000))
    with pytest.raises(ExtractError, match="its encoding cannot be told"):
        extract_article(noise, content_type="text/plain", name="it", url=None, source="Post")


@pytest.mark.parametrize(
    ("body", "lost"),
    [
        (b"\xc0\xaf \xc3\xa9\xc3\xa9\xc3\xa9", 2),  # overlong
        (b"\xed\xa0\x80 " + "é".encode() * 4, 3),  # a surrogate
        (b"\xf4\x90\x80\x80 " + "é".encode() * 5, 4),  # beyond Unicode
    ],
)
def test_invalid_utf_8_is_marked_and_never_decoded(body: bytes, lost: int) -> None:
    found = decode(body, ["utf-8"])
    assert (found.text[:lost], found.lost) == ("\ufffd" * lost, lost)


def test_bytes_that_only_python_knows_in_shift_jis_are_marked() -> None:
    found = decode(JAPANESE.encode("cp932") + b"\x80 \xa0 \xfd", ["shift_jis"])
    assert (found.text, found.lost) == (f"{JAPANESE}\ufffd \ufffd \ufffd", 3)


def test_half_a_surrogate_pair_in_utf_16_is_marked() -> None:
    found = decode(b"\xff\xfe" + "Zürich ".encode("utf-16-le") + b"\x3d\xd8 \0", [])
    assert (found.text, found.lost) == ("Zürich \ufffd ", 1)


def test_control_characters_of_utf_8_are_the_signs_that_were_meant() -> None:
    assert decode("It\x92s \x93fair\x94 \x96 \x80 4".encode()).text == "It’s “fair” – € 4"
    assert decode("a\x85b".encode()).text == "a\x85b"  # the next line, not three dots


def test_zero_bytes_do_not_keep_a_page_from_being_read() -> None:
    body = document("page", f"{GERMAN}%{GERMAN}", "utf-8").encode().replace(b"%", b"\0")
    article = extract_article(body, content_type="text/html", name="it", url=None, source="Post")
    assert article.text == (GERMAN * 2).strip()


def test_an_article_warns_of_what_could_not_be_read() -> None:
    for kind, media_type in (("page", "text/html"), ("file", "text/plain"), ("file", "text/markdown")):
        body = document(kind, f"{FRENCH} %", "").encode("cp1252").replace(b"%", b"\x81\x8d")
        article = extract_article(
            body, content_type=media_type, charset="iso-8859-1", name="it", url=None, source="Post"
        )
        assert article.warnings == ("2 characters of it could not be read (it says it is windows-1252).",)
        assert article.text.endswith("\ufffd\ufffd")


def test_a_feed_and_a_mail_warn_of_what_could_not_be_read() -> None:
    body = document("feed", f"{FRENCH} %", "").encode("cp1252").replace(b"%", b"\x90")
    feed = read_feed(body, content_type="text/xml; charset=windows-1252")
    assert feed.warnings == ("1 character of it could not be read (it says it is windows-1252)",)
    written = Written(f"{FRENCH} %".encode("cp1252").replace(b"%", b"\x90"), "iso-8859-1")
    article = extract_article(letter(written), content_type="message/rfc822", name="it", url=None, source="Post")
    assert article.warnings == ("1 character of it could not be read (it says it is windows-1252).",)


def test_a_mail_says_its_charset_in_parts_and_with_quoted_printable(tmp_path: Path) -> None:
    head = (
        "From: =?windows-1251?Q?=D0=E5=E4=E0=EA=F6=E8=FF?= <a@b.example>\nSubject: News\nMIME-Version: 1.0\n"
        "Content-Type: text/plain; charset*=us-ascii'en'windows-1251\nContent-Transfer-Encoding: quoted-printable\n\n"
    )
    (tmp_path / "it.eml").write_bytes(head.encode() + quopri.encodestring(RUSSIAN.encode("cp1251")))
    article = extract_file(tmp_path / "it.eml", source="Post")
    assert (article.author, article.text) == ("Редакция", RUSSIAN)


# --- headers of mails -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"=?iso-8859-1?Q?Ferry_costs_=804.5_million_=96_=93fair=94?=", "Ferry costs €4.5 million – “fair”"),
        (b"=?gb2312?B?1uzpRrv5?=", "朱镕基"),
        (b"=?iso-2022-jp?B?GyRCMnE1RBsoQg==?=", "会議"),
        (b"=?ISO-2022-JP?B?GyRCLSEbKEI=?=", "①"),
        (b"\x1b$B2q5D\x1b(B", "会議"),
        (b"=?windows-1251?Q?=CD=EE=E2=EE=F1=F2=E8?=", "Новости"),
        (b"=?koi8-r?b?7s/Xz9PUyQ==?=", "Новости"),
        (b"=?x-unknown?Q?Z=FCrich?=", "Zürich"),
        (b"=?unknown-8bit?q?Z=C3=BCrich?=", "Zürich"),
        (b"=?us-ascii?Q?Z=FCrich?=", "Zürich"),
        (b"=?utf-8?q?Gr=C3?= =?utf-8?q?=BC=C3=9Fe?=", "Grüße"),
        (b"=?UTF-8?B?R3LD?=\r\n =?utf-8?Q?=BC=C3=9Fe?=", "Grüße"),
        (b"=?utf-8?b?5LyaDQ?= x", "会 x"),
        (b"=?utf-8*de?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?utf-8?q?a?= and =?utf-8?q?b?=  =?iso-8859-1?q?=E9?=", "a and bé"),
        (b"Re:=?utf-8?q?_=C3=BC?=", "Re: ü"),
        ("Zürich – 東京".encode(), "Zürich – 東京"),
        (b"Z\xfcrich \x96 \x804", "Zürich – €4"),
        (b"=?utf-8?q?x", "=?utf-8?q?x"),
        (b"=?utf-8?b?!!!?=", "=?utf-8?b?!!!?="),
        (b"=?utf-7?q?+ADw-?=", "+ADw-"),
        (b"=?utf-8?q?=FF=C3=BC?=", "\ufffdü"),
        (b"=?utf-8?q??= x", " x"),
        (b"", ""),
    ],
)
def test_headers_of_mails_are_decoded(raw: bytes, text: str) -> None:
    assert " ".join(header_text(raw).split()) == " ".join(text.split())


def test_headers_without_an_encoding_of_their_own_have_that_of_the_body() -> None:
    head = "Subject: Новости\nFrom: Редакция <p@a.example>\nContent-Type: text/plain; charset=koi8-r\n\n"
    read_in_list = read_head(head.encode("koi8-r"))
    assert (read_in_list.title, read_in_list.sender) == ("Новости", "Редакция")
    body = head.encode("koi8-r") + RUSSIAN.encode("koi8-r")
    article = extract_article(body, content_type="message/rfc822", name="it", url=None, source="Post")
    assert (article.title, article.author, article.text) == ("Новости", "Редакция", RUSSIAN)


@pytest.mark.parametrize("transfer", ["8bit", "quoted-printable", "binary", "x-unknown"])
def test_a_mail_with_raw_bytes_under_any_transfer_encoding_is_read(transfer: str) -> None:
    head = (
        f"Subject: a\nFrom: b@c.d\nContent-Type: text/plain; charset=x-unknown\nContent-Transfer-Encoding: {transfer}\n"
    )
    body = head.encode() + b"\n" + FRENCH.encode("cp1252")
    assert extract_article(body, content_type="message/rfc822", name="it", url=None, source="Post").text == FRENCH


# --- any bytes --------------------------------------------------------------------------------------------------

LABELS = [
    *LIES,
    *(sample.label for sample in SAMPLES),
    "hz",
    "iso-2022-kr",
    "x-user-defined",
    "replacement",
    "a\0b",
    "",
]
PRINTED = st.characters(exclude_categories=["Cc", "Cs", "Co", "Cn"])


@given(body=st.binary(max_size=300), names=st.lists(st.sampled_from([*LABELS, "\ud800", "x" * 999]), max_size=3))
def test_any_bytes_under_any_label_give_text(body: bytes, names: list[str]) -> None:
    found = decode(body, names)
    assert len(found.text) <= len(body)
    assert 0 <= found.lost <= found.text.count("\ufffd")
    found.text.encode()


@given(st.text(PRINTED | st.sampled_from("\t\n\r")), st.sampled_from(["", *LABELS]))
def test_valid_utf_8_is_read_as_such_under_every_label(text: str, label: str) -> None:
    outside = sum(not character.isascii() for character in text)
    by_chance = outside <= 3 and label in {"euc-jp", "gb2312", "big5", "euc-kr"}
    if by_chance or (text.isascii() and label in {"hz", "iso-2022-kr"}):
        label = ""
    found = decode(text.encode(), [label])
    assert (found.text, found.lost) == (text.removeprefix("\ufeff"), 0)


@given(st.data())
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.label}-{sample.codec}")
def test_text_with_its_label_comes_back(sample: Sample, data: st.DataObject) -> None:
    # Behind a beginning that is no UTF-8: some words by themselves are in either.
    words = data.draw(st.lists(st.sampled_from(sample.text.split() + list(sample.text)), max_size=40))
    text = " ".join([sample.text[:60], *words]).strip() + "\n"
    assert decode(text.encode(sample.codec), [sample.label]).text == text


@given(st.binary(max_size=200), st.sampled_from(["", *LABELS]))
def test_any_header_gives_text(raw: bytes, label: str) -> None:
    header_text(b"=?" + label.encode("utf-8", "replace") + b"?q?" + raw + b"?= " + raw, label).encode()


@pytest.mark.parametrize("letter", ["\u0301", "\u5e02", "\u00e9"])
def test_decoding_of_non_ascii_text_takes_little_memory(letter: str) -> None:
    body = (letter * 200_000).encode()
    tracemalloc.start()
    try:
        assert decode(body).text == letter * 200_000
        assert tracemalloc.get_traced_memory()[1] < 5 * len(body)
    finally:
        tracemalloc.stop()


def test_the_charset_of_a_content_type_is_found() -> None:
    assert charset_of('text/html; Charset="Shift_JIS"') == "shift_jis"
    assert charset_of("text/html") is None
