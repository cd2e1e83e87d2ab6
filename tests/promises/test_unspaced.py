"""Words of scripts without blanks between words are found by what a reader sets and searches for."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..conftest import Cli
from .news import edition
from .parts import Configure

NEWS = {
    "zh": (
        "东京都批准修建电车\n\n东京都议会星期二以31票对14票批准修建一条新的电车线路。工程将于三月开工，费用为两亿日元。",
        "大阪的渡轮停航\n\n大阪的最后一班渡轮在运行九十年之后于星期三停航。公司说，乘客越来越少，燃料越来越贵。",
    ),
    "ja": (
        "東京都が路面電車の建設を承認\n\n東京都議会は火曜日、路面電車の新しい路線を31対14で承認した。工事は三月に始まる。",
        "大阪のフェリーが運航終了\n\n大阪の最後のフェリーは水曜日、九十年の歴史を終えた。会社は乗客の減少を理由に挙げた。",
    ),
    "th": (
        "กรุงโตเกียวอนุมัติรถราง\n\nสภากรุงโตเกียวลงมติเมื่อวันอังคารให้สร้างรถรางสายใหม่ การก่อสร้างจะเริ่มในเดือนมีนาคม",
        "เรือข้ามฟากโอซากาหยุดวิ่ง\n\nเรือข้ามฟากเที่ยวสุดท้ายของโอซากาออกเดินทางเมื่อวันพุธหลังจากให้บริการมาเก้าสิบปี",
    ),
    "ko": (
        "도쿄도에서 전차 건설을 승인\n\n도쿄도는 화요일에 새 전차 노선을 31 대 14로 승인했다. "
        "공사는 내년 3월에 시작되어 모두 사 년이 걸린다.",
        "오사카의 페리가 운항을 마쳤다\n\n오사카의 마지막 페리는 수요일에 구십 년의 역사를 "
        "마쳤다. 회사는 승객이 많이 줄었고 연료가 비싸졌다고 말했다.",
    ),
}
"""Of each language news about a tram in Tokyo and about a ferry in Osaka."""
WORDS = {"zh": ("东京", "电车"), "ja": ("東京", "電車"), "th": ("โตเกียว", "รถราง"), "ko": ("도쿄", "전차")}
"""Tokyo and tram; inside of longer runs of letters, or before particles."""

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("language", NEWS)]


@pytest.fixture
def told(configure: Configure, tmp_path: Path, language: str) -> Configure:
    """``told("max_articles = 3")``: the configuration with the two news items as sources."""

    def write(*settings: str) -> None:
        configure('engine = "extractive"', *settings, towns=())
        for name, text in zip(("b", "a"), NEWS[language], strict=True):
            (tmp_path / "in" / f"{name}.txt").write_text(f"{text}\n", "utf-8")

    return write


def titles(folder: Path) -> list[str]:
    return [story["summary"]["title"] for section in edition(folder)["sections"] for story in section["stories"]]


def test_a_muted_word_leaves_its_article_out(cli: Cli, told: Configure, tmp_path: Path, language: str) -> None:
    told(f'mute = {{ words = ["{WORDS[language][0]}"] }}')
    assert cli("run").returncode == 0
    assert titles(tmp_path) == [NEWS[language][1].partition("\n")[0]]


def test_a_word_of_interest_puts_its_article_first(cli: Cli, told: Configure, tmp_path: Path, language: str) -> None:
    tram, ferry = (text.partition("\n")[0] for text in NEWS[language])
    told()
    assert cli("run").returncode == 0
    assert titles(tmp_path)[0] == ferry
    told(f'interests.words = ["{WORDS[language][1]}"]')
    assert cli("run", "--explain").returncode == 0
    assert titles(tmp_path) == [tram, ferry]


def test_a_topic_has_the_articles_with_its_words(cli: Cli, told: Configure, tmp_path: Path, language: str) -> None:
    tram, tokyo = WORDS[language][1], WORDS[language][0]
    told(f'topics = {{ Transport = ["{tram}", "{tokyo}"] }}', 'other = "Elsewhere"')
    assert cli("run").returncode == 0
    found = {section["name"]: len(section["stories"]) for section in edition(tmp_path)["sections"]}
    assert found == {"Transport": 1, "Elsewhere": 1}


def test_a_word_is_found_in_past_editions(cli: Cli, told: Configure, language: str) -> None:
    told()
    assert cli("run").returncode == 0
    found = cli("search", *WORDS[language])
    assert NEWS[language][0].partition("\n")[0] in found.stdout
    assert NEWS[language][1].partition("\n")[0] not in found.stdout
    assert f"*{WORDS[language][0]}" in found.stdout
