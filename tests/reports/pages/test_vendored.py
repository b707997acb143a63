"""Scripts out of packages, as pages from disk can load them."""

from __future__ import annotations

import pytest

from seesaw.reports.pages.vendored import VendorError, classic, scripts


def test_a_module_becomes_a_script() -> None:
    module = "const a=1,b=2;export{a as other,b as default};\n// licence"
    assert classic(module, "Own") == ("(()=>{const a=1,b=2;window.Own=b;\n// licence\n})();\n")


@pytest.mark.parametrize("module", ["const a=1;", "const a=1;export{a as other};"])
def test_a_module_without_a_default_is_refused_by_version(module: str) -> None:
    with pytest.raises(VendorError, match=r"itables 2\.\d.* exports no default"):
        classic(module, "Own")


def test_what_the_site_carries_is_small_and_no_module() -> None:
    found = scripts()
    assert sum(map(len, found.values())) < 2_000_000
    for name in ("datatables.js", "vega.js"):
        assert "window." in found[name]
        assert "export{" not in found[name]
