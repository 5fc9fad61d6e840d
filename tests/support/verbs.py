"""Which public functions of the operations write: read from their source, so that none can be forgotten.

A function writes if it makes an insert, update or delete, locks rows, adds to the session, sets something of
a row or changes a file, and if it calls one that does, in any module of the operations.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any

from app import operations

WRITES = {"insert", "update", "delete", "upsert", "write_whole"}
WRITES_OF = {"db.session.add", "db.session.add_all", "db.session.delete"}
WRITES_BY = {"with_for_update", "unlink", "truncate"}

Name = tuple[str, str]
"""Module and function; a method goes by its own name in the module of its class."""


def modules() -> dict[str, ModuleType]:
    """By its own name, whichever package it lies in: no two have the same."""
    found = pkgutil.walk_packages(operations.__path__, f"{operations.__name__}.")
    names = [module.name for module in found if not module.ispkg]
    modules = {name.rpartition(".")[2]: importlib.import_module(name) for name in names}
    assert len(modules) == len(names)
    return modules


def public() -> dict[str, Callable[..., Any]]:
    """Every function that the rooms above may call, by `module.function`."""
    found = {}
    for name, module in modules().items():
        if name.startswith("_"):
            continue
        exported = getattr(module, "__all__", ())
        for function_name, function in inspect.getmembers(module, inspect.isfunction):
            own = function.__module__ == module.__name__
            if not function_name.startswith("_") and (own or function_name in exported):
                found[f"{name}.{function_name}"] = function
    return found


@cache
def writing() -> dict[str, Callable[..., Any]]:
    """Those of them that write."""
    writers = _writers()
    return {
        verb: function
        for verb, function in public().items()
        if (function.__module__.rpartition(".")[2], function.__name__) in writers
    }


def _writers() -> set[Name]:
    calls = dict(_calls())
    writers = {name for name, called in calls.items() if None in called}
    while more := {name for name, called in calls.items() if called & writers} - writers:
        writers |= more
    return writers


def _calls() -> Iterator[tuple[Name, set[Name | None]]]:
    """Every function, and statement made once, with what it uses; None stands for a writing of its own."""
    trees = {name: ast.parse(inspect.getsource(module)) for name, module in modules().items()}
    imports = {name: dict(_imports(tree, trees.keys())) for name, tree in trees.items()}
    for name, tree in trees.items():
        own = dict(_defined_in(tree))
        known = imports[name] | {defined: (name, defined) for defined in own}
        methods: dict[str, set[Name]] = {}
        for near in _below(name, imports):
            for method in _methods(trees[near]):
                methods.setdefault(method.name, set()).add((near, method.name))
        for defined, node in (*own.items(), *((method.name, method) for method in _methods(tree))):
            used = [inner for inner in ast.walk(node) if isinstance(inner, ast.Name | ast.Attribute)]
            yield (name, defined), {found for inner in used for found in _targets(inner, known, methods)}


def _defined_in(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((target.id, node.value) for target in targets if isinstance(target, ast.Name))


def _below(name: str, imports: dict[str, dict[str, Name]]) -> set[str]:
    """The module and all that it imports: where a method that it calls may be defined."""
    found, left = {name}, [name]
    while left:
        new = {module for module, _ in imports[left.pop()].values()} - found
        found |= new
        left += new
    return found


def _methods(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield from (inner for inner in node.body if isinstance(inner, ast.FunctionDef))


def _imports(tree: ast.Module, names: Any) -> Iterator[tuple[str, Name]]:
    """What a name stands for: (module, "") for a module, (module, function) for a function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(operations.__name__):
            module = (node.module or "").rpartition(".")[2]
            for alias in node.names:
                target = (module, alias.name) if module in names else (alias.name, "")
                if target[0] in names:
                    yield alias.asname or alias.name, target


def _targets(
    node: ast.Name | ast.Attribute, known: dict[str, Name], methods: dict[str, set[Name]]
) -> Iterator[Name | None]:
    if isinstance(node, ast.Name):
        if node.id in WRITES and node.id not in known:
            yield None
        elif node.id in known:
            yield known[node.id]
        return
    sets = isinstance(node.ctx, ast.Store) and ast.unparse(node.value) != "self"
    if sets or ast.unparse(node) in WRITES_OF or node.attr in WRITES_BY:
        yield None
    owner = known.get(node.value.id) if isinstance(node.value, ast.Name) else None
    if owner and not owner[1]:
        yield _defined(owner[0], node.attr)
    elif not hasattr(list, node.attr) and not hasattr(dict, node.attr):
        yield from methods.get(node.attr, ())


def _defined(module: str, attribute: str) -> Name:
    """Where a module's attribute is really defined: it may hand on another module's function."""
    function = getattr(modules()[module], attribute, None)
    home = getattr(function, "__module__", None) or f".{module}"
    return home.rpartition(".")[2], attribute
