"""Sample sentences of languages, for their tokens (`answer_length`) and their scripts. Pure."""

from __future__ import annotations

import unicodedata
from collections import Counter

# "All human beings are born free and equal in dignity and rights" (Universal Declaration of Human Rights, article 1) in
# languages with many more tokens than English.
_SENTENCES = {
    "am": "የሰው ልጅ ሁሉ ሲወለድ ነጻና በክብርና በመብትም እኩልነት ያለው ነው።",
    "ar": "يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق.",
    "bg": "Всички хора се раждат свободни и равни по достойнство и права.",
    "bn": "সমস্ত মানুষ স্বাধীনভাবে সমান মর্যাদা এবং অধিকার নিয়ে জন্মগ্রহণ করে।",
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren.",
    "el": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
    "fa": "تمام افراد بشر آزاد به دنیا می‌آیند و از لحاظ حیثیت و حقوق با هم برابرند.",
    "he": "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם.",
    "hi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।",
    "hy": "Բոլոր մարդիկ ծնվում են ազատ ու հավասար՝ իրենց արժանապատվությամբ և իրավունքներով։",
    "ja": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "ka": "ყველა ადამიანი იბადება თავისუფალი და თანასწორი თავისი ღირსებითა და უფლებებით.",
    "km": "មនុស្សទាំងអស់ កើតមកមានសេរីភាព និងសមភាព ក្នុងផ្នែកសេចក្ដីថ្លៃថ្នូរនិងសិទ្ធិ។",
    "kn": "ಎಲ್ಲಾ ಮಾನವರೂ ಸ್ವತಂತ್ರರಾಗಿಯೇ ಹುಟ್ಟಿದ್ದಾರೆ ಹಾಗೂ ಘನತೆ ಮತ್ತು ಅಧಿಕಾರಗಳಲ್ಲಿ ಸಮಾನರಾಗಿದ್ದಾರೆ.",
    "ko": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
    "lo": "ມະນຸດທຸກຄົນເກີດມາມີກຽດສັກສີ, ສິດທິ, ເສລີພາບ ແລະ ຄວາມສະເໝີພາບເທົ່າທຽມກັນ.",
    "ml": "മനുഷ്യരെല്ലാവരും തുല്യാവകാശങ്ങളോടും അന്തസ്സോടും സ്വാതന്ത്ര്യത്തോടുംകൂടി ജനിച്ചിട്ടുള്ളവരാണ്.",
    "mr": "सर्व मानवी व्यक्ती जन्मतःच स्वतंत्र आहेत व त्यांना समान प्रतिष्ठा व समान अधिकार आहेत.",
    "my": "လူတိုင်းသည် တူညီလွတ်လပ်သော ဂုဏ်သိက္ခာဖြင့်လည်းကောင်း၊ အခွင့်အရေးများဖြင့်လည်းကောင်း မွေးဖွားလာသူများ ဖြစ်သည်။",
    "ru": "Все люди рождаются свободными и равными в своём достоинстве и правах.",
    "sr": "Сва људска бића рађају се слободна и једнака у достојанству и правима.",
    "ta": "மனிதப் பிறவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்; அவர்கள் மதிப்பிலும், உரிமைகளிலும் சமமானவர்கள்.",
    "te": "ప్రతిపత్తిస్వత్వముల విషయమున మానవులెల్లరును జన్మతః స్వతంత్రులును సమానులును నగుదురు.",
    "th": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
    "uk": "Всі люди народжуються вільними і рівними у своїй гідності та правах.",
    "ur": "تمام انسان آزاد اور حقوق و عزت کے اعتبار سے برابر پیدا ہوئے ہیں۔",
    "zh": "人人生而自由,在尊严和权利上一律平等。",
}
_LATIN = frozenset(
    """
    af az bs ca cs cy da de en es et eu fi fil fr ga gl ha hr hu id is it jv lt lv ms mt nb nl nn no pl pt ro sk sl so
    sq sv sw tl tr uz vi yo zu
    """.split()  # noqa: SIM905 - a list of fifty literals reads worse
)
"""Languages in Latin script; German stands for those without a sentence."""
_TWO_SCRIPTS = {"az", "bs", "kk", "sr", "uz"}
"""Languages in Latin and Cyrillic script."""
_COSTLIEST = "te"
"""Stands for all other languages, whose characters may be several tokens each."""
_KANA = {"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}
_FEW = 0.05
"""Share of kana from which on a text with Chinese characters is Japanese."""


def sample_sentences(language: str) -> list[str]:
    """A sentence in the language of this ISO 639-1 code, or in one with as many tokens; none for English."""
    if language == "en":
        return []
    return [_SENTENCES.get(language) or _SENTENCES["de" if language in _LATIN else _COSTLIEST]]


def script(text: str) -> str:
    """The most frequent script in `text`, the first word of Unicode character names ("LATIN", "CJK"), or "KANA" for
    Japanese; empty without letters.
    """
    letters: Counter[str] = Counter()
    for letter, times in Counter(text).items():
        if letter.isalpha():
            letters[unicodedata.name(letter, "").partition(" ")[0]] += times
    kana = sum(letters.pop(name, 0) for name in _KANA)
    if kana and kana >= _FEW * (kana + letters["CJK"]):
        letters["KANA"] = kana + letters.pop("CJK", 0)
    return max(letters, key=lambda name: letters[name], default="")


def script_of(language: str) -> str:
    """The script of a language (ISO 639-1); empty where it is unknown, or where there are two."""
    if language in _TWO_SCRIPTS:
        return ""
    if language in _LATIN:
        return "LATIN"
    return script(_SENTENCES.get(language, ""))
