"""Certificates for tests, made by the openssl program: short-lived, in a directory of the test's."""
import base64
import hashlib
import os
import subprocess

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


def openssl(*words, cwd=None):
    subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=cwd)


def alternative_names(names, addresses):
    return "subjectAltName=" + ",".join([f"DNS:{name}" for name in names] + [f"IP:{address}" for address in addresses])


def make_certificate(directory, name="localhost", days=2, addresses=("127.0.0.1",)):
    """A self-signed certificate for a name and addresses. Gives (certificate file, key file) back."""
    cert = os.path.join(directory, f"{name}.crt")
    key = os.path.join(directory, f"{name}.key")
    openssl("req", "-x509", *KEY, "-keyout", key, "-out", cert, "-days", str(days), "-subj", f"/CN={name}",
            "-addext", alternative_names([name], addresses))
    return cert, key


class Authority:
    """An issuer of certificates: `cert` is its own. Dates are those of `openssl ca`: YYYYMMDDHHMMSSZ."""

    CONFIG = ("[ca]\ndefault_ca=this\n[this]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\n"
              "default_days=2\npolicy=any\ncopy_extensions=copy\nunique_subject=no\n[any]\ncommonName=supplied\n")

    def __init__(self, directory, name="Test Root"):
        self.directory = os.path.join(directory, name.replace(" ", "-"))
        os.mkdir(self.directory)
        for file, text in (("ca.conf", self.CONFIG), ("index", ""), ("serial", "01\n")):
            with open(os.path.join(self.directory, file), "w", encoding="ascii") as out:
                out.write(text)
        self.cert = os.path.join(self.directory, "root.crt")
        openssl("req", "-x509", *KEY, "-keyout", "root.key", "-out", "root.crt", "-days", "2", "-subj", f"/CN={name}",
                cwd=self.directory)

    def issue(self, label, names=("localhost",), addresses=("127.0.0.1",), start=None, end=None):
        """A certificate of a server. Gives (certificate file, key file) back."""
        openssl("req", "-new", *KEY, "-keyout", f"{label}.key", "-out", f"{label}.csr", "-subj", f"/CN={label}",
                "-addext", alternative_names(names, addresses), cwd=self.directory)
        dates = (["-startdate", start] if start else []) + (["-enddate", end] if end else [])
        openssl("ca", "-batch", "-notext", "-config", "ca.conf", "-cert", "root.crt", "-keyfile", "root.key",
                "-in", f"{label}.csr", "-out", f"{label}.crt", *dates, cwd=self.directory)
        return tuple(os.path.join(self.directory, f"{label}.{kind}") for kind in ("crt", "key"))


def read_pem(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def pin_of(cert):
    """What tls_pin is for this certificate's key: sha256// and the base64 of the SHA-256 of its SubjectPublicKeyInfo."""
    pem = subprocess.run(["openssl", "x509", "-in", cert, "-noout", "-pubkey"], check=True, capture_output=True).stdout
    der = base64.b64decode(b"".join(pem.splitlines()[1:-1]))
    return "sha256//" + base64.b64encode(hashlib.sha256(der).digest()).decode()


class Chain:
    """Certificates with any extensions, signed by any other: what `openssl ca` would not do. A certificate is a label; its files are
    LABEL.crt (with its issuers below the root behind it, as a server sends them) and LABEL.key."""

    def __init__(self, directory):
        self.directory = os.path.join(directory, "chain")
        os.mkdir(self.directory)
        openssl("req", "-x509", *KEY, "-keyout", "root.key", "-out", "root.crt", "-days", "2", "-subj", "/CN=Chain Root", cwd=self.directory)
        self.root = self.path("root.crt")

    def path(self, name):
        return os.path.join(self.directory, name)

    def sign(self, label, *extensions, issuer="root", subject=None, key=KEY, digest="sha256", sends_issuer=True):
        """Gives (certificate file, key file) back."""
        openssl("req", "-new", *key, "-keyout", f"{label}.key", "-out", f"{label}.csr", "-subj", f"/CN={subject or label}", cwd=self.directory)
        with open(self.path("extensions"), "w", encoding="ascii") as file:
            file.write("\n".join(extensions) + "\n")
        openssl("x509", "-req", "-in", f"{label}.csr", "-CA", f"{issuer}.crt", "-CAkey", f"{issuer}.key", "-CAcreateserial", "-days", "2",
                f"-{digest}", "-extfile", "extensions", "-out", f"{label}.crt", cwd=self.directory)
        if issuer != "root" and sends_issuer:
            chain = read_pem(self.path(f"{label}.crt")) + read_pem(self.path(f"{issuer}.crt"))
            with open(self.path(f"{label}.crt"), "w", encoding="ascii") as file:
                file.write(chain)
        return self.path(f"{label}.crt"), self.path(f"{label}.key")

    def damage(self, label):
        """Change the last byte of the signature."""
        pem = read_pem(self.path(f"{label}.crt")).splitlines()
        der = bytearray(base64.b64decode("".join(pem[1:-1])))
        der[-1] ^= 1
        text = base64.encodebytes(bytes(der)).decode()
        with open(self.path(f"{label}.crt"), "w", encoding="ascii") as file:
            file.write(f"{pem[0]}\n{text}{pem[-1]}\n")
