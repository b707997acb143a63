"""Remembers requests that were done in full, so that asking again costs no import of torch.

A stamp is named by the hash of the request and of all code, that of other packages' methods too. It
lists the records' paths and what else was read: track files by their content, data by what the file
system says of it. Where anything of that is another one, the request is done anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from seesaw.suite.records.code import code_sha256
from seesaw.suite.records.record import Record
from seesaw.suite.records.schema import RecordError, parse_record
from seesaw.suite.records.store import Store

FOLDER = ".asked"


def request_key(request: Mapping[str, Any]) -> str:
    """Hash of a request (its arguments, ready for JSON) and of the code that would do it."""
    text = json.dumps([request, code_sha256()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def stamped(store: Store, key: str) -> list[Record] | None:
    """The `ok` records of a request done in full; None if it was not, or something changed."""
    try:
        known = json.loads(store.fs.cat_file(f"{store.root}/{FOLDER}/{key}"))
        if known["read"] != {path: _state(Path(path)) for path in known["read"]}:
            return None
        paths = known["records"]
        found = [parse_record(store.fs.cat_file(f"{store.root}/{path}.json")) for path in paths]
    except (OSError, RecordError, ValueError, KeyError, TypeError):
        return None
    records = [record for record in found if isinstance(record, Record) and record.status == "ok"]
    return records if len(records) == len(paths) else None


def stamp(store: Store, key: str, records: Sequence[Record], read: Iterable[Path]) -> None:
    """Remember that a request ended with these records, all of them `ok`.

    Args:
        store: where the records are.
        key: see `request_key`.
        records: what came of the request.
        read: track files, and folders of data and weights.
    """
    store.fs.makedirs(f"{store.root}/{FOLDER}", exist_ok=True)
    known = {
        "records": [record.path for record in records],
        "read": {str(path): _state(path) for path in read},
    }
    store.fs.pipe_file(f"{store.root}/{FOLDER}/{key}", json.dumps(known).encode())


def _state(path: Path) -> str:
    """What tells a file from the same one changed, in place and with its old time too."""
    digest = hashlib.sha256()
    if path.is_file() and path.suffix == ".toml":
        digest.update(path.read_bytes())
    else:
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.is_file():
                known = file.stat()
                times = f"{known.st_mtime_ns}/{known.st_ctime_ns}"
                digest.update(f"{file}/{known.st_size}/{known.st_ino}/{times}".encode())
    return digest.hexdigest()
