"""Content blocks become wire content parts."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, strategies as st
from langchain_core.messages.content import (
    create_audio_block,
    create_file_block,
    create_image_block,
    create_plaintext_block,
    create_text_block,
    create_video_block,
)

from langchain_clarifai._request.content import convert_to_wire_content, join_text_parts

PNG = "iVBORw0KGgo="
PNG_URL = f"data:image/png;base64,{PNG}"
PDF_URL = "data:application/pdf;base64,JVBERi0="
EPHEMERAL = {"type": "ephemeral"}


def image_part(url: str, **options: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url, **options}}


def text_part(text: str, **options: Any) -> dict[str, Any]:
    return {"type": "text", "text": text, **options}


def file_part(**file: str) -> dict[str, Any]:
    return {"type": "file", "file": file}


def audio_part(audio_format: str) -> dict[str, Any]:
    return {
        "type": "input_audio",
        "input_audio": {"data": "UklGRg==", "format": audio_format},
    }


def video_part(url: str) -> dict[str, Any]:
    return {"type": "video_url", "video_url": {"url": url}}


BLOCKS: list[tuple[str, Any, dict[str, Any]]] = [
    # text
    ("a string", "hello", text_part("hello")),
    (
        "text with everything core adds",
        {
            "type": "text",
            "text": "hello",
            "id": "lc_1",
            "index": 0,
            "annotations": [{"type": "citation"}],
            "extras": {"signature": "abc"},
            "citations": [],
        },
        text_part("hello"),
    ),
    ("v1 text", create_text_block("hello", index=3), text_part("hello")),
    ("Responses text", {"type": "output_text", "text": "hello"}, text_part("hello")),
    (
        "text with cache_control",
        {"type": "text", "text": "hello", "cache_control": EPHEMERAL},
        text_part("hello", cache_control=EPHEMERAL),
    ),
    (
        "v1 text with cache_control",
        create_text_block("hello", cache_control=EPHEMERAL),
        text_part("hello", cache_control=EPHEMERAL),
    ),
    (
        "cache_control that is none",
        {"type": "text", "text": "hello", "cache_control": None},
        text_part("hello"),
    ),
    ("plain text", create_plaintext_block("a,b"), text_part("a,b")),
    (
        "plain text in base64",
        {"type": "text-plain", "base64": "w7w=", "mime_type": "text/plain"},
        text_part("ü"),
    ),
    (
        "plain text by URL",
        {"type": "text-plain", "url": "https://a.b/c.txt", "mime_type": "text/plain"},
        file_part(filename="c.txt", file_data="https://a.b/c.txt"),
    ),
    (
        "plain text by id",
        {"type": "text-plain", "file_id": "file-1", "mime_type": "text/plain"},
        file_part(file_id="file-1"),
    ),
    (
        "v0 text file",
        {"type": "file", "source_type": "text", "text": "a,b"},
        text_part("a,b"),
    ),
    # images
    (
        "v0 image URL",
        {"type": "image", "source_type": "url", "url": "https://a.b/c.png"},
        image_part("https://a.b/c.png"),
    ),
    (
        "v0 image base64",
        {
            "type": "image",
            "source_type": "base64",
            "data": PNG,
            "mime_type": "image/png",
            "metadata": {"detail": "low"},
        },
        image_part(PNG_URL, detail="low"),
    ),
    (
        "v0 image id",
        {"type": "image", "source_type": "id", "id": "file-1"},
        file_part(file_id="file-1"),
    ),
    (
        "v1 image URL",
        create_image_block(url="https://a.b/c.png", id="x", index=1),
        image_part("https://a.b/c.png"),
    ),
    (
        "v1 image base64 with detail in extras",
        create_image_block(base64=PNG, mime_type="image/png", detail="high"),
        image_part(PNG_URL, detail="high"),
    ),
    (
        "v1 image with detail on the block",
        {"type": "image", "url": "https://a.b/c.png", "detail": "high"},
        image_part("https://a.b/c.png", detail="high"),
    ),
    ("v1 image id", create_image_block(file_id="file-1"), file_part(file_id="file-1")),
    (
        "base64 that is a data URL already",
        {"type": "image", "base64": PNG_URL},
        image_part(PNG_URL),
    ),
    (
        "OpenAI image",
        {"type": "image_url", "image_url": {"url": PNG_URL, "detail": "low", "x": 1}},
        image_part(PNG_URL, detail="low"),
    ),
    (
        "OpenAI image as a string",
        {"type": "image_url", "image_url": PNG_URL, "extras": {"detail": "auto"}},
        image_part(PNG_URL, detail="auto"),
    ),
    (
        "Anthropic image base64",
        {
            "type": "image",
            "source": {"type": "base64", "media_type": "image/png", "data": PNG},
            "cache_control": EPHEMERAL,
        },
        {**image_part(PNG_URL), "cache_control": EPHEMERAL},
    ),
    (
        "Anthropic image URL",
        {"type": "image", "source": {"type": "url", "url": "https://a.b/c.png"}},
        image_part("https://a.b/c.png"),
    ),
    (
        "Anthropic image id",
        {"type": "image", "source": {"type": "file", "file_id": "file-1"}},
        file_part(file_id="file-1"),
    ),
    # audio
    (
        "v0 audio",
        {
            "type": "audio",
            "source_type": "base64",
            "data": "UklGRg==",
            "mime_type": "audio/wav",
        },
        audio_part("wav"),
    ),
    (
        "v1 audio in OpenAI's word",
        create_audio_block(base64="UklGRg==", mime_type="audio/mpeg"),
        audio_part("mp3"),
    ),
    (
        "v1 audio with an experimental type and a codec",
        create_audio_block(base64="UklGRg==", mime_type="audio/x-flac;codecs=x"),
        audio_part("flac"),
    ),
    (
        "v1 audio by URL",
        create_audio_block(url="https://a.b/c.mp3"),
        {"type": "audio_url", "audio_url": {"url": "https://a.b/c.mp3"}},
    ),
    (
        "v1 audio by data URL",
        create_audio_block(url="data:audio/wave;base64,UklGRg=="),
        audio_part("wav"),
    ),
    ("v1 audio id", create_audio_block(file_id="file-1"), file_part(file_id="file-1")),
    (
        "OpenAI audio",
        {
            "type": "input_audio",
            "input_audio": {"data": "UklGRg==", "format": "wav", "id": "x"},
        },
        audio_part("wav"),
    ),
    (
        "vLLM audio",
        {"type": "audio_url", "audio_url": "https://a.b/c.mp3"},
        {"type": "audio_url", "audio_url": {"url": "https://a.b/c.mp3"}},
    ),
    # video
    (
        "v1 video URL",
        create_video_block(url="https://a.b/c.mp4"),
        video_part("https://a.b/c.mp4"),
    ),
    (
        "v1 video base64",
        create_video_block(base64="AAAA", mime_type="video/mp4"),
        video_part("data:video/mp4;base64,AAAA"),
    ),
    ("v1 video id", create_video_block(file_id="file-1"), file_part(file_id="file-1")),
    (
        "video_url",
        {"type": "video_url", "video_url": {"url": "https://a.b/c.mp4", "fps": 1}},
        video_part("https://a.b/c.mp4"),
    ),
    # files
    (
        "v0 file",
        {
            "type": "file",
            "source_type": "base64",
            "data": "JVBERi0=",
            "mime_type": "application/pdf",
            "metadata": {"filename": "a.pdf"},
        },
        file_part(filename="a.pdf", file_data=PDF_URL),
    ),
    (
        "v0 file id",
        {"type": "file", "source_type": "id", "id": "file-1"},
        file_part(file_id="file-1"),
    ),
    (
        "v1 file",
        create_file_block(
            base64="JVBERi0=", mime_type="application/pdf", filename="a.pdf"
        ),
        file_part(filename="a.pdf", file_data=PDF_URL),
    ),
    (
        "v1 file without a name",
        create_file_block(base64="JVBERi0=", mime_type="application/pdf"),
        file_part(filename="file.pdf", file_data=PDF_URL),
    ),
    (
        "v1 file without a name, of a type without an ending",
        create_file_block(base64="AAAA", mime_type="application/x-thing"),
        file_part(filename="file", file_data="data:application/x-thing;base64,AAAA"),
    ),
    (
        "v1 file by URL",
        create_file_block(url="https://a.b/c.pdf?d=e"),
        file_part(filename="c.pdf", file_data="https://a.b/c.pdf?d=e"),
    ),
    ("v1 file id", create_file_block(file_id="file-1"), file_part(file_id="file-1")),
    (
        "OpenAI file",
        {"type": "file", "file": {"file_data": PDF_URL, "filename": "a.pdf", "x": 1}},
        file_part(filename="a.pdf", file_data=PDF_URL),
    ),
    (
        "OpenAI file id",
        {"type": "file", "file": {"file_id": "file-1", "file_data": None}},
        file_part(file_id="file-1"),
    ),
    (
        "Anthropic document base64",
        {
            "type": "document",
            "title": "A",
            "source": {
                "type": "base64",
                "media_type": "application/pdf",
                "data": "JVBERi0=",
            },
            "citations": {"enabled": True},
        },
        file_part(filename="A", file_data=PDF_URL),
    ),
    (
        "Anthropic document of text",
        {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": "a,b"},
        },
        text_part("a,b"),
    ),
    (
        "Anthropic document of blocks",
        {
            "type": "document",
            "source": {"type": "content", "content": [text_part("a"), "b"]},
        },
        text_part("ab"),
    ),
    (
        "Anthropic document of a string",
        {"type": "document", "source": {"type": "content", "content": "a"}},
        text_part("a"),
    ),
    # the rest
    (
        "Anthropic search result",
        {
            "type": "search_result",
            "title": "Cats",
            "source": "https://a.b",
            "content": [text_part("meow")],
        },
        text_part("Cats\nhttps://a.b\nmeow"),
    ),
    ("JSON", {"type": "json", "json": {"a": "ü"}}, text_part('{"a": "ü"}')),
    (
        "a block that core wrapped",
        {"type": "non_standard", "value": {"type": "image_url", "image_url": PNG_URL}},
        image_part(PNG_URL),
    ),
]


@pytest.mark.parametrize(
    ("block", "part"), [row[1:] for row in BLOCKS], ids=[row[0] for row in BLOCKS]
)
def test_block_of_any_dialect_becomes_its_wire_part(
    block: Any, part: dict[str, Any]
) -> None:
    """Each dialect's block has one form on the wire, of allowed keys alone."""
    given_block = copy.deepcopy(block)

    assert convert_to_wire_content([block]) == [part]
    assert block == given_block


@pytest.mark.parametrize(
    "block",
    [
        "",
        " \n",
        {"type": "text", "text": ""},
        {"type": "text", "text": None},
        {"type": "text", "text": " ", "cache_control": EPHEMERAL},
        {"type": "text-plain", "base64": "IA==", "mime_type": "text/plain"},
        {"type": "document", "source": {"type": "text", "data": " "}},
    ],
)
def test_text_without_a_visible_character_is_left_out(block: Any) -> None:
    """Backends refuse empty text blocks, so none is sent."""
    assert convert_to_wire_content([block, "a"]) == [text_part("a")]
    assert convert_to_wire_content([block]) == ""


def test_string_stays_a_string_and_no_list_is_empty() -> None:
    """Plain content is untouched, and an empty list is never sent."""
    assert convert_to_wire_content(" a ") == " a "
    assert convert_to_wire_content("") == ""
    assert convert_to_wire_content([]) == ""


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        ({"type": "hologram", "x": 1}, "type 'hologram' is unknown.*image_url"),
        ({"text": "no type"}, "type None is unknown"),
        ({"type": ["text"]}, r"type \['text'\] is unknown"),
        ({"type": "tool_use", "id": "1"}, "type 'tool_use' is unknown"),
        ({"type": "image"}, "type 'image' needs 'url'"),
        ({"type": "image", "base64": PNG}, "type 'image' .*needs 'mime_type'"),
        ({"type": "image", "url": {"url": "x"}}, "needs a string as 'url'"),
        ({"type": "audio", "base64": b"AAAA"}, "needs a string as 'base64'"),
        ({"type": "text", "text": 1}, "text of a content block must be a string"),
        ({"type": "text-plain", "base64": "/w=="}, "'text-plain' needs UTF-8 text"),
        ({"type": "image_url", "image_url": {}}, "type 'image_url' needs a 'url'"),
        ({"type": "video_url"}, "type 'video_url' needs a 'url'"),
        ({"type": "input_audio", "input_audio": {"data": "A"}}, "'data' and 'format'"),
        ({"type": "input_audio"}, "'data' and 'format'"),
        ({"type": "file", "file": {"filename": "a"}}, "'file_data' or 'file_id'"),
        ({"type": "non_standard"}, "needs a block as its 'value'"),
        ({"type": "non_standard", "value": {"type": "x"}}, "type 'x' is unknown"),
        (
            {
                "type": "document",
                "source": {"type": "content", "content": [image_part(PNG_URL)]},
            },
            "only text can be sent from inside another block",
        ),
    ],
)
def test_block_that_cannot_be_sent_is_refused_by_name_and_place(
    block: Any, complaint: str
) -> None:
    """The error says which block it was, and what would do."""
    with pytest.raises(ValueError, match=complaint) as caught:
        convert_to_wire_content(["a", block], position=3)

    assert str(caught.value).startswith("messages[3].content[1]: ")


def test_parts_of_plain_text_alone_join_to_one_string() -> None:
    """Only content that has a string form becomes a string."""
    cached = [text_part("a", cache_control=EPHEMERAL)]

    assert join_text_parts("a") == "a"
    assert join_text_parts([]) == ""
    assert join_text_parts([text_part("a"), text_part("b")]) == "ab"
    assert join_text_parts(cached) is cached
    assert join_text_parts([image_part(PNG_URL)]) == [image_part(PNG_URL)]


@given(st.lists(st.text()))
def test_text_of_any_blocks_survives(texts: list[str]) -> None:
    """Nothing visible is lost from a list, and no blank between words when joined."""
    blocks = [text_part(text) for text in texts]
    visible = [text_part(text) for text in texts if text.strip()]

    assert convert_to_wire_content(blocks) == (visible or "")
    joined = convert_to_wire_content(blocks, separator="")
    assert joined == ("".join(texts) if visible else "")


def test_content_with_more_than_plain_text_is_not_joined() -> None:
    """A list that has no string form is sent as a list, without its blanks."""
    blocks: list[Any] = [
        "a",
        " ",
        {"type": "text", "text": "b", "cache_control": EPHEMERAL},
    ]

    assert convert_to_wire_content(blocks, separator="") == [
        text_part("a"),
        text_part("b", cache_control=EPHEMERAL),
    ]
