"""Certificates for tests, made by the openssl program: short-lived, in a directory of the test's."""
import os
import subprocess


def make_certificate(directory, name="localhost", days=2, addresses=("127.0.0.1",)):
    """A self-signed certificate for a name and addresses. Gives (certificate file, key file) back."""
    cert = os.path.join(directory, f"{name}.crt")
    key = os.path.join(directory, f"{name}.key")
    names = ",".join([f"DNS:{name}"] + [f"IP:{address}" for address in addresses])
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", key, "-out", cert, "-days", str(days), "-subj", f"/CN={name}",
         "-addext", f"subjectAltName={names}"],
        check=True, capture_output=True)
    return cert, key
