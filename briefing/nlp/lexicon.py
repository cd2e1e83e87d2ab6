"""Word lists: aliases, irregular forms, negations, function words, months, magnitudes, qualifiers of numbers.

English, and where needed the languages in which the tuned model writes (negations, anaphoric openings) or across which
facts are compared (magnitudes, months, acronyms). Data, not logic.
"""

from __future__ import annotations


def _groups(text: str) -> dict[str, frozenset[str]]:
    """The set of equivalent words, by each of them; `text` separates sets by semicolons."""
    return {word: frozenset(group.split()) for group in text.split(";") for word in group.split()}


def _by_language(**words: str) -> dict[str, frozenset[str]]:
    """Sets of words by ISO 639-1 code."""
    return {language: frozenset(listed.split()) for language, listed in words.items()}


ALIAS_OF = _groups("""
us usa america american americans; uk britain british britons; eu europe european europeans; france french;
germany german germans; spain spanish; italy italian italians; greece greek greeks; netherlands dutch;
switzerland swiss; denmark danish danes; sweden swedish swedes; poland polish poles; ireland irish;
scotland scottish scots; wales welsh; england english; turkey turkish turks turkiye; china chinese; japan japanese;
thailand thai; philippines filipino filipinos philippine; norway norwegian; finland finnish finns; iceland icelandic;
portugal portuguese; argentina argentine argentines argentinian; mexico mexican; peru peruvian; kyiv kiev;
ukraine ukrainian ukrainians; israel israeli israelis; jan january; feb february; mar march; apr april; jun june;
jul july; aug august; sep sept september; oct october; nov november; dec december; mon monday; tue tues tuesday;
wed wednesday; thu thur thurs thursday; fri friday; sat saturday; sun sunday; mr mister; dr doctor; gen general;
sen senator; gov governor; st saint; prof professor
""")
"""Equivalent folded names: a country and its people, a month and its short form, a title and its abbreviation."""

DEMONYM_ENDINGS = ("ians", "ian", "ans", "an", "ns", "n", "is", "i", "ese", "ish", "s", "es", "ic")
"""Regular suffixes of demonyms, longest first."""

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS_AND_MONTHS = frozenset((*WEEKDAYS, *MONTHS))

OPENERS = frozenset(
    """
    analysts authorities campaigners critics engineers experts firms governments investigators lawmakers leaders
    ministers observers officials opponents organisers organizers police politicians prosecutors regulators reporters
    researchers residents scientists shares students studies supporters teams traders victims voters witnesses workers
    additionally afterwards approximately concerns currently earlier efforts eventually finally following however
    initially later meanwhile nearly originally overall people previously recently several similarly since
    """.split()  # noqa: SIM905
)
"""Common words that may open a key point, capitalised, without being names, though the article has no form of them."""

_IRREGULAR = """
rise rose risen; fall fell fallen; grow grew grown growth; sink sank sunk; shrink shrank shrunk; win won; lose lost;
beat beaten; use used uses using user users;
begin began begun; leave left; meet met; take took taken; give gave given; see saw seen; sell sold sale sales;
buy bought; bring brought; catch caught; teach taught; think thought; seek sought; fight fought; build built;
send sent; spend spent; lend lent; keep kept; sleep slept; feel felt; hold held; tell told; pay paid;
lead led; flee fled; run ran; sit sat; stand stood; understand understood; know knew known;
throw threw thrown; draw drew drawn; fly flew flown; blow blew blown; write wrote written; drive drove driven;
ride rode ridden; speak spoke spoken; break broke broken; choose chose chosen; freeze froze frozen;
steal stole stolen theft; wear wore worn; tear tore torn; swear swore sworn; strike struck stricken; hang hung;
sing sang sung; drink drank drunk; swim swam; become became; withdraw withdrew withdrawn withdrawal;
forbid forbade forbidden; slide slid; hide hid hidden; shoot shot; find found; die died death dies dying dead;
man men; woman women; child children; person people persons; foot feet; life lives; wife wives; knife knives;
deny denied denies denial; arrive arrival arrived; lie lied lying
"""

BASE_OF: dict[str, str] = {form: group.split()[0] for group in _IRREGULAR.split(";") for form in group.split()[1:]}
"""Base form of each irregular form."""

DENIALS = _by_language(
    de="nicht nichts nie niemals niemand niemanden kein keine keinen keinem keiner keines ohne weder",
    fr="pas jamais aucun aucune ni sans nul nulle",
    es="no nunca jamás sin ningún ninguna ninguno nadie nada tampoco ni",
    pt="não nunca jamais sem nenhum nenhuma ninguém nada tampouco nem",
    ru="не нет ни без никогда никто никого никому ничего ничто нельзя никакой никакого",
)
"""Negations in lower case; those of English, with its verbs, are in `ground.negation`."""

DENIALS_WITH_NE = frozenset({"personne", "rien", "plus"})
"""French words that negate only together with "ne"; without it: somebody, anything, more."""

IDLE_DENIALS: dict[str, tuple[str, ...]] = {
    "de": ("nicht nur", "nicht allein", "nicht bloß", "nicht zuletzt", "nicht weniger als", "nicht mehr als",
           "nichts als", "ohne zweifel"),
    "fr": ("non seulement", "pas seulement", "pas uniquement", "pas moins de", "pas plus de", "sans doute",
           "sans aucun doute", "sans nul doute", "une personne", "la personne", "cette personne", "chaque personne"),
    "es": ("no solo", "no sólo", "no solamente", "no únicamente", "no menos de", "no más de", "no obstante",
           "sin embargo", "sin duda", "nada menos que", "nada más que"),
    "pt": ("não só", "não apenas", "não somente", "não menos de", "não mais de", "não obstante", "sem dúvida",
           "nada menos que", "nada mais que"),
    "ru": ("не только", "не менее", "не более", "без сомнения", "не что иное, как"),
}  # fmt: skip
"""Phrases with a negation that negate nothing, or a limit only, by ISO 639-1 code."""

FIRST_PERSONS = _by_language(
    de="ich mich mir mein meine meinen meinem meiner wir uns unser unsere unseren unserem unserer",
    fr="je j'ai me moi mon ma mes nous notre nos",
    es="yo me mi mis nosotros nosotras nos nuestro nuestra nuestros nuestras",
    pt="eu me meu minha meus minhas nós nosso nossa nossos nossas",
    ru="я меня мне мной мой моя мои мы нас нам нами наш наша наши нашего нашей наших",
)
"""First-person pronouns."""

LEANING = _by_language(
    de="er sie es ihm ihr ihre ihren ihrem ihrer ihn sein seine seinen seinem seiner dies diese dieser dieses "
    "diesen diesem dabei dafür dagegen daher dahinter damit danach daneben dann daran darauf daraufhin darin "
    "darüber darum darunter davon davor dazu deshalb deswegen dort dadurch ebenso allerdings außerdem jedoch aber "
    "auch und oder denn so somit stattdessen trotzdem zudem hier hierzu dessen deren beide letztere",
    fr="il elle ils elles lui leur leurs son sa ses ce cela ça ceci cet cette ces celui celle ceux celles c'est "
    "c'était y ainsi aussi cependant donc ensuite et mais or ou puis pourtant toutefois",
    es="él ella ellos ellas ello esto eso aquello este esta estos estas ese esa esos esas aquel aquella su sus "
    "lo le les así asimismo además también entonces luego pero y e o sino allí ahí aquí ambos",
    pt="ele ela eles elas isto isso aquilo este esta estes estas esse essa esses essas aquele aquela seu sua "
    "seus suas lhe lhes assim além também então depois mas porém e ou contudo entretanto ali lá aqui ambos "
    "nesta neste nesse nessa",
    ru="он она оно они его её ее их ему ей им ней нём это этот эта эти этого этой этому этих тот та те то там "
    "тогда также тоже поэтому однако но и а или затем потом здесь так такой такая такие оба свой своя свои",
)
"""Words that open a sentence which refers to one before it (anaphora, connectives)."""

TIMES = _by_language(
    de="woche jahr monat tag morgen abend sommer winter herbst frühjahr mal wochenende",
    fr="semaine année mois matin soir été hiver automne printemps fois lundi mardi mercredi jeudi vendredi "
    "samedi dimanche week-end",
    es="semana año mes mañana tarde noche verano invierno otoño primavera vez lunes martes miércoles jueves "
    "viernes sábado domingo",
    pt="semana ano mês manhã tarde noite verão inverno outono primavera vez segunda segunda-feira terça "
    "terça-feira quarta quarta-feira quinta quinta-feira sexta sexta-feira sábado domingo",
    ru="неделе неделю год году месяце утром вечером лето зиму раз",
)
"""Words of time, with which a demonstrative refers to no sentence before: this week, this Monday."""

FUNCTION_WORDS = frozenset(
    """
    a about above according after again against ago all also although am amid among an and another any are around as
    at away back be because been before being below between both but by came can cannot come could despite did do
    does doing done down during each either else even ever every few for from further get gets getting go goes going
    got had has have having he her here hers him himself his how however i if in including instead into is it its
    itself just last let like made make makes making many may me might more most much must my neither new next no
    nor not now of off on once one only onto or other others our out over own per rather said same say says she
    should since so some still such than that the their them themselves then there these they this those though
    through to too toward towards under until up upon us very via was we were what when where whether which while
    who whom whose why will with within without would yet you your
    ने को का की के में से पर है हैं था थे थी हो और यह वह कि भी तो ही लिए एक इस उस
    """.split()  # noqa: SIM905 - a list of 200 literals reads worse
)
"""Function words (stop words) of English, folded, and of Hindi, where every third word is one."""

MONTHS_OF: dict[str, dict[str, int]] = {
    language: {form: number for number, forms in enumerate(words.split(), 1) for form in forms.split("/")}
    for language, words in {
        "en": "january/jan february/feb march/mar april/apr may june/jun july/jul august/aug september/sept/sep "
        "october/oct november/nov december/dec",
        "de": "januar/janner februar/feber marz april mai juni juli august september oktober november dezember",
        "fr": "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
        "es": "enero febrero marzo abril mayo junio julio agosto septiembre/setiembre octubre noviembre diciembre",
        "pt": "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro",
        "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        "nl": "januari februari maart april mei juni juli augustus september oktober november december",
        "pl": "stycznia/styczen/styczniu lutego/luty/lutym marca/marzec/marcu kwietnia/kwiecien/kwietniu "
        "maja/maj/maju czerwca/czerwiec/czerwcu lipca/lipiec/lipcu sierpnia/sierpien/sierpniu "
        "wrzesnia/wrzesien/wrzesniu pazdziernika/pazdziernik/pazdzierniku listopada/listopad/listopadzie "
        "grudnia/grudzien/grudniu",
        "ru": "января/январь/январе февраля/февраль/феврале марта/март/марте апреля/апрель/апреле мая/маи/мае "
        "июня/июнь/июне июля/июль/июле августа/август/августе сентября/сентябрь/сентябре октября/октябрь/октябре "
        "ноября/ноябрь/ноябре декабря/декабрь/декабре",
    }.items()
}
"""Month numbers by folded name, by ISO 639-1 code."""

MAGNITUDES: dict[str, str] = {
    word.replace("_", " "): english
    for english, words in {
        "thousand": "tausend mille mil mila duizend тысяча тысячи тысяч тыс tysiąc tysiące tysięcy tys",
        "million": "million millionen mio millions millón millones milhão milhões milione milioni miljoen млн миллион "
        "миллиона миллионов mln milion miliony milionów miljoner millioner",
        "billion": "milliarde milliarden mrd milliard milliards mil_millones mil_milhões bilhão bilhões miliardo "
        "miliardi miljard млрд миллиард миллиарда миллиардов mld miliard miliardy miliardów miljarder milliarder",
        "trillion": "billionen billones трлн триллион триллиона триллионов",
        "percent": "prozent pour_cent por_ciento por_cento per_cento procent процент процента процентов",
        "dollars": "dollar dollars dólar dólares dollari доллар доллара долларов",
        "pounds": "pfund libras livres sterline фунт фунта фунтов",
        "euros": "euro euros евро",
    }.items()
    for word in words.split()
}
"""English words for magnitudes, per cent and currencies that follow digits, by their lower-case word elsewhere."""

SAME_ACRONYM = _groups("""
un uno onu vn оон; eu ue ес; nato otan нато; us usa eeuu сша; who oms воз; imf iwf fmi мвф; ecb ezb bce ецб;
gdp bip pib ввп; wto omc вто; aids sida спид; dna dns adn днк; ai ki ia ии; hiv vih вич; uk gb
""")
"""Equivalent folded acronyms across languages: UN, ONU."""

QUALIFIERS = {
    "about": "about|around|roughly|approximately|some|close to",
    "nearly": "nearly|almost",
    "at_least": "at least|over",
    "at_most": "under|up to",
}
"""Alternatives of a pattern for words before an approximate or bounded number. `ground.exact` and `stories.conflicts`
each add the phrases that they alone read."""
