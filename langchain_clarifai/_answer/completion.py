"""A wire completion → LangChain's `ChatResult`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.outputs import ChatGeneration, ChatResult

from langchain_clarifai._answer.bodies import parse_body
from langchain_clarifai._answer.choice import ChoiceAccumulator
from langchain_clarifai._answer.faults import ErrorBody, MalformedAnswer
from langchain_clarifai._answer.metadata import ATTACHED_AT_THE_TOP
from langchain_clarifai._answer.think_tags import build_think_tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from langchain_clarifai._answer.metadata import AnswerMetadata
    from langchain_clarifai._settings.settings import ReasoningFormat


def parse_completion(body: bytes) -> dict[str, Any]:
    """Parse the body of a response into a completion with at least one choice.

    Raises:
        ErrorBody: If it reports an error.
        MalformedAnswer: If it is anything else.
    """
    completion = parse_body(body)
    if not isinstance(completion, dict):
        raise MalformedAnswer("The response is no JSON object.", body)
    choices = completion.get("choices")
    if not isinstance(choices, list) or not choices:
        raise MalformedAnswer("The response holds no answer: it has no choices.", body)
    if not all(isinstance(choice, dict) for choice in choices):
        raise MalformedAnswer("The response holds a choice that is no object.", body)
    if choices[0].get("error"):
        raise ErrorBody(choices[0])
    return completion


def convert_to_chat_result(
    body: bytes,
    metadata: AnswerMetadata,
    reasoning_format: ReasoningFormat,
    model: str,
    tool_names: Mapping[str, str] | None = None,
) -> ChatResult:
    """Convert the body of a response, one generation for each choice.

    Usage is that of the whole response, so it stands on the first message only.

    Raises:
        Fault: If the body is no answer.
    """
    completion = parse_completion(body)
    choices = completion["choices"]
    metadata.read(completion)
    metadata.read_extra_fields(completion)
    metadata.read_usage(choices[0])
    llm_output = {"model_name": metadata.model_name, "token_usage": metadata.usage}
    generations: list[ChatGeneration] = []
    for choice in choices:
        accumulator = ChoiceAccumulator(
            build_think_tags(reasoning_format, model), tool_names, makes_chunks=False
        )
        accumulator.attach(completion, ATTACHED_AT_THE_TOP)
        accumulator.read_whole(choice)
        message = accumulator.build_message(metadata)
        generations.append(ChatGeneration(message=message))
        metadata.usage = None
    if llm_output["token_usage"] is None:
        del llm_output["token_usage"]
    return ChatResult(generations=generations, llm_output=llm_output)
