"""Remembers requests that were done in full, so that asking again costs no import of torch.

A stamp is named by the hash of everything that could make the answer another one: the request, our
own code and tracks, installed versions, and what local folders hold. It lists the records' paths.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from seesaw.suite.records.record import Record
from seesaw.suite.records.schema import RecordError, parse_record
from seesaw.suite.records.store import Store

ROOT = Path(__file__).parents[2]
CODE = ("suite", "methods", "tasks")
FOLDER = ".asked"


def request_key(request: Mapping[str, Any], folders: Sequence[str]) -> str:
    """Hash of a request.

    Args:
        request: its arguments, ready for JSON.
        folders: local files and folders it reads; names of other things are taken as they are.
    """
    digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode())
    for package in CODE:
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in (".py", ".toml"):
                digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    for line in sorted(f"{found.name}=={found.version}" for found in distributions()):
        digest.update(line.encode())
    for folder in folders:
        files = [Path(folder)] if Path(folder).is_file() else sorted(Path(folder).rglob("*"))
        for path in files:
            known = path.stat()
            digest.update(f"{path}/{known.st_size}/{known.st_mtime_ns}".encode())
    return digest.hexdigest()[:16]


def stamped(store: Store, key: str) -> list[Record] | None:
    """The `ok` records of a request done in full; None if it was not, or one of them is gone."""
    try:
        paths = json.loads(store.fs.cat_file(f"{store.root}/{FOLDER}/{key}"))
        found = [parse_record(store.fs.cat_file(f"{store.root}/{path}.json")) for path in paths]
    except (FileNotFoundError, RecordError, ValueError):
        return None
    records = [record for record in found if isinstance(record, Record) and record.status == "ok"]
    return records if len(records) == len(paths) else None


def stamp(store: Store, key: str, records: Sequence[Record]) -> None:
    """Remember that a request ended with these records, all of them `ok`."""
    store.fs.makedirs(f"{store.root}/{FOLDER}", exist_ok=True)
    paths = json.dumps([record.path for record in records])
    store.fs.pipe_file(f"{store.root}/{FOLDER}/{key}", paths.encode())
