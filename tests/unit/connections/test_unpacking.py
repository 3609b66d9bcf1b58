"""A compressed body → its bytes, in steps of a bounded size."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest

from langchain_clarifai import ClarifaiConnectionError, ClarifaiError
from langchain_clarifai._connections.unpacking import limit_unpacking
from tests.servers.openai_wire import choice, completion, sse, text_chunks
from tests.servers.wire import Framing, Pause, Reply, split_every
from tests.wire.ways import PLAIN, Way, call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.wire import WireServer

every_way = pytest.mark.parametrize("way", Way, ids=lambda way: way.value)

_MEGABYTE = 1024 * 1024


def _compress_zeros(count: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    zeros = bytes(_MEGABYTE)
    pieces = [packer.compress(zeros) for _ in range(count // _MEGABYTE)]
    return b"".join([*pieces, packer.flush()])


def _compress_bare(content: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """A gigabyte of zeros, of which a megabyte is left."""
    return _compress_zeros(1024 * _MEGABYTE)


@pytest.fixture
def traced_memory() -> Iterator[None]:
    """Count what is allocated, at its most."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.slow
@every_way
@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.usefixtures("traced_memory")
def test_gigabyte_in_a_megabyte_is_an_error_within_the_limits(
    wire: WireServer, bomb: bytes, way: Way, status: int
) -> None:
    """A body has 256 MiB, an error 1 MB, a line of a stream less; none has more."""
    headers = {"content-encoding": "gzip"}
    wire.reply(
        Reply(body=[bomb], headers=headers, status=status, framing=Framing.LENGTH)
    )
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    error = call(way, wire, max_retries=0).error
    _, peak = tracemalloc.get_traced_memory()
    assert isinstance(error, ClarifaiError)
    # A whole body is in pieces once, and in one piece never, since it is refused.
    most = 300 if way in PLAIN and status == 200 else 64
    assert (peak - before) / _MEGABYTE < most


def _answer(way: Way) -> bytes:
    if way in PLAIN:
        return json.dumps(completion(choice("Hi"))).encode()
    return sse(*text_chunks("Hi"))


@every_way
@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(
    ("encoding", "compress"),
    [
        ("gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("x-gzip", gzip.compress),
        ("identity, gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", _compress_bare),
        ("identity", bytes),
        ("utf-8", bytes),
    ],
)
def test_answer_that_is_compressed_once_is_read(
    wire: WireServer, way: Way, encoding: str, compress: type[bytes], size: int
) -> None:
    """However it is cut; what is no compression is left as it is."""
    body = split_every(compress(_answer(way)), size)
    wire.reply(Reply(body=body, headers={"content-encoding": encoding}))
    assert call(way, wire).message.text == "Hi"
    assert wire.exchanges[0].request.headers["accept-encoding"] == "gzip, deflate"


@every_way
@pytest.mark.parametrize(
    ("encoding", "reason"),
    [
        ("gzip, gzip", "compressed more than once"),
        ("gzip,identity , DEFLATE", "compressed more than once"),
        ("br", "compressed as br"),
        ("zstd", "compressed as zstd"),
    ],
)
def test_answer_that_is_compressed_as_nobody_asked_is_refused(
    wire: WireServer, way: Way, encoding: str, reason: str
) -> None:
    """Before a byte of it is unpacked; its connection is closed."""
    body = gzip.compress(gzip.compress(b"x" * 1_000_000))
    wire.reply(
        Reply(body=[body, Pause(5)], headers={"content-encoding": encoding}),
    )
    assert reason in str(call(way, wire).error)
    assert wire.exchanges[0].client_left.wait(3)


@every_way
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_broken_compression_is_a_broken_connection(
    wire: WireServer, way: Way, encoding: str
) -> None:
    """What cannot be unpacked is an answer that did not arrive."""
    wire.reply(Reply(body=[b"no " * 100], headers={"content-encoding": encoding}))
    error = call(way, wire).error
    assert isinstance(error, ClarifaiConnectionError)
    assert "while decompressing" in str(error)


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_steps_are_bounded_and_lose_nothing(library: str) -> None:
    """Also where a step ends exactly with what the bytes so far unpack to."""
    httpx = pytest.importorskip(library)
    content = bytes(4 * _MEGABYTE)
    packed = gzip.compress(content)
    response = httpx.Response(
        200,
        headers={"content-encoding": "gzip"},
        content=iter([packed[:99], packed[99:]]),
    )
    limit_unpacking(response)
    limit_unpacking(response)
    pieces = list(response.iter_bytes())
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) == 256 * 1024
    assert all(pieces)


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_body_in_memory_is_left_as_it_is(library: str) -> None:
    """Mock transports hand out responses that were read and unpacked already."""
    httpx = pytest.importorskip(library)
    headers = {"content-encoding": "gzip"}
    response = httpx.Response(200, headers=headers, content=gzip.compress(b"Hi"))
    limit_unpacking(response)
    assert b"".join(response.iter_bytes()) == b"Hi"


@every_way
@pytest.mark.parametrize("padding", [b"", bytes(512)], ids=["bare", "padded"])
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_gzip_of_several_members_is_read_whole(
    wire: WireServer, way: Way, padding: bytes, size: int
) -> None:
    """A gzip file may be several in a row, and zeros may follow, cut anywhere."""
    answer = _answer(way)
    parts = [answer[:20], b"", answer[20:45], answer[45:]]
    body = b"".join(gzip.compress(part) for part in parts) + padding
    headers = {"content-encoding": "gzip"}
    wire.reply(Reply(body=split_every(body, size), headers=headers))
    assert call(way, wire).message.text == "Hi"


@every_way
def test_gzip_of_countless_empty_members_is_an_error(
    wire: WireServer, way: Way
) -> None:
    """Each takes time and gives nothing, so that no limit of the body's size holds."""
    headers = {"content-encoding": "gzip"}
    wire.reply(Reply(body=[gzip.compress(b"") * 20_000], headers=headers))
    error = call(way, wire, max_retries=0).error
    assert isinstance(error, ClarifaiConnectionError)
    assert "too many parts" in str(error)
