"""Files of a store on any fsspec address: read whole, written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath

import fsspec

NO_LINKS = frozenset(
    (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV)
)
"""What file systems without hard links say to one."""
TEMPORARY = ".tmp"


class Files:
    """Files under one address."""

    def __init__(self, address: str) -> None:
        self.fs, self.root = fsspec.core.url_to_fs(address)
        self.local = "file" in self.fs.protocol

    def exists(self, path: str) -> bool:
        """Whether something is at `path`."""
        return bool(self.fs.exists(path))

    def walk(self, folder: str) -> list[str]:
        """Everything under `folder` that is no folder, sorted; links to folders are not entered."""
        return sorted(self.fs.find(folder)) if self.fs.isdir(folder) else []

    def names(self, folder: str) -> list[str]:
        """Names in `folder` itself, sorted; none if it is not there."""
        if not self.fs.isdir(folder):
            return []
        return sorted(PurePosixPath(path).name for path in self.fs.ls(folder, detail=False))

    def read(self, path: str) -> bytes:
        """The content of a file.

        Raises:
            OSError: it cannot be read, or is no file: a FIFO would be waited for without end.
        """
        if self.local:
            try:
                mode = os.stat(path).st_mode
            except OSError as error:
                if os.path.islink(path):
                    message = f"a link that leads to no file ({error.strerror})"
                    raise OSError(error.errno, message, path) from None
                raise
            if not stat.S_ISREG(mode):
                raise OSError(errno.EINVAL, "not a regular file", path)
        content: bytes = self.fs.cat_file(path)
        return content

    def put(self, path: str, content: bytes) -> bool:
        """Write to a temporary name, sync, then rename; False if the name is already taken.

        Raises:
            OSError: it cannot be written; nothing is left of it.
        """
        self.fs.makedirs(str(PurePosixPath(path).parent), exist_ok=True)
        temporary = f"{path}.{uuid.uuid4().hex}{TEMPORARY}"
        try:
            with self.fs.open(temporary, "wb") as file:
                file.write(content)
                if self.local:
                    file.flush()
                    os.fsync(file.fileno())
            if self.local:
                return _named(temporary, path)
            if self.fs.exists(path):
                return False
            self.fs.mv(temporary, path)
            return True
        finally:
            self._drop(temporary)

    def put_all(self, files: Mapping[str, bytes]) -> bool:
        """Write files by path, in their order; if a name is taken, none of them stays and False.

        Raises:
            OSError: one cannot be written, which is its `filename`; none of them stays.
        """
        done: list[str] = []
        try:
            for path, content in files.items():
                if not self.put(path, content):
                    break
                done.append(path)
        except OSError as error:
            raise OSError(error.errno, error.strerror or str(error), path) from None
        finally:
            if len(done) < len(files):
                for own in done:
                    self.remove(own)
        return len(done) == len(files)

    def try_name(self, path: str) -> None:
        """Find out whether `path` could be written, and leave nothing.

        Raises:
            OSError: it could not.
        """
        self.fs.makedirs(str(PurePosixPath(path).parent), exist_ok=True)
        temporary = f"{path}.{uuid.uuid4().hex}{TEMPORARY}"
        try:
            with self.fs.open(temporary, "wb") as file:
                file.write(b"can this be written?")
        finally:
            self._drop(temporary)

    def modified(self, path: str) -> datetime:
        """When a file was written, in UTC."""
        if self.local:
            return datetime.fromtimestamp(os.lstat(path).st_mtime, UTC)
        found: datetime = self.fs.modified(path)
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    def remove(self, path: str) -> None:
        """Remove a file."""
        self.fs.rm_file(path)

    def _drop(self, temporary: str) -> None:
        try:
            if self.local:
                os.unlink(temporary)
            elif self.fs.exists(temporary):
                self.fs.rm_file(temporary)
        except OSError:
            pass  # it has been renamed, or was never made; what made that fail is already raised


def _named(temporary: str, path: str) -> bool:
    """Give a synced local file its name. A hard link fails where the name is taken: no race."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        if not _claimed(temporary, path):
            return False
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return True


def _claimed(temporary: str, path: str) -> bool:
    """The same without hard links: whoever makes the empty file may put its own in its place."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return False
    try:
        os.replace(temporary, path)
    except OSError:
        os.unlink(path)
        raise
    return True
