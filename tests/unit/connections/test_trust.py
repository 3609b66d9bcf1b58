"""Certificates come from the first source that has any."""

from __future__ import annotations

import ssl
import sys
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from langchain_clarifai._connections import trust

if TYPE_CHECKING:
    from pathlib import Path

trustme = pytest.importorskip("trustme")


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    return path


def _name_store(
    monkeypatch: pytest.MonkeyPatch, *, folder: Path | None, stores: list[Path]
) -> None:
    """Let OpenSSL's own places be a folder, and the system's ones these files."""
    monkeypatch.setattr(
        ssl, "create_default_context", lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    )
    paths = SimpleNamespace(cafile=None, capath=folder and str(folder))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
    monkeypatch.setattr(trust, "_STORES", tuple(map(str, stores)))


def _is_strict(context: ssl.SSLContext) -> bool:
    return context.verify_mode is ssl.CERT_REQUIRED and context.check_hostname


def _make_empty(folder: Path) -> None:
    folder.mkdir()


def _make_readme(folder: Path) -> None:
    folder.mkdir()
    (folder / "README").write_text("Put certificates here.")


def _make_unhashed(folder: Path) -> None:
    folder.mkdir()
    trustme.CA().cert_pem.write_to_path(str(folder / "authority.pem"))


def _make_none(_: Path) -> None:
    pass


@pytest.mark.parametrize(
    "make", [_make_empty, _make_readme, _make_unhashed, _make_none]
)
def test_folder_without_usable_certificates_is_no_store(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, authority: Path, make: Any
) -> None:
    """OpenSSL finds certificates in a folder by their hashed names, and no others."""
    folder = tmp_path / "certs"
    make(folder)
    _name_store(monkeypatch, folder=folder, stores=[tmp_path / "none", authority])
    context = trust.build_tls_context()
    assert len(context.get_ca_certs()) == 1
    assert _is_strict(context)


def test_folder_with_hashed_certificates_is_the_store(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, authority: Path
) -> None:
    """Nothing else is loaded beside it."""
    folder = tmp_path / "certs"
    folder.mkdir()
    (folder / "0a1b2c3d.0").write_bytes(authority.read_bytes())
    _name_store(monkeypatch, folder=folder, stores=[authority])
    assert trust.build_tls_context().get_ca_certs() == []


def test_without_any_store_certifi_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slim containers have none."""
    _name_store(monkeypatch, folder=None, stores=[])
    context = trust.build_tls_context()
    assert len(context.get_ca_certs()) > 50
    assert _is_strict(context)


def test_without_certifi_there_are_no_certificates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Connections fail then: an empty list trusts nobody."""
    _name_store(monkeypatch, folder=None, stores=[])
    monkeypatch.setattr(trust, "find_spec", lambda _: None)
    context = trust.build_tls_context()
    assert context.get_ca_certs() == []
    assert _is_strict(context)


def test_empty_folder_of_the_environment_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """SSL_CERT_DIR of an image that has no certificates in it."""
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    context = trust.build_tls_context()
    assert _is_strict(context)
    assert context.get_ca_certs()


def test_file_of_the_environment_is_the_only_source(
    monkeypatch: pytest.MonkeyPatch, authority: Path
) -> None:
    """As companies have it, with an authority of their own."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    context = trust.build_tls_context()
    assert len(context.get_ca_certs()) == 1
    assert _is_strict(context)


def test_missing_file_of_the_environment_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Other certificates than those that were asked for would be a surprise."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    with pytest.raises(FileNotFoundError, match=r"SSL_CERT_FILE.*missing\.pem"):
        trust.build_tls_context()


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_macos_and_windows_use_the_systems_store(
    monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    """Through truststore, as the SDK does."""
    module: Any = ModuleType("truststore")
    module.SSLContext = ssl.SSLContext
    monkeypatch.setitem(sys.modules, "truststore", module)
    monkeypatch.setattr(trust, "find_spec", lambda _: object())
    monkeypatch.setattr(sys, "platform", platform)
    context = trust.build_tls_context()
    assert _is_strict(context)
    assert context.get_ca_certs() == []
