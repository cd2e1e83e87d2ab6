"""Wall detection by concepts, in ten languages and any wording; `wall_phrases` holds fixed phrases. Pure.

No concept is proof alone: a page is a wall where several of one kind come together ("price", "unlimited", "cancel") in
sentences that address the reader, and nothing is narrated: no day, no year, nobody said or announced. Stems of en, de,
fr, es, it, pt, nl, pl, ru and sv.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_MOST_WORDS = 160
"""Words above which a page without a known sentence of a wall is taken for an article."""
_MOST_OF_CONSENT = 320
"""The same for consent pages, which have to name purposes."""
_ADDRESSED = 0.4
"""Least share of words in sentences that address the reader or speak for the site."""
_ABOUT = 0.5
"""Least share of words in sentences with a concept of the kind."""
_MOST_NARRATIVE = 0.12
"""Largest share of words in narrative sentences."""
_OFFER = 0.3
"""Least share of words in a final offer of the rest of the article."""
_OFFER_ABOUT = 0.35
"""Least share of words in sentences with a concept, of such an offer."""


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


# Stems have no word boundary behind them.
KINDS: Mapping[str, tuple[int, int, tuple[re.Pattern[str], ...]]] = {
    # Number of leading concepts that are required, least number of concepts, the concepts.
    "consent": (1, 4, (
        _any(r"\bcookies?\b|\btracking\b|\btracker|\btraceurs\b|\bon your device\b|\bauf (?:Ihrem|deinem|dem) gerät",
             r"\bsur votre (?:appareil|terminal)|\ben (?:su|tu|el) dispositivo|\bsul (?:tuo )?dispositivo",
             r"\bno (?:seu )?dispositivo|\bop (?:je|uw) apparaat|\bna (?:twoim )?urządzeniu|\bфайл\w* cookie|\bкуки",
             r"\bustrojstw|\bустройств|\b(?:på|i) (?:din|er) enhet|\bkakor\b|\bprofiles?\b.{0,40}\badvert|\bciasteczk"),
        _any(r"\bpartners?\b|\bvendors\b|\bthird part|\bpartner[na]?\b|\bdrittanbieter|\bpartenaires\b|\bsocios\b",
             r"\bterceros\b|\bterze parti\b|\bparceiros\b|\bterceiros\b|\bderden\b|\bpartnerzy\b|\bpartnerami\b",
             r"\bпартн[её]р|\bpartner|\bleverantörer\b|\bfornitori\b|\btiers\b"),
        _any(r"\badvert|\bads\b|\bwerbung\b|\banzeigen\b|\bwerbe|\bpublicit|\bpubblicit|\bpublicid|\banuncios\b",
             r"\badvertentie|\breklam|\bреклам|\bannons"),
        _any(r"\bpersonali[sz]|\bpersonnalis|\bpersonalizz|\bop maat\b|\bmeasur|\bmess(?:en|ung)\b|\bmesur|\bmedi[rçc]",
             r"\bmisura|\bmeten\b|\bmeet\b|\bmeten we\b|\bpomiar|\bdopasowa|\bизмер|\bперсонали|\banpassa|\bmäta\b",
             r"\bprofil"),
        _any(r"\bconsent|\bagree\b|\baccept|\ballow\b|\bpermission\b|\beinwillig|\bzustimm|\berlauben\b|\bstimmen\b",
             r"\bakzept|\bautoris|\bacept|\bpermit|\bacconsent|\baccett|\baceit|\bconcord|\btoestemming\b|\bakkoord",
             r"\bzgod[aęy]|\bzgadzam\b|\bakcept|\bсоглас|\bпринять\b|\bgodkänn|\bsamtyck"),
        _any(r"\breject|\brefus|\bdecline\b|\bwiderruf|\bablehn|\bwithdraw|\bchange your mind\b|\bobject to\b|\brechaz",
             r"\bretirer\b|\bretirar\b|\brifiut|\brevoc|\brecus|\brejeit|\bweiger|\bodmów|\bodrzuć|\bcofn|\bотклон",
             r"\bотозва|\bneka\b|\bavvis|\bavböj|\båterkall"),
        _any(r"\bpersonal data\b|\byour data\b|\bip address|\bidentifier|\bpersonenbezogene|\binformationen\b",
             r"\bdonnées\b|\binformations\b|\bdatos\b|\bdati\b|\bdados\b|\bgegevens\b|\binformatie\b|\bdane\b",
             r"\binformacje\b|\bданны|\bинформаци|\b(?:person)?uppgifter\b|\binformation (?:on|about) (?:your|you)\b"),
        _any(r"\bsettings\b|\bpreferences\b|\bchoices?\b|\bdatenschutz|\beinstellungen\b|\bauswahl\b|\bchoix\b",
             r"\bpréférences\b|\bparamètres\b|\bpreferencias\b|\bconfigura|\bpreferenze\b|\bpreferências\b",
             r"\bdefinições\b|\binstellingen\b|\bkeuzes?\b|\bustawie|\bнастро|\binställning|\bval\b"),
    )),
    "login": (2, 4, (
        _any(r"\bpass ?words?\b|\bpasswort|\bkennwort|\bmot de passe\b|\bcontraseña|\bsenha\b|\bpalavra-passe\b",
             r"\bwachtwoord|\bhasł[oa]|\bпарол|\blösenord|\bone-time code\b|\bsign-in link\b"),
        _any(r"\b(?:log|sign)(?:ged|ging)? ?in\b|\beinloggen\b|\bmelde?n? (?:Sie |dich )|\banmeld|\bconnect(?:er|ez)",
             r"\bidentifi|\binicia(?:r)? sesión|\bacced|\bentrare\b|\bentr[ae] (?:con|com)\b|\biniciar sessão\b",
             r"\bfaça login\b|\blog je in\b|\binloggen\b|\bzaloguj|\bвойти\b|\bвойдите\b|\bвход|\blogga in\b"),
        _any(r"\be-?mails?\b|\bmail ?adres|\busername\b|\buser name\b|\bbenutzername|\bidentifiant\b|\bcorreo\b",
             r"\busuario\b|\butilizador\b|\bnome utente\b|\bgebruikersnaam\b|\blogin\b|\bпочт|\be-post"),
        _any(r"\baccounts?\b|\bprofile?\b|\bkonto\b|\bbenutzerkonto|\bcompte\b|\bcuenta\b|\bprofilo\b|\bconta\b",
             r"\bkonta\b|\bкабинет|\bакка?унт|\bучётн|\bучетн|\bprofiel\b"),
        _any(r"\bregist|\bsign up\b|\bcreate one\b|\binscri|\biscriv|\bcadastr|\brejestr|\bregistr|\bзарегистр",
             r"\bskapa\b|\bmaak\b.{0,30}\baan\b|\bjoin us\b"),
        _any(r"\bforgot|\breset\b|\bvergessen\b|\boublié|\bolvidad|\bdimenticat|\besquec|\bvergeten\b|\bzapomni",
             r"\bзабыли\b|\bglömt\b|\bremember me\b|\bangemeldet bleiben\b"),
        _any(r"\bfree\b|\bkostenlos|\bgratuit|\bgratis\b|\bbezpłat|\bбесплатн|\bto continue\b|\bper continuare\b",
             r"\bpara continuar\b|\bpour continuer\b|\bom verder\b|\baby kontynuować\b|\bför att fortsätta\b"),
    )),
    "error": (1, 3, (
        _any(r"\b(?:can't|cannot|couldn't|could not|unable to) (?:find|locate)\b|\bno longer\b|\bgone missing\b",
             r"\bdoes(?:n't| not) exist\b|\bnot (?:be )?found\b|\bnever was\b|\blooked everywhere\b|\bnothing here\b",
             r"\bnicht (?:gefunden|finden|mehr|existier)|\bexistiert nicht\b|\bintrouvable\b|\bn'existe (?:pas|plus)\b",
             r"\bno (?:existe|encontramos|hemos encontrado|se encuentra)|\bnon (?:esiste|trov|abbiamo trovato)",
             r"\bnão (?:existe|encontr|foi encontrad)|\bniet (?:gevonden|vinden|bestaat|meer)\b|\bbestaat niet\b",
             r"\bnie (?:znal|istnieje|została)|\bне (?:найден|существ|нашл)|\b(?:hittar|hittades?) (?:inte|ej)\b",
             r"\bfinns inte\b|\bnous n'avons (?:pas|rien) trouvé\b",
             r"\bpage demandée\b|\b(?:страницы|статьи) (?:больше )?нет\b"),
        _any(r"\bpage\b|\baddress\b|\blink\b|\burl\b|\bstory you\b|\bseite\b|\badresse\b|\bpágina\b|\bendereço\b",
             r"\bdirección\b|\benlace\b|\bpagina\b|\bindirizzo\b|\bstron[aęy]\b|\badres\b|\bстраниц|\bадрес|\bsidan\b",
             r"\blänk|\blien\b|\bmatéria\b"),
        _any(r"\b(?:moved|renamed|removed|deleted|taken down)\b|\bverschoben\b|\bgelöscht\b|\bumbenannt\b|\bdéplacé",
             r"\bsupprimé|\bmovid[oa]|\bborrad|\beliminad|\bspostat|\brimoss|\bremovid|\bverplaatst\b|\bverwijderd\b",
             r"\bprzenies|\busunię|\bудал[иеё]|\bперемещ|\bflyttat|\btagits bort\b"),
        _any(r"\b(?:front|home) ?page\b|\bsearch (?:box|bar|field)\b|\btry (?:searching|heading)\b|\bstartseite\b",
             r"\bsuche\b|\baccueil\b|\brecherche\b|\bportada\b|\binicio\b|\bbuscador\b|\bhome\b|\bricerca\b",
             r"\bpágina inicial\b|\bbusca\b|\bhomepage\b|\bvoorpagina\b|\bzoek|\bstron[aęy] główn|\bwyszukiw",
             r"\bглавн|\bпоиск|\bstartsidan\b|\bsök"),
        _any(r"\bo+ps\b|\bou?ps\b|\bsorry\b|\bawkward\b|\bhoppla\b|\bleider\b|\bdésolé|\blo sentimos\b|\bci dispiace\b",
             r"\bdesculpe\b|\bhelaas\b|\bniestety\b|\bprzepraszamy\b|\bк сожалению\b|\btyvärr\b|\buh-oh\b"),
        _any(r"\bspell|\btyped\b|\btippfehler\b|\bgeschrieben\b|\borthographe\b|\bescrit|\bescrev",
             r"\bdigit(?:ou|ato|ado)",
             r"\bcheck the (?:address|link)\b|\bgetypt\b|\bspelling\b|\bpisowni|\bвернитесь\b|\bstavat\b|\bгугл"),
    )),
    "maintenance": (1, 3, (
        _any(r"\bmaintenance\b|\bwartung|\bmantenimiento\b|\bmanutenzione\b|\bmanutenção\b|\bonderhoud|\bkonserwac",
             r"\bтехническ\w+ (?:работ|обслуж)|\bunderhåll|\bback soon\b|\bupgrading our\b|\bprzerw[aęy] techniczn"),
        _any(r"\b(?:back|return|again|online) (?:shortly|soon)\b|\bback (?:shortly|online|soon)\b|\bshortly\b",
             r"\bin kürze",
             r"\bbald wieder\b|\bgleich wieder\b|\bbientôt\b|\ben breve\b|\bpronto\b|\ba breve\b|\bpresto\b",
             r"\bem breve\b",
             r"\bbinnenkort\b|\bzo terug\b|\bwkrótce\b|\bскоро\b|\bsnart\b|\blater\b|\bspäter\b|\bplus tard\b"),
        _any(r"\bpatience\b|\binconvenience\b|\bsorry\b|\bgeduld\b|\bverständnis\b|\bmolestias\b|\bpaciencia\b",
             r"\bgêne\b|\bcompréhension\b|\bdisagi|\bpazienza\b|\btranstorno|\bpaciência\b|\bbegrip\b|\bongemak\b",
             r"\bcierpliw|\bprzepraszamy\b|\bизвин|\bтерпени|\btålamod\b|\bbeklagar\b"),
        _any(r"\b(?:the|this|our) (?:web ?)?(?:site|page|service)\b|\b(?:unsere|die|diese) (?:web)?(?:seite|site)\b",
             r"\b(?:notre|le|ce) (?:site|service)\b|\b(?:nuestr[oa]|el|este) sitio\b|\b(?:il|nostro|questo) sito\b",
             r"\b(?:o|nosso|este) site\b|\b(?:onze|de|deze) (?:web)?site\b|\bserwis|\bstron[aęy]\b|\bсайт|\bwebbplats"),
    )),
    "adblock": (2, 3, (
        _any(r"\bad[- ]?block|\bwerbeblocker|\bbloqueur|\bbloqueador|\bblocco (?:degli )?annunci|\bадблок",
             r"\bannonsblock",
             r"\bblokowani\w+ reklam|\bblokad\w+ reklam|\bblocker\b|\bадбло|\bреклам\w+ блок|\bблокиров\w+ реклам"),
        _any(r"\b(?:switch|turn)(?:ed)? (?:\w+ )?off\b|\bdisabl|\bpause\b|\bwhitelist|\ballow ads\b|\bdeaktivier",
             r"\bausschalt",
             r"\babschalt|\bschalt\w+\b.{0,60}\b(?:aus|ab)\b|\bdésactiv|\bdesact[ií]v|\bdisattiv|\bdesativ",
             r"\buitschakel|\bzet\b.{0,30}\buit\b|\bwyłącz",
             r"\bотключ|\bstäng|\binaktivera"),
        _any(r"\b(?:this|our) (?:web ?)?site\b|\b(?:diese|unsere)r? (?:web)?(?:seite|site)\b|\b(?:ce|notre) site\b",
             r"\beste sitio\b|\bquesto sito\b|\b(?:este|nosso) site\b|\b(?:onze|deze) site\b|\b(?:te|nasz)\w* stron",
             r"\bсайт|\bwebbplats|\bvår sajt\b|\breload\b|\bneu laden\b|\brecharge|\brecarg|\bricaric"),
        _any(r"\bpays? for\b|\bsupport|\bfinanc|\bfinanz|\bunterstütz|\bsoutien|\bapoi|\bsosten|\bsteun|\bwspier",
             r"\bподдерж",
             r"\bfund|\bstöd|\bjournalis"),
    )),
    "region": (2, 3, (
        _any(r"\b(?:your|this|the) (?:country|region|location|territory|area)\b|\b(?:from|in) a country\b",
             r"\b(?:Ihrem|deinem|Ihrer|deiner) (?:land|region|standort)|\bvotre (?:pays|région|territoire|zone)\b",
             r"\b(?:el|tu|su|este) (?:país|territorio)\b|\b(?:tu|su|esta) (?:región|zona|ubicación)\b",
             r"\b(?:tuo|suo|questo) paese\b|\b(?:seu|este) (?:país|território)\b",
             r"\b(?:sua|esta) (?:região|localização)\b",
             r"\b(?:jouw|je|uw) (?:land|regio|locatie)\b|\b(?:twoim|tym) (?:kraju|regionie)\b",
             r"\bваше[йм] (?:стран|регион)",
             r"\bditt land\b|\bdin region\b|\bpaese in cui\b"),
        _any(r"\b(?:not|un)(?: \w+)? ?(?:available|accessible)\b",
             r"\bcan(?:'t|not) be (?:\w+ )?(?:watched|shown|viewed|played)",
             r"\bblocked\b|\bnicht (?:verfügbar|abspielbar|abrufbar|zeigen|gezeigt)",
             r"\b(?:pas|non) (?:disponible|accessible)",
             r"\bno (?:está disponible|puede (?:verse|reproducirse|mostrarse)|disponible)|\bnon (?:è )?disponibil",
             r"\bnon (?:può essere|puoi (?:guardare|vedere))\b|\bno puedes ver\b",
             r"\byou can(?:'t|not) watch\b|\bnão (?:está )?disponíve|\bnão pode ser\b",
             r"\bniet (?:beschikbaar|toegankelijk)",
             r"\bniedostępn|\bnie jest dostępn|\bнедоступ|\bне доступ|\binte tillgänglig"),
        _any(r"\b(?:licen[cs]\w+|distribution|broadcast\w*|legal|copyright) (?:rights|reasons|restrictions)\b|\bgdpr\b",
             r"\brechtlich|\blizenz|\brechtegründ|\bdroits\b|\bderechos\b|\bdiritti\b|\bdireitos\b|\brechten\b",
             r"\blicencj|\bpraw (?:autor|emisj)|\bправ\w* на\b|\bправооблад|\brättighet|\brights\b|\bdsgvo\b|\brgpd\b"),
        _any(r"\bvpn\b|\bproxy\b"),
        _any(r"\bsorry\b|\bapolog|\bbedauern\b|\bleider\b|\bdésolé|\bnous regrettons\b|\blo sentimos\b|\bdisculpe\b",
             r"\bci dispiace\b|\blamentamos\b|\bdesculpe\b|\bhelaas\b|\bprzepraszamy\b|\bniestety\b|\bк сожалению\b",
             r"\btyvärr\b|\bdisculpen\b|\bmerci de votre\b"),
        _any(r"\bonly (?:\w+ ){0,3}(?:in|within|from)\b|\bnur (?:in|innerhalb|aus)\b|\b(?:seulement|uniquement) en\b",
             r"\b(?:solo|sólo) (?:\w+ ){0,2}en\b|\bsolo (?:\w+ ){0,2}in\b|\bapenas (?:\w+ ){0,2}em\b|\balleen in\b",
             r"\btylko (?:w|na)\b|\bтолько в\b|\bendast i\b|\bbara i\b"),
    )),
    "robots": (1, 3, (
        _any(r"\b(?:a|are) (?:human|robot|person)\b|\bcaptcha\b|\b(?:ein|kein) (?:mensch|roboter)",
             r"\bun (?:robot|humain)\b",
             r"\bser humano\b|\bessere umano\b|\bum robô\b|\b(?:een|geen) (?:mens|robot)\b|\b(?:człowiekiem|robotem)\b",
             r"\b(?:человек|робот)|\b(?:människa|en robot)\b|\ba bot\b",
             r"\bautomat(?:ed|ische[rn]?) (?:requests|zugriff|anfragen)"),
        _any(r"\b(?:unusual|suspicious)\b|\bungewöhnlich|\bverdächtig|\binhabituel|\bsuspect|\binusual|\bsospech",
             r"\bsospett|\banomal|\bincomum|\bsuspeit|\bongebruikelijk|\bverdacht|\bnietypow|\bподозр|\bнеобычн",
             r"\bovanlig"),
        _any(r"\btick|\bcheck ?box\b|\bverif|\bconfirm|\bprove\b|\bshow us\b|\bbestätig|\büberprüf|\bankreuz|\bvérif",
             r"\bcoche|\bcomprueb|\bcasilla\b|\bspunt|\bcasella\b|\bmarque\b|\bbevestig|\bvink|\bpotwierd|\bzaznacz",
             r"\bподтверд|\bпровер|\bbekräft|\bkryssa\b"),
        _any(r"\bnetwork\b|\bip[- ]address|\btraffic\b|\bnetzwerk|\bdatenverkehr|\bréseau\b|\btrafic\b|\bred\b|\btráfi",
             r"\brete\b|\btraffico\b|\brede\b|\bnetwerk|\bverkeer\b|\bsieci\b|\bruch\b|\bсет[иь]|\bтрафик|\bnätverk"),
        _any(r"\bjavascript\b|\bplug-?in|\bbrowser|\bnavigat|\bnavegador|\bprzegląda|\bбраузер|\bwebbläs"),
    )),
}  # fmt: skip

_READ_ON = _any(
    r"\b(?:keep|continue|carry on) reading\b|\b(?:read|unlock|finish|see|view) (?:the )?(?:rest|full|whole)\b",
    r"\b(?:only|exclusively|reserved) (?:available )?(?:for|to|with)\b.{0,30}\b(?:subscri|member)",
    r"\b(?:rest|remainder) of (?:this|the) (?:article|story|piece|report)\b|\bunlock this\b",
    r"\bfull (?:text|story|article) is\b|\b(?:subscribers|members|supporters) only\b|\bto read (?:on|it|this)\b",
    r"\b(?:weiterlesen|weiterzulesen|lesen Sie weiter|lies weiter)\b|\bnur (?:für|mit)\b.{0,30}\b(?:abo|mitglied)",
    r"\b(?:ganzen|vollständigen|gesamten|diesen) (?:artikel|text|beitrag)\b",
    r"\b(?:lire la suite|poursuiv\w+|article (?:complet|entier)|réservée? (?:aux|à nos))\b",
    r"\b(?:seguir|sigue|siga|continuar|continúa) leyendo\b|\b(?:artículo|texto|noticia) complet[oa]\b",
    r"\b(?:solo|exclusiv\w+) para (?:suscriptores|abonados|socios)\b|\bcontinuar? (?:a leggere|la lettura)\b",
    r"\b(?:articolo|testo) completo\b|\briservat[oi] (?:agli|ai)\b|\bcontinu\w+ (?:a ler|lendo|a leitura)\b",
    r"\b(?:artigo|texto) completo\b|\b(?:exclusiv\w+|só|apenas) para assinantes\b",
    r"\b(?:verder|lees) (?:te )?(?:lezen|verder)\b|\balleen voor (?:abonnees|leden)\b|\bhele artikel\b",
    r"\bczytaj(?:cie)? dalej\b|\bczytać dalej\b|\b(?:tylko|wyłącznie) dla (?:prenumerat|subskryb)",
    r"\b(?:cały|całego) artyku",
    r"\bтолько (?:по подписке|для подписчик|подписчик)|\bчита(?:ть|йте) (?:дальше|далее|полност)",
    r"\bполн\w+ (?:текст|верси)",
    r"\bläs(?:a)? (?:vidare|hela)\b|\b(?:bara|endast) för prenumeranter\b|\bför att läsa\b|\bdebloquear?\b",
    r"\bdebloquea\b",
)  # fmt: skip
_PAYING: tuple[re.Pattern[str], ...] = (
    _any(r"\bsubscri|\bmembership\b|\bmembers?\b|\btrial\b|\b\w*abo(?:s|nnent\w*|nnement)?\b|\babonn|\bsuscr|\babbon",
         r"\bassin(?:e|atura|ante)|\bprenumer|\bsubskry|\bподпис|\bplan\b|\bpass\b"),
    _any(r"(?:[$€£]|\br\$|\b(?:usd|eur|euros?|pounds?|dollars?|kr|kronor|zł|złotych|реал|рубл\w*|reais|cents?)\b|₽)"
         r".{0,25}\b(?:months?|weeks?|years?|monat|woche|jahr|mois|semaine|an|mes|semana|año|mese|settimana|anno|mês"
         r"|ano|maand|week|jaar|miesi\w+|tydzień|rok|месяц|недел\w+|год|månad\w*|vecka|år)\b",
         r"\b(?:free|kostenlos\w*|gratuit\w*|gratis|bezpłatn\w+|бесплатн\w+|kostnadsfritt)\b.{0,30}\b(?:trial|month|week|tag"
         r"|monat|jour|mois|días?|mes|giorni|mese|dias|mês|dagen|maand|dni|miesi\w+|дн\w+|месяц|dagar|månad)",
         r"\b\d+[- ]days?\b.{0,10}\btrial\b"),
    _any(r"\bunlimited\b|\ball (?:our|articles|stories|content)\b|\beverything we publish\b",
         r"\b(?:unbegrenzt|alle artikel)",
         r"\balle inhalte\b|\b(?:en )?illimité|\btous (?:nos|les) articles\b|\bilimitad|\bsin límites\b|\btodos los\b",
         r"\billimitat|\btutti gli articoli\b|\bsem limites\b|\btodos os\b|\bonbeperkt|\balle artikelen\b",
         r"\bbez (?:limitu|ograniczeń)|\bwszystkich\b|\bбез ограничений\b|\bвсе (?:материалы|статьи)\b|\bobegränsa"),
    _any(r"\bcancel\b|\bkündbar\b|\bkündigen\b|\bsans engagement\b|\brésili|\bcancela|\bdisdi|\bopzeg|\bopzeggen\b",
         r"\bzrezygn|\banulow|\bотмен|\bavsluta|\bsäga upp\b|\bingen bindningstid\b"),
    _any(r"\balready (?:a|have)\b|\bexisting (?:member|subscriber)|\bschon\b.{0,20}\b(?:abo|kunde)|\bbereits\b",
         r"\bdéjà (?:abonné|client)|\bya (?:eres|tienes|es)\b|\b(?:già|sei già)\b.{0,15}\babbon|\bjá (?:é|tem)\b",
         r"\bal (?:abonnee|lid|een account)\b|\bmasz już\b|\bуже (?:есть|подпис)|\bredan (?:prenumerant|kund)"),
)  # fmt: skip

_SPEAKS = _any(
    r"\b(?:you|your|yours|yourself|you're|we|us|our|we're|please|sorry|thank|try|click|accept|enter|check)\b",
    r"\b(?-i:Sie|Ihr\w{0,2}|Ihnen)\b|\b(?:du|dein\w*|dir|dich|wir|uns|unser\w*|bitte)\b",
    r"\b(?:vous|votre|vos|nous|notre|nos|veuillez|\w{3,}ez)\b",
    r"\b(?:usted|tus?|te|su|sus|nosotros|nuestr[oa]s?|sentimos|disculpe\w*|inténtel[oa]|hemos|\w{3,}amos)\b",
    r"\b(?:puedes|quieres|querías|prueba|vuelve|acepta|usas|quieras)\b|\b\w{3,}[áéí]\w{1,3}l[oa]s?\b",
    r"\b(?:noi|nostr[oaie]|tu[oaei]?|tuoi|devi|hai|puoi|vuoi|inserisci|accedi|registrati|\w{3,}iamo)\b",
    r"\b(?:nós|noss[oa]s?|você|seus?|suas?|confira|volte|\w{3,}mos)\b",
    r"\b(?:wij|onze|ons|je|jij|jouw|uw?|graag|klik|ga|helaas|gebruik|probeer|controleer|misschien)\b",
    r"\b(?:my|nasz?\w{0,3}|nasi|two[ij]\w*|możesz|państwa|podaj|wpisz|sprawdź|przejdź|wróć|skorzystaj|być może)\b",
    r"\b\w{3,}(?:uj|nij|sz|amy|emy|ujemy)\b",
    r"\b(?:мы|нас|наш\w*|вы|вас|вам|ваш\w*|\w{3,}(?:йте|ите|йтесь|итесь))\b",
    r"\b(?:vi|oss|vår\w*|du|din\w*|ditt|dig|ni)\b",
)
"""Speaks to the reader, or for the site."""

_SITE = _any(
    r"\b(?:we|us|our|this (?:web ?)?site|wir|uns|unser\w*|nous|notre|nos|nosotros|nuestr[oa]s?|\w{3,}amos)\b",
    r"\b(?:noi|nostr[oaie]|questo sito|\w{3,}iamo|nós|noss[oa]s?|\w{3,}mos|wij|we|onze|ons)\b",
    r"\b(?:my|nas|nasz?\w{0,3}|nasi|\w{3,}(?:amy|emy|ujemy)|мы|нас|нам|наш\w*|vi|oss|vår\w*)\b",
)
"""Speaks for the site."""

_NARRATIVE = _any(
    r"\b(?:said|says|told|announced|warned|wrote|argued|reported|according to|spokes\w+|analysts?|police|court)\b",
    r"\b(?:yesterday|last (?:week|month|year|night)|next year|per ?cent|study|survey)\b|\bago\b",
    r"\b(?:on )?(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b(?:in|until|im jahr|en) (?:19|20)\d\d\b",
    r"\b(?:fell|rose|began|became) ",
    r"\b(?:january|february|april|june|july|august|september|october|november|december)\b|\b(?:march|may) \d",
    r"\d\.? (?:januar|februar|märz|mai|juni|juli|oktober|dezember|janvier|février|mars|avril|juin|juillet|août)\b",
    r"\d (?:septembre|octobre|novembre|décembre|gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto)\b",
    r"\d (?:de )?(?:enero|febrero|abril|mayo|junio|julio|janeiro|fevereiro|março|maio|junho|julho|setembro)\b",
    r"\b(?:sagte|teilte|erklärte|warnte|kündigte|laut|sprecher\w*|gestern|prozent|polizei|gericht)\b",
    r"\b(?:am )?(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)\b",
    r"\b(?:a (?:déclaré|annoncé|précisé|indiqué|expliqué)|selon|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)\b",
    r"\b(?:dijo|anunció|explicó|aseguró|según|ayer|lunes|martes|miércoles|jueves|viernes|sábado|domingo|ministr[oa])\b",
    r"\b(?:ha (?:detto|annunciato|spiegato)|secondo|ieri|lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica)\b",
    r"\b(?:disse|anunciou|explicou|afirmou|segundo|ontem|segunda-feira|terça-feira|quarta-feira|quinta-feira|sexta-feira)\b",
    r"\b(?:zei|zegt|volgens|gisteren|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag)\b",
    r"\b(?:powiedział\w*|poinformował\w*|według|wczoraj|poniedziałek|wtorek|środę|czwartek|piątek|sobotę|niedzielę)\b",
    r"\b(?:сказал\w*|сообщил\w*|заявил\w*|по данным|вчера|понедельник|вторник|среду|четверг|пятницу|субботу)\b",
    r"\b(?:sade|säger|enligt|igår|måndag\w*|tisdag\w*|onsdag\w*|torsdag\w*|fredag\w*|lördag\w*|söndag\w*)\b",
)  # fmt: skip
"""Narrative: something happened, or somebody said so."""

PLEA = _any(
    r"\b(?:stories|articles|news|pieces|stuff|journalism) like this\b|\bto (?:our|the|this) newsletter\b",
    r"\b(?:artikel|texte) wie diese\w*|\barticles comme (?:celui|ceux)|\bartículos como est|\barticoli come quest",
    r"\bartigos como est|\bartikelen (?:zo)?als deze|\bunser\w* newsletter\b|\bnotre (?:newsletter|lettre)\b",
)
"""Asks for support below a complete article."""

_FOR_ITSELF = frozenset({"consent", "adblock"})
"""Kinds in which a page asks for itself; advice about the same is about others."""

Units = Sequence[tuple[str, int]]
"""Sentences and the number of their words."""


def is_narrative(unit: str) -> bool:
    """Whether a sentence is narrative: something happened, or somebody said so."""
    return bool(_NARRATIVE.search(unit))


def narrative_share(units: Units) -> float:
    """Share of words in narrative sentences."""
    return sum(words for unit, words in units if is_narrative(unit)) / max(1, sum(words for _, words in units))


def kind_of(units: Units, heading: str) -> str:
    """The kind of wall by its concepts; empty: none."""
    total = sum(words for _, words in units)
    if not 0 < total <= _MOST_OF_CONSENT or narrative_share(units) > _MOST_NARRATIVE:
        return ""
    if sum(words for unit, words in units if _SPEAKS.search(unit)) < _ADDRESSED * total:
        return ""
    text = "\n".join([heading, *(unit for unit, _ in units)])
    found = []
    for kind, (needed, fewest, concepts) in KINDS.items():
        if total > _MOST_WORDS and kind != "consent":
            continue
        if kind in _FOR_ITSELF and not _SITE.search(text):
            continue
        present = [bool(concept.search(text)) for concept in concepts]
        if not all(present[:needed]) or sum(present) < fewest:
            continue
        about = sum(words for unit, words in units if any(concept.search(unit) for concept in concepts))
        if about >= _ABOUT * total:
            found.append((sum(present) / fewest, kind))
    return max(found)[1] if found else ""


def asks_to_pay(units: Units) -> bool:
    """Whether the text ends in an offer of the rest: to read on, and at least two of price, plan, everything ..."""
    total = sum(words for _, words in units)
    offers = (_READ_ON.search(unit) and not PLEA.search(unit) and not is_narrative(unit) for unit, _ in units)
    first = next((index for index, offered in enumerate(offers) if offered), None)
    if first is None:
        return False
    offer = [(unit, words) for unit, words in units[first:] if not PLEA.search(unit)]
    words = sum(words for _, words in offer)
    text = "\n".join(unit for unit, _ in offer)
    about = sum(
        words for unit, words in offer if _READ_ON.search(unit) or any(concept.search(unit) for concept in _PAYING)
    )
    return (
        words >= _OFFER * total
        and about >= _OFFER_ABOUT * words
        and sum(bool(concept.search(text)) for concept in _PAYING) >= 2
        and narrative_share(offer) <= _MOST_NARRATIVE
    )
