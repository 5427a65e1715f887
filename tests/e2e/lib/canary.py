"""A canary: a secret that must be found nowhere outside of the file it came in, in whatever form it travels."""
import base64
import mmap
import os
import re
import urllib.parse

SECRET = "canary/8d1f+Zq7=tester"  # has what JSON, URLs and base64 write otherwise
PAIR = re.compile(r"^\s*(\w*(?:secret|password|token|key)\w*)\s+\"?([^\";\s]{8,})", re.M)


def secrets_in(text):
    """The secret values of a credentials file."""
    return {value for _, value in PAIR.findall(text)}


def forms(secret):
    """The bytes that give a secret away, each with its name."""
    raw = secret.encode()
    found = {"plain": raw, "reversed": raw[::-1], "hex": raw.hex().encode(), "HEX": raw.hex().upper().encode(),
             "percent": urllib.parse.quote(secret, safe="").encode(), "JSON": secret.replace("/", "\\/").encode()}
    for offset in range(3):
        encoded = base64.b64encode(b"x" * offset + raw + b"xx")
        # Digits that hold bits of a neighbour are cut off at both ends.
        piece = encoded[(offset * 8 + 5) // 6:(offset + len(raw)) * 8 // 6]
        found[f"base64 at {offset}"] = piece
        found[f"base64url at {offset}"] = piece.replace(b"+", b"-").replace(b"/", b"_")
    return found


def find(content, secrets):
    """[(name of the form, where)] of all secrets in some bytes, or in what has find()."""
    return [(name, content.find(form)) for secret in secrets for name, form in forms(secret).items() if content.find(form) >= 0]


def find_in_file(path, secrets):
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return []
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return find(content, secrets)


def find_below(folder, secrets):
    """[(path, form, where)] in every file below a folder that is not where secrets are meant to be."""
    found = []
    for top, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(top, name)
            if os.path.isfile(path) and not name.endswith((".cred", ".conf", ".new")):
                found += [(path, *place) for place in find_in_file(path, secrets)]
    return found


def processes(pid):
    """A process and all that it started."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            children = file.read().split()
    except FileNotFoundError:
        return []
    return [pid] + [one for child in children for one in processes(int(child))]


def find_in_processes(pid, secrets, names=("cmdline", "environ")):
    """[(path, form, where)] in what the system tells of a process and its children."""
    found = []
    for one in processes(pid):
        for name in names:
            try:
                with open(f"/proc/{one}/{name}", "rb") as file:
                    found += [(f"/proc/{one}/{name}", *place) for place in find(file.read(), secrets)]
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                pass  # it ended, or shows nothing: as good
    return found


def find_in_memory(pid, secrets):
    """Secrets as they are in the writable memory of one process, as root may look at it."""
    found = []
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            area, rights = line.split()[:2]
            first, last = (int(part, 16) for part in area.split("-"))
            if rights.startswith("rw") and last - first <= 1 << 28:
                try:
                    memory.seek(first)
                    content = memory.read(last - first)
                except OSError:
                    continue  # a guard, or a device
                found += [hex(first + content.find(secret.encode())) for secret in secrets if secret.encode() in content]
    return found
