"""pyproject.toml and the locked requirements say the same thing, and name no package index."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DIRECT = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
DEVELOPMENT = [Requirement(line) for line in PROJECT["dependency-groups"]["dev"]]
NOT_OURS = {".git", ".venv", "var", "__pycache__", "node_modules"}
# Written in pieces: the addresses must appear nowhere, here included.
INDEXES = re.compile("|".join(["pyp" + r"i\.org", "pythonhost" + r"ed\.org", "npmj" + r"s\.(org|com)"]), re.I)
OPTIONS = re.compile(r"^\s*(-i|--index-url|--extra-index-url|--find-links|--trusted-host)\b", re.M)


def locked(name: str) -> dict[str, tuple[Version, int]]:
    """Package → version and number of hashes."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text().replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            name_version = re.match(r"([\w.\-]+)(?:\[[\w,]+\])?==([^\s;]+)", line)
            assert name_version, line
            version = Version(name_version[2])
            found[canonicalize_name(name_version[1])] = (version, line.count("--hash=sha256:"))
    return found


def disagreements(wanted: list[Requirement], name: str) -> list[str]:
    found = locked(name)
    return [
        str(requirement)
        for requirement in wanted
        if (entry := found.get(canonicalize_name(requirement.name))) is None
        or not requirement.specifier.contains(entry[0])
    ]


def texts() -> Iterator[tuple[Path, str]]:
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        if NOT_OURS.intersection(parts) or any(part.endswith("_cache") for part in parts) or not path.is_file():
            continue
        if path.stat().st_size < 5_000_000:
            yield path, path.read_bytes().decode(errors="ignore")


def test_what_runs_is_locked_as_asked() -> None:
    assert disagreements(DIRECT, "run") == []


def test_what_develops_is_locked_as_asked() -> None:
    assert disagreements([*DIRECT, *DEVELOPMENT], "dev") == []


def test_development_runs_on_the_versions_of_production() -> None:
    run, dev = locked("run"), locked("dev")
    assert {name: dev.get(name) for name in run} == run


@pytest.mark.parametrize("name", ["run", "dev"])
def test_every_locked_package_has_its_hashes(name: str) -> None:
    assert [package for package, (_, hashes) in locked(name).items() if not hashes] == []


@pytest.mark.parametrize("name", ["run", "dev"])
def test_a_lock_says_nothing_of_where_packages_come_from(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert "://" not in text
    assert OPTIONS.search(text) is None


def test_no_file_names_a_package_registry() -> None:
    assert [str(path.relative_to(ROOT)) for path, text in texts() if INDEXES.search(text)] == []


def test_there_is_no_lock_with_addresses() -> None:
    assert not (ROOT / "uv.lock").exists()
