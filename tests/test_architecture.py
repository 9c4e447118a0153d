"""The house rules that a machine can prove by reading the syntax tree."""

import ast
import subprocess
from functools import cache
from pathlib import Path

import pytest

from config.env import BASE_DIR

LAYERS = {
    "cells": set(),
    "youth": {"cells"},
    "employers": {"cells", "youth"},
    "matching": {"cells", "youth", "employers"},
}
OURS = {*LAYERS, "config"}
WORDS_OF_SCOPE = {"visible_to", "public"}
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
MEDIAN_FUNCTION_LINES = 8
P95_FUNCTION_LINES = 45


@cache
def tracked_files() -> tuple[Path, ...]:
    """Files git knows or would take: what a stranger gets."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(path for name in listing.stdout.split("\n") if name and (path := BASE_DIR / name).exists())


@cache
def python_files() -> tuple[Path, ...]:
    return tuple(path for path in tracked_files() if path.suffix == ".py" and "migrations" not in path.parts)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def app_of(path: Path) -> str:
    return path.relative_to(BASE_DIR).parts[0]


def app_files(*apps: str) -> list[Path]:
    return [path for path in python_files() if app_of(path) in (apps or OURS)]


def where(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(BASE_DIR)}:{node.lineno}"


def imported_modules(path: Path) -> list[tuple[str, ast.AST]]:
    found: list[tuple[str, ast.AST]] = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found += [(alias.name, node) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((node.module or "", node))
    return found


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize("app", LAYERS)
def test_an_app_imports_only_the_layers_below_it(app):
    forbidden = OURS - LAYERS[app] - {app}
    wrong = [
        f"{where(path, node)} imports {module}"
        for path in app_files(app)
        for module, node in imported_modules(path)
        if module.split(".")[0] in forbidden
    ]
    assert wrong == []


def test_the_engine_knows_neither_django_nor_the_apps():
    wrong = [
        f"{where(path, node)} imports {module}"
        for path in app_files("matching")
        if "engine" in path.parts
        for module, node in imported_modules(path)
        if module.split(".")[0] in {"django", "rest_framework", "celery", *LAYERS}
        and not module.startswith("matching.engine")
    ]
    assert wrong == []


def test_the_verifier_shares_no_code_with_what_it_verifies():
    """It reads rows by its own SQL: of ours, only itself."""
    wrong = [
        f"{where(path, node)} imports {module}"
        for path in app_files("matching")
        if "certificate" in path.parts
        for module, node in imported_modules(path)
        if module.split(".")[0] in OURS and not module.startswith("matching.certificate")
    ]
    assert wrong == []


def is_interface(path: Path) -> bool:
    return "views" in path.parts or "api" in path.parts or path.stem == "forms"


def test_interfaces_start_every_query_from_a_scope():
    bare = [
        where(path, node)
        for path in app_files(*LAYERS)
        if is_interface(path)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "objects"
        and node.attr not in WORDS_OF_SCOPE
    ]
    assert bare == []


def test_nothing_is_imported_inside_a_function():
    wrong = [
        where(path, node)
        for path in python_files()
        for function in functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert wrong == []


def test_there_are_no_signals():
    wrong = [
        f"{where(path, node)} imports {module}"
        for path in app_files(*LAYERS)
        for module, node in imported_modules(path)
        if module.startswith(("django.db.models.signals", "django.dispatch", "django.core.signals"))
    ]
    assert wrong == []


def test_no_module_is_named_after_nothing_in_particular():
    assert [path for path in python_files() if {"utils", "common", "helpers"} & {*path.parts, path.stem}] == []


def test_files_have_one_subject():
    long = {
        str(path.relative_to(BASE_DIR)): count
        for path in python_files()
        if (count := len(path.read_text().splitlines())) > (600 if "tests" in path.parts else MAX_FILE_LINES)
    }
    assert long == {}


def test_functions_read_in_one_breath():
    sizes = sorted(length(node) for path in app_files() for node in functions(path))
    assert sizes[len(sizes) // 2] <= MEDIAN_FUNCTION_LINES
    assert sizes[len(sizes) * 95 // 100] <= P95_FUNCTION_LINES
    too_long = [
        where(path, node) for path in app_files() for node in functions(path) if length(node) > MAX_FUNCTION_LINES
    ]
    assert too_long == []
