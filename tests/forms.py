# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form on which operations are requested, filled in as a person does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils import _request_form


class Filling:
    """A person at the form, who finds places by their labels and never sees a key."""

    def __init__(self, book: Any, language: str = "ja") -> None:
        self.words, self.language, self.book = _request_form.WORDS[language], language, book
        self.page, self.catalogue = self.book[self.words["title"]], self.book[self.words["catalogue"]]
        self.rows = {self.page.cell(row, 2).value: row for row in range(1, 60)}

    def field(self, name: str) -> Any:
        return self.page.cell(self.rows[self.words[name]], 3)

    def parameter(self, operation: str, name: str) -> Any:
        """Where the form shows it: below the headings, in the order of the second worksheet."""
        title = _request_form.title_of(operation, self.language)
        shown = [row[3] for row in self.catalogue.iter_rows(4, values_only=True) if row[0] == title and row[3]]
        return self.page.cell(self.rows[self.words["parameters"]] + 1 + shown.index(name), 3)

    def fill(self, operation: str, target: Any, parameters: Mapping[str, Any], **more: Any) -> Filling:
        told = dict(ticket="REQ-1", received="2026-11-20", operation=_request_form.title_of(operation, self.language), target=target, wished="2026-11-26 02:00")
        for name, value in {**told, **more}.items():
            self.field(name).value = value
        for name, value in parameters.items():
            self.parameter(operation, name).value = "\n".join(value) if isinstance(value, list) else value
        return self
