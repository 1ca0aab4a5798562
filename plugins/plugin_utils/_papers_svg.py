# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drawings in a page: an SVG that needs nothing from outside and runs nothing, or a reason why not."""

from __future__ import annotations

import re
from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"
# Drawings of boxes, lines and words need no more. What can load, link, animate or run is not among them.
ELEMENTS = frozenset(
    [
        "svg", "g", "defs", "symbol", "use", "title", "desc", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan",
        "textPath", "marker", "clipPath", "mask", "pattern", "linearGradient", "radialGradient", "stop",
    ]
)
OUTSIDE = re.compile(r"url\(\s*['\"]?(?!#|['\"])|@import|expression\(|\\|//", re.IGNORECASE)


def drawing(text: str) -> str:
    """The drawing as it stands in a page, without comments and namespaces. Raises ValueError with the reason why it cannot stand there."""
    if "<!DOCTYPE" in text.upper() or "<!ENTITY" in text.upper():
        raise ValueError("has a document type; take it out")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ValueError(f"is no XML: {error}") from None
    if root.tag != f"{SVG}svg":
        raise ValueError(f"is no drawing: it begins with {root.tag!r} instead of svg in the namespace of SVG")
    for element in root.iter():
        _simplify(element)
    return ElementTree.tostring(root, encoding="unicode")


def _simplify(element: ElementTree.Element) -> None:
    """Names as HTML has them, and only those that do no harm."""
    name = str(element.tag).removeprefix(SVG)
    if name not in ELEMENTS:
        raise ValueError(f"has the element {name!r}; a drawing in a page may have {', '.join(sorted(ELEMENTS))}")
    element.tag = name
    given = dict(element.attrib)
    element.attrib.clear()
    for key, value in given.items():
        key = "href" if key == LINK else key
        if key.startswith(("{", "on")) or OUTSIDE.search(value) or (key == "href" and not value.startswith("#")):
            raise ValueError(f"has {key}={value!r} at {name!r}, which would load or run something; take it out")
        element.set(key, value)
