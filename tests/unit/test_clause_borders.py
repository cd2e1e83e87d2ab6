"""Sentences of Thai and Lao, which have no full stops. The texts are written for this test."""

from __future__ import annotations

import pytest

from briefing.nlp.sentences import sentences

BEFORE = "เจ้าหน้าที่ตรวจสอบอาคารเรียนทั้งหมดและพบว่าหลังคาชำรุดเสียหายหลายแห่ง"
BEHIND = "กระทรวงศึกษาธิการจะจัดงบประมาณให้โรงเรียนทุกแห่งในพื้นที่ภายในเดือนนี้"


def parts(text: str, language: str = "th") -> list[str]:
    return [sentence.text for sentence in sentences(text, language)]


@pytest.mark.parametrize("opener", ["", "ทั้งนี้ ", "อย่างไรก็ตาม ", "นอกจากนี้ ", "ขณะที่", "ต่อมา "])
def test_a_thai_blank_between_clauses_ends_a_sentence(opener: str) -> None:
    assert parts(f"{BEFORE} {opener}{BEHIND}") == [BEFORE, f"{opener}{BEHIND}"]


@pytest.mark.parametrize(
    "text",
    [
        f"{BEFORE}ตามที่นายสมศักดิ์ ทองประเสริฐ ครูใหญ่ของโรงเรียนบ้านเหนือได้แจ้งไว้เมื่อสัปดาห์ก่อน",
        f"{BEFORE}ตามที่นายสมศักดิ์ ผู้อำนวยการโรงเรียนบ้านเหนือได้แจ้งไว้เมื่อสัปดาห์ก่อน",
        f"{BEFORE}เป็นเวลา 30 วันติดต่อกันและยังไม่มีผู้ใดให้คำตอบได้ว่าจะซ่อมเสร็จเมื่อใด",
        f"ครูใหญ่ของโรงเรียนบ้านเหนือกล่าวกับผู้สื่อข่าวว่า {BEHIND}",
        f"{BEFORE} และ{BEHIND}",
        f"หลังจาก{BEFORE} {BEHIND}",
        f"ครูใหญ่ของโรงเรียนบ้านเหนือกล่าวว่า “{BEFORE} {BEHIND}”",
        f"การประชุมครั้งนี้มีผู้เข้าร่วมจำนวนมากและจะเริ่มในเวลา 09.00 น. {BEHIND}",
    ],
    ids=[
        "family name",
        "position behind a name",
        "number",
        "reported speech",
        "and",
        "subordinate clause",
        "quotation",
        "abbreviation",
    ],
)
def test_a_thai_sentence_is_not_cut_inside_a_clause(text: str) -> None:
    assert parts(text) == [text]


def test_a_thai_sentence_without_borders_is_cut_at_a_blank_when_it_is_too_long() -> None:
    clause = "และ" + BEFORE
    text = " ".join([BEFORE, *[clause] * 9])
    found = parts(text)
    assert len(found) > 1
    assert max(map(len, found)) <= 350
    assert {part.split(" ")[0] for part in found} <= {BEFORE, clause}


def test_lao_sentences_end_before_an_opener() -> None:
    first = "ລັດຖະບານໄດ້ປະກາດແຜນການສ້າງເສັ້ນທາງລົດໄຟສາຍໃໝ່ໄປຫາແຂວງພາກໃຕ້ຂອງປະເທດ"
    second = "ນອກຈາກນີ້ ກະຊວງຍັງຈະໃຫ້ທຶນສຳລັບການສ້າງໂຮງໝໍໃໝ່ຢູ່ໃນທຸກເມືອງພາຍໃນປີໜ້າ"
    assert parts(f"{first} {second}", "lo") == [first, second]
    assert parts(f"{first} ແລະ{second}", "lo") == [f"{first} ແລະ{second}"]
