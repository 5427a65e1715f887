"""What the lint scripts share: which files there are, C without its comments, and how to say no.

Each script stands alone: `tests/lint/NAME [BUILD_DIR]`, exit code 0 (clean), 1 (findings) or 77 (cannot be checked here).
"""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKIPPED_FOLDERS = {".git", "build", "node_modules", "__pycache__"}
SKIP_EXIT = 77

_COMMENT_OR_TEXT = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)


def files(*suffixes, under=("",)):
    """Paths relative to the root, sorted; all files when no suffix is given."""
    found = []
    for top in under:
        for folder, folders, names in os.walk(os.path.join(ROOT, top)):
            folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
            for name in names:
                if name in SKIPPED_FOLDERS:
                    continue  # git's own folder is a file in a linked worktree
                path = os.path.relpath(os.path.join(folder, name), ROOT)
                if (not suffixes or name.endswith(suffixes)) and not os.path.islink(path):
                    found.append(path)
    return sorted(found)


def read(path):
    """The file's text; None for a binary file or one that is gone by now."""
    try:
        with open(os.path.join(ROOT, path), "rb") as stream:
            data = stream.read()
    except FileNotFoundError:
        return None
    if b"\0" in data:
        return None
    return data.decode("utf-8", errors="replace")


def without_comments(text, keep_strings=False):
    """C code with comments (and the inside of strings) blanked; line numbers stay as they were."""

    def blank(match):
        piece = match.group(0)
        if piece[0] == "/":
            return re.sub(r"[^\n]", " ", piece)
        return piece if keep_strings else piece[0] + " " * (len(piece) - 2) + piece[0]

    return _COMMENT_OR_TEXT.sub(blank, text)


class Report:
    """Collects findings; `finish` prints them with what to do, and ends the script."""

    def __init__(self, what_to_do):
        self.what_to_do = what_to_do
        self.findings = []

    def add(self, path, line, text):
        self.findings.append(f"{path}:{line}: {text}")

    def finish(self):
        for finding in self.findings:
            print(finding)
        if self.findings:
            print(f"{len(self.findings)} findings. {self.what_to_do}")
            sys.exit(1)
        sys.exit(0)


def skip(why):
    print(f"not checked: {why}")
    sys.exit(SKIP_EXIT)
