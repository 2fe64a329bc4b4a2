"""A domain's transforms, read without being run: each computed table has one, and what they name is there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from cli.lint.finding import Finding
from shared.contracts import Contract
from shared.gold_statements import statement_files
from shared.project import domain_folder, shown

READS = ("table", "touched")
OR_SQL = ", and there is no gold/<table>.sql"


@dataclass(frozen=True)
class _Module:
    contract: Contract
    file: str
    tree: ast.Module

    def finding(self, node: ast.AST | None, subject: str, reason: str, *, hint: bool = False) -> Finding:
        name = f"{self.contract.domain}.{subject}" if subject else self.contract.domain
        return Finding(self.file, getattr(node, "lineno", 0), name, reason, hint)


def transform_findings(contract: Contract) -> Iterator[Finding]:
    """What is wrong with a domain's transforms.py, as far as it can be seen without running it."""
    statements = statement_files(contract.domain)
    wanted = {
        "GOLD": [t.name for t in contract.gold if t.name not in statements],
        "SILVER": [t.name for t in contract.silver if t.kind == "computed"],
    }
    path = domain_folder(contract.domain) / "transforms.py"
    if not path.exists():
        if missing := ", ".join(n for names in wanted.values() for n in names):
            yield Finding(
                shown(path),
                0,
                contract.domain,
                f"there is no such file, but {missing} are computed by it, or by gold/<table>.sql",
            )
        return
    try:
        module = _Module(contract, shown(path), ast.parse(path.read_bytes(), str(path)))
    except SyntaxError as error:
        yield Finding(shown(path), error.lineno or 0, contract.domain, f"Python cannot read it: {error.msg}")
        return
    for name, tables in wanted.items():
        yield from _registered(module, name, tables)
    yield from _names(module)


def _registered(module: _Module, name: str, tables: list[str]) -> Iterator[Finding]:
    """`GOLD` and `SILVER` name exactly the tables that the contract has."""
    found = _assigned(module.tree, name)
    if found is None:
        if tables:
            yield module.finding(
                None, "", f"{name} is missing: a dict of a transform for {', '.join(tables)}"
            )
        return
    if not isinstance(found, ast.Dict) or not all(isinstance(k, ast.Constant) for k in found.keys):
        reason = f"{name} is made, not written: whether each table has a transform shows when it runs"
        yield module.finding(found, "", reason, hint=True)
        return
    functions = {n.name: n for n in module.tree.body if isinstance(n, ast.FunctionDef)}
    written = zip(found.keys, found.values, strict=True)
    given = {str(k.value): v for k, v in written if isinstance(k, ast.Constant)}
    for table in tables:
        if table not in given:
            reason = f"has no transform: {name} does not name it" + (OR_SQL if name == "GOLD" else "")
            yield module.finding(found, table, reason)
    for table, value in given.items():
        if name == "GOLD" and table in statement_files(module.contract.domain):
            yield module.finding(value, table, f"has two rules, {name} and gold/{table}.sql: delete one")
        elif table not in tables:
            yield module.finding(
                value, table, f"{name} has a transform for it; the contract has no such table"
            )
        elif isinstance(value, ast.Name) and (function := functions.get(value.id)):
            yield from _signature(module, table, function)
        elif isinstance(value, ast.Name) and value.id not in _defined(module.tree):
            yield module.finding(value, table, f"there is no function {value.id}")


def _signature(module: _Module, table: str, function: ast.FunctionDef) -> Iterator[Finding]:
    required = len(function.args.posonlyargs) + len(function.args.args) - len(function.args.defaults)
    if required != 1 and not function.args.vararg:
        yield module.finding(
            function, table, f"{function.name} takes {required} arguments, expected one: the lake"
        )


def _names(module: _Module) -> Iterator[Finding]:
    """Tables and parameters that the code names in full, `lake.table("users")`."""
    contract = module.contract
    tables = {t.name for t in contract.tables}
    for call in ast.walk(module.tree):
        match call:
            case ast.Call(ast.Attribute(ast.Name("lake"), method), [ast.Constant(str(name)), *_]):
                pass
            case _:
                continue
        what = f"lake.{method}({name!r}): the contract has no such"
        if method in READS and name not in tables:
            yield module.finding(call, "", f"{what} table ({', '.join(sorted(tables))})")
        elif method == "parameter" and name not in contract.parameters:
            yield module.finding(call, "", f"{what} parameter ({', '.join(sorted(contract.parameters))})")


def _assigned(tree: ast.Module, name: str) -> ast.expr | None:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, ast.Assign | ast.AnnAssign) and any(
            isinstance(t, ast.Name) and t.id == name for t in targets
        ):
            return node.value
    return None


def _defined(tree: ast.Module) -> set[str]:
    """Every name that the module makes anywhere: functions, assignments, imports."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.alias(name=name, asname=other):
                names.add(other or name.partition(".")[0])
    return names
