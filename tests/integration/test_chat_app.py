"""The chat page in a real browser: typed at, watched, stopped and broken."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.servers.openai_wire import (
    chunk,
    platform_error,
    sse,
    text_chunks,
    tool_call_delta,
    usage_chunk,
)
from tests.servers.wire import (
    End,
    Pause,
    Reply,
    WireServer,
    event_stream_reply,
    json_reply,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUIRE_BROWSER: Final = os.environ.get("LANGCHAIN_CLARIFAI_REQUIRE_BROWSER")
NO_LOCAL_MODEL: Final = os.environ.get("LANGCHAIN_CLARIFAI_NO_LOCAL_MODEL")
CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser")
EXAMPLES: Final = Path(__file__).parents[2] / "examples"
TOKEN: Final = "token-that-nobody-may-see"

pytestmark = pytest.mark.skipif(
    not REQUIRE_BROWSER
    and not all(map(importlib.util.find_spec, ("chainlit", "playwright"))),
    reason="Chainlit or Playwright is not installed; `make test-app` runs this test",
)

# Headless, and without a word to any host but the one that is tested.
BROWSER_OPTIONS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# --- What is running --------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start the browser, once."""
    if CHROMIUM is None:
        reason = "There is no chromium: run `apt-get install chromium`."
        (pytest.fail if REQUIRE_BROWSER else pytest.skip)(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=BROWSER_OPTIONS
        )
        # One context, so that only the first page has to load Chainlit.
        yield browser.new_context(viewport={"width": 1000, "height": 760})
        browser.close()


@pytest.fixture(scope="module")
def server() -> Iterator[WireServer]:
    """Serve what stands in for Clarifai."""
    with WireServer() as server:
        yield server


@pytest.fixture(scope="module")
def app_url(
    browser: Any, server: WireServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Serve the chat page as `make app` does, with a token."""
    assert browser
    directory = tmp_path_factory.mktemp("app")
    settings = {"CLARIFAI_PAT": TOKEN, "CLARIFAI_API_BASE": server.origin}
    with serve_app(directory, **settings) as url:
        yield url


@pytest.fixture
def page(browser: Any, server: WireServer, app_url: str) -> Iterator[Any]:
    """Open the chat page, as a visitor who was never there."""
    server.exchanges.clear()
    with open_page(browser, app_url) as page:
        yield page
    assert server.failures == []


@contextlib.contextmanager
def serve_app(directory: Path, **settings: str) -> Iterator[str]:
    """Serve the app; what it logs has neither the token nor a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    log = directory / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "chainlit", "run", "chat_app/app.py"],
            cwd=EXAMPLES,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(directory),
                "HEADLESS": "true",
                "CHAINLIT_PORT": str(port),
                "CHAINLIT_APP_ROOT": str(EXAMPLES / "chat_app"),
                **settings,
            },
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for_port(port, process, log)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(10)
    assert not re.search(f"Traceback|{TOKEN}", log.read_text()), log.read_text()


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the app serves.

    Raises:
        AssertionError: If it has ended, or takes longer than a minute.
    """
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.1)
    raise AssertionError(f"The app does not serve:\n{log.read_text()}")


@contextlib.contextmanager
def open_page(browser: Any, url: str) -> Iterator[Any]:
    """Open a page of its own."""
    page = browser.new_page()
    page.set_default_timeout(20_000)
    page.goto(url)
    yield page
    page.close()


# --- What a visitor does and sees -------------------------------------------------


def ask(page: Any, question: str) -> None:
    """Type a question and send it, once the page is ready."""
    page.fill("#chat-input", question)
    page.click("#chat-submit:not([disabled])")


def answer(page: Any) -> Any:
    """Locate the newest thing that the assistant said."""
    return page.locator('[data-step-type="assistant_message"]').last


def see(locator: Any, text: str) -> None:
    """Wait until a text is there to be read."""
    locator.get_by_text(text).first.wait_for(state="visible")


def stream(
    *parts: dict[str, Any] | Pause | threading.Event, end: End = End.COMPLETE
) -> Reply:
    """Send chunks and waits as they are listed, and `[DONE]` if it is complete."""
    pieces = [sse(p, done=False) if isinstance(p, dict) else p for p in parts]
    last = [sse()] if end is End.COMPLETE else []
    return event_stream_reply(*pieces, *last, end=end)


WORDS: Final = [chunk(f"word{number} ") for number in range(5000)]
ENDLESS: Final = {
    "steady": stream(*[part for word in WORDS for part in (word, Pause(0.1))]),
    # The page is busy writing words, so that a stop often comes while it does.
    "quick": stream(*[part for word in WORDS for part in (word, Pause(0.02))]),
    "silence": stream(threading.Event()),
}
"""Answers that take minutes, or for ever."""


def call_weather(arguments: str, name: str = "get_weather") -> Reply:
    """Let the model call the weather."""
    call = tool_call_delta(arguments, call_id="call_1", name=name)
    finish = chunk(finish_reason="tool_calls")
    return stream(chunk({"tool_calls": [call]}), finish, usage_chunk())


def wait_until_it_waits(page: Any) -> None:
    """Wait until the page takes questions again."""
    page.wait_for_selector("#stop-button", state="detached")


# --- What is claimed --------------------------------------------------------------


def test_tokens_are_visible_before_the_server_has_sent_the_rest(
    page: Any, server: WireServer
) -> None:
    """Each token is on the page while the next one has not been sent; usage follows."""
    second, third = threading.Event(), threading.Event()
    one, two, *rest = text_chunks("One ", "two ", "three.")[1:]
    server.reply(stream(one, second, two, third, *rest))
    ask(page, "Count to three.")

    see(answer(page), "One")
    assert "two" not in answer(page).inner_text()
    second.set()
    see(answer(page), "One two")
    assert "three" not in answer(page).inner_text()
    third.set()
    see(answer(page), "One two three.")

    see(answer(page), "7 tokens in, 5 out")
    assert server.last_request.headers["authorization"] == f"Bearer {TOKEN}"


def test_reasoning_is_folded_until_it_is_opened(page: Any, server: WireServer) -> None:
    """A visitor sees that there was reasoning, and reads it after a click."""
    thoughts = [chunk({"reasoning_content": text}) for text in ("Let me ", "think.")]
    server.reply(stream(*thoughts, *text_chunks("Thought through.")))
    ask(page, "Think!")

    see(answer(page), "Thought through.")
    assert page.get_by_text("Let me think.").count() == 0
    page.click("#step-reasoning")
    see(page, "Let me think.")


def test_tool_call_shows_while_it_runs_and_then_its_result(
    page: Any, server: WireServer
) -> None:
    """Arguments are there during the call, the result before the answer begins."""
    release = threading.Event()
    server.reply(call_weather('{"city": "Paris"}'))
    server.reply(stream(release, *text_chunks("Sunny, then.")))
    ask(page, "What is the weather in Paris?")

    tool = page.locator('[data-step-type="tool"]')
    see(tool, "Using get_weather")
    see(tool, '"Paris"')
    assert "21 degrees" not in tool.inner_text()
    see(tool, "It is 21 degrees and sunny in Paris.")
    assert page.locator('[data-step-type="assistant_message"]').count() == 0
    release.set()
    see(answer(page), "Sunny, then.")
    see(answer(page), "14 tokens in, 10 out")
    *_, call, result = server.last_request.json["messages"]
    assert call["tool_calls"][0]["function"]["name"] == "get_weather"
    assert result["content"] == "It is 21 degrees and sunny in Paris."


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("get_weather", '{"city": "Par'), ("get_weather", "{}"), ("get_fish", "{}")],
    ids=["cut-off", "wrong", "unknown"],
)
def test_call_that_cannot_be_run_is_shown_and_told_to_the_model(
    page: Any, server: WireServer, name: str, arguments: str
) -> None:
    """The page goes on: the model hears what was wrong and answers."""
    server.reply(call_weather(arguments, name), stream(*text_chunks("I see.")))
    ask(page, "What is the weather?")

    see(answer(page), "I see.")
    see(page.locator('[data-step-type="tool"]'), "It failed: ")
    told = server.last_request.json["messages"][-1]
    assert (told["role"], told["tool_call_id"]) == ("tool", "call_1")
    assert told["content"].startswith("It failed: ")


def test_model_that_only_calls_tools_is_ended(page: Any, server: WireServer) -> None:
    """After ten rounds without an answer the page says so, and takes questions."""
    server.reply(*[call_weather("{}") for _ in range(10)])
    ask(page, "What is the weather?")

    see(answer(page), "The model called tools 10 times and did not answer.")
    wait_until_it_waits(page)
    server.reply(stream(*text_chunks("I am here.")))
    ask(page, "Hello?")
    see(answer(page), "I am here.")
    assert len(server.last_request.json["messages"]) == 1


@pytest.mark.parametrize("pace", ["steady", "quick", "silence"])
def test_stop_closes_the_connection_and_the_page_goes_on(
    page: Any, server: WireServer, *, pace: str
) -> None:
    """The server sees the client leave at once, with more to say or saying nothing."""
    server.reply(ENDLESS[pace])
    ask(page, "Tell me a long story.")
    if pace != "silence":
        see(answer(page), "word5 ")
    wait_for_exchange(server)
    page.click("#stop-button")

    assert server.exchanges[0].client_left.wait(5)
    wait_until_it_waits(page)
    if pace != "silence":
        see(page, "word0 word1 word2 word3 word4 word5")
    server.reply(stream(*text_chunks("Still here.")))
    ask(page, "Are you there?")
    see(answer(page), "Still here.")
    said = [message["content"] for message in server.last_request.json["messages"]]
    assert said[-1] == "Are you there?"
    if pace == "silence":
        assert len(said) == 1
    else:
        # What was read before the stop is part of the conversation.
        assert said[0] == "Tell me a long story."
        assert said[1].startswith("word0 word1 word2 word3 word4 word5")


def wait_for_exchange(server: WireServer, seconds: float = 10) -> None:
    """Wait until the request is at the server."""
    give_up = time.monotonic() + seconds
    while not server.exchanges:
        assert time.monotonic() < give_up, "No request came."
        time.sleep(0.01)


LEAVE_A_STREAM: Final = """
import asyncio, contextlib
import chainlit.cli  # it patches asyncio
from chat_app import app

async def leave():
    async for chunk in app.model.astream("Tell me a long story."):
        await asyncio.sleep(60)

async def main():
    await app.close_what_is_left()
    task = asyncio.create_task(leave())
    await asyncio.sleep(2)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    del task
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_stop_while_a_word_goes_to_the_page_closes_the_connection_too(
    server: WireServer, tmp_path: Path
) -> None:
    """Left outside the stream itself, it is closed on Chainlit's loop as on others."""
    server.exchanges.clear()
    server.reply(ENDLESS["steady"])
    settings = {"CLARIFAI_PAT": TOKEN, "CLARIFAI_API_BASE": server.origin}
    process = subprocess.Popen(  # noqa: S603 - fixed words
        [sys.executable, "-c", LEAVE_A_STREAM],
        cwd=EXAMPLES,
        env={"CHAINLIT_APP_ROOT": str(tmp_path), "HOME": str(tmp_path), **settings},
        stderr=subprocess.PIPE,
    )
    try:
        wait_for_exchange(server, seconds=60)
        assert server.exchanges[0].client_left.wait(10)
    finally:
        process.kill()
        complaints = process.communicate()[1].decode()
    # Else it was only the end of its memory that closed it, sooner or later.
    assert "ignored GeneratorExit" not in complaints


def test_closed_page_stops_the_answer_as_well(page: Any, server: WireServer) -> None:
    """Nothing is generated for a page that nobody looks at."""
    server.reply(ENDLESS["steady"])
    ask(page, "Tell me a long story.")
    see(answer(page), "word5")
    page.close()

    assert server.exchanges[0].client_left.wait(5)


def test_refused_token_reads_as_advice(page: Any, server: WireServer) -> None:
    """A 401 says what to do, and shows neither the token nor a traceback."""
    refusal = platform_error(11001, "Invalid token", f"Unknown: {TOKEN}")
    server.reply(json_reply(refusal, status=401))
    ask(page, "Hello?")

    see(answer(page), "Check the token")
    see(answer(page), "https://clarifai.com/settings/security")
    assert "Asking again" not in answer(page).inner_text()
    assert not re.search(f"Traceback|{TOKEN}", page.content())


def test_broken_stream_keeps_its_text_and_says_what_happened(
    page: Any, server: WireServer
) -> None:
    """The half answer stays, what happened stands under it, and one can go on."""
    half = text_chunks("Once upon ", "a time")[:3]
    server.reply(stream(*half, end=End.RESET))
    ask(page, "Tell me a story.")

    see(answer(page), "The connection broke")
    see(answer(page), "Asking again may help.")
    see(page, "Once upon a time")
    assert not re.search(f"Traceback|{TOKEN}", page.content())
    wait_until_it_waits(page)
    server.reply(stream(*text_chunks("there was a cat.")))
    ask(page, "Go on.")
    see(answer(page), "there was a cat.")
    said = [message["content"] for message in server.last_request.json["messages"]]
    assert said == ["Tell me a story.", "Once upon a time", "Go on."]


def test_page_loads_nothing_from_elsewhere(
    browser: Any, server: WireServer, app_url: str
) -> None:
    """Neither Chainlit's fonts nor an image in an answer are asked for.

    The image would be at the server of the test, which counts what it has no reply to.
    """
    failures: dict[str, str] = {}
    with open_page(browser, "about:blank") as page:
        page.on("requestfailed", lambda r: failures.update({r.url: r.failure}))
        page.goto(app_url)
        image = f"{server.origin}/leak.png"
        server.reply(stream(*text_chunks(f"Look: ![image]({image}) there.")))
        ask(page, "Show me.")
        see(answer(page), "7 tokens in")
        elsewhere = {url for url in failures if not url.startswith(app_url)}
    assert image in elsewhere
    assert {failures[url] for url in elsewhere} == {"csp"}
    assert server.failures == []


@pytest.mark.local_model
@pytest.mark.skipif(
    NO_LOCAL_MODEL is not None, reason="nothing is to run on the local model"
)
def test_real_model_calls_a_tool_answers_and_counts(
    browser: Any, tmp_path: Path
) -> None:
    """Without a token, the page talks to the real model of the demo."""
    with serve_app(tmp_path) as url, open_page(browser, url) as page:
        page.set_default_timeout(60_000)
        ask(page, "What is the weather in Paris?")

        tool = page.locator('[data-step-type="tool"]')
        see(tool, "It is 21 degrees and sunny in Paris.")
        page.get_by_text(re.compile(r"\d+ tokens in, \d+ out")).wait_for()
        assert "21 degrees" in answer(page).inner_text()
