"""Where sentences end, in English and in other languages; offsets; the same text and language, the same sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.nlp.sentences import sentences

LANGUAGES = (
    "en", "de", "fr", "ru", "tr", "sv", "el", "zh", "ja", "ko", "hi", "ur", "ar", "th", "pt-BR", "und", "", "xx"
)  # fmt: skip
PIECES = (
    "Wort ", "3. ", "z. B. ", "Dr. ", "M. ", "usw. ", "“", "”", "„", "»", "« ", '"', "(", ") ", ". ", "! ", "? ", "...",
    "\n", "\n\n", "。", "「", "」", "と", "市长说", "।", "डॉ. ", "۔", "“ ", "؟ ", "ตลาด ", "ภาษาไทย", "A", "a", "9",
    "'", "\u0301",
)  # fmt: skip


def texts(text: str, language: str) -> list[str]:
    return [sentence.text for sentence in sentences(text, language)]


@given(st.text() | st.lists(st.sampled_from(PIECES), max_size=60).map("".join), st.sampled_from(LANGUAGES))
def test_sentence_offsets_cut_out_their_text_in_order_and_leave_only_blanks(text: str, language: str) -> None:
    last = 0
    found = sentences(text, language)
    for sentence in found:
        assert text[sentence.start : sentence.end] == sentence.text == sentence.text.strip() != ""
        assert sentence.start >= last
        assert not text[last : sentence.start].strip()
        last = sentence.end
    assert not text[last:].strip()
    assert sentences(text, language) == found
    assert sentences(text, language, 2) == found[:2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The U.S. agreed. Mr. Jones left at 5 p.m. Sunday.", ["The U.S. agreed.", "Mr. Jones left at 5 p.m. Sunday."]),
        ("The talks ended.Related Posts", ["The talks ended.", "Related Posts"]),
        (
            "Prices rose 3.5 percent to $2.3 million. Wages fell.",
            ["Prices rose 3.5 percent to $2.3 million.", "Wages fell."],
        ),
        ("GENEVA, 2 October 2023 — It rose. It fell.", ["GENEVA, 2 October 2023 —", "It rose.", "It fell."]),
        ("A heading without a stop\n\nThen a sentence.", ["A heading without a stop", "Then a sentence."]),
        ("Lt. Reeve met Col. Brown. Both left.", ["Lt. Reeve met Col. Brown.", "Both left."]),
        ("A letter to Mrs.Smith came.", ["A letter to Mrs.Smith came."]),
        ("Yahoo! said it would appeal. iPhone sales rose.", ["Yahoo! said it would appeal.", "iPhone sales rose."]),
    ],
)
def test_sentences_of_news(text: str, expected: list[str]) -> None:
    assert texts(text, "en") == expected


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("de", "Am 14. Oktober kam Kaiser Karl V. nach Trier, d. h. in die 2. Stadt des Reichs."),
        ("de", "Der Umbau kostet ca. 4 Mio. Euro bzw. 5 Mrd. Kronen."),
        ("de", "Gegen 15 Uhr traf A. S. Puschkin ein."),
        ("cs", "Sešli se 3. Července na nám. Míru."),
        ("tr", "Yeni yol, 3. Köprü ile 1. Mart'ta açıldı."),
        ("fr", "M. Dupont et Mme. Le Goff vivent au nº 3, av. Foch, et J.-P. Roux aussi."),
        ("es", "La Sra. Ruiz y D. José viven en EE. UU. desde enero."),
        ("ru", "В 2024 г. завод им. Кирова на ул. Мира выпустил 5 млн. машин, т. е. вдвое больше."),
        ("nl", "Mevr. De Wit betaalde ca. 5 mln. euro, m.b.t. art. 3."),
        ("pl", "W XIX w. stał tu dom przy ul. Długiej, por. s. 3."),
        ("sv", "Mötet börjar kl. 18.30, dvs. efter jobbet, bl.a. för Dr. Ek."),
        ("hi", "डॉ. शर्मा और ए. के. सिंह आए।"),
        ("ar", "قال د. أحمد إن السوق فتح."),
        ("ko", '시장은 "기쁘다."라고 말했다.'),
        ("ko", "행사는 2027. 3. 1. 시작한다."),
        ("ja", "「うれしい。」と市長は言った。"),
        ("ja", "映画『行け！明日』を見た（三回。）という。"),
        ("zh", "“我们很高兴。”市长说。"),
        ("ur", "”کیا یہ ٹھیک ہے؟“ ایک آدمی نے پوچھا۔"),
        ("th", "นาย สมชาย ใจดี กล่าวว่า เขาขายผลไม้ได้ 30 กิโลกรัม ในตลาด"),
        ("und", "Am 3. Juni kam Dr. Voss nach Bonn."),
        ("und", "Le 3 juin, M. Dupont arriva."),
        ("und", "Dom stoi przy ul. Długiej w mieście."),
    ],
)
def test_nothing_is_cut_behind_abbreviations_ordinals_or_before_a_speaker(language: str, sentence: str) -> None:
    assert texts(sentence, language) == [sentence]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("ta", ["நகர சபை வாக்களித்தது.", "பாலம் கட்டப்படும்.", "எம். ஜி. ராமன் வந்தார்.", "முடிந்தது."]),
        ("te", ["నగర మండలి ఓటు వేసింది.", "వంతెన నిర్మిస్తారు.", "కె. రావు వచ్చారు."]),
        ("gu", ["શહેર પરિષદે મત આપ્યો.", "તે સારું છે.", "લોકો આવ્યા."]),
        ("kn", ["ನಗರ ಸಭೆ ಮತ ಹಾಕಿತು.", "ಸೇತುವೆ ಮತ್ತೆ ಕಟ್ಟಲಾಗುತ್ತದೆ."]),
        ("ml", ["നഗരസഭ വോട്ട് ചെയ്തു.", "പാലം വീണ്ടും പണിയും."]),
        ("mr", ["परिषदेने मतदान केले.", "पूल बांधला जाणार आहे.", "डॉ. पाटील आले.", "ए. पी. जे. कलाम होते."]),
        ("hi", ["मंत्री ने भाषण दिया है.", "लोगों ने सुना था.", "ए. पी. जे. कलाम आए.", "डॉ. शर्मा बोले."]),
        ("he", ['צה"ל הודיע ביום שלישי.', 'ארה"ב תמכה בהחלטה.', 'יו"ר הכנסת דיבר.', "הוא הלך."]),
        ("ka", ["საბჭომ ხმა მისცა.", "ხიდი აშენდება.", "ის დასრულდა."]),
        ("zh", ["太好了!!", "大家都笑了。", "真的?!", "是的。", "好！！", "走吧。"]),
        ("ja", ["価格が上昇した!!", "次だ。", "本当!?", "そうだ。"]),
        ("ur", ["اے۔ آر۔ رحمان نے گانا گایا۔", "پی۔ٹی۔آئی۔ کے رہنما آئے۔", "وہ گھر آئی۔", "سب خوش تھے۔"]),
        ("nl", ["Hij kwam laat.", "'s Avonds regende het.", "'t Was koud.", "Om 5 uur 's avonds was het klaar."]),
        ("pt", ["A igreja do séc. XVI abriu.", "Ela fica em Olinda."]),
        ("id", ["Laba PT. Timah Tbk. Jakarta naik.", "Itu baik."]),
        ("hu", ["A hídról szept. 3-án döntöttek.", "Ez jó."]),
        ("nb", ["Møtet begynte kl. 10.30 i dag.", "Det var bra."]),
        ("de", ["»Wir warten schon lange.«", "Das sagte die Leiterin.", "„Gut so.“", "Er ging."]),
        ("de", ["Er kam auf Platz 3.", "Der Sieger war jünger.", "Im Jahr 2019.", "Seitdem nichts."]),
        ("de", ["Es gibt Tee, Saft usw.", "Karten kosten nichts."]),
        ("fr", ["« Nous attendons. »", "Le préfet sourit.", "Qui paie ?", "Personne."]),
        ("es", ["Vive en EE. UU.", "La familia sigue aquí.", "¿Quién paga?", "Nadie."]),
        ("cs", ["Chybí chléb, mléko atd.", "Obchod je zavřený."]),
        ("ru", ["«Мы рады.»", "Так сказал мэр.", "Потери, простои и т. д.", "Жители ждут."]),
        ("sv", ["Han kom.", "”Det är bra.”", "Sedan gick han."]),
        ("el", ["Τι είναι;", "Δεν ξέρω.", "Τέλος!"]),
        ("zh", ["市长说：“我们很高兴。”", "2019年有三百人参加。", "为什么？", "没有人知道！"]),
        ("ja", ["「うれしい。」", "それだけを言った。", "2019年は百人だった！"]),
        ("hi", ["वे आए।", "उन्होंने कहा, “अच्छा है।”", "कौन आया?", "पता नहीं..."]),
        ("ur", ["وہ آئے۔", "کون آیا؟", "معلوم نہیں۔"]),
        ("ar", ["من جاء؟", "لا أحد.", "«هذا عيب!»", "ثم خرج."]),
        ("hy", ["Սա լավ է։", "Նա եկավ։"]),
        ("am", ["ሰላም ነው።", "እሱ መጣ።"]),
        ("my", ["ကောင်းတယ်။", "သူလာတယ်။"]),
        ("km", ["ល្អ។", "គាត់មក។"]),
        (
            "th",
            [
                "นายกเทศมนตรีเปิดตลาดกลางแห่งใหม่อย่างเป็นทางการเมื่อเช้าวันเสาร์ที่ผ่านมา",
                "ฝ่ายค้านเรียกร้องให้เทศบาลชี้แจงเรื่องค่าใช้จ่ายที่เพิ่มขึ้นเกือบเท่าตัว",
            ],
        ),
        ("und", ["这是第一句。", "这是第二句！"]),
        ("und", ["Σήμερα βρέχει;", "Δεν ξέρω."]),
    ],
)
def test_sentences_end_at_stops_of_their_script_and_behind_closing_quotes(language: str, expected: list[str]) -> None:
    glue = "" if any("\u3040" <= letter <= "\u9fff" for letter in expected[0]) else " "
    assert texts(glue.join(expected), language) == expected


def test_a_long_quotation_is_cut_at_its_sentences_and_a_short_one_is_not() -> None:
    said = "Wir haben in diesem Jahr vieles erreicht, was uns kaum jemand zugetraut hätte."
    assert texts(f"„{said} {said}“ Dann ging er.", "de") == [f"„{said} {said}“", "Dann ging er."]
    assert texts(f"„{' '.join([said] * 6)}“ Dann ging er.", "de") == [
        f"„{said}", *[said] * 4, f"{said}“", "Dann ging er."
    ]  # fmt: skip


def test_a_question_mark_inside_a_chinese_name_ends_nothing() -> None:
    assert texts("宇航员巴兹?奥尔德林来了。他很高兴！", "zh") == ["宇航员巴兹?奥尔德林来了。", "他很高兴！"]


@pytest.mark.parametrize("language", ["zh-Hans", "ZH", "zh_TW"])
def test_a_region_behind_the_language_is_ignored(language: str) -> None:
    assert texts("“我们很高兴。”市长说。他走了。", language) == ["“我们很高兴。”市长说。", "他走了。"]


def test_urdu_acronyms_are_whole_and_sentences_without_blanks_are_not() -> None:
    assert texts("پی۔ٹی۔وی نے دکھایا۔انہوں نے کہا۔", "ur") == ["پی۔ٹی۔وی نے دکھایا۔", "انہوں نے کہا۔"]
