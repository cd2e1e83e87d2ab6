"""Abbreviations with a full stop and words that open sentences, by language. Data for `sentence_ends`.

Case-folded, without their last full stop. Sentence ends are told by three kinds:

- `INSIDE`: a name, number or noun follows ("Dr.", "Nr.", "ul."): no sentence ends there, whatever follows;
- `EITHER`: units, companies, eras, words ("kg.", "Chr.", "art."): a sentence ends if a word of `OPENERS` follows;
- `LAST`: "etc." and its like: a sentence ends if a capital follows.

Of single letters and of letters with full stops between them ("A. S.", "S.p.A.") the rule is that of `EITHER`. What
`sentencex` knows by itself need not be here; for English, only what `nupunkt` cuts.
"""

from __future__ import annotations

INSIDE: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "adm brig capt cf cmdr col cpl dr fig fr gen gov hon lt maj messrs mr mrs ms nos pp prof pvt rep rev "
        "sen sgt supt viz vs",
        "de": "abb abt allg anm apr aug bd bearb betr bez bgm bsp bspw bzgl bzw ca dez dgl dipl dr ebd einschl evtl "
        "exkl fa feb forts frl fräul geb gebr gen ges ggf hbf hg hl hptm hr hrn hrsg inh inkl insb insbes jh "
        "jul jun jur kath kgl kl kpt lfd lt ltd ltn med min.-präs mind mrd mtl nov nr nrn obb okt ol pfr phil "
        "prof rer resp röm sept sog st stellv str tel univ urspr verf verh vgl vorm vors vs wg ziff zit zw "
        "zzgl zzt öff",
        "fr": "apr bd blvd boul cdt cf ch chap cne dr drs déc env fg fig févr gal gén janv juil lt me mgr mlle "
        "mlles mm mme mmes nos nov n° oct pl pp pr rte réf sgt st ste sts sté tr tél vol vs éd éts",
        "es": "admón aprox arq art arts av avd avda cf cmdte cnel ctra dpto dr dra dres dña ed eds excma excmo fig "
        "fr gob gral hno hnos ilma ilmo ing mons máx mín nro ntra ntro núm núms pdte pl pp pres prof profa "
        "pza pág págs rvdo sgto sr sra sras sres srta ss st sta sto tel tfno tte vs",
        "it": "arch art artt avv c.so cap cav cfr cit comm dott dott.ssa dr ed egr fig gen gent.mo geom ing magg "
        "mons mr mrs nn nr num on op p.za p.zza pag pagg pp prof prof.ssa rag rev serg sig sig.na sig.ra sigg "
        "spett ss st sta sto tel v.le vs",
        "pt": "aprox arq art arts av cel cf dep dr dra drs ed eng exma exmo fig fls fr gen ilma ilmo jr maj mr mrs "
        "máx mín nº núm obs pe pp pr prof profa pág págs pça séc sgt sr sra sras srs srta st sta sto tel trav vol "
        "vs",
        "nl": "a.d.v a.u.b afb apr aug bijv blz bv ca d.d d.w.z dec dhr dr drs ds evt excl feb fig i.p.v i.v.m incl "
        "ir jul jun kapt kol lt m.b.t mej m.n m.u.v mevr mr mrt mw n.a.v nov nr nrs o.a o.l.v okt pag pr prof resp sep "
        "sept sta t.a.v t.b.v t.g.v t.o.v tel vgl vs wnd zgn",
        "pl": "abp adw al am art bp bł doc dr dra ds dyr gen gm hab hr inż jw kpt ks lek m.in med mgr mjr mld mln "
        "mł np nr nry ok os pkt pl poz ppor ppłk prez prof płk r.ż rys sierż st str tab tel tj tys tzn tzw "
        "tłum ul ust w.w wg woj wyd zob śp św",
        "cs": "bc ca cca cit csc doc dr ev ing judr kpt mgr mj mjr mudr mvdr např nám obr odst paeddr phdr plk popř "
        "pozn pplk prof pí písm příp resp rndr sl srov str sv tab tel thdr tj tzn tzv tř ul viz vyd zn čl čp",
        "sk": "bc ca cca doc dr gen ing judr mgr mudr napr nám obr ods phdr plk prof písm resp rndr sl str sv tab "
        "tel tj tzn tzv ul vyd čl",
        "ru": "авг акад апр бул г-жа г-н ген гл гр-н д-р дек дер доц др-ра изд инж июл июн кап кв корп лейт мар млн "
        "млрд напр нач ноя нояб обл оз ок окт пер пл полк пп просп проф р-н ред рис св сен сент сер см ср ст "
        "стр табл тел тов трлн тыс ул фев февр яз янв",
        "uk": "акад бер буд бул вер вул ген груд д-р див доц жовт кв квіт кін лип лист лют млн млрд напр обл пл поч "
        "пп пров просп проф р-н ред рис св серп ст січ табл тел тис тов трав черв інж",
        "be": "акад вул ген гл д-р млн млрд напр пл пр праф руб св тав тыс ім",
        "bg": "акад ал бул вж ген гр д-р доц ж.к инж напр ок пл полк проф св ст стр ул хил чл",
        "sr": "br dr gen ing mr npr prof st str sv tj tzv ul čl бр ген гђа др инж мр нпр пр проф св ст стр тзв тј "
        "ул чл",
        "hr": "br dr gen gđa gđica ing mr npr pr prof st str sv tj tzv ul čl",
        "sl": "dipl dr ga gdč gen gl ing mag npr ok prof str sv t.i tj ul univ čl št",
        "tr": "alb apt arş bkz blv bnb bul cad doç dr dt ecz fık gen gör hz krş m.s m.ö mad mah mim müh no nr op "
        "prof sf sk sn st tel uzm yay yrd yy yzb çev ör örn öğr",
        "az": "akad bax dos dr gen küç məs pr prof səh",
        "sv": "apr aug bl.a ca d.v.s dec doc dr dvs exkl f.d f.n feb fig fr.o.m inkl jan jfr jul jun kap kl mar nov "
        "nr okt p.g.a prof resp s.k s:t sep sept sid t.ex t.o.m",
        "da": "apr art aug bl.a ca d.v.s dec dr dvs ekskl evt f.eks feb fig fr frk hr iht inkl jan jf jul jun kap "
        "kgl kl ltr maks mar nov nr okt p.g.a pga pkt prof resp s.k sep sept stk tlf vedr",
        "no": "apr art aug bl.a ca d.v.s des dr dvs ekskl evt f.eks feb fig fr hr ifm iht inkl jan jf jul jun kap "
        "kl maks mar nov nr okt p.g.a pga pkt prof resp s.k sep sept tlf vedr",
        "fi": "arkkit dr esim ins klo ks lis luku mm nro ns os prof puh toim tri ts vrt",
        "hu": "alez bek ca dr fszt gr id ifj ill kb krt ld max min mrd pl prof st sz szept tel vö özv ún",
        "ro": "alin aprox art av bd bl cf col dl dna dr dra et fig gen ing jud lit nr pag prof sc sf str tel vol",
        "el": "αγ αρ αρθ βλ δισ δρ εικ εκ καθ κεφ κκ λεωφ οδ π.χ πίν παρ πλ πρβλ σελ στρ τηλ χιλ",
        "ca": "aprox art av cf dr dra fig núm pl prof pàg pàgs sr sra st sta tel",
        "eu": "adib dr ik jn kap orr tel zk",
        "lt": "al doc dr gen kun mln mlrd mėn nr pr proc prof pvz str t.y tūkst vad val šv žr",
        "lv": "dr iel ing lpp nr piem plkst prof sk t.i t.s tel",
        "et": "dr hr kl lk nr nt pr prof pst s.o st tel tuh vt",
        "hi": "इंजी कि कि.मी कु क्र जन डॉ नं पं पृ प्रो मी मो रु ले श्री श्रीमती सं सुश्री सेमी स्व",
        "mr": "कु क्र जन डॉ नं पं पृ प्रा रा रु ले श्री श्रीमती सौ",
        "ne": "डा नं पं पृ प्रा रु वि.सं श्री",
        "bn": "ডা নং পৃ প্রো মু মো লি",
        "ta": "எண் டாக் திரு பக் பேரா ரூ",
        "te": "డా నం ప్రొ రూ శ్రీ",
        "he": "גב מר פרופ",
        "id": "dr drs hj hlm ir jend jl kab kec kol letj no prof pt rp st tbk tel",
        "ms": "dr hlm jln no pn prof rm tel tn",
        "vi": "bs gs pgs ths tp tr ts",
        "sq": "dr fq nr p.sh prof rr zj",
    }.items()
}

EITHER: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "de": "abk abs art bes chr co gem ing jan jg jhd jhdt kfm lat mag mai max min mio ms qm rd sek sep "
        "stck std stk tab tsd vol",
        "fr": "all art av cap cm col ex hab hon jr kg km max min mio mrd no sec sept",
        "es": "cap cm col cía da ee ej ex hab hs kg km lic ltda min mm seg uu vol",
        "it": "ab ca cm col don es kg km max min mm sec sen snc srl ten vol",
        "pt": "al cap cia cm da des ex gov hab kg km ltda min mm rod seg sen ten ver",
        "nl": "art bl cm gen ing inw jan kg km max min mld mln mm nv sec st uur",
        "pl": "cm godz gr ha im kard kg km min mm n.e o.o por pow proc pt red sek wiek zoo zł",
        "cs": "gen ha hod kg km kr max mil min mld okr por př sek st stol tis",
        "ru": "вв га гг гр долл им кг км кон коп мин мм н.э наб пос проц руб сек чел экз",
        "uk": "га год грн дол кг км н.е рр см хв ім",
        "tr": "a.ş av cm haz kg km kur ltd mlr mm mn org say sok şti",
        "sv": "ab e.kr em f.kr ing inv kg km max mdr milj min mkr sek st tel tim tkr ung",
        "da": "e.kr f.kr indb ing kg km kr mia min mio sek st",
        "no": "e.kr f.kr ing innb kg km kr mill min mrd sek st",
        "sk": "hod max mil min mld por tis",
        "fi": "kpl me milj miljk min mrd so",
        "hu": "ing kft old út",
        "lt": "min",
        "hr": "kn mil mlrd tis",
        "bg": "лв млн млрд",
        "et": "mld mln tk tn",
        "lv": "milj mljrd tūkst",
        "ro": "ap mil mld",
        "sl": "mio mrd tis",
        "eu": "and or",
    }.items()
}

LAST: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "etc",
        "de": "etc f ff o.ä u.a.m u.ä usf usw uvm",
        "fr": "etc",
        "es": "etc",
        "it": "ecc etc",
        "pt": "etc",
        "nl": "e.a e.d e.v enz etc",
        "pl": "etc itd itp",
        "cs": "aj apod atd atp",
        "sk": "a apod atď pod",
        "ru": "др пр т.д т.к т.п",
        "uk": "т.д т.п т.ін ін",
        "bg": "др т.н",
        "tr": "vb vd vesaire vs",
        "sv": "etc m.fl m.m o.d o.s.v osv",
        "da": "etc m.fl m.m m.v osv",
        "no": "etc m.fl m.m m.v osv",
        "fi": "jne tms ym yms",
        "hu": "stb",
        "ro": "etc",
        "hr": "i itd sl",
        "sl": "ipd itd",
        "sr": "itd итд",
        "id": "dll dsb",
        "ca": "etc",
    }.items()
}

OPENERS: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "a after an and as at before but by for from he her his i if in it its no not now on our she so that "
        "the their there these they this those we what when while who with you",
        "de": "aber alle allerdings als am an auch auf aus außerdem bei bereits dabei dafür damit danach dann das "
        "dazu dem den der des die dies diese dieser dieses doch dort ein eine einem einer eines er es für "
        "gegen heute hier ich ihr ihre im in insgesamt jetzt kein keine laut man mehr mit nach nicht noch nun "
        "nur sein seine seit seitdem sie so trotzdem und viele vom von vor warum was wegen weil wenn wer wie "
        "wir wo während zu zudem zum zur",
        "fr": "après au aux avant avec c ce cela ces cet cette dans depuis des donc elle elles en et il ils je l la "
        "le les leur mais nous on or par personne plus pour quand que quel qui sa sans selon ses si son sur "
        "un une vous à ça",
        "es": "además ahora al así con cuando de del desde e el ella ellas ellos en es esa ese esta estas este "
        "estos hay la las le lo los muchos más nadie no o para pero por se según si son su sus también tras "
        "un una y ya él",
        "it": "al anche che chi con così da dal dopo e ed gli i il in l la le lei lo loro lui ma nel nella nessuno "
        "non o ora per più quando questa queste questi questo se secondo si sono sua suo un una uno è",
        "pt": "a agora além ao após as assim com da de desde do e ela elas ele eles em essa esse esta este há isso "
        "já mais mas muitos na nas ninguém no nos não o os ou para por quando se segundo seu sua também um "
        "uma à",
        "nl": "al als bij daarna daarom dat de deze die dit een en er geen haar het hij hoe hun ik in je maar met "
        "na niet nu of ook op toen van volgens voor wat we wie wij ze zij zijn zo",
        "pl": "a ale co dla do gdy i ich jak jednak jego jej jeśli już kiedy kto na nie o od on ona oni po przed "
        "przy ta tak tam te tego ten teraz to tu w we więc z za ze",
        "cs": "a ale co do i jak jeho jejich její kdo když na ne nyní o od on ona oni po podle pokud pro před při "
        "ta tady tak tam tato ten tento teď ti to už v ve však z za ze",
        "sk": "a ak ako ale do i keď kto na nie o od on ona oni po pre pred pri tak ten tento to tá tí v vo však z "
        "za zo čo",
        "ru": "а в во все вы для до его если её же за здесь и из их к как ко когда кто мы на не но о об однако он "
        "она они оно от по при ранее с сейчас со так также там теперь у что эта эти это этот я",
        "uk": "а але в ви вона вони воно від він для до з за й його коли ми на не однак по при про та так там тут у "
        "хто це цей ця ці що я як якщо і із їх її",
        "tr": "ama ancak ayrıca bir biz bu böylece daha eğer fakat her ise kim nasıl ne neden o onlar ve çünkü "
        "şimdi şu",
        "sv": "de den det efter en enligt ett för före han hon hur i inte jag med men nu när och om på som så vad "
        "vem vi vid",
        "da": "de den det efter en et for før han hun hvad hvem hvordan i ikke jeg med men nu når og om på som så "
        "ved vi",
        "no": "de den det ei en et etter for før han hun hva hvem hvordan i ikke jeg med men nå når og om på som så "
        "ved vi",
        "fi": "ei he hän ja jos kuka kun me mikä minä miten mutta ne niin nyt nämä se tämä",
        "hu": "a az de egy ez ha hogy ki mi mit most nem én és így ő ők",
        "hr": "a ako ali do i iz kada kako na ne no o od on ona oni po s sa ta taj tako tko to u za što",
        "sl": "a do in iz kaj kako kdo ko na ne o od on ona oni po s ta tako to toda v z za če",
        "sr": "a ako ali do i iz kada kako ko na ne no o od on ona oni po s sa ta taj tako to u za šta а ако али до "
        "за и из када како ко на не но о од он она они по с са та тако тај то у шта",
        "lv": "ar bet ja kad kas kā no par pie pirms pēc tas tā un uz viņa viņi viņš šis šī",
        "et": "aga ei ja kes kui kuidas ma me mis nad need nii nüüd see siis ta tema",
        "is": "ef eftir en hann hún með og sem sá sú við á ég í það þegar þeir þær",
    }.items()
}

ORDINALS = frozenset(
    "de als nds gsw lb cs sk pl sl hr sr bs sh da nb nn no fo is fi et lv hu tr az tk eu hsb dsb se fy lt".split()  # noqa: SIM905
)
"""Languages that write an ordinal as digits with a full stop ("3. Juni"), and a monarch's number likewise."""

LETTER_NAMES = frozenset(
    """
    ए बी सी डी ई एफ जी एच आई जे के एल एम एन ओ पी क्यू आर एस टी यू वी डब्ल्यू एक्स वाई जेड व्ही
    ஏ பி சி டி ஈ எஃப் எஃப ஜி எச் ஐ ஜே கே எல் எம் என் ஓ ஆர் எஸ் யு வி
    """.split()  # noqa: SIM905
)
"""Latin letters as Hindi, Marathi and Tamil write them, for initials ("ए. पी. जे.")."""
SHORT_VERBS = frozenset("है हैं था थी थे थीं हो हूँ हूं दी दो दे ली लो ले की का को से छ છે છું છો છ ਹੈ ਸੀ ਸਨ ହେ".split())  # noqa: SIM905
"""Words of one letter with its signs that end sentences where these have full stops."""
