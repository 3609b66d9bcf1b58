"""The surface of the package is pinned, and importing it stays light."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

import langchain_clarifai

EXPORTS = [
    "ChatClarifai",
    "ClarifaiAccountError",
    "ClarifaiAuthenticationError",
    "ClarifaiBadRequestError",
    "ClarifaiColdStartError",
    "ClarifaiConflictError",
    "ClarifaiConnectTimeoutError",
    "ClarifaiConnectionError",
    "ClarifaiContentFilterError",
    "ClarifaiContextOverflowError",
    "ClarifaiEmbeddings",
    "ClarifaiError",
    "ClarifaiInternalServerError",
    "ClarifaiMalformedResponseError",
    "ClarifaiNotDeployedError",
    "ClarifaiNotFoundError",
    "ClarifaiPermissionDeniedError",
    "ClarifaiPredictionError",
    "ClarifaiRateLimitError",
    "ClarifaiStreamIdleTimeoutError",
    "ClarifaiTLSError",
    "ClarifaiTimeoutError",
    "ClarifaiUnfinishedStreamError",
    "ClarifaiUnprocessableEntityError",
    "ModelRecord",
    "ModelRefusalError",
    "__version__",
    "alist_models",
    "list_models",
    "register",
]


def test_surface_is_pinned() -> None:
    """Whatever is added or taken away is so on purpose."""
    assert sorted(langchain_clarifai.__all__) == EXPORTS
    assert dir(langchain_clarifai) == EXPORTS


@pytest.mark.parametrize("name", EXPORTS)
def test_everything_exported_is_there(name: str) -> None:
    """Each name can be imported; the errors are imported when first asked for."""
    assert getattr(langchain_clarifai, name) is not None


@pytest.mark.parametrize("name", [name for name in EXPORTS if name.endswith("Error")])
def test_every_error_is_an_exception(name: str) -> None:
    """Each can be caught, and pickles as a class."""
    error_class = getattr(langchain_clarifai, name)
    assert issubclass(error_class, Exception)
    assert pickle.loads(pickle.dumps(error_class)) is error_class  # noqa: S301


def test_unknown_name_is_an_attribute_error() -> None:
    """A typing error is told as such."""
    with pytest.raises(AttributeError, match="'ChatClarify'"):
        langchain_clarifai.ChatClarify  # noqa: B018


@pytest.mark.slow
def test_import_and_construction_need_nothing_heavy() -> None:
    """The SDK and all that sends requests wait for the first request."""
    code = (
        "import sys; from langchain_core.language_models import BaseChatModel; "
        "before = set(sys.modules); "
        "from langchain_clarifai import ChatClarifai; "
        "ChatClarifai(model='gpt-oss-120b', api_key='x'); "
        "heavy = {'openai', 'aiohttp', 'yaml', 'langchain', 'tiktoken'}; "
        "print(sorted(heavy & (sys.modules.keys() - before)))"
    )
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert (run.stdout, run.stderr) == ("[]\n", "")
