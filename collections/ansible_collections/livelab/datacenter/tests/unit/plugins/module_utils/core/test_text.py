# SPDX-License-Identifier: GPL-3.0-or-later
"""Words for messages."""

from __future__ import annotations

import base64

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import listing, twice, without_secrets

SECRET = "contraseña <1>"


@pytest.mark.parametrize("spelt", [
    SECRET,
    "contrase\\xf1a <1>",
    "contrase\\u00f1a <1>",
    "contrase%C3%B1a%20%3C1%3E",
    "contrase%C3%B1a+%3C1%3E",
    "contraseña &lt;1&gt;",
    base64.b64encode(SECRET.encode()).decode(),
])
def test_a_secret_is_hidden_however_it_is_spelt(spelt):
    assert without_secrets(f"it says '{spelt}'.", [SECRET]) == "it says '********'."


def test_a_secret_within_another_and_a_line_end():
    assert without_secrets("abcdef abc", ["abc", "abcdef"]) == "******** ********"
    assert without_secrets(repr("abc\n"), ["abc\n"]) == "'********'"


@pytest.mark.parametrize(("secret", "quoted"), [
    # repr, and the repr of what is sent: shorter or longer by a letter would leave one of the secret.
    ("ab\\cd", "ab\\\\cd"),
    ("ab\tcd", "ab\\tcd"),
    ("ä\tcd", "ä\\tcd"),
    ("äöü", "\\xc3\\xa4\\xc3\\xb6\\xc3\\xbc"),
    ("a/b&c", "a%2Fb%26c"),
    ("a/b c", "a%2Fb%20c"),
    ("a/b&c", "a/b%26c"),
    ('a"b<c', "a&quot;b&lt;c"),
])
def test_nothing_of_a_secret_is_left(secret, quoted):
    assert without_secrets(f"<{quoted}>", [secret]) == "<********>"


def test_the_longer_secret_goes_first_whatever_their_letters():
    # In the order of the alphabet or of its reverse one of these leaves a part.
    assert without_secrets("abcd bcde", ["bcd", "abcd", "bcde"]) == "******** ********"


def test_words_are_no_secrets():
    assert without_secrets("a b", ["", "a"]) == "a b"


def test_lists():
    assert listing(["b", "a", "b"]) == "a, b"
    assert listing([]) == "none"
    assert twice(["a", "b", "a", "b", "c"]) == ["a", "b"]
