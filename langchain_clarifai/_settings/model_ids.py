"""Every spelling of a model → its id and URL."""

from __future__ import annotations

import dataclasses
import difflib
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from langchain_clarifai._settings.credentials import OPENAI_PATH
from langchain_clarifai.data._embedding_models import EMBEDDING_MODELS
from langchain_clarifai.data._profiles import PROFILES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    _Reader = Callable[[str], "ModelId | None"]

_DEFAULT_ORIGIN = "https://clarifai.com"
_MAX_LENGTH = 512  # known models, with host and version, stay under 130
_MAX_SUGGESTIONS = 3

# Ids are case-sensitive: a lower-cased one is answered with 404
# (https://github.com/BerriAI/litellm/issues/5093).
_PART = r"(?!\.+(?:/|$))[A-Za-z0-9._-]{1,128}"
_PATH = re.compile(
    rf"(?P<user_id>{_PART})/(?P<app_id>{_PART})/models/(?P<model_id>{_PART})"
    rf"(?:/versions/(?P<version_id>{_PART}))?"
)
_WITH_SCHEME = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::[0-9]{1,5})?)/(?P<path>.+)",
    re.IGNORECASE,
)
_WITHOUT_SCHEME = re.compile(
    r"(?P<host>(?:[a-z0-9-]+\.)*clarifai\.com)(?:/(?P<path>.+))?", re.IGNORECASE
)
_DOTTED = re.compile(
    r"(?P<user_id>[A-Za-z0-9_-]{1,128})\.(?P<app_id>[A-Za-z0-9_-]{1,128})"
    r"\.(?P<model_id>[A-Za-z0-9_-]{1,128})"
)
_USER_INFO = re.compile(".*@")

MODEL_FORMS = (
    f"a URL ({_DEFAULT_ORIGIN}/openai/chat-completion/models/gpt-oss-120b), "
    f"a URL with a version ({_DEFAULT_ORIGIN}/openai/chat-completion/models/"
    "gpt-oss-120b/versions/VERSION), "
    "a path (openai/chat-completion/models/gpt-oss-120b), "
    "a path with a version (openai/chat-completion/models/gpt-oss-120b/versions/"
    "VERSION), "
    "LiteLLM's dotted form (openai.chat-completion.gpt-oss-120b), "
    "each also after 'clarifai/' (clarifai/openai.chat-completion.gpt-oss-120b), "
    "or the bare name of a well-known model (gpt-oss-120b)"
)

# Models that the catalogue has listed in this process, by their paths: their bare names
# are known as well. It is a dict for its order. Readers copy it first, in one step: a
# listing in another thread may add to it meanwhile.
_listed_paths: dict[str, None] = {}

# Tried from top to bottom on a spelling that no form accepts.
_FAULTS = (
    ("@", "a user name or token does not belong into a model's URL"),
    ("%", "percent-encoded characters are not allowed"),
    (
        "/(?:concepts|datasets|inputs|modules|pipelines|tasks|workflows)(?:/|$)",
        "only models can be called, so the part after the app must be 'models'",
    ),
    ("^/|(?<!:)//|/$", "a part between two slashes is empty"),
    (r"(?:^|/)\.+(?:/|$)", "a part consists of dots"),
    ("[^A-Za-z0-9._/:-]", "ids are made of A-Z, a-z, 0-9, '_', '-' and '.'"),
    (
        "^(?:clarifai/)?[^/]+$",
        "no well-known model has this name, nor any that `list_models` has listed",
    ),
    ("", "it does not name a user, an app and a model, each at its place"),
)


@dataclasses.dataclass(frozen=True, slots=True)
class ModelId:
    """One model on Clarifai, with or without a pinned version."""

    user_id: str
    app_id: str
    model_id: str
    version_id: str | None = None
    origin: str = _DEFAULT_ORIGIN
    """Scheme and host, as written for a host other than `clarifai.com`."""

    @property
    def path(self) -> str:
        """Name the model without its host and version."""
        return f"{self.user_id}/{self.app_id}/models/{self.model_id}"

    @property
    def url(self) -> str:
        """Name the model as the endpoint wants it."""
        version = "" if self.version_id is None else f"/versions/{self.version_id}"
        return f"{self.origin}/{self.path}{version}"


def parse_model(model: str) -> ModelId:
    """Read any spelling of a model.

    A prefix (`clarifai/`, or `openai/` before a URL or path) is taken off only when
    the whole has no valid form and the rest has one, since both are user ids too.

    Raises:
        ValueError: If no form fits, or a bare name is not known or not unique.
    """
    text = _clean(model)
    for spelling, readers in _list_spellings(text):
        for read in readers:
            model_id = read(spelling)
            if model_id is not None:
                return model_id
    fault = next(fault for pattern, fault in _FAULTS if re.search(pattern, text))
    raise ValueError(
        f"Cannot read the model {_USER_INFO.sub('…@', text)!r}: {fault}. "
        f"{_suggest(text)}Allowed are {MODEL_FORMS}."
    )


@lru_cache(maxsize=256)
def is_clarifai_base_url(base_url: str) -> bool:
    """Tell whether a base URL takes Clarifai's model URLs."""
    path = re.split("[?#]", base_url.strip(), maxsplit=1)[0]
    return path.rstrip("/").endswith(OPENAI_PATH)


@lru_cache(maxsize=1024)
def resolve_model(model: str, base_url: str) -> str:
    """Name the model as the server at `base_url` wants it.

    Clarifai gets the full URL; any other server gets the name as it was written.

    Raises:
        ValueError: If the name is empty, has control characters, or is none of
            Clarifai's forms where Clarifai is asked.
    """
    if is_clarifai_base_url(base_url):
        return parse_model(model).url
    if not model.strip() or not model.isprintable():
        raise ValueError(
            "The model's name is empty or has a control character in it. Give the "
            "name under which the server knows the model."
        )
    return model


@lru_cache(maxsize=256)
def find_path(model: str, base_url: str) -> str | None:
    """Find the path of a model on Clarifai; a server's own name has none.

    Raises:
        ValueError: If Clarifai is asked, and the name is none of its forms.
    """
    return parse_model(model).path if is_clarifai_base_url(base_url) else None


def learn_path(path: str) -> None:
    """Know the bare name of a model that the catalogue has listed, from now on.

    A name that comes with this package keeps its meaning: a listing of one owner's
    models shall not turn `gpt-oss-120b` into that owner's.
    """
    if path not in (*PROFILES, *EMBEDDING_MODELS) and path not in _listed_paths:
        _listed_paths[path] = None
        for cached in (resolve_model, find_path, _list_known_names):
            cached.cache_clear()


def expand_listed_name(model: str, base_url: str) -> str:
    """Write out a bare name that only the catalogue of this process tells of.

    A pickled model is then understood where nothing was listed, and a later listing
    cannot make it ambiguous.
    """
    path = find_path(model, base_url)
    is_bare = "/" not in model.strip().removeprefix("clarifai/")
    return path if path in _listed_paths and is_bare else model


def build_model_from_parts(
    *,
    model_url: str | None = None,
    user_id: str | None = None,
    app_id: str | None = None,
    model_id: str | None = None,
    model_version_id: str | None = None,
) -> str | None:
    """Build one model string from the arguments of the older integrations.

    Blank arguments count as missing. A `model_id` alone is a bare name.

    Returns:
        The model, or `None` when no argument was given.

    Raises:
        ValueError: If an argument is missing or malformed, or contradicts the URL.
    """
    arguments = {
        "user_id": user_id,
        "app_id": app_id,
        "model_id": model_id,
        "model_version_id": model_version_id,
    }
    parts = {
        name: value.strip()
        for name, value in arguments.items()
        if value is not None and value.strip()
    }
    url = (model_url or "").strip()
    if url:
        return _build_from_url(url, parts)
    if not parts:
        return None
    if parts.keys() == {"model_id"}:
        return parts["model_id"]
    _check_parts(parts)
    return _build_from_ids(parts)


def _build_from_url(url: str, parts: dict[str, str]) -> str:
    """Return the URL, with the version if only that was given apart."""
    if not parts:
        return url
    _check_parts(parts)
    model_id = parse_model(url)
    version_id = parts.get("model_version_id", model_id.version_id)
    written = {
        "user_id": model_id.user_id,
        "app_id": model_id.app_id,
        "model_id": model_id.model_id,
        "model_version_id": model_id.version_id or version_id,
    }
    conflicts = [name for name, value in parts.items() if written[name] != value]
    if conflicts:
        raise ValueError(
            f"`model_url` and {_quote_all(conflicts)} name different models. Give "
            "one of them; `model` takes the URL too."
        )
    return dataclasses.replace(model_id, version_id=version_id).url


def _build_from_ids(parts: dict[str, str]) -> str:
    """Compose the URL of separate ids."""
    if parts.keys() == {"model_id", "model_version_id"}:
        named = parse_model(parts["model_id"])
        return _build_from_url(
            named.url, {"model_version_id": parts["model_version_id"]}
        )
    missing = [name for name in ("user_id", "app_id", "model_id") if name not in parts]
    if missing:
        raise ValueError(
            f"A model is named by `user_id`, `app_id` and `model_id` together, but "
            f"{_quote_all(missing)} is missing. Or give one `model`: {MODEL_FORMS}."
        )
    return ModelId(
        user_id=parts["user_id"],
        app_id=parts["app_id"],
        model_id=parts["model_id"],
        version_id=parts.get("model_version_id"),
    ).url


def _check_parts(parts: dict[str, str]) -> None:
    """Make sure that each part can stand between two slashes.

    Raises:
        ValueError: If one cannot.
    """
    malformed = [
        name for name, value in parts.items() if not re.fullmatch(_PART, value)
    ]
    if malformed:
        raise ValueError(
            f"{_quote_all(malformed)} is no id: ids are made of A-Z, a-z, 0-9, '_', "
            "'-' and '.', at most 128 of them."
        )


def _quote_all(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _clean(model: str) -> str:
    """Take off what may surround an id: blanks, query, fragment, one final slash.

    Raises:
        ValueError: If what is left is empty, too long or unprintable.
    """
    text = model.strip()
    if len(text) > _MAX_LENGTH:
        raise ValueError(
            f"The model's name has {len(text)} characters; at most {_MAX_LENGTH} are "
            f"allowed. Allowed are {MODEL_FORMS}."
        )
    if " " in text or not text.isprintable():
        raise ValueError(
            "The model's name has whitespace or a control character in it. "
            f"Allowed are {MODEL_FORMS}."
        )
    text = re.split("[?#]", text, maxsplit=1)[0].removesuffix("/")
    if not text:
        raise ValueError(f"The model's name is empty. Allowed are {MODEL_FORMS}.")
    return text


def _list_spellings(text: str) -> Iterator[tuple[str, tuple[_Reader, ...]]]:
    """List what may be read as a model: the whole, then the rest after a prefix."""
    yield text, (_read_url, _read_path, _read_dotted, _read_name)
    if text.startswith("clarifai/"):
        rest = text.removeprefix("clarifai/")
        yield rest, (_read_url, _read_path, _read_dotted, _read_name)
    if text.startswith("openai/"):
        yield text.removeprefix("openai/"), (_read_url, _read_path)


def _read_url(text: str) -> ModelId | None:
    """Read a URL; without a scheme it must be one of Clarifai's hosts."""
    match = _WITH_SCHEME.fullmatch(text) or _WITHOUT_SCHEME.fullmatch(text)
    if match is None:
        return None
    path = _PATH.fullmatch(match["path"] or "")
    if path is None:
        return None
    scheme = match.groupdict().get("scheme") or "https"
    origin = f"{scheme}://{match['host']}".lower()
    if origin == "http://clarifai.com":
        origin = _DEFAULT_ORIGIN
    return ModelId(**path.groupdict(), origin=origin)


def _read_path(text: str) -> ModelId | None:
    """Read a path, unless it is a URL without a scheme that lacks a part."""
    match = _PATH.fullmatch(text)
    if match is None or _WITHOUT_SCHEME.fullmatch(text):
        return None
    return ModelId(**match.groupdict())


def _read_dotted(text: str) -> ModelId | None:
    """Read LiteLLM's `user.app.model`, unless it is one of Clarifai's hosts."""
    match = _DOTTED.fullmatch(text)
    if match is None or _WITHOUT_SCHEME.fullmatch(text):
        return None
    return ModelId(**match.groupdict())


def _read_name(text: str) -> ModelId | None:
    """Read the bare name of a model that has a profile, or that was listed."""
    known = (PROFILES, EMBEDDING_MODELS, tuple(_listed_paths))
    path = next(filter(None, (_choose_path(text, paths) for paths in known)), None)
    return None if path is None else _read_path(path)


def _choose_path(name: str, paths: Iterable[str]) -> str | None:
    """Choose the path that ends in a bare name.

    Raises:
        ValueError: If several do.
    """
    candidates = [path for path in paths if path.endswith(f"/models/{name}")]
    if len(candidates) > 1:
        raise ValueError(
            f"The model {name!r} is ambiguous. Write which one is meant: "
            f"{', '.join(candidates)}."
        )
    return candidates[0] if candidates else None


def _suggest(text: str) -> str:
    """Name the known models that a spelling is closest to, as one sentence."""
    known = _list_known_names()
    tail = _fold(text.rsplit("/", 1)[-1])
    # Twice as many, since each model is listed under two names.
    closest = difflib.get_close_matches(tail, known, n=2 * _MAX_SUGGESTIONS)
    paths = list(dict.fromkeys(known[name] for name in closest))[:_MAX_SUGGESTIONS]
    return f"Closest known models: {', '.join(paths)}. " if paths else ""


@cache
def _list_known_names() -> dict[str, str]:
    """List the bare and the dotted name of each known model → its path."""
    names: dict[str, str] = {}
    for path in (*tuple(_listed_paths), *EMBEDDING_MODELS, *PROFILES):
        names[_fold(path.rsplit("/", 1)[-1])] = path
        names[_fold(path.replace("/models/", "/"))] = path
    return names


def _fold(name: str) -> str:
    """Make names equal that differ in case, or in a dot that Clarifai writes `_`."""
    return re.sub("[./]", "_", name).casefold()
