"""Argument, environment and CLI context → token and base URL."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from langchain_clarifai._settings.credentials import (
    DEFAULT_BASE_URL,
    MISSING_TOKEN,
    check_token,
    find_base_url,
    find_token,
    normalize_base_url,
)

SECRET = "0123456789abcdef-secret"
OPENAI_PATH = "/v2/ext/openai/v1"


def write_config(home: Path, text: str) -> Path:
    path = home / ".config" / "clarifai" / "config"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_both_variables_set_pat_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """CLARIFAI_PAT comes before LiteLLM's CLARIFAI_API_KEY."""
    monkeypatch.setenv("CLARIFAI_PAT", "pat")
    monkeypatch.setenv("CLARIFAI_API_KEY", "key")
    assert find_token() == "pat"


def test_only_api_key_set_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes from LiteLLM has CLARIFAI_API_KEY alone."""
    monkeypatch.setenv("CLARIFAI_API_KEY", "key")
    assert find_token() == "key"


@pytest.mark.parametrize("blank", ["", " ", "\n\t"])
def test_blank_variable_counts_as_unset(
    blank: str, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    """A blank variable lets the next source speak, up to the CLI's context."""
    monkeypatch.setenv("CLARIFAI_PAT", blank)
    monkeypatch.setenv("CLARIFAI_API_BASE", blank)
    assert find_token() is None
    assert find_base_url() == DEFAULT_BASE_URL
    write_config(
        home, "current_context: a\ncontexts: {a: {CLARIFAI_PAT: from-context}}"
    )
    assert find_token() == "from-context"


def test_token_with_blanks_around_is_stripped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A newline from a file or a copied blank does not become part of the token."""
    monkeypatch.setenv("CLARIFAI_PAT", f" {SECRET}\r\n")
    assert find_token() == SECRET


def test_other_providers_variables_are_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A key of OpenAI's is never sent to Clarifai."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://api.openai.com/v1")
    assert find_token() is None
    assert find_base_url() == DEFAULT_BASE_URL


# Left: what `clarifai login` and hand-written files hold. Right: token, base URL.
CONTEXTS = {
    "as the CLI writes it": (
        """
        current_context: work
        contexts:
          home: {CLARIFAI_PAT: other}
          work:
            CLARIFAI_API_BASE: https://api-dev.clarifai.com
            CLARIFAI_PAT: from-context
            CLARIFAI_USER_ID: me
        """,
        ("from-context", f"https://api-dev.clarifai.com{OPENAI_PATH}"),
    ),
    "under env": (
        """
        current_context: work
        contexts:
          work: {name: work, env: {CLARIFAI_PAT: from-context}}
        """,
        ("from-context", DEFAULT_BASE_URL),
    ),
    "short names": (
        """
        current_context: work
        contexts:
          work: {pat: ' from-context ', api_base: 'https://clarifai.internal'}
        """,
        ("from-context", f"https://clarifai.internal{OPENAI_PATH}"),
    ),
    "from the environment": (
        """
        current_context: work
        contexts:
          work: {CLARIFAI_PAT: ENVVAR, CLARIFAI_API_BASE: ENVVAR}
        """,
        (None, DEFAULT_BASE_URL),
    ),
    "logged out": (
        "{current_context: work, contexts: {work: {CLARIFAI_PAT: ''}}}",
        (None, DEFAULT_BASE_URL),
    ),
    "placeholder": (
        "{current_context: _empty_, contexts: {_empty_: {CLARIFAI_PAT: no}}}",
        (None, DEFAULT_BASE_URL),
    ),
    "no current context": (
        "{current_context: '', contexts: {work: {CLARIFAI_PAT: no}}}",
        (None, DEFAULT_BASE_URL),
    ),
    "unknown current context": (
        "{current_context: gone, contexts: {work: {CLARIFAI_PAT: no}}}",
        (None, DEFAULT_BASE_URL),
    ),
    "empty context": (
        "{current_context: work, contexts: {work: }}",
        (None, DEFAULT_BASE_URL),
    ),
    "empty file": ("", (None, DEFAULT_BASE_URL)),
    "token of digits": (
        "{current_context: work, contexts: {work: {CLARIFAI_PAT: 0012}}}",
        ("0012", DEFAULT_BASE_URL),
    ),
}


@pytest.mark.parametrize(("config", "expected"), CONTEXTS.values(), ids=CONTEXTS)
def test_context_of_the_cli_is_read_as_the_cli_reads_it(
    config: str,
    expected: tuple[str | None, str],
    home: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The current context gives the token and the host, and nothing else does."""
    write_config(home, config)
    assert (find_token(), find_base_url()) == expected
    assert not caplog.records


def test_environment_and_context_set_environment_wins(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    """As in Clarifai's SDK, variables beat the context, each for itself."""
    write_config(
        home,
        "current_context: a\n"
        "contexts: {a: {CLARIFAI_PAT: no, CLARIFAI_API_BASE: 'https://a.example'}}",
    )
    monkeypatch.setenv("CLARIFAI_PAT", "yes")
    assert find_token() == "yes"
    assert find_base_url() == f"https://a.example{OPENAI_PATH}"
    monkeypatch.setenv("CLARIFAI_API_BASE", "https://b.example")
    assert find_base_url() == f"https://b.example{OPENAI_PATH}"


def test_changed_config_is_read_again(home: Path) -> None:
    """A `clarifai login` in another window takes effect."""
    write_config(home, "{current_context: a, contexts: {a: {CLARIFAI_PAT: first}}}")
    assert find_token() == "first"
    write_config(home, "{current_context: a, contexts: {a: {CLARIFAI_PAT: the-2nd}}}")
    assert find_token() == "the-2nd"


BROKEN = {
    "not YAML": f"contexts: [{SECRET}: {{",
    "a list": f"- {SECRET}",
    "contexts are a list": f"{{current_context: a, contexts: [{SECRET}]}}",
    "context is a text": f"{{current_context: a, contexts: {{a: {SECRET}}}}}",
    "env is a text": f"{{current_context: a, contexts: {{a: {{env: {SECRET}}}}}}}",
    "name is a list": f"{{current_context: [{SECRET}], contexts: {{a: {{}}}}}}",
    "a Python object": "!!python/object/apply:os.system ['false']",
    "nested too deeply": "[" * 500,
}


@pytest.mark.parametrize("config", BROKEN.values(), ids=BROKEN)
def test_broken_config_is_ignored_with_one_warning(
    config: str, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The warning names the file, never what is in it, and comes once."""
    path = write_config(home, config)
    with caplog.at_level(logging.DEBUG):
        assert find_token() is None
        assert find_token() is None
        assert find_base_url() == DEFAULT_BASE_URL
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert str(path) in record.getMessage()
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    "odd", ["!!bool x", '!!int ""', "!!timestamp x", "!!float x", "!!binary é", "!x y"]
)
def test_value_of_an_odd_kind_does_not_hide_the_token(home: Path, odd: str) -> None:
    """All values are read as text, and the others do not matter."""
    context = f"{{CLARIFAI_PAT: {SECRET}, other: {odd}}}"
    write_config(
        home, f"{{odd: {odd}, current_context: a, contexts: {{a: {context}}}}}"
    )
    assert find_token() == SECRET


def test_config_that_is_no_text_is_ignored(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Bytes that are no UTF-8 are a broken file."""
    write_config(home, "").write_bytes(b"\xff\xfe\x00")
    assert find_token() is None
    assert len(caplog.records) == 1


def test_config_that_cannot_be_opened_is_ignored(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A directory in the file's place is ignored with a warning."""
    (home / ".config" / "clarifai" / "config").mkdir(parents=True)
    assert find_token() is None
    assert len(caplog.records) == 1


def test_config_that_cannot_be_reached_is_ignored(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A link that leads to itself (ELOOP, like a forbidden folder) is a broken file."""
    path = write_config(home, "")
    path.unlink()
    path.symlink_to(path)
    assert find_token() is None
    assert len(caplog.records) == 1


def test_config_folder_that_is_a_file_counts_as_absent(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """No file can be there, so there is nothing to warn of."""
    (home / ".config").write_text("")
    assert find_token() is None
    assert not caplog.records


def test_user_without_a_home_has_no_context(monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers run under user ids that no user list knows."""

    def raise_error() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", raise_error)
    assert find_token() is None


@pytest.mark.slow
def test_token_in_the_environment_imports_no_yaml(home: Path) -> None:
    """The file is neither opened nor its parser imported when it is not needed."""
    write_config(home, "{current_context: a, contexts: {a: {CLARIFAI_PAT: no}}}")
    program = (
        "import sys\n"
        "from langchain_clarifai._settings.credentials import find_base_url\n"
        "from langchain_clarifai._settings.credentials import find_token\n"
        "assert find_token() == 'yes'\n"
        "assert find_base_url() == 'https://a.example/v2/ext/openai/v1'\n"
        "assert 'yaml' not in sys.modules\n"
    )
    environment = {
        **os.environ,
        "CLARIFAI_PAT": "yes",
        "CLARIFAI_API_BASE": "https://a.example",
    }
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)  # noqa: S603 - our own program


def test_broken_base_in_the_environment_names_its_source(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The reader learns which variable to repair."""
    monkeypatch.setenv("CLARIFAI_API_BASE", "api.clarifai.com")
    with pytest.raises(ValueError, match="variable CLARIFAI_API_BASE"):
        find_base_url()


def test_broken_base_in_the_context_is_not_replaced_by_the_default(home: Path) -> None:
    """A private host's token must not go to the public host instead."""
    write_config(
        home,
        "{current_context: a, contexts: {a: {CLARIFAI_API_BASE: 'http://a.example'}}}",
    )
    with pytest.raises(ValueError, match=r"~/\.config/clarifai/config"):
        find_base_url()
    assert find_base_url(allow_http=True) == f"http://a.example{OPENAI_PATH}"


# What is given (with append_path=False) → what is used.
BASE_URLS = {
    DEFAULT_BASE_URL: DEFAULT_BASE_URL,
    f" {DEFAULT_BASE_URL}/ \n": DEFAULT_BASE_URL,
    "https://api.clarifai.com": DEFAULT_BASE_URL,
    "https://api.clarifai.com//": DEFAULT_BASE_URL,
    "HTTPS://API.Clarifai.com": DEFAULT_BASE_URL,
    "https://api-dev.clarifai.com/": f"https://api-dev.clarifai.com{OPENAI_PATH}",
    "https://clarifai.com": f"https://clarifai.com{OPENAI_PATH}",
    "https://api.clarifai.com:8443": f"https://api.clarifai.com:8443{OPENAI_PATH}",
    "https://api.clarifai.com/other": "https://api.clarifai.com/other",
    "https://evilclarifai.com": "https://evilclarifai.com",
    "https://clarifai.com.evil.example": "https://clarifai.com.evil.example",
    "https://Gateway.example/Team/v1/": "https://gateway.example/Team/v1",
    "https://gateway.example:": "https://gateway.example",
    "http://localhost:8000/v1": "http://localhost:8000/v1",
    "http://app.localhost/v1": "http://app.localhost/v1",
    "http://127.0.0.1:11434/v1": "http://127.0.0.1:11434/v1",
    "http://127.8.9.1/v1": "http://127.8.9.1/v1",
    "http://[::1]:8000/v1": "http://[::1]:8000/v1",
    "https://[2001:DB8::1]/v1": "https://[2001:db8::1]/v1",
}


@pytest.mark.parametrize(("base_url", "expected"), BASE_URLS.items(), ids=BASE_URLS)
def test_base_url_takes_its_one_form(base_url: str, expected: str) -> None:
    """Spellings of one address become equal, and Clarifai's hosts get their path."""
    assert normalize_base_url(base_url) == expected
    assert normalize_base_url(expected) == expected


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("https://api.clarifai.com", DEFAULT_BASE_URL),
        (DEFAULT_BASE_URL, DEFAULT_BASE_URL),
        ("http://localhost:8000/", f"http://localhost:8000{OPENAI_PATH}"),
        ("https://private.example", f"https://private.example{OPENAI_PATH}"),
        ("https://private.example/v1", "https://private.example/v1"),
    ],
)
def test_host_root_gets_the_path_where_hosts_are_meant(
    base_url: str, expected: str
) -> None:
    """CLARIFAI_API_BASE names a host, so a host without a path gets the path."""
    assert normalize_base_url(base_url, append_path=True) == expected


REFUSED_BASE_URLS = {
    "": "does not start with https",
    "api.clarifai.com": "does not start with https",
    "localhost:8000/v1": "does not start with https",
    "//api.clarifai.com": "does not start with https",
    "ftp://api.clarifai.com": "does not start with https",
    "file:///etc/passwd": "does not start with https",
    "https://": "no valid host",
    "https:///v1": "no valid host",
    "https://a..b/v1": "no valid host",
    "https://a%20b/v1": "no valid host",
    "https://[::1/v1": "no valid host",
    "https://::1/v1": "no valid host",
    "https://a.example:99999": "no valid host",
    "https://a.example:0": "no valid host",
    "https://a.example:port": "no valid host",
    "https://a.example/../v1": "no valid host",
    "https://a.example/v1/.": "no valid host",
    f"https://{SECRET}@api.clarifai.com": "user name",
    f"https://user:{SECRET}@api.clarifai.com": "user name",
    f"https://api.clarifai.com?key={SECRET}": "query",
    f"https://api.clarifai.com#{SECRET}": "fragment",
    "https://api.clarifai.com/\r\nX-Evil: 1": "control character",
    "https://api.cla\trifai.com": "control character",
    "https://api.clarifai.com/a b": "whitespace",
    "https://evil.example\\.clarifai.com": "backslash",
    "https://clаrifai.com": "punycode",  # noqa: RUF001 - a Cyrillic a, on purpose
}


@pytest.mark.parametrize(
    ("base_url", "fault"), REFUSED_BASE_URLS.items(), ids=map(ascii, REFUSED_BASE_URLS)
)
def test_unusable_base_url_is_refused(base_url: str, fault: str) -> None:
    """The error says what is wrong and never shows what may be a secret."""
    with pytest.raises(ValueError, match=fault) as caught:
        normalize_base_url(base_url, append_path=True, allow_http=True)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "base_url",
    [
        "http://api.clarifai.com",
        "http://10.0.0.5:8000/v1",
        "http://127.0.0.1.evil.example/v1",
        "http://evillocalhost/v1",
        "http://2130706433/v1",
        "http://[fe80::1]/v1",
    ],
)
def test_plain_http_over_a_network_needs_permission(base_url: str) -> None:
    """The token does not travel in the clear unless that was asked for."""
    with pytest.raises(ValueError, match="allow_http=True"):
        normalize_base_url(base_url)
    assert normalize_base_url(base_url, allow_http=True).startswith("http://")


@given(
    scheme=st.sampled_from(["http", "https", "HTTP"]),
    host=st.from_regex(r"[A-Za-z0-9]{1,9}(\.[A-Za-z]{1,9}){0,3}", fullmatch=True),
    port=st.none() | st.integers(1, 65_535),
    path=st.from_regex(r"(/[A-Za-z0-9_-]{1,9}){0,4}/{0,2}", fullmatch=True),
    append_path=st.booleans(),
)
def test_normalizing_twice_is_normalizing_once(
    scheme: str, host: str, port: int | None, path: str, *, append_path: bool
) -> None:
    """The one form of a base URL is its own one form."""
    address = host if port is None else f"{host}:{port}"
    once = normalize_base_url(
        f"{scheme}://{address}{path}", append_path=append_path, allow_http=True
    )
    assert normalize_base_url(once, append_path=append_path, allow_http=True) == once
    assert not once.endswith("/")


@given(st.text())
def test_any_text_is_a_safe_base_url_or_refused(text: str) -> None:
    """Nothing but printable ASCII of one absolute URL comes out."""
    try:
        base_url = normalize_base_url(f"https://{text}")
    except ValueError:
        return
    assert base_url.isascii()
    assert base_url.isprintable()
    assert not set(base_url) & set(" @?#\\")


@pytest.mark.parametrize("token", [SECRET, f" {SECRET}\n", f"\t{SECRET} "])
def test_token_is_stripped(token: str) -> None:
    """What surrounds a token is not part of it."""
    assert check_token(token) == SECRET


@pytest.mark.parametrize("token", ["", " ", "\r\n"])
def test_empty_token_says_where_tokens_come_from(token: str) -> None:
    """The error is the one of a missing token."""
    with pytest.raises(ValueError, match="is empty") as caught:
        check_token(token)
    assert MISSING_TOKEN in str(caught.value)


@pytest.mark.parametrize(
    "token",
    [
        f"{SECRET}\r\nX-Evil: 1",
        f"{SECRET}\0",
        f"Bearer {SECRET}",
        f"{SECRET}\u2028x",
        f"{SECRET}é",
        f"{SECRET}\x7f",
    ],
    ids=ascii,
)
def test_token_that_no_header_can_hold_is_refused_unseen(token: str) -> None:
    """A header cannot be injected, and the error never shows the token."""
    with pytest.raises(ValueError, match="not shown") as caught:
        check_token(token)
    assert SECRET not in str(caught.value)


@given(st.text())
def test_any_checked_token_fits_a_header(text: str) -> None:
    """A token passes whole or not at all."""
    try:
        token = check_token(text)
    except ValueError:
        return
    assert token == text.strip()
    assert token.isascii()
    assert token.isprintable()
    assert " " not in token


@pytest.mark.parametrize(
    "word",
    [
        "api_key",
        "CLARIFAI_PAT",
        "CLARIFAI_API_KEY",
        "~/.config/clarifai/config",
        "clarifai login",
        "https://clarifai.com/settings/security",
        "Settings → Secrets",
    ],
)
def test_missing_token_names_every_way_to_give_one(word: str) -> None:
    """The text says all that a user needs to get going."""
    assert word in MISSING_TOKEN


@pytest.mark.parametrize(
    "endpoint", ["/chat/completions", "/embeddings", "/embeddings/"]
)
@pytest.mark.parametrize(
    "base_url",
    ["https://api.clarifai.com/v2/ext/openai/v1", "http://localhost:8080/v1"],
)
def test_base_url_of_an_endpoint_is_understood(base_url: str, endpoint: str) -> None:
    """What is copied from a server's documentation may go on to one endpoint."""
    assert normalize_base_url(f"{base_url}{endpoint}") == base_url
