"""The store: append-only, on any fsspec address; one JSON file per attempt, outcomes beside it."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TypeVar

import fsspec

from seesaw.suite.records.record import Record, Spec
from seesaw.suite.records.schema import RecordError, parse_record
from seesaw.suite.records.speed import SpeedRecord

PICTURE = ".webp"
"""Suffix of a picture of a run's predictions."""
R = TypeVar("R", Record, SpeedRecord)


class StoreError(ValueError):
    """A write that would change or lose a record."""


@dataclass
class Scan:
    """What a store holds: readable records, and damaged or foreign files with the reason.

    `pictures` are addresses by the path of their record.
    """

    records: list[Record] = field(default_factory=list)
    speed: list[SpeedRecord] = field(default_factory=list)
    damaged: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)


class Store:
    """Records under one address, laid out `<track>/<budget>/<method>/<seed>-<id>-<attempt>`."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.fs, self.root = fsspec.core.url_to_fs(address)

    def scan(self) -> Scan:
        """Read every record; files that are none are named, never fatal."""
        scan = Scan()
        for path in self._files(self.root, (".json", PICTURE)):
            if path.endswith(PICTURE):
                scan.pictures[path.removeprefix(f"{self.root}/").removesuffix(PICTURE)] = path
                continue
            try:
                record = parse_record(self.fs.cat_file(path))
            except RecordError as error:
                scan.damaged[path] = " ".join(str(error).split())[:200]
                continue
            if isinstance(record, SpeedRecord):
                scan.speed.append(record)
            else:
                scan.records.append(record)
        return scan

    def find(self, name: str) -> Record:
        """The record in the file `name`, with or without its suffix.

        Raises:
            StoreError: there is none.
        """
        wanted = name.removesuffix(".json")
        for record in self.scan().records:
            if record.path.rpartition("/")[2] == wanted:
                return record
        raise StoreError(f"no record {wanted} in {self.address}")

    def attempts(self, spec: Spec) -> list[Record]:
        """The readable attempts at one spec, oldest first."""
        found = []
        for path in self._names(spec, ".json"):
            try:
                record = parse_record(self.fs.cat_file(path))
            except RecordError:
                continue  # named by every scan; a new attempt never reuses its number
            if isinstance(record, Record):
                found.append(record)
        return sorted(found, key=lambda record: record.attempt)

    def finished(self, spec: Spec) -> Record | None:
        """The newest attempt that ended `ok`, if there is one."""
        ok = [record for record in self.attempts(spec) if record.status == "ok"]
        return ok[-1] if ok else None

    def add(self, record: R, files: Mapping[str, bytes] = MappingProxyType({})) -> R:
        """Write a record and what belongs beside it, by suffix; each file whole or not at all.

        If another writer took the attempt number, the next free one is used.

        Returns:
            The record as written, with its attempt number.
        """
        while True:
            base = f"{self.root}/{record.path}"
            content = record.model_dump_json(indent=1).encode()
            # the record comes last: where it is, all that belongs to it is too
            if self._put_all(base, {**files, ".json": content}):
                return record
            record = record.model_copy(update={"attempt": record.attempt + 1})

    def _put_all(self, base: str, files: Mapping[str, bytes]) -> bool:
        """Write files under free names; if one is taken, none of them stays."""
        done: list[str] = []
        for suffix, content in files.items():
            if not self._put(base + suffix, content):
                for path in done:
                    self.fs.rm_file(path)
                return False
            done.append(base + suffix)
        return True

    def weights(self, record: Record) -> bytes:
        """What a run trained, as safetensors.

        Raises:
            StoreError: it is missing; published stores do not keep it.
        """
        path = f"{self.root}/{record.path}.safetensors"
        try:
            content: bytes = self.fs.cat_file(path)
        except FileNotFoundError:
            raise StoreError(
                f"{path} is missing: weights stay where a run was made; run the record again"
            ) from None
        return content

    def next_attempt(self, spec: Spec | SpeedRecord) -> int:
        """One past the highest attempt number in use, by file name, damaged ones included."""
        names = [*self._names(spec, ".json"), *self._names(spec, ".parquet")]
        numbers = [PurePosixPath(name).stem.rpartition("-")[2] for name in names]
        return 1 + max((int(n) for n in numbers if n.isdigit()), default=0)

    def outcomes(self, record: Record) -> bytes:
        """The Parquet file beside a record, checked against the hash the record carries.

        Raises:
            StoreError: it is missing or another file.
        """
        path = f"{self.root}/{record.path}.parquet"
        try:
            content: bytes = self.fs.cat_file(path)
        except FileNotFoundError:
            raise StoreError(f"{path} is missing") from None
        if hashlib.sha256(content).hexdigest() != record.outcomes_sha256:
            raise StoreError(f"{path} is not the file its record was written with")
        return content

    def evidence(self, record: Record) -> dict[str, bytes]:
        """What is published beside a record: its outcomes, and its picture if there is one.

        Raises:
            StoreError: see `outcomes`.
        """
        files = {".parquet": self.outcomes(record)}
        picture = f"{self.root}/{record.path}{PICTURE}"
        return files | ({PICTURE: self.fs.cat_file(picture)} if self.fs.exists(picture) else {})

    def _names(self, spec: Spec | SpeedRecord, suffix: str) -> list[str]:
        files = self._files(f"{self.root}/{spec.folder}", suffix)
        return [path for path in files if PurePosixPath(path).name.startswith(f"{spec.prefix}-")]

    def _files(self, folder: str, suffix: str | tuple[str, ...]) -> list[str]:
        if not self.fs.exists(folder):
            return []
        return sorted(path for path in self.fs.find(folder) if path.endswith(suffix))

    def _put(self, path: str, content: bytes) -> bool:
        """Write to a temporary name, sync, then rename; False if the name is already taken."""
        local = "file" in self.fs.protocol
        self.fs.makedirs(str(PurePosixPath(path).parent), exist_ok=True)
        temporary = f"{path}.{uuid.uuid4().hex}.tmp"
        with self.fs.open(temporary, "wb") as file:
            file.write(content)
            if local:
                file.flush()
                os.fsync(file.fileno())
        if local:
            return _name(temporary, path)
        if self.fs.exists(path):
            self.fs.rm_file(temporary)
            return False
        self.fs.mv(temporary, path)
        return True


def _name(temporary: str, path: str) -> bool:
    """Give a synced local file its name. A hard link fails where the name is taken: no race."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        os.unlink(temporary)
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return True
