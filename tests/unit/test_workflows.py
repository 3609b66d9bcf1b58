"""GitHub's workflows call what there is, and only one job may publish."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from scripts.check_wheel import list_claimed_pythons

ROOT: Final = Path(__file__).parents[2]
GITHUB: Final = ROOT / ".github"
FORMS: Final = sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yml"))
PINNED: Final = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")


def read(name: str) -> dict[str, Any]:
    """Read a workflow."""
    text = (GITHUB / "workflows" / name).read_text("utf-8")
    workflow: dict[str, Any] = yaml.safe_load(text)
    return workflow


def list_steps(name: str) -> list[dict[str, Any]]:
    """List the steps of all jobs of a workflow."""
    return [step for job in read(name)["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("name", ["ci.yml", "live.yml", "release.yml"])
def test_targets_that_are_called_are_in_the_makefile(name: str) -> None:
    """A workflow runs nothing that cannot be run on a machine of one's own."""
    targets = set(
        re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    )
    called = [
        word
        for step in list_steps(name)
        for line in re.findall(r"^make (.*)$", step.get("run", ""), re.MULTILINE)
        for word in shlex.split(line)
        if "=" not in word
    ]
    assert called
    assert set(called) <= targets


@pytest.mark.parametrize("name", ["ci.yml", "live.yml", "release.yml"])
def test_actions_are_pinned_to_commits(name: str) -> None:
    """A tag can be moved to other code; a commit cannot."""
    used = [step["uses"] for step in list_steps(name) if "uses" in step]
    assert used
    assert [action for action in used if not PINNED.fullmatch(action)] == []


def test_only_publishing_may_ask_for_a_token() -> None:
    """The job with the right runs none of the repository's code, in an environment."""
    workflow = read("release.yml")
    assert workflow["permissions"] == {}
    jobs = workflow["jobs"]
    allowed = [name for name, job in jobs.items() if "id-token" in job["permissions"]]
    assert allowed == ["publish"]
    publish = jobs["publish"]
    assert publish["permissions"] == {"id-token": "write"}
    assert publish["environment"]["name"] == "pypi"
    assert publish["needs"] == "build"
    assert not any("run" in step for step in publish["steps"])
    [upload] = [s for s in publish["steps"] if "pypi-publish" in s["uses"]]
    # Without a password the action asks PyPI for one, as a trusted publisher.
    assert "with" not in upload


def test_tag_that_is_compared_is_read_from_where_the_version_is() -> None:
    """The expression of the workflow finds the version."""
    [check] = [s for s in list_steps("release.yml") if "TAG" in s.get("env", {})]
    match = re.search(r"s/(.+?)/\\1/p", check["run"])
    assert match
    pattern = match[1].replace(r"\(", "(").replace(r"\)", ")")
    version = (ROOT / "langchain_clarifai" / "_version.py").read_text("utf-8")
    assert re.search(pattern, version, re.MULTILINE)


def test_every_claimed_python_is_tested() -> None:
    """The matrix, the wheel's check and the classifiers agree."""
    jobs = read("ci.yml")["jobs"]
    claimed = list_claimed_pythons()
    assert jobs["test"]["strategy"]["matrix"]["python"] == claimed
    for steps in (
        jobs["wheel"]["steps"],
        read("release.yml")["jobs"]["build"]["steps"],
    ):
        [setup] = [s for s in steps if "setup-python" in s.get("uses", "")]
        assert sorted(setup["with"]["python-version"].split()) == claimed


@pytest.mark.parametrize("path", FORMS, ids=[path.stem for path in FORMS])
def test_form_has_what_github_asks_for(path: Path) -> None:
    """A form without its keys is not shown."""
    form = yaml.safe_load(path.read_text("utf-8"))
    if path.stem == "config":
        assert form["blank_issues_enabled"] is False
        return
    assert {"name", "description", "body"} <= form.keys()
    inputs = [field for field in form["body"] if field["type"] != "markdown"]
    ids = [field["id"] for field in inputs]
    assert len(set(ids)) == len(ids) > 0
    assert all(field["attributes"]["label"] for field in inputs)
