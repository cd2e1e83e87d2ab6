"""The engine `openai` and models that think: what they hide, what it costs, and what many requests learn together."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest

from briefing.engines import Completion, EngineOptions, Message, ModelSpec, Prompt
from briefing.engines.openai import OpenAIEngine
from briefing.summariser.parsing import read_points
from briefing.testing.chat import CHAT, ChatServer, Request, events
from briefing.testing.server import ReceivedRequest

ANSWER = "# Tram approved\n- The council voted for a tram."
SCHEMA = {"type": "object", "properties": {"headline": {}, "points": {}}, "required": ["headline", "points"]}
OBJECT = json.dumps({"headline": "Tram", "points": ["One."]})
WRONG_NAME = (
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
)
ROOM = 8192


@pytest.fixture
def server() -> Iterator[ChatServer]:
    """A server that does not state the context of its model."""
    with ChatServer("m-1") as running:
        yield running


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries without long pauses."""
    monkeypatch.setattr("briefing.engines.openai.engine._FIRST_PAUSE", 0.01)


def prompt(text: str = "Hello", **fields: Any) -> Prompt:
    given: dict[str, Any] = {"id": text, "max_tokens": 50, "document": text} | fields
    return Prompt(messages=(Message("system", "Be brief."), Message("user", text)), **given)


def ask(server: ChatServer, *prompts: Prompt, **options: Any) -> list[Completion]:
    engine = OpenAIEngine(ModelSpec(name="m-1", address=server.base_url, digest="d"), EngineOptions(**options))
    try:
        return list(engine.complete(prompts or (prompt(),)))
    finally:
        engine.close()


def one(server: ChatServer, *prompts: Prompt, **options: Any) -> Completion:
    (completion,) = ask(server, *prompts, **options)
    return completion


def whole(content: Any, *, finish: str | None = "stop", **more: Any) -> bytes:
    """An answer that is not streamed; `more` goes into its message, `usage` beside it."""
    usage = more.pop("usage", {})
    message = {"role": "assistant", "content": content, **more}
    return json.dumps({"choices": [{"message": message, "finish_reason": finish}], "usage": usage}).encode()


def refusing(server: ChatServer, refuses: Any, then: bytes) -> None:
    """Answers 400 with what `refuses` says of a request, and `then` where it says nothing."""

    def reply(seen: ReceivedRequest) -> tuple[int, str, bytes]:
        if said := refuses(json.loads(seen.body)):
            return 400, "application/json", json.dumps({"error": {"message": said}}).encode()
        return 200, "text/event-stream", then

    server.replies(CHAT, reply)


# --- what many requests learn together --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "message"),
    [("max_tokens", WRONG_NAME), ("temperature", ""), ("seed", "Extra inputs are not permitted: seed"), ("stop", "")],
)
def test_what_ten_requests_learn_at_the_same_moment_fails_none_of_them(
    server: ChatServer, field: str, message: str
) -> None:
    server.refuses(field, then=ANSWER, message=message, at_once=10)
    answers = ask(server, *(prompt(f"p{number}", stop=("\n\n",)) for number in range(12)), slots=10)
    assert [answer.text for answer in answers] == [ANSWER] * 12
    assert server.most_at_once == 10
    assert sum(field in asked for asked in server.asked) == 10


def test_a_request_meets_every_refusal_there_is(server: ChatServer) -> None:
    """As o-series models refuse: one field at a time, all requests at once."""

    def refuses(request: Request) -> str:
        for field in ("temperature", "logprobs", "stop", "seed"):
            if field in request:
                return f"Unsupported value: '{field}' does not support this with this model."
        return WRONG_NAME if "max_tokens" in request else ""

    refusing(server, refuses, events(ANSWER))
    wished = [prompt(f"p{number}", stop=("\n\n",), choices=("yes", "no")) for number in range(10)]
    assert {answer.text for answer in ask(server, *wished, slots=10)} == {ANSWER}
    assert server.asked[-1]["max_completion_tokens"] == 50


def test_fields_that_one_refusal_lists_are_left_away_together(server: ChatServer) -> None:
    listed = "UnsupportedParamsError: bedrock does not support parameters: ['seed', 'logprobs'], for model=m-1."
    refusing(server, lambda request: listed if {"seed", "logprobs"} & set(request) else "", events("yes"))
    assert one(server, prompt(choices=("yes", "no"))).text == "yes"
    assert len(server.asked) == 2
    assert "top_logprobs" not in server.asked[1]


SEED = "Unknown field 'seed'"


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": SEED}},
        {"error": SEED},
        {"object": "error", "message": SEED, "code": 400},
        {"message": SEED},
        {"detail": SEED},
        {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]},
        [{"error": {"code": 400, "message": SEED, "status": "INVALID_ARGUMENT"}}],
        {"error": {"message": "Provider returned error", "code": 400,
                   "metadata": {"raw": json.dumps({"error": {"message": SEED}}), "provider_name": "somebody"}}},
        {"error": {"message": "Not supported with this model", "param": "seed"}},
    ],
    ids=["OpenAI", "LM Studio", "vLLM", "bare", "detail", "pydantic", "Google", "OpenRouter", "by name"],
)  # fmt: skip
def test_a_refusal_is_understood_in_every_shape(server: ChatServer, body: Any) -> None:
    server.serves(CHAT, json.dumps(body), status=400, type="application/json", times=1)
    server.says(ANSWER)
    assert one(server).text == ANSWER
    assert "seed" not in server.asked[1]


def test_what_a_server_repeats_of_the_article_teaches_nothing(server: ChatServer) -> None:
    told = {"type": "x", "loc": ["body", "messages", 0], "msg": "too odd", "input": "The 'temperature' of the 'seed'"}
    server.serves(CHAT, json.dumps({"detail": [told]}), status=422)
    answer = one(server)
    assert (answer.finish, len(server.asked)) == ("error", 1)
    assert "too odd" in answer.error


def test_a_template_without_a_system_gets_its_words_with_the_users(server: ChatServer) -> None:
    said = "Conversation roles must alternate user/assistant/user/assistant/..."
    refusing(server, lambda request: said if request["messages"][0]["role"] == "system" else "", events(ANSWER))
    assert one(server).text == ANSWER
    assert server.asked[1]["messages"] == [{"role": "user", "content": "Be brief.\n\nHello"}]


# --- thoughts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [f"<think>Hm, tram?</think>\n\n{ANSWER}", f"Hm, tram?</think>\n{ANSWER}"])
def test_thoughts_are_no_part_of_an_answer(server: ChatServer, said: str) -> None:
    server.says(said)
    assert one(server).text.strip() == ANSWER


THOUGHTFUL = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]
USAGE = {"prompt_tokens": 9, "completion_tokens": 50, "completion_tokens_details": {"reasoning_tokens": 50}}


@pytest.mark.parametrize(
    "first",
    [
        events("", thought="Hm, hm.", finish="length"),
        events("<think>Hm, hm.", finish="length"),
        events("<thi", finish="length"),
        events("", hidden=50, finish="length"),
        whole("", finish="length", usage=USAGE),
        whole(None, finish="length"),
        whole("", finish="length", reasoning="Hm."),
        whole(None, finish=None, reasoning_details=[{"type": "reasoning.encrypted", "data": "x"}]),
        whole(THOUGHTFUL, finish="length"),
        whole([*THOUGHTFUL, {"type": "text", "text": "# Tram appr"}], finish="length"),
    ],
    ids=["field", "marks", "half a mark", "hidden", "hidden, whole", "null", "reasoning", "details", "parts", "cut"],
)
def test_a_model_that_thought_too_long_gets_room_once(server: ChatServer, first: bytes) -> None:
    kind = "application/json" if first.startswith(b"{") else "text/event-stream"
    server.serves(CHAT, first, type=kind, times=1)
    server.says(f"<think>Hm.\n\n</think>{ANSWER}\n\nMore.")
    answer = one(server, prompt(stop=("\n\n",)))
    assert (answer.text, answer.finish) == (ANSWER, "stop")
    assert [asked["max_tokens"] for asked in server.asked] == [50, 50 + ROOM]
    assert "stop" not in server.asked[1]
    assert [asked.get("reasoning_effort") for asked in server.asked] == [None, "none"]


@pytest.mark.parametrize("settings", [{}, {"thinking_tokens": 1000}])
@pytest.mark.parametrize(
    "said", [{"thought": "Hm."}, {"hidden": 5}, {"text": "<think>Hm."}, {}], ids=["seen", "hidden", "marks", "silent"]
)
def test_a_model_that_does_not_come_to_an_end_is_an_error_that_says_so(
    server: ChatServer, said: dict[str, Any], settings: dict[str, int]
) -> None:
    server.says(**{"text": "", "finish": "length", **said})
    answers = ask(server, prompt("a"), prompt("b"), slots=1, **settings)
    room = settings.get("thinking_tokens", ROOM) + 50
    assert [(answer.finish, answer.text) for answer in answers] == [("error", "")] * 2
    assert all(f"used up its {room:,} tokens on thinking" in answer.error for answer in answers)
    assert all("thinking_tokens" in answer.error for answer in answers)
    assert [asked["max_tokens"] for asked in server.asked] == [50, room, room]


def test_a_judge_that_thinks_gets_room_as_well(server: ChatServer) -> None:
    server.says(lambda request: "" if request["max_tokens"] < 100 else "yes", hidden=40, finish="length", times=1)
    server.says("yes", hidden=40)
    answer = one(server, prompt(max_tokens=2, choices=("yes", "no")))
    assert (answer.text, answer.odds) == ("yes", ())


def test_the_room_for_thoughts_fits_the_window() -> None:
    with ChatServer("m-1", context=4096) as server:
        server.says("", hidden=50, finish="length", times=1)
        server.says(ANSWER)
        assert one(server, prompt("word " * 1000)).text == ANSWER
        assert 1000 < server.asked[1]["max_tokens"] < 4096 - 1000


@pytest.mark.parametrize(
    ("stated", "options", "room"),
    [
        (0, {"context": 4096}, 4096 - 3008 - 50),  # silent servers are taken at the user's word
        (32_768, {"context": 4096}, 4096 - 3008 - 50),
        (4096, {"context": 32_768}, 4096 - 3008 - 50),
        (4096, {"thinking_tokens": 6000}, 4096 - 3008 - 50),
        (0, {"context": 4096, "thinking_tokens": 6000}, 6000),  # on top of the window that was asked for
        (0, {"context": 3100}, 256),
        (0, {}, ROOM),
    ],
)
def test_the_room_for_thoughts_fits_the_smaller_of_the_windows(stated: int, options: dict[str, int], room: int) -> None:
    messages = (Message("user", "x" * 9000),)  # 3,000 tokens, and 8 around them
    with ChatServer("m-1", context=stated) as server:
        server.says("", hidden=50, finish="length", times=1)
        server.says(ANSWER)
        answer = one(server, Prompt(id="1", messages=messages, document="", max_tokens=50), **options)
        assert (answer.text, server.asked[1]["max_tokens"] - 50) == (ANSWER, room)


@pytest.mark.parametrize("said", [f"{ANSWER}<|end|>", f"<|START_RESPONSE|>{ANSWER}<|END_RESPONSE|>"])
def test_answer_wrappers_are_no_reasoning(server: ChatServer, said: str) -> None:
    server.says(lambda request: OBJECT if "response_format" in request else said)
    first, second = ask(server, prompt("a"), prompt("b", schema=SCHEMA), slots=1)
    assert (first.text, second.text) == (ANSWER, OBJECT)
    assert [asked["max_tokens"] for asked in server.asked] == [50, 50]
    assert "reasoning_effort" not in server.asked[1]


@pytest.mark.parametrize(
    ("message", "most"),
    [
        ("max_tokens is too large: {0}. This model supports at most 4096 completion tokens.", 4096),
        ("`max_tokens` must be less than or equal to `2048`, the maximum value for `max_tokens`", 2048),
        ("max_tokens: {0} > 4096, which is the maximum allowed number of output tokens", 4096),
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 4096]", 4096),
        ("This model's maximum context length is 4096 tokens. However, you requested {0} tokens (404 in the messages,"
         " {0} in the completion).", 4096 - 404),
        ("'max_tokens' or 'max_completion_tokens' is too large: {0}. This model's maximum context length is 4096 tokens"
         " and your request has 404 input tokens ({0} > 4096 - 404).", 4096 - 404),
        ("max_tokens is too large for this model", 50 + 4096),
    ],
)  # fmt: skip
def test_a_server_that_lets_answers_be_shorter_is_understood(server: ChatServer, message: str, most: int) -> None:
    server.says("", hidden=50, finish="length", times=1)

    def refuses(request: Request) -> str:
        length = int(request.get("max_tokens", 0))
        return message.format(length) if length > most else ""

    refusing(server, refuses, events(ANSWER))
    assert one(server).text == ANSWER
    assert server.asked[-1]["max_tokens"] == most
    assert len(server.asked) == 3


def test_a_window_without_room_for_thoughts_is_an_error_with_a_remedy(server: ChatServer) -> None:
    said = (
        "This model's maximum context length is 512 tokens and your request has 460 input tokens. max_tokens too large"
    )
    server.says("", hidden=50, finish="length", times=1)
    server.serves(CHAT, json.dumps({"error": {"message": said}}), status=400)
    answer = one(server)
    assert "Set context = 512 or less" in answer.error
    assert len(server.asked) == 2


def test_an_answer_may_have_to_be_longer_than_a_judge_needs(server: ChatServer) -> None:
    said = "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 2 instead."
    refusing(server, lambda request: said if request["max_tokens"] < 16 else "", events("yes"))
    assert one(server, prompt(max_tokens=2, choices=("yes", "no"))).text == "yes"
    assert server.asked[1]["max_tokens"] == 16


def test_refusal_of_max_tokens_means_reasoning(server: ChatServer) -> None:
    said = "Could not finish the message because max_tokens or model output limit was reached. Please try again."
    refusing(server, lambda request: said if request["max_tokens"] < 100 else "", events(ANSWER))
    assert one(server).text == ANSWER


@pytest.mark.parametrize(
    ("takes", "efforts"), [("low", [None, "none", "low"]), (None, [None, "none", "low", None])], ids=["low", "nothing"]
)
def test_less_thinking_is_asked_for_as_far_as_the_server_takes_it(
    server: ChatServer, takes: str | None, efforts: list[str | None]
) -> None:
    def refuses(request: Request) -> str:
        effort = request.get("reasoning_effort")
        return (
            f"Unsupported value: 'reasoning_effort' does not support '{effort}'" if effort not in {None, takes} else ""
        )

    server.says("", hidden=50, finish="length", times=1)
    refusing(server, refuses, events(ANSWER))
    assert one(server).text == ANSWER
    assert [asked.get("reasoning_effort") for asked in server.asked] == efforts


def test_a_schema_stays_where_thoughts_come_apart_from_the_answer(server: ChatServer) -> None:
    server.says("", hidden=50, finish="length", times=1)
    server.says(OBJECT, hidden=20)
    assert one(server, prompt(schema=SCHEMA)).text == OBJECT
    assert "response_format" in server.asked[1]


# --- answers that are none --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        (whole("", finish="stop"), "answer is empty"),
        (whole(None, finish="tool_calls", tool_calls=[{"id": "1"}]), "answer is empty"),
        (whole("", finish="content_filter"), "declines to answer"),
        (whole(None, refusal="I cannot help with that."), "I cannot help with that"),
    ],
)
def test_an_empty_answer_is_an_error(server: ChatServer, said: bytes, cause: str) -> None:
    server.serves(CHAT, said, type="application/json")
    answer = one(server, prompt(schema=SCHEMA))
    assert (answer.finish, answer.text) == ("error", "")
    assert cause in answer.error
    assert len(server.asked) <= 2


def test_an_answer_that_begins_with_what_ends_it_is_asked_for_without(server: ChatServer) -> None:
    server.says(lambda request: "" if request.get("stop") else "\n\nA point.\n\nA note.")
    assert one(server, prompt(stop=("\n\n",))).text == "A point."


def test_a_list_is_not_ended_by_a_blank_line(server: ChatServer) -> None:
    server.refuses("response_format", then=ANSWER.replace("\n", "\n\n"))
    assert one(server, prompt(schema=SCHEMA, stop=("\n\n",))).text == ANSWER.replace("\n", "\n\n")
    assert "stop" not in server.asked[1]


def test_filtered_answer_counts_as_truncated(server: ChatServer) -> None:
    server.says("# Tram\n- The council", finish="content_filter")
    assert one(server).finish == "length"


CUT = '{"headline": "Tram", "points": ["One.", "Tw'


@pytest.mark.parametrize("said", [CUT, f"```json\n{CUT}", "# Tram\n- One.\n- Tw"])
def test_a_cut_answer_of_which_a_part_is_whole_is_a_cut_answer(server: ChatServer, said: str) -> None:
    server.says(said, finish="length")
    answer = one(server, prompt(schema=SCHEMA))
    assert (answer.text, answer.finish) == (said, "length")
    assert read_points(answer.text, cut=True) == ("Tram", ("One.",))
    assert len(server.asked) == 1


@pytest.mark.parametrize("said", [OBJECT[:20], '{"headline": "Tram", "points": ["On', "{" + "\n" * 40])
def test_an_object_without_a_whole_point_is_asked_for_as_a_list_and_keeps_its_schema(
    server: ChatServer, said: str
) -> None:
    server.says(said, finish="length", times=1)
    server.says(lambda request: OBJECT if "response_format" in request else ANSWER)
    first, second = ask(server, prompt("a", schema=SCHEMA), prompt("b", schema=SCHEMA), slots=1)
    assert (first.text, second.text) == (ANSWER, OBJECT)


def test_an_answer_without_a_reason_for_its_end_is_whole(server: ChatServer) -> None:
    server.serves(CHAT, whole(ANSWER, finish=None), type="application/json")
    assert one(server).text == ANSWER


# --- odds -------------------------------------------------------------------------------------------------------


def weighed(*tokens: str, content: str | None = None, **likely: float) -> bytes:
    """An answer of `tokens`, each with the same likely rivals."""
    top = [{"token": token, "logprob": math.log(share)} for token, share in likely.items()]
    said = [{"token": token, "logprob": 0.0, "top_logprobs": top} for token in tokens]
    message = {"role": "assistant", "content": "".join(tokens) if content is None else content}
    return json.dumps(
        {"choices": [{"message": message, "finish_reason": "stop", "logprobs": {"content": said}}]}
    ).encode()


@pytest.mark.parametrize(
    ("said", "odds"),
    [
        (weighed("yes", yes=0.6, no=0.2), (0.75, 0.25)),
        (weighed("\n", " ", "Yes", yes=0.6, no=0.2), (0.75, 0.25)),
        (weighed("**", "Yes", "**", yes=0.6, no=0.2), (0.75, 0.25)),
        (weighed("<think>", "no", "</think>", "\n\n", "yes", yes=0.6, no=0.2), (0.75, 0.25)),
        (weighed("Hm", "yes", "<|end|>", content="yes", yes=0.6, no=0.2), (0.75, 0.25)),
        (weighed("The", " statement", yes=0.0006, no=0.0002), ()),
        (weighed("no", content="yes", yes=0.6, no=0.2), ()),
        (whole("yes"), ()),
    ],
    ids=["plain", "blank", "bold", "thoughts", "thoughts apart", "other words", "another text", "no odds"],
)
def test_odds_are_those_of_the_answers_first_word(server: ChatServer, said: bytes, odds: tuple[float, ...]) -> None:
    server.serves(CHAT, said, type="application/json")
    assert one(server, prompt(max_tokens=2, choices=("yes", "no"))).odds == pytest.approx(odds)


def test_fewer_alternatives_are_taken_where_a_server_gives_no_more(server: ChatServer) -> None:
    said = "top_logprobs must be at most 5"
    refusing(server, lambda request: said if request.get("top_logprobs", 0) > 5 else "", events("yes"))
    assert one(server, prompt(choices=("yes", "no"))).text == "yes"
    assert [asked["top_logprobs"] for asked in server.asked] == [20, 5]


# --- the budget -------------------------------------------------------------------------------------------------


def test_the_budget_of_tokens_is_kept(server: ChatServer) -> None:
    server.says(ANSWER)
    answers = ask(server, *(prompt(f"p{number}") for number in range(5)), slots=1, token_budget=200)
    assert [answer.finish for answer in answers] == ["stop", "stop", "error", "error", "error"]
    assert "budget of 200 tokens" in answers[-1].error


def test_the_budget_is_kept_where_a_server_does_not_count(server: ChatServer) -> None:
    server.says("word " * 60, usage=False)  # 100 tokens and 25 for the prompt, by our own estimate
    answers = ask(server, *(prompt(f"p{number}") for number in range(5)), slots=1, token_budget=200)
    assert [answer.finish for answer in answers] == ["stop", "stop", "error", "error", "error"]
    assert answers[0].prompt_tokens > 0
    assert answers[0].completion_tokens == 100


def test_the_budget_counts_answers_that_were_discarded(server: ChatServer) -> None:
    server.says("", hidden=500, finish="length")
    answer = one(server, token_budget=400)
    assert "budget of 400 tokens" in answer.error
    assert len(server.asked) == 1


def test_the_budget_counts_answers_that_broke_off(server: ChatServer) -> None:
    said = events("word " * 300, usage=False)
    server.cuts(CHAT, said, after=len(said) - 100, type="text/event-stream")
    answer = one(server, token_budget=300)
    assert "budget of 300 tokens" in answer.error
    assert len(server.asked) == 1


@pytest.mark.parametrize(("said", "written"), [("# Tram\n- The council", 50), ("word " * 60, 100)])
def test_an_uncounted_answer_that_its_room_ended_has_used_it(server: ChatServer, said: str, written: int) -> None:
    server.says(said, finish="length", usage=False)
    first, second = ask(server, prompt("a"), prompt("b"), slots=1, token_budget=20 + written)
    assert first.completion_tokens == written
    assert "budget of" in second.error


def test_an_uncounted_empty_answer_counts_as_all_that_was_asked_for(server: ChatServer) -> None:
    server.says("", usage=False)
    assert "budget of 70 tokens" in one(server, token_budget=70).error
    assert len(server.asked) == 1


def test_hidden_thoughts_count_against_the_budget_where_a_server_does_not_count(server: ChatServer) -> None:
    server.says("", finish="length", usage=False)
    answers = ask(server, *(prompt(f"p{number}") for number in range(5)), slots=1, token_budget=ROOM)
    assert [asked["max_tokens"] for asked in server.asked] == [50, 50 + ROOM]
    assert "used up its 8,242 tokens on thinking" in answers[0].error
    assert {answer.error for answer in answers[1:]} == {
        "the budget of 8,192 tokens is used up. Raise token_budget, or set it to 0"
    }


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -500_000, "completion_tokens": -3},
        {"prompt_tokens": "many", "completion_tokens": [1]},
        {"prompt_tokens": 1e300, "completion_tokens": math.inf, "completion_tokens_details": "none"},
        {"prompt_tokens": math.nan, "completion_tokens_details": {"reasoning_tokens": {}}},
        [1, 2],
        "free",
        7,
    ],
)
def test_malformed_usage_is_ignored(server: ChatServer, usage: Any) -> None:
    server.serves(CHAT, whole(ANSWER, usage=usage), type="application/json")
    answer = one(server)
    assert (answer.text, answer.prompt_tokens, answer.completion_tokens) == (ANSWER, 21, 16)  # by our own estimate
    assert len(server.asked) == 1


# --- what passes, what does not ---------------------------------------------------------------------------------


def test_loading_server_is_waited_for(server: ChatServer) -> None:
    loading = json.dumps({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}})
    server.serves(CHAT, loading, status=503, times=8)
    server.says(ANSWER)
    assert one(server).text == ANSWER


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, {"error": {"message": "You exceeded your current quota.", "code": "insufficient_quota"}}),
        (402, {"error": {"message": "Insufficient credits"}}),
    ],
)
def test_an_account_without_credit_ends_the_run(server: ChatServer, status: int, body: dict[str, Any]) -> None:
    server.serves(CHAT, json.dumps(body), status=status)
    answers = ask(server, *(prompt(f"p{number}") for number in range(5)), slots=1)
    assert all("no credit left" in answer.error for answer in answers)
    assert len(server.asked) == 1


def test_a_server_that_may_not_stream_answers_whole(server: ChatServer) -> None:
    said = "Your organization must be verified to stream this model."

    def reply(seen: ReceivedRequest) -> tuple[int, str, bytes]:
        if "stream" in json.loads(seen.body):
            return 400, "application/json", json.dumps({"error": {"message": said, "param": "stream"}}).encode()
        return 200, "application/json", whole(ANSWER)

    server.replies(CHAT, reply)
    assert one(server).text == ANSWER
    assert "stream_options" not in server.asked[1]


@pytest.mark.parametrize("kind", ["text/plain", "application/json"])
def test_a_stream_that_calls_itself_something_else_is_understood(server: ChatServer, kind: str) -> None:
    server.serves(CHAT, b": keep-alive\r\n\r\n" + events(ANSWER).replace(b"\n", b"\r\n"), type=kind)
    assert one(server).text == ANSWER
