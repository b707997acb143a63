"""The site's pages lie in it as they lie in the repository, so that a link is right in both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jupytext
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"\]\((?!\w+:)([^)#]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Instead of `docs`: every page of the navigation, and the files that pages link to."""
    for file in [own for own in files if own.src_dir == config.docs_dir]:
        files.remove(file)
    pages = list(_named(config.nav))
    for page in pages:
        files.append(_file(page, config))
    for page in pages:
        _add_linked(page, files, config)
    return files


def _named(nav: Any) -> Iterator[str]:
    """The pages in a navigation, in its order."""
    if isinstance(nav, str):
        yield nav
        return
    for item in nav.values() if isinstance(nav, dict) else nav:
        yield from _named(item)


class Notebook(File):
    """A notebook as a page, at the place of its file."""

    def is_documentation_page(self) -> bool:
        """It is, though it is no Markdown."""
        return True

    @property
    def content_string(self) -> str:
        """Its Markdown, without what is for Jupyter alone."""
        notebook = jupytext.reads(super().content_string, fmt="py:percent")
        notebook.metadata = {}
        return jupytext.writes(notebook, "markdown")


def _file(path: str, config: MkDocsConfig) -> File:
    kind = Notebook if path.startswith("examples/") else File
    return kind(path, str(ROOT), config.site_dir, config.use_directory_urls)


def _add_linked(page: str, files: Files, config: MkDocsConfig) -> None:
    for link in LINK.findall((ROOT / page).read_text()):
        target = (ROOT / page).parent.joinpath(link).resolve()
        if not target.is_file() or not target.is_relative_to(ROOT):
            continue  # mkdocs warns of it
        path = target.relative_to(ROOT).as_posix()
        if files.get_file_from_path(path) is None:
            files.append(_file(path, config))
