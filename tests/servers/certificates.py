# SPDX-License-Identifier: MIT
"""Throw-away certificate authorities and server certificates, made with the openssl command."""

import hashlib
import pathlib
import subprocess


def _openssl(*args, cwd):
    done = subprocess.run(
        ["openssl", *args], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise RuntimeError(f"openssl {args[0]}: {done.stderr}")


class Authority:
    """A CA in a directory of its own; `ca` is the file a client trusts."""

    def __init__(self, directory, name="mailconvoy test CA"):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o755)
        self.ca = self.directory / "ca.pem"
        _openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", f"/CN={name}", "-days", "2", "-keyout", "ca.key", "-out", "ca.pem",
            "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign",
            cwd=self.directory,
        )  # fmt: skip

    def self_signed(self, stem="alone"):
        """A certificate that nobody but its own key vouches for, and that key."""
        _openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", f"/CN={stem}", "-days", "2", "-keyout", f"{stem}.key", "-out", f"{stem}.pem",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            cwd=self.directory,
        )  # fmt: skip
        return self.directory / f"{stem}.pem", self.directory / f"{stem}.key"

    def issue(self, stem="server", names=("DNS:localhost", "IP:127.0.0.1"), use="serverAuth", days=2):
        """Returns the paths of a certificate and its key, good for `names`; with days=-1 it has
        expired."""
        extensions = self.directory / f"{stem}.ext"
        extensions.write_text(f"subjectAltName={','.join(names)}\nextendedKeyUsage={use}\n")
        _openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", f"/CN={stem}", "-keyout", f"{stem}.key", "-out", f"{stem}.csr",
            cwd=self.directory,
        )  # fmt: skip
        _openssl(
            "x509", "-req", "-in", f"{stem}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", str(days), "-extfile", extensions.name, "-out", f"{stem}.pem",
            cwd=self.directory,
        )  # fmt: skip
        return self.directory / f"{stem}.pem", self.directory / f"{stem}.key"


def pin(certificate):
    """The SHA-256 of its public key."""
    key = subprocess.run(
        ["openssl", "x509", "-in", certificate, "-noout", "-pubkey"], check=True, capture_output=True
    ).stdout
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-outform", "DER"], input=key, check=True, capture_output=True
    ).stdout
    return hashlib.sha256(der).digest()
