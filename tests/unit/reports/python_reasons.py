"""The reasons Python can write, read off the source: texts that end in an argument or a name that holds a reason."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

SINKS = frozenset({"reason", "missed", "obstacle", "error_code", "exclude_reason"})
DEEPEST = 6
_OURS = re.compile(r"^[a-z]+(_[a-z]+)+$")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def written(files: Iterable[Path]) -> dict[str, str]:
    """Reason -> the file that writes it, of some Python files. What stands for a value of the moment is #."""
    trees = {path: ast.parse(path.read_text()) for path in files}
    functions = {node.name: node for tree in trees.values() for node in ast.walk(tree) if isinstance(node, Function)}
    parameters = {name: _names(node) for name, node in functions.items()}
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                parameters[node.name] = [
                    each.target.id
                    for each in node.body
                    if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
                ]
    found: dict[str, str] = {}
    for path, tree in trees.items():
        for scope in (node for node in ast.walk(tree) if isinstance(node, Function)):
            for value in _sunk(scope, parameters):
                for text in _texts(value, scope, functions):
                    found.setdefault(text, path.name)
    return found


def _names(node: Function) -> list[str]:
    names = [each.arg for each in node.args.args]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def _sunk(scope: Function, parameters: dict[str, list[str]]) -> Iterator[ast.expr]:
    """Expressions of a function whose value is taken for a reason."""
    for node in ast.walk(scope):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            sinks = SINKS | {"code"} if name in ("_lost", "_all", "all_of") else SINKS
            yield from (
                value for place, value in zip(parameters.get(name, []), node.args, strict=False) if place in sinks
            )
            yield from (keyword.value for keyword in node.keywords if keyword.arg in sinks)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                elements = target.elts if isinstance(target, ast.Tuple) else [target]
                values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value] * len(elements)
                for element, value in zip(elements, values, strict=False):
                    if isinstance(element, ast.Name) and element.id in SINKS:
                        yield value


def _texts(value: ast.expr, scope: Function, functions: dict[str, Function], depth: int = 0) -> Iterator[str]:
    """Texts an expression may come to; names and functions are followed, not for ever."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
        yield value.value
    elif isinstance(value, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "#" for part in value.values)
    elif depth < DEEPEST:
        for each in _parts(value, scope):
            yield from _texts(each, scope, functions, depth + 1)
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in functions:
            yield from _handed_back(functions[value.func.id], functions, depth)


def _parts(value: ast.expr, scope: Function) -> Iterator[ast.expr]:
    if isinstance(value, ast.IfExp):
        yield from (value.body, value.orelse)
    elif isinstance(value, ast.BoolOp):
        yield from value.values
    elif isinstance(value, ast.Tuple):
        yield from value.elts
    elif isinstance(value, ast.Name):
        assigned = (node for node in ast.walk(scope) if isinstance(node, ast.Assign))
        yield from (n.value for n in assigned if any(isinstance(t, ast.Name) and t.id == value.id for t in n.targets))


def _handed_back(called: Function, functions: dict[str, Function], depth: int) -> Iterator[str]:
    """What a function may hand back: what it returns or assigns, and every word of ours with an underscore."""
    for node in ast.walk(called):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _OURS.match(node.value):
            yield node.value
        elif isinstance(node, ast.Return | ast.Assign) and node.value is not None:
            yield from _texts(node.value, called, functions, depth + 1)
