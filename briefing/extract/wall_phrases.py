"""Phrases of walls in seven languages: data for `walls`. Pure.

Only phrases that address the reader ("we and our partners", "to continue reading", "the page you are looking for"), not
those of articles about such pages ("websites must ask for consent"). `SURE`: of walls only. `LIKELY`: of walls and of
the furniture of articles. `TALK`: topics of the sentences around them.
"""

from __future__ import annotations

import re


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


SURE: dict[str, re.Pattern[str]] = {
    "consent": _any(
        r"\b(?:we|us|you|i)\b.{0,40}\bour\b.{0,30}\b(?:partners|vendors)\b",
        r"\bwe (?:\w+ ){0,4}(?:use|store|set|place)\b.{0,60}\bcookies\b|\bour (?:use of )?cookies\b",
        r"\b(?:this|our) (?:web ?)?site (?:also )?(?:uses|stores) cookies\b",
        r"\byour? (?:can |may )?(?:\w+ )?(?:withdraw|change|consent)\w*\b.{0,60}\b(?:consent|choice|cookie)s?\b",
        r"\bbefore you continue\b|\byour (?:consent|privacy choices)\b|\bvalue your privacy\b|\byou consent to\b",
        r"\bwith your (?:acceptance|permission|consent)\b|\b(?:explained|described) in this notice\b",
        r"\bpurposes presented here\b",
        r"\b(?:manage|customi[sz]e|change) (?:your )?(?:(?:privacy|cookie|consent) )?(?:settings|preferences)\b",
        # German: the polite form is told from "she" and "her" by its capital.
        r"\bwir und unsere\b.{0,30}\bpartner|\bunsere[rn]? (?:\d+ )?partnern?\b|\bdurch uns und\b.{0,20}\bpartner",
        r"\b(?:wir|diese (?:web)?(?:site|seite)) (?:\w+ ){0,3}(?:verwende|nutze?|setze?)[nt]\b.{0,60}\bcookies\b",
        r"\b(?:verwenden|nutzen|setzen) wir\b.{0,60}\bcookies\b|\bstimm(?:st|en) (?:du|(?-i:Sie))\b",
        r"\b(?:(?-i:Ihre[rn]?)|deine[rn]?) (?:einwilligung|zustimmung|auswahl|cookie-einstellungen)\b",
        r"\b(?:einige unserer|(?-i:Ihre)) (?:partner|daten)\b.{0,60}\b(?:verarbeiten|daten)\b",
        # French
        r"\b(?:nos|ses|nous et nos) (?:\d+ )?partenaires\b.{0,20}\b(?:et nous|nous|ou)\b|\bnous et nos\b",
        r"\bavec nos partenaires\b|\bcookies que nous\b",
        r"\bvous (?:pouvez|disposez)\b.{0,60}\b(?:cookies|consentement|choix|traceurs)\b",
        r"\bnous (?:utilisons|déposons|traitons|émettons)\b.{0,60}\b(?:cookies|traceurs|données)\b",
        r"\bce site utilise des cookies\b|\b(?:votre|retirer votre|avec votre) (?:consentement|accord)\b",
        r"\bvos (?:choix|préférences)\b|\bacceptez l'utilisation\b",
        # Spanish
        r"\bnosotros y (?:a )?nuestros\b|\bnuestros (?:\d+ )?(?:socios|partners)\b",
        r"\b(?:usamos|utilizamos)\b.{0,40}\bcookies\b|\btu (?:consentimiento|privacidad)\b",
        r"\b(?:otorgarnos|con su permiso|tus preferencias)\b|\beste sitio (?:web )?utiliza cookies\b",
        r"\b(?:puede (?:hacer clic|acceder|cambiar|retirar)|tenga en cuenta)\b.{0,120}"
        r"\b(?:cookies|consent\w+|privacidad)\b",
        # Italian
        r"\bnoi e (?:i nostri|alcuni|terze)\b|\bnostri (?:\d+ )?partner\b",
        r"\b(?:usiamo|utilizziamo)\b.{0,40}\bcookie\b|\b(?:il )?tuo consenso\b|\btue (?:preferenze|scelte)\b",
        r"\bquesto sito (?:web )?utilizza (?:i )?cookie\b",
        r"\b(?:usa|premi|clicca)\b.{0,20}\bpulsante\b.{0,40}\b(?:accett\w+|acconsent\w+|continuare)\b",
        # Portuguese
        r"\bnós e os nossos\b|\bnossos (?:\d+ )?parceiros\b|\b(?:usamos|utilizamos)\b.{0,40}\bcookies\b",
        r"\brespeitamos a sua\b|\b(?:poderá|pode) (?:clicar|mudar|alterar|aceder|retirar)\b.{0,120}"
        r"\b(?:cookies|consent\w+|privacidade)\b",
        r"\bcom a sua permissão\b|\beste site (?:usa|utiliza) cookies\b",
        # Dutch
        r"\bwij en onze\b|\bonze partners\b|\b(?:wij|we) (?:gebruiken|plaatsen)\b.{0,40}\bcookies\b",
        r"\b(?:uw|je|jouw) toestemming\b",
        # Tables and lists of cookies
        r"^\W*\|?\s*(?:_ga\w*|_gid|_fbp|_pk\S*|phpsessid|jsessionid)\b",
        r"\b(?:session|persistent|\d+ (?:day|week|month|year)s?)\W+(?:https?|html)?\W*(?:cookie|local storage)\b",
        r"^\W*cookie.?(?:name|laufzeit|dauer|duration|type|zweck)\b|\bcookies? (?:declaration|policy|list)\b",
    ),
    "paywall": _any(
        r"\bto (?:continue|keep|finish|go on) reading\b|\bcontinue reading (?:your|this|the) (?:article|story|post)\b",
        r"^\W*(?:please )?(?:subscribe|join|become|start|upgrade)\b.{0,60}\bto (?:continue|keep|read|unlock|access)\b",
        r"^\W*(?:please )?(?:sign (?:up|in)|log in|register|create)\b.{0,60}\bto (?:read|unlock|finish)\b",
        r"\b(?:to|read|unlock)\b.{0,60}\b(?:article|story|post|more)\b.{0,60}\b(?:subscribe|become a member)\b",
        r"\bsubscribe\b.{0,40}\bto (?:read|unlock|keep|access)\b|\bwant to read more\b|\bkeep reading with\b",
        r"\bthis (?:article|story|content|post) is (?:only |exclusively )?(?:for|available to|reserved for)\b",
        r"\bthis is an? (?:subscriber|member)s?[ -](?:exclusive|only)\b|\bto \w+ (?:members|subscribers) only\b",
        r"\b(?:your|you have|you've)\b.{0,20}\b(?:last|limit|\d+|reached|one)\b.{0,30}\bfree (?:articles?|stories)\b",
        r"\byou(?:'ve| have) (?:reached|used|read) (?:your|all|the)\b.{0,40}\b(?:limit|free|articles)\b",
        # German
        r"\bdiese[rn] (?:artikel|beitrag|text|inhalt)\b.{0,40}\bfür (?:\w+ )?(?:abonnent|mitglied)",
        r"\bdiesen artikel mit (?:\w+ )?\w*abo\b",
        r"\bweiterlesen (?:mit|im|als)\b|\b(?:jetzt|sofort|um|und) weiter(?:zu)?lesen\b|\bum diesen artikel\b",
        r"\bartikel freischalten\b|\b(?:exklusiv|nur) für abonnent\w*|\bzugang zu allen\b",
        # French
        r"\b(?:article|contenu|suite)\b.{0,20}\bréservée?s? (?:à nos |aux )(?:abonnés|membres)\b",
        r"\bil vous reste\b.{0,20}%|\bdébloquez (?:tous|cet)\b|\bvous avez envie de lire\b",
        r"\bpour (?:lire la suite|poursuivre (?:la|votre) lecture|continuer (?:à|votre) lire|lire tous nos)\b",
        # Spanish
        r"\b(?:para (?:seguir|continuar) leyendo|sigue leyendo)\b|\bsi quieres (?:leer|seguir)\w*",
        r"\bexclusivo para (?:suscriptores|abonados|socios)\b|\bcontenido (?:exclusivo|para suscriptores)\b",
        r"\bsolo para (?:suscriptores|abonados)\b",
        # Italian
        r"\b(?:per|vuoi) continuare (?:a leggere|la lettura)\b|\briservat[oi] (?:ai nostri |agli )abbonati\b",
        r"\b(?:vuoi|per) leggere\b.{0,20}\b(?:articolo|tutto)\b|\bcontenuto premium\b",
        # Portuguese
        r"\bpara continuar (?:a ler|lendo)\b|\bexclusivo para (?:os )?assinantes\b|\bleia o texto completo\b",
        # Dutch
        r"\balleen voor abonnees\b|\bom verder te lezen\b",
    ),
    "region": _any(
        r"\b(?:not|un)(?: currently)? ?(?:available|accessible)\b.{0,30}\b(?:your|this) (?:region|country|location)\b",
        r"\bunavailable (?:due to|for) legal reasons\b|\byou are (?:attempting|trying) to access\b",
        r"\bunavailable in (?:most |the |your )?(?:european|eu\b)",
        r"\bdue to the gdpr\b|\baccess cannot be granted\b",
        r"\baccess from your (?:country|region)\b|\bavailable in your (?:region|country)\b",
        r"\bin (?:(?-i:Ihrem)|deinem) (?:land|region|gebiet)\b.{0,30}\bnicht (?:verfügbar|abrufbar)\b",
        r"\bnicht (?:verfügbar|abrufbar)\b.{0,30}\bin (?:(?-i:Ihrem)|deinem|(?-i:Ihrer)|deiner) (?:land|region)\b",
        r"\b(?:pas|non) (?:disponible|accessible)\b.{0,30}\b(?:votre|ce) (?:pays|région|territoire)\b",
        r"\bno está disponible\b.{0,30}\b(?:tu|su|este) (?:país|región|territorio)\b",
        r"\bnon è disponibile\b.{0,30}\b(?:tuo|tua|questo) (?:paese|regione|area)\b",
        r"\bnão est(?:á|ão) disponíve(?:l|is)\b.{0,30}\b(?:seu|teu|sua|este) (?:país|região)\b",
    ),
    "error": _any(
        r"\b(?:page|article|content|file) (?:that )?you(?:'re| are| have)? (?:\w+ ){0,2}(?:looking for|requested)\b",
        r"\b(?:can't|cannot|couldn't|could not) find (?:the|that|this|your) (?:page|article)\b",
        r"\b(?:the|this|that) (?:\w+ )?(?:page|article) (?:was |could |can )?(?:not (?:be )?found|no longer exists)\b",
        r"\b(?:the|this|that|your) (?:\w+ )?(?:page|article) does(?:n't| not) exist\b",
        r"^\W*(?:page|article|file) not found\W*$|^\W*(?:error )?404\b|\b(?:500 )?internal server error\b",
        r"\bpage (?:isn't|is not) available\b|\blink you followed\b|\bpage could not be found\b|\bserve the page\b",
        r"\baddress (?:that )?you (?:entered|typed)\b|\b403 forbidden\b|\bservice unavailable\b",
        r"\bseite\b.{0,30}\b(?:nicht (?:gefunden|gibt|existiert)|existiert (?:leider )?nicht)\b",
        r"\b(?:gewünschte|angeforderte|gesuchte|aufgerufene) (?:seite|adresse)\b",
        r"\b(?:la|cette) page\b.{0,40}\b(?:n'existe (?:pas|plus)|introuvable|cherchez|demandée)\b",
        r"\b(?:la|esta) página\b.{0,40}\b(?:no existe|no se encuentra|buscas|busca|solicitada|no encontrada)\b",
        r"\b(?:la|questa) pagina\b.{0,40}\b(?:non (?:esiste|è stata trovata)|stai cercando|richiesta|cercata)\b",
        r"\b(?:a|esta) página\b.{0,40}\b(?:não (?:existe|foi encontrada)|procura|solicitou)\b",
    ),
    "login": _any(
        r"\b(?:must|need to|have to|please) (?:log|sign) ?in\b|\b(?:forgot(?:ten)?|reset) (?:your )?password\b",
        r"\b(?:log|sign) ?in (?:or (?:sign up|register) )?(?:to|with) (?:see|continue|view|access|your)\b",
        r"\b(?:don't|do not) have an account\b|\bcreate (?:a new|an) account\b",
        r"\benter your (?:password|user ?name|e-?mail)\b|\b(?:log|sign) ?in with your (?:account|password|user)\b",
        r"\b(?:passwort vergessen|noch kein (?:konto|benutzerkonto))\b",
        r"\b(?:bitte )?melden (?-i:Sie) sich\b.{0,30}\ban\b|\bmot de passe oublié\b|\bpas encore de compte\b",
        r"\bvous devez (?:vous (?:identifier|connecter)|être connecté)\b",
        r"\b(?:saisissez|entrez)\b.{0,40}\bmot de passe\b|\bolvidado (?:tu|su|la) contraseña\b",
        r"\b(?:debes|debe|tienes que) iniciar sesión\b|\bintroduce tu contraseña\b|\bpassword dimenticata\b",
        r"\bnon hai (?:ancora )?un account\b|\b(?:devi|è necessario) (?:accedere|effettuare)\b",
        r"\b(?:esqueceu|esqueci)\b.{0,20}\b(?:senha|palavra-passe)\b|\bnão tem (?:uma )?conta\b",
    ),
    "robots": _any(
        r"\b(?:verify|confirm|prove|make sure|check)(?: that)? you(?:'re| are) (?:not )?(?:a )?(?:human|robot)\b",
        r"\bare you a (?:human|robot)\b",
        r"\b(?:detected|seen) (?:some )?(?:unusual|suspicious) (?:traffic|activity)\b|\bchecking your browser\b",
        r"\bi'm not a robot\b|\b(?:review|checking|verify) the security of your connection\b",
        r"\bwhy am i seeing this\b|\bray id\b",
        r"\b(?:complete|completing|solve) (?:this|the) (?:security )?(?:check|captcha|action|puzzle|challenge)\b",
        r"\baccess denied\b|\bddos protection\b|\benable javascript and cookies\b",
        r"\byour browser supports javascript\b|\b(?:dass|ob) (?-i:Sie) (?:kein roboter|ein mensch)\b",
        r"\bich bin kein roboter\b|\bungewöhnlichen datenverkehr\b",
        r"\bque vous (?:n'êtes pas un robot|êtes (?:un )?humain)\b|\bje ne suis pas un robot\b",
        r"\btrafic (?:inhabituel|suspect)\b|\bque no eres un robot\b|\bno soy un robot\b|\beres una persona\b",
        r"\bhemos detectado\b.{0,20}\btráfico\b|\bresuelve el captcha\b|\b(?:che non sei|non sono) un robot\b",
        r"\btraffico (?:anomalo|insolito)\b|\b(?:que não é|não sou) um robô\b|\btráfego (?:incomum|invulgar)\b",
    ),
    "parked": _any(
        r"\b(?:this )?domain(?: name)? (?:is|may be|might be|has) (?:for sale|expired|parked|been registered)\b",
        r"\bdomain \S+ (?:is|may be) for sale\b|\bparked free\b|\bbuy this domain\b",
        r"\bgenerated by the domain owner\b|\bdomain (?:parking|owner)\b",
        r"^\W*[\w-]+(?:\.[\w-]+)*\.\w{2,8} is for sale\W*$|\bdomain\b.{0,60}\bfor sale\b",
        r"\b(?:diese )?domain (?:steht zum verkauf|ist zu verkaufen|kaufen)\b|\bdomaine est à vendre\b",
        r"\bdominio (?:está en venta|è in vendita)\b|\bdomínio está à venda\b",
    ),
    "javascript": _any(
        r"\b(?:please|need to|must) (?:enable|turn on|activate|allow) javascript\b",
        r"\benable (?:javascript|js) (?:to|and|in order)\b",
        r"^\W*javascript is (?:disabled|required|not enabled)\b",
        r"\bjavascript is (?:disabled|not enabled|turned off) in your\b",
        r"\brequires javascript\b|\bwithout javascript\b.{0,20}\b(?:site|page|app)\b",
        r"\b(?:aktivieren (?-i:Sie)|bitte)\b.{0,20}\bjavascript\b",
        r"\b(?:activez|activer|activa|active|attiva|abilita|ative) (?:o )?javascript\b",
    ),
}

LIKELY: dict[str, re.Pattern[str]] = {
    # "Su" and "seu" are both "your" and "their"; what stands on buttons is what articles say of them.
    "consent": _any(
        r"\bsu consentimiento\b|\bsus preferencias\b|\bseu consentimento\b|\bsuas preferências\b",
        r"\b(?:accept|reject|allow|decline|agree to) (?:all|cookies|additional|optional)\b",
        r"\bif you (?:choose|click|do not|would)\b|\balle (?:cookies )?(?:akzeptieren|ablehnen|zulassen)\b",
        r"\bakzeptieren und weiter\b|\bnur (?:essenzielle|notwendige)\b",
        r"\btout (?:accepter|refuser)\b|\baccepter et (?:continuer|fermer)\b|\bcontinuer sans accepter\b",
        r"\b(?:aceptar|rechazar) (?:todas?|y continuar|y cerrar|cookies)\b",
        r"\b(?:accetta|rifiuta) (?:tutti|e (?:continua|abbonati|chiudi))\b|\bcontinua senza accettare\b",
        r"\b(?:aceitar|rejeitar|recusar) (?:tod[oa]s|e (?:continuar|fechar)|cookies)\b",
    ),
    "paywall": _any(
        r"(?<!not )\balready (?:a|have a|an?) (?:subscri\w+|member\w*)\b|\bhave an account\b",
        r"\bcancel (?:at )?any ?time\b",
        r"^\W*(?:continue|keep) reading\b|\bread the (?:full|rest of the) (?:story|article)\b|\bunlimited access\b",
        r"\balready a (?:paid|digital|print) subscriber\b|\bbecome a member\b|\bonly \W?\d+ for \d+ (?:weeks|months)\b",
        r"\bno commitment\b|\bsubscribe (?:now|today|for|from|to)\b|\bstart your (?:free )?trial\b",
        r"\bcreate a (?:free )?account\b|\bsubscription options\b",
        r"\b(?:unlimited|full|digital) (?:access|stories|articles)\b|\bsee my options\b|\bmembers get\b",
        r"\bsign in\b|^\W*log in\W*$|\bbereits (?:\w+-)?abonnent|\bbereits ein (?:\w+-)?abo",
        r"\bnur für neukunden\b|\b(?:probe|digital-)abo|\b(?:hier )?(?:einloggen|anmelden)\b|\bjetzt zugang\b",
        r"\b(?:jetzt )?(?:testen|abonnieren)\b|\bmonatlich kündbar\b|\bhier anmelden\b",
        r"\balle (?:\w+-)?(?:artikel|inhalte)\b.{0,40}\b(?:lesen|app|website|zugriff)\b|\bzugriff auf alle\b",
        r"\bdéjà abonnée?\b|\babonnez-vous\b|\bje m'abonne\b|\bsans engagement\b|\bse connecter\b|\ben illimité\b",
        r"\bya (?:eres (?:suscriptor|abonado)|tienes una suscripción)\b|\bpor \d+ euros? al mes\b|\blee sin\b",
        r"\b(?:suscríbete|suscríbase|cancela cuando quieras|sin permanencia|inicia sesión)\b|\bsin límites\b",
        r"\bver ofertas\b|\bsei già abbonato\b",
        r"\b(?:abbonati (?:ora|subito|a)|disdici quando vuoi|senza limiti|scopri le offerte|attiva l'offerta)\b",
        r"^\W*accedi\W*$|\bgià un abbonamento\b|\babbonati\b.{0,20}\beuro\b|\bmese gratis\b|\bjá é assinante\b",
        r"\bfaça (?:seu )?login\b|\bassine\b.{0,30}(?:\beuros?\b|r\$|€)|\bacesso ilimitado\b",
        r"\b(?:assine (?:já|agora)|torne-se assinante|assinar agora|sem limites|inicie sessão|cancele quando)\b",
        r"\bal abonnee\b",
    ),
    "region": _any(
        r"\b(?:broadcasting|broadcast) rights\b|\b(?:vpn|proxy)\b|\bred privada virtual\b",
        r"\baus rechtlichen gründen\b",
        r"\b(?:derechos de emisión|droits de diffusion|motivi di diritti|direitos de transmissão)\b",
        r"\bour website is\b|\bwe (?:apologi[sz]e|are engaged|recogni[sz]e)\b|\bwir bitten um\b|\blo sentimos\b",
    ),
    "error": _any(
        r"\b(?:back|return) to (?:the |our )?(?:home ?page|front page)\b|\btry (?:searching|a search|again)\b",
        r"\b(?:oops|sorry|whoops)\b|\bmay have (?:moved|been)\b|\bmaybe it was\b|\bhelpful links\b",
        r"\bmost popular stories below\b|\bhoppla\b",
        r"\b(?:zurück )?zur startseite\b|\bunsere suche\b|\bvertippt\b|\bretour(?:ner)? à l'accueil\b",
        r"\bvolver (?:a la|al) (?:portada|inicio)\b|\b(?:torna|tornare) alla home\b|\b(?:ops|désolé)\b",
        r"\bvoltar (?:à|ao) (?:página inicial|início)\b|\bmotore di ricerca\b|\bcontrolla che\b",
    ),
    "login": _any(
        r"\b(?:log|sign) ?(?:in|up)\b|\bpassword\b|\byour account\b|\bremember me\b",
        r"\bkeep me (?:logged|signed) in\b|\b(?:passwort|benutzername|anmelden|registrieren)\b",
        r"\b(?:mot de passe|identifiant|connecter|inscrivez-vous)\b|\b(?:contraseña|iniciar sesión|regístrate)\b",
        r"\b(?:accedi|registrati)\b|\b(?:palavra-passe|senha|iniciar sessão|registe-se)\b",
    ),
    "robots": _any(
        r"\b(?:malicious|automated|robots?|captcha|javascript|cookies|security)\b|\brobots?\b",
        r"\bthis (?:page|check)\b|\bprograma\b|\bverificar|\bcomprobar\b|\bmarca la casilla\b|\bincidencia\b",
        r"\büberprüf\w+|\bvérifi\w+",
    ),
    "parked": _any(r"\bdomains?\b|\bmake an offer\b|\bdominio\b|\bdomínio\b|\bdomaine\b"),
    "javascript": _any(r"\byour browser\b|\bthis app\b|\bsupported browsers?\b|\bjavascript to\b"),
}
"""Counts only where something sure is said as well."""

TALK: re.Pattern[str] = _any(
    r"\bcookies?\b|\bconsent\w*|\bpartner\w*|\bpersonali[sz]\w+|\badvertis\w+|\bads\b|\bprivacy\b|\btracking\b",
    r"\b(?:agree|allow|settings|revoke|decision|choices?)\b",
    r"\bpersonal data\b|\bpreferences\b|\bvendors?\b|\bgeolocation\b|\blegitimate interest|\bthis site\b",
    r"\bsearch data\b|\bmeasure\w*|\beinwillig\w+|\bzustimm\w+|\bwiderruf\w*|\bwiderspruch\w*|\bwerbung\b",
    r"\bwerbetrack\w+|\bpersonalisiert\w*|\bdaten\w*|\bendgerät\w*|\btechnologien\b|\bwebsite\b|\btechnologies\b",
    r"\bmessung\b|\banzeigenmessung\b|\btracker\w*|\bdatenschutz\w*|\bconsentement\b|\bpartenaires\b|\bpublicit\w+",
    r"\bdonnées\b|\bconfidentialité\b|\btraitements?\b|\bgéolocalisation\b|\bconsentimiento\b|\bsocios\b",
    r"\banuncios\b|\bdatos\b|\bprivacidad\b|\btratamiento\b|\bpreferencias\b|\bconsenso\b|\bpubblicit\w+|\bdati\b",
    r"\bfinalità\b|\bpreferenze\b|\bacconsent\w+|\bsenza accettare\b|\bconsentimento\b|\bparceiros\b|\bdados\b",
    r"\bpreferências\b|\bconsentir\b|\bdispositivo\b|\bgeolocalização\b",
)
"""What consent pages speak of besides; articles about them do so too."""

OFFER: tuple[re.Pattern[str], ...] = (
    # what there is to read
    _any(
        r"\b(?:read(?:s|ing)?|view|unlock\w*|rest|remainder|article|story|piece|report|content|text)s?\b",
        r"\b(?:les|lies)(?:en)?\b|\bweiter(?:zu)?lesen\b|\b(?:artikel|inhalt|beitrag)\b",
        r"\b(?:lire|lecture|contenu|suite)\b",
        r"\b(?:leer(?:lo)?|leyendo|artículos?|contenidos?)\b|\b(?:leggere|lettura|letto|articol[oi]|contenut[oi])\b",
        r"\b(?:ler|leitura|artigos?|conteúdos?)\b",
    ),
    # what it costs
    _any(
        r"\bsubscri(?:be|ption)\w*|\bmembership\b|\bday pass\b|\b(?:choose|pick) a plan\b|\blocked\b",
        r"\bout of free\b|\b\w*abo\b|\babonnement\b|\bkostenpflichtig\b",
        r"\bpayant\b|\bformule\b|\bsuscr\w+|\bhazte socio\b",
        r"\bartículos gratuitos\b|\babbona\w+|\barticoli gratuiti\b|\bscegli il piano\b|\bassin(?:e|atura|ante)\b",
        r"\bartigos gratuitos\b",
    ),
    # to whom it is said
    _any(
        r"\b(?:your|you're|you've|you have|this (?:article|story|content|post|report|piece))\b",
        r"^\W*(?:sign|choose|get|subscribe|unlock|the (?:rest|remainder))\b",
        r"\b(?-i:Sie|Ihr\w*)\b|\b(?:du|dein\w*|dieser|dieses|diesen)\b|\b(?:vous|votre|vos|cet?|cette)\b",
        r"\b(?:tus?|este|has|hazte)\b|\b(?:tuo|tuoi|hai|questo|scegli)\b|\b(?:seus?|este|torne-se|esgotou)\b",
    ),
)
"""A sentence with all three offers the rest of an article for money."""

REPORTED: re.Pattern[str] = _any(
    r"\b(?:readers|users|visitors|customers|people|those) (?:who|will|must|have|can|could|need|are|were)\b",
    r"\bsaid\b|\bsays\b|\bannounced\b",
    r"\b(?:leser|leserinnen|nutzer|besucher|kunden|wer)\b.{0,40}\b(?:muss|müssen|will|wollen|können|sollen)\b",
    r"\b(?:sagte|teilte|mitteilte|kündigte)\b|\b(?:lecteurs|internautes|devront|déclaré|annoncé|précisé)\b",
    r"\b(?:lectores|usuarios|dijo|anunció|tendrán|deberán)\b|\b(?:lettori|utenti|dovranno|ha (?:detto|annunciato))\b",
    r"\b(?:leitores|utilizadores|disse|anunciou|terão)\b",
)
"""Reported speech about others, not addressed to the reader."""

ERROR_TITLE: re.Pattern[str] = _any(
    r"(?:(?:error|fehler|erreur|errore|erro)\s*)?(?:404|410|500|503)(?:\s*error)?",
    r"(?:(?:oops|sorry)[!,. ]*)?(?:the )?(?:page|article) (?:was |could )?(?:not (?:be )?found|does(?:n't| not) exist)",
    r"(?:page )?not found \(?404\)?|not found",
    r"(?:die )?(?:seite|artikel)(?: wurde| konnte)? nicht gefunden(?: werden)?(?: \(?404\)?)?",
    r"(?:la )?page (?:introuvable|non trouvée)|(?:la )?página no encontrada|(?:la )?pagina non trovata",
    r"(?:a )?página não encontrada",
)
"""A part of a page's title, whole."""
