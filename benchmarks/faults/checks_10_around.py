"""Section 10: keys, addresses, caches and waits around the answers."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import warnings
from typing import Any

from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.exceptions import ModelAuthenticationError
from langchain_core.globals import set_llm_cache
from langchain_core.messages import HumanMessage
from payloads import chunk, completion, dump, error, events, role, text_stream
from servers.wire import Pause, Reply, WireServer, event_stream_reply, json_reply
from stage import CheckFailedError, Played, Stage, check, expect, expect_equal

KEY_VARIABLES = (
    "CLARIFAI_PAT",
    "CLARIFAI_API_KEY",
    "DEEPSEEK_API_KEY",
    "GROQ_API_KEY",
    "OPENAI_API_KEY",
    "OPENROUTER_API_KEY",
)


@check(10, alone=True)
def no_key_for_a_local_server(stage: Stage) -> None:
    """Without a key anywhere, a local server is asked without one."""
    for name in KEY_VARIABLES:
        os.environ.pop(name, None)
    for played in stage.answer(completion("Ja."), key=None):
        expect_equal(played.text, "Ja.", "text")
        headers = played.exchanges[-1].request.headers
        expect("authorization" not in headers, "Authorization is sent")


@check(10)
def placeholder_key(stage: Stage) -> None:
    """A placeholder as key blots out no text of an error, and changes no class."""
    body = error("x expects an extra box of oxen", 401)
    for played in stage.fail(json_reply(body, status=401), key="x"):
        name = type(played.error).__name__
        is_one = isinstance(played.error, ModelAuthenticationError)
        expect(is_one, f"it is a {name}")
        expect("extra box of oxen" in str(played.error), f"it says {played.error}")


@check(10)
def whole_address(stage: Stage) -> None:
    """A base URL that already ends in `/chat/completions` is understood or refused."""
    with WireServer(lambda _: json_reply(completion("Ja."))) as server:
        try:
            model = stage.build_model(
                origin=server.origin, path_after="/chat/completions"
            )
        except ValueError:
            return
        model.invoke("Da?")
        path = server.last_request.path
    expect_equal(path.count("/chat/completions"), 1, f"how often it is in {path}")


def read_slowly(stream: Any, read: Played, begun: threading.Event) -> None:
    """Read a stream in a thread, and keep its error."""
    try:
        for one in stream:
            read.chunks.append(one)
            begun.set()
    except Exception as raised:  # noqa: BLE001 - it is judged below
        read.error = raised
    begun.set()


@check(10)
def close_harms_nobody(stage: Stage) -> None:
    """`close()` of a model that another thread is reading from lets it end."""
    pieces = [events(role(), chunk("Eins. "), done=False), Pause(0.5)]
    rest = events(chunk("Zwei."), chunk(finish="stop"))
    with WireServer() as server:
        server.reply(event_stream_reply(*pieces, rest))
        model = stage.build_model(origin=server.origin)
        read, begun = Played("stream"), threading.Event()
        reader = threading.Thread(
            target=read_slowly, args=(model.stream("Los"), read, begun), daemon=True
        )
        reader.start()
        begun.wait(5)
        model.close()
        reader.join(5)
        expect(not reader.is_alive(), "the reader hangs")
    expect(read.error is None, f"the reader got {read.error!r}")
    expect_equal(read.text, "Eins. Zwei.", "text")


def serve_twice(listener: socket.socket) -> None:
    """Answer each request and, a moment later, one that nobody made."""
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=answer_twice, args=(connection,), daemon=True).start()


def answer_twice(connection: socket.socket) -> None:
    """Answer the requests of a connection, each once more where nobody asks."""
    while data := connection.recv(65_536):
        if b"\r\n\r\n" not in data:
            continue
        for text in ("Gefragt.", "Ungefragt."):
            told = dump(completion(text)).encode()
            head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
            head += b"content-length: %d\r\n\r\n" % len(told)
            connection.sendall(head + told)
            threading.Event().wait(0.1)


@check(10)
def stray_bytes_on_an_idle_connection(stage: Stage) -> None:
    """An answer that nobody asked for is not taken for the next one, sync and async."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve_twice, args=(listener,), daemon=True).start()
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        model = stage.build_model(origin=origin)

        async def ask_twice() -> list[str]:
            first = await model.ainvoke("Da?")
            await asyncio.sleep(0.3)
            return [str(first.text), str((await model.ainvoke("Da?")).text)]

        texts = [str(model.invoke("Da?").text)]
        threading.Event().wait(0.3)
        texts.append(str(model.invoke("Da?").text))
        texts += asyncio.run(ask_twice())
    expect_equal(texts, ["Gefragt."] * 4, "texts")


@check(10, alone=True)
def caches_know_the_headers(stage: Stage) -> None:
    """LangChain's cache keeps models with other headers apart."""
    set_llm_cache(InMemoryCache())
    texts: list[str] = []
    with WireServer() as server:
        for tenant in ("Anna", "Bea"):
            server.reply(json_reply(completion(f"Guten Tag, {tenant}.")))
            model = stage.build_model(
                origin=server.origin, headers={"x-tenant": tenant}
            )
            texts.append(str(model.invoke("Wer bin ich?").text))
        sent = [one.headers.get("x-tenant") for one in server.requests]
    if sent[:1] != ["Anna"]:
        raise CheckFailedError("it takes no headers")
    expect_equal(texts, ["Guten Tag, Anna.", "Guten Tag, Bea."], "texts")


@check(10, alone=True)
def files_are_not_counted_by_letters(stage: Stage) -> None:
    """A file of 800 kB in a message counts, offline, as 10,000 tokens at most."""
    model = stage.build_model()
    block = {
        "type": "file",
        "base64": "JVBERi0x" * 100_000,
        "mime_type": "application/pdf",
    }
    text: Any = {"type": "text", "text": "Was steht da?"}
    counted = model.get_num_tokens_from_messages([HumanMessage([text, block])])
    expect(counted < 10_000, f"the message has {counted} tokens")


class Waiter(BaseCallbackHandler):
    """Counts what LangChain tells of tries."""

    def __init__(self) -> None:
        self.count = 0

    def on_retry(self, *_: Any, **__: Any) -> None:
        """Count."""
        self.count += 1


@check(10)
def waits_are_told(stage: Stage) -> None:
    """LangChain's `on_retry` callback hears of a request that is tried again."""
    busy = Reply(
        status=429,
        body=[dump(error("zu viele", 429)).encode()],
        headers={"content-type": "application/json", "retry-after": "0"},
    )
    waiter = Waiter()
    with WireServer() as server:
        server.reply(busy, json_reply(completion("Ja.")))
        model = stage.build_model(origin=server.origin, retries=2)
        text = str(model.invoke("Da?", config={"callbacks": [waiter]}).text)
    expect_equal(text, "Ja.", "text")
    expect_equal(waiter.count, 1, "how often it was told")


@check(10)
def parameters_of_the_endpoint(stage: Stage) -> None:
    """`top_k`, which open models know, reaches the body of a request."""
    for how in ("invoke", "stream"):
        reply = completion() if how == "invoke" else text_stream("Ja.")
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            played = stage.play(how, reply, arguments={"top_k": 7})
        expect(played.error is None, f"{how}: it raised {played.error!r}")
        expect('"top_k": 7' in repr(played.body).replace("'", '"'), "it is not sent")
