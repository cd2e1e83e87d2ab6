"""Articles in scripts without blanks between words are condensed, compared and grouped like any other."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from briefing.assets import environment
from briefing.engines.extractive import ExtractiveEngine
from briefing.extract import teaser_of
from briefing.nlp.salience import ranked
from briefing.nlp.text import paragraphs, word_count
from briefing.stories import group
from briefing.stories.near_duplicates import copies
from briefing.summariser import PromptBook, SummaryOptions, summarise_all
from briefing.summariser.parsing import LONGEST_HEADLINE, LONGEST_POINT, truncate_words
from briefing.testing.engine import FakeEngine
from briefing.types import Article, FeedItem, Summary

from ..factories import article as make

LANGUAGES = ["zh", "ja", "th"]
TRANSLATIONS = Path(__file__).parents[1] / "data" / "unspaced"
DAY = datetime(2024, 5, 17, 8, 0, tzinfo=UTC)
# Of each language: two reports of one vote, one of an explosion, one of a ferry.
REPORTS = {
    "zh": {
        "tram": (
            "马洛批准修建有轨电车",
            "马洛市议会星期二以31票对14票决定修建一条通往大学医院的有轨电车线路。工程将于三月开工，费用为"
            "2.12亿英镑，其中1.4亿英镑由政府承担。反对派要求改用电动公共汽车，并警告桥街的商店会失去顾"
            "客。议员阿妮塔·德赛说，这是六十年代以来对道路的最大投资。",
        ),
        "tram retold": (
            "有轨电车将通到大学医院",
            "经过两年的争论，马洛的议员们同意建设九公里长的有轨电车。德赛议员主管交通，她称赞这一决定。从三月"
            "起工人将在桥街铺设铁轨，店主们担心三年的施工会赶走顾客。线路把火车站和大学医院连接起来，雇主须缴"
            "纳停车费来分担2.12亿英镑的费用。",
        ),
        "blast": (
            "哈里克化肥厂爆炸造成十二人死亡",
            "星期四夜间，哈里克的一家化肥厂发生爆炸，十二名工人丧生，消防部门星期五说。四公里以外的窗户被震碎"
            "。检查人员今年三月曾警告阀门泄漏。厂主表示将帮助遇难者家属，警方正在调查原因。",
        ),
        "ferry": (
            "斯凯里群岛最后一班渡轮停航",
            "星期三，开往斯凯里群岛的最后一班渡轮在运行九十年之后停航。运营公司说，燃料价格上涨而乘客减少。岛"
            "上居民今后只能乘坐小飞机，他们要求政府恢复航线。",
        ),
    },
    "ja": {
        "tram": (
            "マーロウ市、路面電車の建設を承認",
            "マーロウ市議会は火曜日、大学病院までの路面電車の建設を31対14で決めた。工事は三月に始まり、費"
            "用は2億1200万ポンドで、そのうち1億4000万ポンドを政府が負担する。野党は電気バスを求め、"
            "橋通りの店が客を失うと警告した。アニタ・デサイ議員は、六十年代以来最大の道路への投資だと述べた。",
        ),
        "tram retold": (
            "大学病院まで路面電車が開通へ",
            "二年にわたる議論の末、マーロウの議員たちは九キロの路面電車の建設に同意した。交通を担当するデサイ"
            "議員は決定を歓迎した。三月から橋通りで線路の工事が始まるが、店主たちは三年間の工事で客が離れるこ"
            "とを心配している。路線は駅と大学病院を結び、費用の2億1200万ポンドの一部は企業の駐車場税でま"
            "かなわれる。",
        ),
        "blast": (
            "ハリックの肥料工場で爆発、十二人死亡",
            "木曜日の夜、ハリックの肥料工場で爆発があり、作業員十二人が死亡したと消防が金曜日に発表した。四キ"
            "ロ離れた家の窓も割れた。検査官は三月に弁の漏れを警告していた。工場の所有者は遺族を支援すると述べ"
            "、警察が原因を調べている。",
        ),
        "ferry": (
            "スケリー諸島への最後のフェリーが運航終了",
            "水曜日、スケリー諸島へのフェリーが九十年の歴史を終えて最後の運航を行った。会社は、燃料の値上がり"
            "と乗客の減少を理由に挙げた。島の住民は今後、小型飛行機しか使えなくなり、政府に航路の再開を求めて"
            "いる。",
        ),
    },
    "th": {
        "tram": (
            "มาร์โลว์อนุมัติรถราง",
            "สภาเมืองมาร์โลว์ลงมติเมื่อวันอังคารด้วยคะแนน 31 ต่อ 14 ให้สร้างรถรางไปยังโร"
            "งพยาบาลมหาวิทยาลัย การก่อสร้างจะเริ่มในเดือนมีนาคมด้วยงบประมาณ 212 ล้านปอนด"
            "์ ซึ่งรัฐบาลจะจ่าย 140 ล้านปอนด์ ฝ่ายค้านเสนอให้ใช้รถเมล์ไฟฟ้าและเตือนว่าร้"
            "านค้าบนถนนบริดจ์จะเสียลูกค้า อนิตา เดไซ กล่าวว่านี่เป็นการลงทุนบนถนนครั้งให"
            "ญ่ที่สุดนับตั้งแต่ทศวรรษ 1960",
        ),
        "tram retold": (
            "รถรางจะวิ่งถึงโรงพยาบาลมหาวิทยาลัย",
            "หลังจากถกเถียงกันมาสองปี สมาชิกสภามาร์โลว์เห็นชอบให้สร้างรถรางยาวเก้ากิโลเม"
            "ตร อนิตา เดไซ ซึ่งดูแลด้านการขนส่งยินดีกับมตินี้ ตั้งแต่เดือนมีนาคมคนงานจะว"
            "างรางบนถนนบริดจ์ เจ้าของร้านค้ากลัวว่าการก่อสร้างสามปีจะทำให้ลูกค้าหายไป เส"
            "้นทางนี้เชื่อมสถานีรถไฟกับโรงพยาบาลมหาวิทยาลัย และนายจ้างต้องจ่ายค่าที่จอดร"
            "ถเพื่อช่วยค่าใช้จ่าย 212 ล้านปอนด์",
        ),
        "blast": (
            "ระเบิดที่โรงงานปุ๋ยในฮาร์ริก เสียชีวิตสิบสองคน",
            "เกิดระเบิดที่โรงงานปุ๋ยในเมืองฮาร์ริกเมื่อคืนวันพฤหัสบดี คนงานสิบสองคนเสียช"
            "ีวิต หน่วยดับเพลิงแถลงเมื่อวันศุกร์ หน้าต่างบ้านที่อยู่ห่างออกไปสี่กิโลเมตร"
            "แตก ผู้ตรวจสอบเคยเตือนเรื่องวาล์วรั่วในเดือนมีนาคม เจ้าของโรงงานสัญญาว่าจะช"
            "่วยเหลือครอบครัวผู้ตาย และตำรวจกำลังสืบสวนสาเหตุ",
        ),
        "ferry": (
            "เรือข้ามฟากเที่ยวสุดท้ายไปหมู่เกาะสเกอร์รี",
            "เรือข้ามฟากเที่ยวสุดท้ายไปหมู่เกาะสเกอร์รีออกเดินทางเมื่อวันพุธ หลังจากให้บ"
            "ริการมาเก้าสิบปี บริษัทกล่าวว่าราคาน้ำมันแพงขึ้นและผู้โดยสารน้อยลง ชาวเกาะจ"
            "ะต้องใช้เครื่องบินเล็กเท่านั้น และขอให้รัฐบาลเปิดเส้นทางอีกครั้ง",
        ),
    },
}


def summary(text: str, language: str, title: str = "", **wishes: int) -> Summary:
    book = PromptBook(environment("prompts"))
    told = make(text, title=title, language=language)
    ((_, found),) = summarise_all([told], ExtractiveEngine(), book, SummaryOptions(**wishes))  # type: ignore[arg-type]
    assert isinstance(found, Summary), found
    return found


def report(language: str) -> tuple[str, list[str]]:
    """Title and paragraphs, each a sentence."""
    title, *told = (TRANSLATIONS / f"tram.{language}.txt").read_text("utf-8").strip().split("\n\n")
    return title, told


@pytest.mark.parametrize("points", [1, 3, 5])
@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_a_long_article_is_condensed_to_so_many_of_its_sentences(language: str, points: int) -> None:
    title, told = report(language)
    found = summary("\n\n".join(told), language, title, points=points)
    assert len(found.key_points) == points
    assert {point.text for point in found.key_points} <= set(told)
    assert not any("as short as a summary" in warning for warning in found.warnings)


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_an_article_of_few_sentences_is_shown_as_it_is(language: str) -> None:
    _, told = report(language)
    found = summary("\n\n".join(told[:2]), language)
    assert [point.text for point in found.key_points] == told[:2]
    assert any("as short as a summary" in warning for warning in found.warnings)


@pytest.mark.parametrize("language", LANGUAGES)
def test_as_many_sentences_are_a_short_text_as_in_english(language: str) -> None:
    """Of 60 words: counted as words, the characters of two Chinese sentences would be too many."""
    for count in (3, 4, 7):
        short = [
            any("as short as a summary" in warning for warning in summary("\n\n".join(told[:count]), name).warnings)
            for name in ("en", language)
            for told in [report(name)[1]]
        ]
        assert short[0] == short[1], count


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_told_apart_by_salience(language: str) -> None:
    """A sentence that shares no word with others comes behind those that do, though it stands before them."""
    _, told = report(language)
    stray = {"zh": "本报记者昨日摄影。", "ja": "写真は昨日わが社で撮影。", "th": "ภาพถ่ายโดยผู้สื่อข่าวของเรา"}[language]
    order = ranked(list(paragraphs("\n\n".join([*told[:12], stray, *told[12:]]))))
    assert order[-1] == 12


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_a_long_title_is_truncated_to_a_headline(language: str) -> None:
    text = " ".join(report(language)[1][:3])
    shown = truncate_words(text, LONGEST_HEADLINE)
    assert shown.endswith("…")
    assert text.startswith(shown[:-1])
    assert LONGEST_HEADLINE - 3 <= word_count(shown) <= LONGEST_HEADLINE
    assert truncate_words(report(language)[0], LONGEST_HEADLINE) == report(language)[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_teaser_is_the_beginning_of_a_feeds_text(language: str) -> None:
    text = " ".join(report(language)[1])
    teaser = teaser_of(FeedItem(url=None, title="", html=text, published=None))
    assert teaser.endswith(" …")
    assert 50 < word_count(teaser) <= 60


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_is_a_point_and_three_are_too_long_for_one(language: str) -> None:
    first, second, third, *_ = report(language)[1]
    assert word_count(first) < LONGEST_POINT < word_count(first + second + third)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "of 10 to 20 words about"),
        ("ko", "of 10 to 20 words about"),
        ("zh", "of 16 to 32 characters about"),
        ("ja", "of 22 to 44 characters about"),
        ("th", "of 45 to 90 characters about"),
    ],
)
def test_a_model_is_asked_for_characters_in_a_language_without_blanks(language: str, expected: str) -> None:
    engine = FakeEngine()
    told = make("\n\n".join(report("en")[1]), language="en")
    dict(summarise_all([told], engine, PromptBook(environment("prompts")), SummaryOptions(language=language)))
    assert expected in engine.asked[0].messages[0].content


# --- stories ------------------------------------------------------------------------------------------------------


def article(language: str, name: str, text: str = "", source: str = "") -> Article:
    title, told = REPORTS[language][name]
    return make(text or told, id=name, title=title, source=source or name, published=DAY, language=language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_reports_of_one_event_in_other_words_are_one_story_and_others_are_not(language: str) -> None:
    bundles = group([article(language, name) for name in REPORTS[language]])
    assert sorted(sorted(told.id for told in bundle.articles) for bundle in bundles) == [
        ["blast"],
        ["ferry"],
        ["tram", "tram retold"],
    ]
    assert not any(bundle.copies for bundle in bundles)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reprint_with_a_change_is_a_copy_and_another_report_is_not(language: str) -> None:
    original, retold = article(language, "tram"), article(language, "tram retold")
    changed = make(
        f"（{retold.title}）{original.text}".replace("31", "32"), id="x", title=retold.title, source="x", published=DAY
    )
    assert copies([original, retold]) == [[0], [1]]
    assert sorted(sorted(found) for found in copies([original, retold, changed])) == [[0, 2], [1]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_footer_of_a_source_joins_no_articles(language: str) -> None:
    foot = {
        "zh": "关注我们的频道，获取海岸地区的最新新闻。我们的编辑部全年日夜为您工作。"
        "版权所有，未经许可不得转载本网站的任何内容。",
        "ja": "沿岸地域の最新ニュースは当チャンネルで。編集部は一年中昼も夜も働いています。"
        "本サイトの内容の無断転載を禁じます。",
        "th": "ติดตามข่าวล่าสุดจากชายฝั่งได้ที่ช่องของเรา กองบรรณาธิการทำงานเพื่อคุณทั้งวันทั้งคืนตลอดปี "
        "สงวนลิขสิทธิ์ ห้ามคัดลอกเนื้อหาใด ๆ ของเว็บไซต์นี้",
    }[language]
    told = [
        article(language, name, REPORTS[language][name][1] + " " + foot, "One") for name in ("tram", "blast", "ferry")
    ]
    assert sorted(len(bundle.articles) for bundle in group(told)) == [1, 1, 1]
