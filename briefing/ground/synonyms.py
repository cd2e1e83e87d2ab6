"""Words that a report of the news uses for one another: English, by hand. Pure data.

Only for telling a paraphrase from an invention: a word of a point counts as said where the article has another of its
group. It never makes a point right by itself.
"""

from __future__ import annotations

from collections import defaultdict

from briefing.facts import stem

__all__ = ["KIN"]

_GROUPS = """
say tell state announce report declare reveal disclose confirm statement announcement;
kill die dead death fatal murder slay victim; injure wound hurt injury;
attack assault strike raid bomb bombing blast explosion; buy purchase acquire acquisition takeover deal;
sell sale; cost price spend fee bill worth; pay wage salary earn income;
firm company business corporation group maker giant retailer;
job post role work employ employment employee staff worker; police officer force detective constable investigator;
arrest detain custody hold; charge accuse prosecute indict; court judge trial hearing tribunal jury;
jail prison sentence imprison term; law legislation bill act rule; win victory beat defeat triumph success;
lose loss defeat; match game fixture tie clash; goal score strike net;
player footballer midfielder striker defender forward winger; team side club squad; coach manager boss head;
final tournament; league division; sign join move transfer sign-up deal contract; title championship trophy cup;
government minister ministry cabinet state administration; parliament mp lawmaker legislator member;
election vote poll ballot; leader chief head president premier boss director executive; opposition rival opponent;
plan propose proposal scheme project programme intend; build construct construction development;
open launch start begin introduce; end stop finish close halt cease conclude; cancel scrap abandon axe;
delay postpone hold defer; rise increase grow climb jump soar surge gain raise boost up higher;
fall decrease decline drop shrink slump plunge cut reduce lower; warn caution alert;
urge call appeal ask demand request; criticise condemn blame attack denounce; praise welcome hail;
agree agreement deal accord pact treaty; reject refuse deny decline oppose; approve back support endorse pass;
leave quit resign depart exit retire step; appoint name hire elect choose select; replace succeed;
find discover detect uncover; search seek hunt look; lose miss missing disappear vanish; fire blaze burn flame;
crash collision accident wreck; rescue save; flood storm hurricane rain weather;
hospital medical doctor treatment patient health nhs; illness disease virus infection sick; drug medicine vaccine;
school pupil student education teacher; university college;
child children boy girl kid young youngster baby teenager; man men male; woman women female; father dad;
mother mum; son daughter; husband wife partner couple; family relative parent; home house property residence;
road street motorway highway; car vehicle driver motorist; train rail railway station;
plane flight aircraft airline; money fund funding cash finance investment invest; bank lender; debt loan borrow;
tax levy duty; big large huge major massive giant great; small little tiny minor; new latest fresh;
old former ex previous past; show display exhibit reveal indicate suggest; study research survey finding report;
scientist researcher expert academic; help aid assist support; give provide offer grant donate supply;
get receive obtain gain; make create produce manufacture; use employ utilise; allow permit let enable;
ban prohibit bar outlaw forbid; try attempt effort bid; think believe consider feel; know aware;
want hope wish seek; need require; city town capital; country nation state; area region district zone county;
people resident local public inhabitant; million m; year annual yearly; month monthly; week weekly; day daily;
war conflict fighting battle; army military troop soldier force; weapon arm gun missile; peace ceasefire truce;
refugee migrant immigrant asylum; protest demonstration rally march demonstrate protester demonstrator activist;
film movie; song music album single; actor star actress; singer musician; book novel author writer;
talk meeting discussion negotiation discuss meet negotiate; visit trip travel tour; arrive reach;
crisis problem difficulty trouble issue; threat danger risk hazard; concern worry fear anxiety; last final;
first debut; double twice; around about approximately nearly almost; main key chief principal; record high;
world global international worldwide; uk britain british; us america american; england english; scotland scottish;
wales welsh; change alter reform overhaul shift; remove withdraw pull scrap; return back reinstate restore;
continue remain stay keep; stage hold host; compete race run; swim swimmer; cyclist cycling bike; driver drive;
damage destroy devastate harm; victim casualty; body corpse remains
"""


def _kin() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for group in _GROUPS.split(";"):
        roots = {stem(word) for word in group.split()}
        for root in roots:
            found[root] |= roots
    return {root: frozenset(kin) for root, kin in found.items()}


KIN = _kin()
"""By stem: the stems that may stand for it."""
