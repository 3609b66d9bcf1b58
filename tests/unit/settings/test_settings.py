"""A token that was found carries a mark that no comparison and no repr shows."""

from __future__ import annotations

import copy
import pickle

from pydantic import SecretStr

from langchain_clarifai._settings.settings import FoundToken


def test_found_token_equals_the_same_token_given() -> None:
    """Models that differ in where their token came from are equal all the same."""
    found, given = FoundToken("a-token"), SecretStr("a-token")
    assert found == given
    assert given == found
    assert hash(found) == hash(given)
    assert found != SecretStr("another")
    assert found != "a-token"


def test_mark_stays_with_the_token_where_it_is_copied() -> None:
    """Else a copy of a model would send it to any server."""
    found = FoundToken("a-token")
    copies = (copy.deepcopy(found), pickle.loads(pickle.dumps(found)))  # noqa: S301 - our own bytes
    assert [type(copied) for copied in copies] == [FoundToken, FoundToken]
    assert "a-token" not in repr(found)
