"""authority.py FOLDER: an authority of two levels, and what it has signed for the site, on good days and on bad ones."""
import datetime
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

FOLDER = pathlib.Path(sys.argv[1])
NOW = datetime.datetime.now(datetime.UTC)


def key_of(name):
    key = ec.generate_private_key(ec.SECP256R1())
    form = serialization.PrivateFormat.PKCS8
    write(f"{name}.key", key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return key


def write(name, data):
    path = FOLDER / name
    path.touch(0o600)
    path.write_bytes(data)


def sign(name, days, names=(), by=None):
    key = key_of(name)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    issuer, signer = by or (subject, key)
    begin = NOW - datetime.timedelta(days=30)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(begin).not_valid_after(NOW + datetime.timedelta(days=days, minutes=5))
    builder = builder.add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
    certificate = builder.sign(signer, hashes.SHA256())
    write(f"{name}.pem", certificate.public_bytes(serialization.Encoding.PEM))
    return certificate.subject, key


FOLDER.mkdir(mode=0o700)
middle = sign("middle", 3000, by=sign("root", 3000))
SITE = ["www.example.com", "example.com"]
DAYS = dict(first=20, renewed=397, expired=-1, fewer=398, wildcard=399)
for name, days in DAYS.items():
    sign(name, days, dict(fewer=SITE[:1], wildcard=["*.example.com", "example.com"]).get(name, SITE), middle)
