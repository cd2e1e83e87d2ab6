"""Grouping of articles into stories, near duplicates, canonical URLs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.canonical import canonical_url
from briefing.stories import Bundle, group
from briefing.types import Article

from .. import factories

DAY = datetime(2024, 5, 17, 8, 0, tzinfo=UTC)

BLAST = """An explosion destroyed the fertiliser plant at Harwick on Thursday night and killed twelve workers, the
fire service said. Windows broke as far away as Marlow, four kilometres to the south. Inspectors had warned in March
that the plant's valves were leaking. The owner, Norsk Kvael, promised to help the families. Firefighters from three
counties fought the flames until dawn, and the river road stayed closed on Friday while engineers looked for more
ammonia."""
BLAST_OTHER = """At least fifteen people are dead after a blast tore through a fertiliser works in Harwick late on
Thursday, the town's mayor told reporters. The plant belongs to Norsk Kvael, a Norwegian company. Its leaking valves
had been the subject of an inspectors' warning this spring. Rescue workers searched the ruins with dogs on Friday
morning, and the hospital at Marlow asked for blood. Ammonia drifted over the river, and people were told to keep
their windows shut."""
TRAM = """The council of Marlow voted 31 to 14 for a tram line to the hospital. Work is due to begin in March and to
cost 212 million pounds, of which the government has promised 140 million. A levy on parking spaces is to pay for the
rest. Shopkeepers on Bridge Street fear for their trade during the works and have asked the High Court to review the
vote."""
FERRY = """The last ferry to the Skerry islands sailed on Wednesday after ninety years of service. The operator blames
the price of fuel and a fall in passengers since the bridge was opened. Islanders said that goodbye with fireworks and
a brass band at the pier of Port Lorne, where the ship's captain had begun his career as a deck hand in 1981."""


def article(
    name: str, text: str, *, title: str = "", source: str = "", at: datetime | None = DAY, url: str | None = None
) -> Article:
    source = source or f"Paper {name}"
    return factories.article(" ".join(text.split()), id=name, title=title, source=source, published=at, url=url)


def together(*articles: Article) -> set[frozenset[str]]:
    return {frozenset(article.id for article in (*bundle.articles, *bundle.copies)) for bundle in group(articles)}


def bundle_of(name: str, *articles: Article) -> Bundle:
    return next(
        bundle for bundle in group(articles) if name in {article.id for article in (*bundle.articles, *bundle.copies)}
    )


# --- what is joined ------------------------------------------------------------------------------------------------


def test_reports_of_one_event_in_other_words_are_one_story_and_others_are_not() -> None:
    found = together(article("a", BLAST), article("b", BLAST_OTHER), article("c", TRAM), article("d", FERRY))
    assert found == {frozenset("ab"), frozenset("c"), frozenset("d")}


def test_the_same_text_under_another_title_is_a_copy() -> None:
    first = article("a", BLAST, title="Blast kills twelve", source="Wire")
    copy = article("b", BLAST, title="Tragedy at Harwick: what we know", source="Post")
    (bundle,) = group([copy, first, article("c", TRAM)][:2])
    assert (len(bundle.articles), len(bundle.copies)) == (1, 1)


def test_a_shortened_reprint_is_a_copy_of_the_longer_version() -> None:
    short = " ".join(BLAST.split()[:-20])
    bundle = bundle_of("a", article("a", short, at=DAY), article("b", BLAST, at=DAY + timedelta(hours=2)))
    assert [article.id for article in bundle.articles] == ["b"]
    assert [article.id for article in bundle.copies] == ["a"]


def test_a_corrected_reprint_represents_its_copies() -> None:
    corrected = BLAST.replace("killed twelve workers", "killed 13 workers")
    early = article("a", BLAST + " Read more on our live page.", at=DAY)
    bundle = bundle_of("a", early, article("b", corrected, at=DAY + timedelta(hours=3)))
    assert [article.id for article in bundle.articles] == ["b"]


def test_an_update_of_a_running_story_joins_it_as_an_article_of_its_own() -> None:
    update = """Police in Harwick arrested the manager of the fertiliser plant that exploded on Thursday. The manager of
    the Norsk Kvael plant is accused of ignoring the inspectors' warning about leaking valves in March. Two more workers
    died of their wounds in the hospital at Marlow. The fire service said that the ruins still give off ammonia."""
    bundle = bundle_of("a", article("a", BLAST), article("b", update, at=DAY + timedelta(days=1)), article("c", TRAM))
    assert {article.id for article in bundle.articles} == {"a", "b"}


# --- what is kept apart --------------------------------------------------------------------------------------------


def test_equal_titles_do_not_join_different_news() -> None:
    title = "Live updates"
    found = together(article("a", BLAST, title=title, source="Post"), article("b", TRAM, title=title, source="Post"))
    assert found == {frozenset("a"), frozenset("b")}


def test_a_translated_copy_is_a_story_of_its_own() -> None:
    german = """Eine Explosion hat in der Nacht zum Freitag die Düngemittelfabrik in Harwick zerstört und zwölf Arbeiter
    getötet, wie die Feuerwehr mitteilte. Noch in vier Kilometern Entfernung barsten Fensterscheiben. Prüfer hatten im
    März vor undichten Ventilen gewarnt. Der Eigentümer sagte den Familien seine Hilfe zu."""
    assert together(article("a", BLAST), article("b", german)) == {frozenset("a"), frozenset("b")}


def test_a_roundup_joins_no_stories() -> None:
    more = " A barn burnt down at Lorne in the night; nobody was hurt. Apples are cheap this year, growers say."
    roundup = " ".join(" ".join(text.split()[:45]) for text in (BLAST, TRAM, FERRY)) + more
    found = together(
        article("a", BLAST), article("b", BLAST_OTHER), article("c", TRAM), article("d", FERRY),
        article("r", roundup, title="Morning briefing: the blast, the tram and the last ferry"),
    )  # fmt: skip
    assert found == {frozenset("ab"), frozenset("c"), frozenset("d"), frozenset("r")}


def test_two_matches_of_the_same_teams_are_two_stories() -> None:
    first = """Harwick Town beat Marlow United 3-1 at home in the league on Saturday. Lind scored twice before the
    break and Okoro headed a third from a corner. Marlow's only goal came from a penalty by Dekker. Harwick are
    fourth."""
    second = """Marlow United won 2-0 against Harwick Town in the cup on Wednesday evening. Petrov scored from
    thirty metres and Silva sealed it in stoppage time, after Harwick's goalkeeper had been sent off. Marlow reach
    the final."""
    found = together(
        article("a", first, title="Harwick Town 3-1 Marlow United", at=DAY, source="Post"),
        article("b", second, title="Harwick Town 0-2 Marlow United", at=DAY + timedelta(days=11), source="Post"),
    )
    assert found == {frozenset("a"), frozenset("b")}


def test_a_yearly_event_is_not_joined_with_last_years() -> None:
    found = together(article("a", BLAST), article("b", BLAST_OTHER, at=DAY - timedelta(days=365)))
    assert found == {frozenset("a"), frozenset("b")}


def test_the_footer_of_a_source_joins_no_articles() -> None:
    foot = (
        " Subscribe to our channel for the latest news from the coast and follow us wherever you watch, listen or read."
        " Our newsroom works for you around the clock, every day of the year, in print and on the air."
    )
    lines = [
        "A barn burnt at Lorne.", "Apples are cheap this year.", "The mayor has a cold.", "A whale swam past Skerry.",
    ]  # fmt: skip
    articles = [article(f"{n}", line + foot, source="Coast TV", title="| Coast TV") for n, line in enumerate(lines)]
    assert together(*articles) == {frozenset(f"{n}") for n in range(4)}


FOOT = " " + " ".join(
    f"{who} reports for readers in {where}, in print and online, every day of the year, since {year}."
    for who, where, year in (
        ("Our newsroom", "Marlow and the river towns", 1921), ("The weekend desk", "Harwick and Lorne", 1954),
        ("Our team at sea", "the Skerry islands", 1977), ("The business desk", "the whole of the county", 1988),
        ("A network of friends", "villages without a station", 2003), ("The picture desk", "all of these", 2011),
    )
) + " Write to us, subscribe, or leave a gift in your will, so that we can go on telling what happens."  # fmt: skip
"""What a publisher says under everything: longer than the news above it."""
SHORT_TRAM, SHORT_FERRY = (" ".join(text.split()[:27]) + "." for text in (TRAM, FERRY))


@pytest.mark.parametrize("name", ["foot", "head"])
@pytest.mark.parametrize(
    ("sources", "urls"),
    [
        (("Post", "Post"), (None, None)),
        (("Post World", "Post Towns"), ("https://post.example/world/1", "https://www.post.example/towns/2")),
    ],
)
def test_boilerplate_of_a_publisher_makes_no_copies(
    sources: tuple[str, str], urls: tuple[str | None, str | None], name: str
) -> None:
    texts = [text + FOOT if name == "foot" else FOOT + " " + text for text in (SHORT_TRAM, SHORT_FERRY)]
    found = together(
        *(
            article(key, text, title=f"About {key}", source=source, url=url)
            for key, text, source, url in zip("ab", texts, sources, urls, strict=True)
        )
    )
    assert found == {frozenset("a"), frozenset("b")}


@pytest.mark.parametrize("name", ["foot", "head"])
def test_boilerplate_shared_by_two_sources_makes_no_copies(name: str) -> None:
    texts = [text + FOOT if name == "foot" else FOOT + " " + text for text in (SHORT_TRAM, SHORT_FERRY)]
    bundles = group([article(key, text, title=f"About {key}") for key, text in zip("ab", texts, strict=True)])
    assert [article.id for bundle in bundles for article in bundle.copies] == []


def test_an_article_of_boilerplate_alone_is_no_copy() -> None:
    found = together(
        article("a", FOOT, title="Marlow votes for a tram", source="Post"),
        article("b", SHORT_FERRY + FOOT, title="The last ferry sails", source="Post"),
    )
    assert found == {frozenset("a"), frozenset("b")}


def test_equal_one_word_texts_of_a_feed_are_no_copies() -> None:
    found = together(*(article(f"{n}", "Comments", title=f"News of the {n}th day", source="Links") for n in range(2)))
    assert found == {frozenset("0"), frozenset("1")}


@pytest.mark.parametrize(
    "titles", [("Blast at Harwick",) * 4, ("Blast at Harwick", "Plant burns", "Twelve die", "Fire")]
)
@pytest.mark.parametrize("foot", ["", FOOT])
@pytest.mark.parametrize("count", [2, 3, 4])
def test_versions_of_one_article_of_a_source_stay_copies(titles: tuple[str, ...], foot: str, count: int) -> None:
    texts = [BLAST.replace("twelve", number) + foot for number in ("twelve", "13", "14", "fifteen")][:count]
    articles = [
        article(f"{n}", text, title=titles[n], source="Post", at=DAY + timedelta(hours=n))
        for n, text in enumerate(texts)
    ]
    (bundle,) = group(articles)
    assert ([article.id for article in bundle.articles], len(bundle.copies)) == ([f"{count - 1}"], count - 1)


def test_a_follow_up_that_repeats_how_it_began_joins_its_story() -> None:
    news = """Police in Harwick have arrested the manager of the fertiliser plant. He is accused of ignoring the
    inspectors, who had asked Norsk Kvael for new valves four times."""
    found = together(
        article("a", BLAST, title="Blast at Harwick plant", source="Post"),
        article("b", news + " " + BLAST, title="Manager of Harwick plant arrested", source="Post"),
        article("c", TRAM, source="Post"),
    )
    assert found == {frozenset("ab"), frozenset("c")}


def test_a_reprint_under_a_lead_of_its_own_is_a_copy() -> None:
    lead = "We bring you the following report from our partners on the coast, who have followed the events from there."
    bundle = bundle_of("a", article("a", BLAST, source="Wire"), article("b", f"{lead} {BLAST}", source="Post"))
    assert (len(bundle.articles), len(bundle.copies)) == (1, 1)


KILLING = {
    "Mayor Nora Vantrell stabbed to death in library": """The mayor of Harwick was attacked on Friday while she met
        residents. Two ambulances came within minutes.""",
    "Nora Vantrell stabbed to death while meeting residents": """Witnesses saw a man with a knife on Friday in the
        library of Harwick, where the mayor died.""",
    "Nora Vantrell killing: man held under Terrorism Act": """Detectives search two addresses in Marlow and have until
        Thursday to question the suspect.""",
    "Suspect in killing of Nora Vantrell held under Terrorism Act": """Detectives question a man of 25 and search
        addresses in Marlow.""",
    "Candles for Nora Vantrell at the fountain": """Hundreds mourned the mayor of Harwick in silence. Schoolchildren
        laid flowers and sang.""",
    "Ministers review guards for councillors after Nora Vantrell killing": """Open doors are the heart of democracy, one
        of them said on Friday.""",
    "Friends remember Nora Vantrell": "A teacher of music and a campaigner for the canal, known for her laugh.",
}
DEEDS = {
    "Nora Vantrell opens new bridge over the canal": """The mayor cut a ribbon while a brass band played. It cost four
        million.""",
    "Nora Vantrell defends cuts to swimming pools": "Two of five baths are to close in autumn, as energy grew dearer.",
    "Nora Vantrell kicks off charity match": """Former players of Harwick Rovers raised money for a hospice on
        Sunday.""",
    "Nora Vantrell publishes her memoirs": "The book tells of a childhood on a farm and of her first election.",
    "Nora Vantrell promises lower parking fees": "Shopkeepers on Bridge Street had complained about empty stalls.",
}


def test_what_many_outlets_report_of_one_great_event_from_all_sides_is_one_story() -> None:
    reports = [
        article(str(number), text, title=title, source=f"Paper {number % 4}")
        for number, (title, text) in enumerate(KILLING.items())
    ]
    assert len(together(*reports)) == 1


def test_what_is_known_to_be_one_event_is_one_story_where_it_is_at_all_alike() -> None:
    reports = [
        article(str(number), text, title=title, source="Paper")
        for number, (title, text) in enumerate((KILLING | DEEDS).items())
    ]
    killing = {str(number) for number in range(len(KILLING))}
    assert len(together(*reports)) > 5
    (event,) = [bundle for bundle in group(reports, events=[killing]) if bundle.event]
    assert killing >= {one.id for one in event.articles} >= {"0", "1", "2", "3", "5"}
    unlike = article("ferry", FERRY, title="The last ferry has sailed")
    assert group([reports[0], unlike], events=[{"0", "ferry"}]) == group([reports[0], unlike])


@pytest.mark.parametrize(("reports", "outlets"), [(DEEDS, 4), (KILLING, 2)], ids=["a mayor's day", "two outlets"])
def test_a_name_alone_makes_no_event(reports: dict[str, str], outlets: int) -> None:
    found = together(
        *(
            article(str(number), text, title=title, source=f"Paper {number % outlets}")
            for number, (title, text) in enumerate(reports.items())
        )
    )
    assert len(found) >= 3


def test_stories_do_not_chain_together() -> None:
    """Half of each article is in the next one: neighbours are similar, the ends are not."""
    parts = [" ".join(text.split()[:40]) for text in (BLAST, TRAM, FERRY)]
    chain = [
        article("a", parts[0] + " " + parts[0]), article("b", parts[0] + " " + parts[1]),
        article("c", parts[1] + " " + parts[2]), article("d", parts[2] + " " + parts[2]),
    ]  # fmt: skip
    found = together(*chain)
    assert not any({"a", "d"} <= story for story in found)


# --- whatever comes in ---------------------------------------------------------------------------------------------

TEXTS = st.sampled_from([BLAST, BLAST_OTHER, TRAM, FERRY, BLAST[:200], "Short.", "", "  "])
ARTICLES = st.lists(
    st.builds(
        lambda text, title, source, hours: (text, title, source, hours), TEXTS, st.sampled_from(["", "Live updates"]),
        st.sampled_from(["Post", "Wire"]), st.one_of(st.none(), st.integers(-500, 500)),
    ),
    max_size=9,
).map(lambda rows: [
    article(f"{n:02}", text, title=title, source=source, at=None if hours is None else DAY + timedelta(hours=hours))
    for n, (text, title, source, hours) in enumerate(rows)
])  # fmt: skip


@given(articles=ARTICLES, order=st.randoms(use_true_random=False))
def test_grouping_is_a_partition_independent_of_input_order(articles: list[Article], order: object) -> None:
    bundles = group(articles)
    names = [article.id for bundle in bundles for article in (*bundle.articles, *bundle.copies)]
    assert sorted(names) == [article.id for article in articles]
    shuffled = list(articles)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert group(shuffled) == bundles


# --- addresses -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/news/tram",
        "https://www.example.org/news/tram/",
        "https://m.example.org/news/tram",
        "https://example.org:443/news/tram?utm_source=x&utm_medium=rss",
        "https://example.org/news/tram?fbclid=abc#comments",
        "https://example.org/news/tram/amp",
        "https://example.org/amp/news/tram",
        "https://amp.example.org/news/tram?amp=1",
        "https://example-org.cdn.ampproject.org/c/s/example.org/news/tram",
        "https://EXAMPLE.org/news//tram/index.html",
        "https://example.org/n%65ws/tram",
    ],
)
def test_equivalent_links_have_one_canonical_url(url: str) -> None:
    assert canonical_url(url) == "example.org/news/tram"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.org/story?id=1", "https://example.org/story?id=2"),
        ("https://example.org/a", "https://example.org/b"),
        ("https://example.org/2017/06/26.html#a020604", "https://example.org/2017/06/26.html#a010633"),
        ("https://example.org:8080/a", "https://example.org/a"),
        ("https://news.example.org/a", "https://sport.example.org/a"),
    ],
)
def test_different_pages_have_different_canonical_urls(one: str, other: str) -> None:
    assert canonical_url(one) != canonical_url(other)


URLS = st.one_of(
    st.text(max_size=40),
    st.builds(
        "{}://{}{}{}".format, st.sampled_from(["http", "https", "HTTP", "ftp"]),
        st.sampled_from(["m.a.org", "www.a.co.uk", "amp.b.com:80", "x-y.cdn.ampproject.org", "[::1]:8"]),
        st.sampled_from(["/", "", "/amp", "/c/s/m.a.org/amp/x", "/index.html", "/a%2fb%41/"]),
        st.text(alphabet="?&=#ab%2amp_utm[]", max_size=20),
    ),
)  # fmt: skip


@given(URLS)
def test_a_canonical_url_is_its_own_canonical_form(url: str) -> None:
    once = canonical_url(url)
    assert canonical_url(once) == once
