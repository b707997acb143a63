"""The store: append-only, on any fsspec address; one JSON file per attempt, outcomes beside it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TypeVar

from seesaw.suite.records.calibration import Calibration
from seesaw.suite.records.files import TEMPORARY, Files
from seesaw.suite.records.names import printable, safe_part
from seesaw.suite.records.record import Record
from seesaw.suite.records.schema import RecordError, Stored, parse_record
from seesaw.suite.records.spec import Spec
from seesaw.suite.records.speed import SpeedRecord

RECORD, OUTCOMES, WEIGHTS, PICTURE = ".json", ".parquet", ".safetensors", ".webp"
"""Suffixes of a record and of what lies beside it; a picture shows a run's predictions."""
BESIDE = (OUTCOMES, WEIGHTS, PICTURE)
R = TypeVar("R", Record, SpeedRecord, Calibration)


class StoreError(ValueError):
    """A store that cannot be read or written as asked; the message names the file."""


@dataclass
class Scan:
    """What a store holds: readable records, and damaged or foreign files with the reason.

    `pictures` are addresses by the path of their record, `sha256` hashes of a record's own file by
    its path, `leftovers` what interrupted writers left, by address, with what it is.
    """

    records: list[Record] = field(default_factory=list)
    speed: list[SpeedRecord] = field(default_factory=list)
    calibrations: list[Calibration] = field(default_factory=list)
    damaged: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)
    leftovers: dict[str, str] = field(default_factory=dict)


class Store:
    """Records under one address, laid out `<track>/<budget>/<method>/<seed>-<id>-<attempt>`."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.files = Files(address)
        self.fs, self.root = self.files.fs, self.files.root

    @property
    def exists(self) -> bool:
        """Whether there is a store at the address, an empty one included."""
        return bool(self.fs.isdir(self.root))

    def scan(self) -> Scan:
        """Read every record once; files that are none are named, never fatal."""
        scan, paths = Scan(), self.files.walk(self.root)
        there = {path.removesuffix(RECORD) for path in paths if path.endswith(RECORD)}
        for path in paths:
            base, dot, kind = path.rpartition(".")
            if path.endswith(TEMPORARY):
                scan.leftovers[path] = "a file that was never finished"
            elif path.endswith(RECORD):
                self._read_into(scan, path)
            elif dot + kind in BESIDE and base not in there:
                scan.leftovers[path] = "there is no record beside it"
            elif path.endswith(PICTURE):
                scan.pictures[path.removeprefix(f"{self.root}/").removesuffix(PICTURE)] = path
        return scan

    def clean(self) -> list[str]:
        """Remove leftovers that nobody has touched for an hour; a younger one may be in the making.

        Returns:
            The addresses of what was removed.
        """
        latest = datetime.now(UTC) - timedelta(hours=1)
        old = [path for path in self.scan().leftovers if self.files.modified(path) < latest]
        for path in old:
            self.files.remove(path)
        return old

    def _read_into(self, scan: Scan, path: str) -> None:
        try:
            record, digest = self._record(path)
        except RecordError as error:
            scan.damaged[path] = " ".join(str(error).split())[:200]
            return
        scan.sha256[record.path] = digest
        if isinstance(record, SpeedRecord):
            scan.speed.append(record)
        elif isinstance(record, Calibration):
            scan.calibrations.append(record)
        else:
            scan.records.append(record)

    def _record(self, path: str) -> tuple[Stored, str]:
        """The record in a file and the file's hash.

        Raises:
            RecordError: it cannot be read, or has another record's name.
        """
        try:
            content = self.files.read(path)
        except OSError as error:
            raise RecordError(f"cannot be read: {error.strerror or error}") from None
        record = parse_record(content)
        if path != f"{self.root}/{record.path}{RECORD}":
            raise RecordError(f"the name of its record is {record.path}{RECORD}, not this one")
        return record, hashlib.sha256(content).hexdigest()

    def find(self, name: str) -> Record:
        """The record in the file `name`, with or without its folders and its suffix.

        Raises:
            StoreError: there is none, or it cannot be read.
        """
        wanted = os.path.normpath(name.removesuffix(RECORD)) + RECORD
        for path in self.files.walk(self.root):
            if not f"/{path}".endswith(f"/{wanted.lstrip('/')}"):
                continue
            try:
                record, _ = self._record(path)
            except RecordError as error:
                raise StoreError(f"{path}: {' '.join(str(error).split())[:200]}") from None
            if isinstance(record, Record):
                return record
        raise StoreError(f"no record {printable(name)} in {self.address}")

    def attempts(self, spec: Spec) -> list[Record]:
        """The readable attempts at one spec, oldest first."""
        return [found for found in self._attempts(spec) if isinstance(found, Record)]

    def add_if_new(self, calibration: Calibration) -> Calibration:
        """The newest calibration like this one, which is added if none says the same.

        Raises:
            StoreError: see `add`.
        """
        known = [own for own in self._attempts(calibration) if isinstance(own, Calibration)]
        if known and known[-1].says_the_same(calibration):
            return known[-1]
        return self.add(calibration)

    def _attempts(self, of: Spec | Calibration) -> Iterator[Stored]:
        base, numbers = self._base(of), self._numbers(of, RECORD)
        return self._readable(f"{base}-{number}{RECORD}" for number in numbers)

    def seeds(self, spec: Spec) -> list[Record]:
        """The newest run that ended `ok` of every seed of the entry that `spec` belongs to."""
        folder = str(PurePosixPath(self._base(spec)).parent)
        names = (name for name in self.files.names(folder) if name.endswith(RECORD))
        of_seed: dict[int, Record] = {}
        for record in self._readable(f"{folder}/{name}" for name in names):
            if not isinstance(record, Record) or record.status != "ok":
                continue
            if record.spec == spec.model_copy(update={"seed": record.spec.seed}):
                of_seed[record.spec.seed] = record
        return [of_seed[seed] for seed in sorted(of_seed)]

    def _readable(self, paths: Iterable[str]) -> Iterator[Stored]:
        for path in paths:
            try:
                yield self._record(path)[0]
            except RecordError:
                continue  # named by every scan; a new attempt never reuses its number

    def finished(self, spec: Spec) -> Record | None:
        """The newest attempt that ended `ok`, if there is one."""
        ok = [record for record in self.attempts(spec) if record.status == "ok"]
        return ok[-1] if ok else None

    def probe(self, spec: Spec | SpeedRecord) -> None:
        """Find out whether a record of `spec` and what belongs beside it could be written.

        Raises:
            StoreError: it could not; the message says where and why.
        """
        path = f"{self._base(spec)}-{self.next_attempt(spec)}{WEIGHTS}"
        try:
            self.files.try_name(path)
        except OSError as error:
            raise _unwritten(path, error) from None

    def add(self, record: R, files: Mapping[str, bytes] = MappingProxyType({})) -> R:
        """Write a record and what belongs beside it, by suffix; each file whole or not at all.

        If another writer took the attempt number, the next free one is used.

        Returns:
            The record as written, with its attempt number.

        Raises:
            StoreError: it cannot be written; nothing of it is left.
        """
        while True:
            base = f"{self._base(record)}-{record.attempt}"
            content = record.model_dump_json(indent=1).encode()
            # the record comes last: where it is, all that belongs to it is too
            whole = {base + suffix: own for suffix, own in {**files, RECORD: content}.items()}
            try:
                free = self.files.put_all(whole)
            except OSError as error:
                raise _unwritten(error.filename, error) from None
            if free:
                return record
            record = record.model_copy(update={"attempt": record.attempt + 1})

    def weights(self, record: Record) -> bytes:
        """What a run trained, as safetensors, checked against the hash the record carries.

        Raises:
            StoreError: it is missing or another file; published stores do not keep it.
        """
        path = self._beside(record, WEIGHTS)
        missing = f"{path} is missing: weights stay where a run was made; run the record again"
        return self._checked(path, record.trained_sha256, missing)

    def next_attempt(self, spec: Spec | SpeedRecord | Calibration) -> int:
        """One past the highest attempt number in use, by file name, damaged ones included."""
        numbers = [*self._numbers(spec, RECORD), *self._numbers(spec, OUTCOMES)]
        return 1 + max(numbers, default=0)

    def outcomes(self, record: Record) -> bytes:
        """The Parquet file beside a record, checked against the hash the record carries.

        Raises:
            StoreError: it is missing or another file.
        """
        path = self._beside(record, OUTCOMES)
        return self._checked(path, record.outcomes_sha256 or "", f"{path} is missing")

    def _checked(self, path: str, sha256: str | None, missing: str) -> bytes:
        try:
            content = self.files.read(path)
        except FileNotFoundError:
            raise StoreError(missing) from None
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {error.strerror or error}") from None
        if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
            raise StoreError(f"{path} is not the file its record was written with")
        return content

    def evidence(self, record: Record) -> dict[str, bytes]:
        """What is published beside a record: its outcomes, and its picture if there is one.

        Raises:
            StoreError: see `outcomes`.
        """
        files = {OUTCOMES: self.outcomes(record)}
        picture = self._beside(record, PICTURE)
        if self.files.exists(picture):
            files[PICTURE] = self._checked(picture, None, f"{picture} is missing")
        return files

    def _beside(self, record: Record, suffix: str) -> str:
        return f"{self._base(record)}-{record.attempt}{suffix}"

    def _base(self, of: Spec | Stored) -> str:
        """Address of a record's files up to the attempt.

        Raises:
            StoreError: its names lead somewhere else.
        """
        parts = [*of.folder.split("/"), of.prefix]
        if len(parts) != 4 or not all(map(safe_part, parts)):
            raise StoreError(
                f"{printable('/'.join(parts))} is no path in a store: the names of track, method "
                "and options must be letters, digits, blanks and . _ + - @ ="
            )
        return "/".join([self.root, *parts])

    def _numbers(self, of: Spec | SpeedRecord | Calibration, suffix: str) -> list[int]:
        """Attempt numbers in use by file name, lowest first."""
        return sorted(self._numbered(of, suffix))

    def _numbered(self, of: Spec | SpeedRecord | Calibration, suffix: str) -> Iterator[int]:
        pattern = re.compile(rf"{re.escape(of.prefix)}-([1-9][0-9]*){re.escape(suffix)}")
        for name in self.files.names(str(PurePosixPath(self._base(of)).parent)):
            if match := pattern.fullmatch(name):
                yield int(match[1])


def _unwritten(path: str, error: OSError) -> StoreError:
    return StoreError(f"cannot write {printable(path)}: {error.strerror or error}")
