"""A host whose program can be replaced while it runs."""
import os
import shutil

from lib.host import Host
from lib.process import program


class Installed(Host):
    """A host whose program lies in its prefix, where it can be replaced."""

    def argv(self, *words):
        return [self.path("hawser"), *super().argv(*words)[1:]]

    def install(self, text=None, mode=0o755):
        """Put a binary in place of the one that is there: the real one, or a script."""
        if text is None:
            shutil.copyfile(program("hawser"), self.path("hawser.real"))
            os.chmod(self.path("hawser.real"), mode)
            os.rename(self.path("hawser.real"), self.path("hawser"))
        else:
            self.write_file("hawser", text, mode)
        return os.stat(self.path("hawser")).st_ino

    def programs(self):
        """Inodes of the programs that run: master, workers, observer. None: one of them has just ended."""
        return {self.program_of(pid) for pid in (self.process.pid, *self.processes().values())}

    def program_of(self, pid):
        try:
            return os.stat(f"/proc/{pid}/exe").st_ino
        except FileNotFoundError:
            return None
