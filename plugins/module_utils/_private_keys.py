# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private keys for logging in to servers: made here, written as CreateKeyPair would write them (pem, ppk), read again for their public half.

Private to the collection. No network, no files: text in, text out.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct

from ansible_collections.msp.aws.plugins.module_utils._options import Problem

try:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
except ImportError:
    serialization = None

PPK = "PuTTY-User-Key-File-"


def make(key_type: str, key_format: str, comment: str) -> str:
    """A new private key as text. RSA keys have 2048 bits, as CreateKeyPair's have."""
    if serialization is None:
        raise Problem("to make a private key, the Python package cryptography is needed where this module runs")
    key = ed25519.Ed25519PrivateKey.generate() if key_type == "ed25519" else rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return _ppk(key, comment) if key_format == "ppk" else _pem(key)


def public_half(text: str) -> str:
    """The public key of a private key written by make(), as OpenSSH writes it: type and body."""
    if text.startswith(PPK):
        lines = text.splitlines()
        start = next(number for number, line in enumerate(lines) if line.startswith("Public-Lines: "))
        count = int(lines[start].partition(": ")[2])
        return f"{lines[0].partition(': ')[2]} {''.join(lines[start + 1 : start + 1 + count])}"
    load = serialization.load_ssh_private_key if "OPENSSH" in text.partition("\n")[0] else serialization.load_pem_private_key
    return _openssh(load(text.encode(), password=None))


def _openssh(key) -> str:
    return key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()


def _pem(key) -> str:
    # PKCS#1 for RSA is what GetPasswordData's users (consoles, scripts) have always been handed; Ed25519 has no such form.
    form = serialization.PrivateFormat.TraditionalOpenSSL if isinstance(key, rsa.RSAPrivateKey) else serialization.PrivateFormat.OpenSSH
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _ppk(key, comment: str) -> str:
    """PuTTY's own format, version 3, not encrypted (PuTTY manual, appendix "PPK file format")."""
    algorithm, body = _openssh(key).split()
    public, private = base64.b64decode(body), _private_blob(key)
    fields = (algorithm.encode(), b"none", comment.encode(), public, private)
    mac = hmac.new(b"", b"".join(_string(field) for field in fields), hashlib.sha256).hexdigest()
    head = [f"{PPK}3: {algorithm}", "Encryption: none", f"Comment: {comment}"]
    return "\n".join([*head, *_lines("Public", public), *_lines("Private", private), f"Private-MAC: {mac}", ""])


def _private_blob(key) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.private_numbers()
        return b"".join(_mpint(number) for number in (numbers.d, numbers.p, numbers.q, numbers.iqmp))
    return _string(key.private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()))


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _mpint(number: int) -> bytes:
    # One bit more than the number has, so that the first bit is never taken for a sign.
    return _string(number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _lines(name: str, data: bytes) -> list[str]:
    text = base64.b64encode(data).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return [f"{name}-Lines: {len(lines)}", *lines]
