# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private keys that are made for key pairs: every form is read again by another reader, and keeps its public half."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key, load_ssh_private_key

from ansible_collections.msp.aws.plugins.module_utils import _private_keys
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

KINDS = ("rsa", "ed25519")


@pytest.mark.parametrize("key_type", KINDS)
def test_pem_is_what_create_key_pair_hands_out(key_type):
    text = _private_keys.make(key_type, "pem", "acme-web")
    assert text.startswith("-----BEGIN RSA PRIVATE KEY-----" if key_type == "rsa" else "-----BEGIN OPENSSH PRIVATE KEY-----")
    load = load_pem_private_key if key_type == "rsa" else load_ssh_private_key
    public = load(text.encode(), password=None).public_key()
    assert public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() == _private_keys.public_half(text)
    assert key_type == "ed25519" or public.key_size == 2048


def parsed(text):
    """PuTTY manual, appendix "PPK file format"."""
    fields, lines = {}, iter(text.splitlines())
    for line in lines:
        name, dummy, value = line.partition(": ")
        fields[name] = base64.b64decode("".join(next(lines) for dummy in range(int(value)))) if name.endswith("-Lines") else value
    return fields


def strings(blob):
    while blob:
        (length,) = struct.unpack(">I", blob[:4])
        yield blob[4 : 4 + length]
        blob = blob[4 + length :]


@pytest.mark.parametrize("key_type", KINDS)
def test_ppk_has_the_key_and_its_seal(key_type):
    text = _private_keys.make(key_type, "ppk", "acme-web")
    fields = parsed(text)
    algorithm = fields["PuTTY-User-Key-File-3"]
    sealed = (algorithm.encode(), b"none", b"acme-web", fields["Public-Lines"], fields["Private-Lines"])
    preimage = b"".join(struct.pack(">I", len(part)) + part for part in sealed)
    assert fields["Private-MAC"] == hmac.new(b"", preimage, hashlib.sha256).hexdigest()
    assert _private_keys.public_half(text) == f"{algorithm} {base64.b64encode(fields['Public-Lines']).decode()}"
    private = list(strings(fields["Private-Lines"]))
    if key_type == "ed25519":
        assert [len(part) for part in private] == [32]
        return
    d, p, q, inverse = (int.from_bytes(part, "big") for part in private)
    dummy, e, n = (int.from_bytes(part, "big") for part in strings(fields["Public-Lines"]))
    assert p * q == n and inverse * q % p == 1 and pow(pow(2, e, n), d, n) == 2


def test_without_cryptography_it_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(_private_keys, "serialization", None)
    with pytest.raises(Problem, match="cryptography"):
        _private_keys.make("rsa", "pem", "acme-web")
