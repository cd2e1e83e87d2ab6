"""Where sentences end in Thai and Lao, which write no full stops: at some of their blanks. Pure.

Blanks also stand between the clauses of a sentence, around names, numbers and quotations, and between the parts of a
list. A blank ends a sentence where what follows opens one, where what precedes closes one, or where both sides are
long enough to be clauses with a verb. Where nothing says so the sentence goes on: one that is too long can be quoted,
a fragment cannot.

Not here: sentences of languages with full stops (`sentence_ends`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LETTERS = "\u0e01-\u0e4e\u0e81-\u0ece\u0edc-\u0edf"
_SHORTEST = 40
"""Characters of a sentence, about nine English words."""
_CLAUSE = 36
"""Characters between two blanks from which on they may be a clause; names, titles and parts of lists are shorter."""
_PHRASE = 20
"""Those of a clause before, or of, a subject or a speaker."""
_LONGEST = 350
"""Characters from which on a sentence is cut at the likeliest of its blanks."""
_LOOKED_AT = 80
"""Characters behind a blank in which a subject and its verb are looked for."""
_QUOTED = 160
"""Characters of a quotation or a bracket that is kept whole."""

_OPENERS = (
    "ทั้งนี้", "อย่างไรก็", "แต่อย่างไรก็", "นอกจากนี้", "นอกจากนั้น", "นอกเหนือจากนี้", "ขณะที่",
    "ขณะเดียวกัน", "ในขณะที่", "ในขณะเดียวกัน", "ต่อมา", "ในเวลาต่อมา", "ต่อจากนั้น", "จากนั้น", "หลังจากนั้น",
    "ก่อนหน้านี้", "ก่อนหน้านั้น", "ล่าสุด", "เบื้องต้น", "ดังนั้น", "เพราะฉะนั้น", "ด้วยเหตุนี้",
    "พร้อมกันนี้", "อีกทั้ง", "อีกด้าน", "อนึ่ง", "ทว่า", "กล่าวคือ", "ยิ่งไปกว่านั้น", "ในที่สุด", "ในส่วนของ",
    "ในทาง", "ในวันเดียวกัน", "วันเดียวกัน", "สำหรับกรณี", "ส่วนกรณี", "ส่วนนาย", "ส่วนนาง", "ส่วน น",
    "ด้านนาย", "ด้านนาง", "ด้าน ", "ด้านพล", "ด้านกรม", "ด้านกระทรวง", "ด้านตำรวจ", "ด้านสำนักงาน",
    "ด้านบริษัท", "ด้านผู้", "จากการสอบสวน", "จากการตรวจสอบ", "จากกรณี", "ผู้สื่อข่าวรายงาน", "รายงานข่าว",
    "รายงานระบุ", "ที่ประชุม", "ນອກຈາກນີ້", "ນອກຈາກນັ້ນ", "ຢ່າງໃດກໍ", "ຂະນະທີ່", "ໃນຂະນະທີ່", "ໃນຂະນະດຽວກັນ",
    "ພ້ອມກັນນັ້ນ", "ພ້ອມກັນນີ້", "ຕໍ່ມາ", "ຈາກນັ້ນ", "ຫຼັງຈາກນັ້ນ", "ກ່ອນໜ້ານີ້", "ຫຼ້າສຸດ", "ດັ່ງນັ້ນ",
    "ໃນໂອກາດນີ້", "ໃນທີ່ສຸດ",
)  # fmt: skip
"""What opens a sentence: "however", "besides", "meanwhile", "later", "for his part"."""
_CLOSERS = (
    "ครับ", "ค่ะ", "คะ", "นะครับ", "นะคะ", "แล้ว", "ดังกล่าว", "อีกด้วย", "เช่นกัน", "ต่อไป", "เท่านั้น",
    "ที่ผ่านมา", "ແລ້ວ", "ດັ່ງກ່າວ", "ຕໍ່ໄປ", "ຜ່ານມາ",
)  # fmt: skip
"""What closes a sentence: particles of politeness, "already", "as well", "further"."""
_BINDERS_BEFORE = (
    "ว่า", "ของ", "และ", "หรือ", "กับ", "แก่", "ใน", "โดย", "จาก", "คือ", "เป็น", "เช่น", "ได้แก่", "เมื่อ",
    "ประมาณ", "เวลา", "วันที่", "ร้อยละ", "เพื่อ", "ซึ่ง", "แต่", "ให้", "ถึง", "ต่อ", "ตาม", "ด้าน", "ชื่อ",
    "บริษัท", "จังหวัด", "อำเภอ", "ตำบล", "กล่าว", "ระบุ", "เปิดเผย", "นาย", "นาง", "นางสาว", "ดร", "ວ່າ",
    "ຂອງ", "ແລະ", "ຫຼື", "ກັບ", "ໃນ", "ໂດຍ", "ຈາກ", "ຄື", "ເປັນ", "ເຊັ່ນ", "ເມື່ອ", "ປະມານ", "ເວລາ", "ວັນທີ",
    "ເພື່ອ", "ເຊິ່ງ", "ທ່ານ", "ນາງ",
)  # fmt: skip
"""What never ends a sentence: "that", "of", "and", "in", "for example", titles. (ที่, "which", is in `_OPEN`: it also
ends the words for place and official.)"""
_BINDERS_BEHIND = (
    "และ", "หรือ", "ที่", "ซึ่ง", "โดย", "เพื่อ", "เพราะ", "เนื่องจาก", "แต่", "รวม", "กับ", "จาก", "จน", "ของ",
    "บาท", "ล้าน", "น. ", "ว่า", "เช่น", "อัน", "จึง", "ก็", "ทั้ง", "ตาม", "พร้อม", "ส่วนหนึ่ง", "ๆ", "ฯ",
    "จะ", "ได้", "ให้", "ยัง", "ไม่", "ต้อง", "ถูก", "เป็น", "คือ", "อยู่", "ไป", "มา", "แล้ว", "ด้วย", "อีก",
    "หลัง", "ก่อน", "ภายใน", "ระหว่าง", "ตั้งแต่", "ถึง", "สำหรับ", "ใน", "ต่อ", "กว่า", "หาก", "ถ้า", "แม้",
    "เมื่อ", "กล่าว", "เปิดเผย", "ระบุ", "ชี้แจง", "ยืนยัน", "แถลง", "เล่า", "บอก", "เผย", "ยอมรับ", "ออก",
    "เข้า", "จำกัด", "นั้น", "นี้", "ดังกล่าว", "อายุ", "หนึ่งใน", "สูญหาย", "บาดเจ็บ", "ราย", "คน ", "ແລະ",
    "ຫຼື", "ທີ່", "ເຊິ່ງ", "ຊຶ່ງ", "ໂດຍ", "ເພື່ອ", "ເພາະ", "ແຕ່", "ລວມ", "ກັບ", "ຈາກ", "ຂອງ", "ວ່າ", "ຈຶ່ງ",
    "ກໍ", "ຈະ", "ໄດ້", "ໃຫ້", "ຍັງ", "ບໍ່", "ຕ້ອງ", "ຖືກ", "ເປັນ", "ໃນ", "ຊາວ", "ກ່າວ", "ນັ້ນ", "ນີ້", "ລ້ານ",
    "ກີບ",
)  # fmt: skip
"""What goes on with a sentence: conjunctions, prepositions, units, verbs that miss their subject."""
_SUBJECTS = (
    "การ", "ความ", "ผู้", "นักวิชาการ", "นักเรียน", "นักศึกษา", "นายก", "รัฐบาล", "รัฐมนตรี", "กระทรวง", "กรม",
    "สำนักงาน", "คณะกรรมการ", "คณะ", "เจ้าหน้าที่", "ตำรวจ", "ทหาร", "ศาล", "อัยการ", "ชาวบ้าน", "ประชาชน",
    "เทศบาล", "บริษัท", "ธนาคาร", "โรงพยาบาล", "โรงเรียน", "มหาวิทยาลัย", "แพทย์", "ครู", "ฝ่าย", "พรรค",
    "ประธาน", "ประเทศ", "สหรัฐ", "จีน", "ไทย", "หน่วยงาน", "องค์การ", "สมาคม", "สภา", "หัวหน้า", "ราคา", "เหตุ",
    "พายุ", "น้ำท่วม", "ปีนี้", "วันนี้", "คนร้าย", "ผลการ", "รายงาน", "ການ", "ລັດຖະບານ", "ເຈົ້າໜ້າທີ່",
    "ຕຳຫຼວດ", "ປະຊາຊົນ", "ກະຊວງ", "ບໍລິສັດ", "ປະເທດ",
)  # fmt: skip
"""What a sentence often begins with: offices, people, events."""
_SPOKEN = "กล่าว|เปิดเผย|ระบุ|ชี้แจง|ยืนยัน|แถลง|เล่าว่า|บอกว่า|เผยว่า|ให้สัมภาษณ์|โพสต์|ກ່າວ|ໃຫ້ສໍາພາດ|ລາຍງານ"
_TITLES = r"นาย|นาง|น\.ส\.|ดร\.|พล\.|พ\.ต\.|ร\.ต\.|ທ່ານ|ນາງ"


def _any(words: Sequence[str]) -> str:
    return "|".join(map(re.escape, words))


_BLANK = re.compile(rf"(?<=[{_LETTERS}”\"’').!?\d%]) (?=[{_LETTERS}“\"‘'])(?! ?ๆ)")
_OPENS = re.compile(rf"(?:{_any(_OPENERS)})")
_SUBJECT = re.compile(rf"(?:{_any(_SUBJECTS)})")
_WHEN = re.compile(r"เมื่อ(?:ปี|เดือน|วัน|คืน|เช้า|ค่ำ|ต้น|ปลาย)|ใน(?:ศตวรรษ|ปี|เดือน|วัน|ช่วง|สมัย|อดีต)")
"""A time, which may open a sentence and may end one."""
_SUBORDINATE = re.compile("หลัง|หาก|ถ้า|แม้|เนื่องจาก|เพราะ|ຖ້າ|ຫຼັງ|ເນື່ອງຈາກ")
"""What opens a clause that another one follows."""
_SPEAKER = re.compile(rf"(?:{_TITLES}).{{0,{_LOOKED_AT}}}?(?:{_SPOKEN})")
_GOES_ON = re.compile(rf"(?:{_any(_BINDERS_BEHIND)})")
_OPEN = re.compile(rf"(?:{_any(_BINDERS_BEFORE)}|(?<!พื้น)(?<!หน้า)(?<!สถาน)ที่|ທີ່)$")
_TITLED = re.compile(rf"(?:{_TITLES})[^\s.]{{1,24}}(?: [^\s.]{{1,30}})?$")
"""A title and a given name, behind which the family name stands; behind that, who it is or what they do."""
_CLOSED = re.compile(rf"(?:(?:{_any(_CLOSERS)})[”\"’']?|[!?][”\"’']?|[{_LETTERS}]{{5}}\.)$")
_ABBREVIATED = re.compile(r"(?:^|[^\u0e30-\u0e4e\u0eb0-\u0ece])[\u0e01-\u0e2e\u0e81-\u0eae]{1,4}\.$")
_VERB = re.compile(
    "ว่า|เริ่ม|เชื่อม|ไว้|เกิน|ได้|จะ|มี|เป็น|ถูก|ให้|ใช้|ไม่|กำลัง|เคย|ต้อง|ควร|ขอ|พบ|ลด|เพิ่ม|เปิด|ปิด|ช่วย|เกิด|ทำ|จัด|ตั้ง|สั่ง|ไป|มา|เสนอ|ເປັນ|ມີ|ໄດ້|ຈະ|ໃຫ້|ບໍ່|ຖືກ|ວ່າ|ແມ່ນ"
)
_STRAIGHT = re.compile(rf"\"[^\"\n]{{1,{_QUOTED}}}\"|(?<!\w)'[^'\n]{{1,{_QUOTED}}}'|[“‘(][^”’)\n]{{1,{_QUOTED}}}[”’)]")


@dataclass(frozen=True, slots=True)
class _Blank:
    end: int
    """Of what precedes it."""
    weight: int
    """2 for a border, 1 for one in a sentence that is too long."""
    likeliness: int
    """Among those of a sentence that is too long: more is likelier."""


def ends_at_blanks(text: str) -> Iterator[int]:
    """Offsets behind the sentences of `text`, a paragraph in Thai or Lao; its last end is left out."""
    last = 0
    waiting: list[_Blank] = []
    for blank in _weighed(text):
        while waiting and blank.end - last > _LONGEST:
            best = max(waiting, key=lambda one: (one.likeliness, one.end))
            yield best.end
            last = best.end
            waiting = [one for one in waiting if one.end - last >= _SHORTEST]
        shortest = _PHRASE if blank.likeliness > 2 else _SHORTEST
        if blank.end - last < shortest or len(text) - blank.end < shortest:
            continue
        if blank.weight > 1:
            yield blank.end
            last = blank.end
            waiting = []
        else:
            waiting.append(blank)
    if waiting and len(text) - last > _LONGEST:
        yield max(waiting, key=lambda one: (one.likeliness, one.end)).end


def _weighed(text: str) -> Iterator[_Blank]:
    """The blanks at which a sentence may end."""
    quoted = bytearray(len(text) + 1)
    for found in _STRAIGHT.finditer(text):
        quoted[found.start() : found.end()] = b"\1" * (found.end() - found.start())
    blanks = [found.start() for found in _BLANK.finditer(text) if not quoted[found.start()]]
    blanks = [end for end in blanks if not _is_inside_phrase(text, end)]
    before = 0
    for at, end in enumerate(blanks):
        behind = blanks[at + 1] if at + 1 < len(blanks) else len(text)
        start, before = before, end + 1
        preceding, beginning = text[max(start, end - _LOOKED_AT) : end], text[end + 1 : end + 1 + _LOOKED_AT]
        if _OPEN.search(preceding):
            continue
        goes_on = bool(_GOES_ON.match(beginning)) and not _WHEN.match(beginning)
        clauses = end - start >= _CLAUSE and behind - end > _CLAUSE
        if _OPENS.match(beginning) or (not goes_on and _CLOSED.search(preceding)):
            yield _Blank(end, 2, 3)
        elif not _VERB.search(text, start, end) or _SUBORDINATE.match(text, start):
            continue
        elif not goes_on and end - start >= _PHRASE and _SPEAKER.match(beginning):
            yield _Blank(end, 2, 3)
        elif (
            not goes_on
            and _VERB.search(text, end + 1, min(behind, end + _LONGEST))
            and (clauses or (end - start >= _PHRASE and behind - end > _PHRASE and _SUBJECT.match(beginning)))
        ):
            yield _Blank(end, 2, 2)
        elif end - start >= _PHRASE and behind - end > _PHRASE:
            yield _Blank(end, 1, int(clauses))


def _is_inside_phrase(text: str, end: int) -> bool:
    """Whether a blank stands between a number and its unit, behind an abbreviation, or between the parts of a name."""
    preceding, beginning = text[max(0, end - _LOOKED_AT) : end], text[end + 1 : end + 1 + _LOOKED_AT]
    if _OPENS.match(beginning):
        return False
    if preceding[-1] in "0123456789%":
        return not (_SUBJECT.match(beginning) or _SPEAKER.match(beginning))
    return bool(preceding.endswith("ๆ") or _ABBREVIATED.search(preceding) or _TITLED.search(preceding))
