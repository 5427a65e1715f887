"""Programs under test: started with their output captured, stopped by pid, never left behind."""
import os
import signal
import subprocess
import tempfile
import threading

from lib.wait import DEADLINE_S, wait_until


def build_dir():
    """The build directory under test."""
    path = os.environ.get("HAWSER_BUILD_DIR")
    if not path:
        raise RuntimeError("HAWSER_BUILD_DIR is not set")
    return path


def program(name):
    """The path of a built program."""
    return os.path.join(build_dir(), "bin", name)


class Process:
    """One running program. Use as a context manager, or call stop()."""

    def __init__(self, argv, env=None, cwd=None, pass_fds=()):
        self.argv = [str(word) for word in argv]
        self._stderr = tempfile.TemporaryFile()
        self.lines = []  # of standard output so far
        self._child = subprocess.Popen(
            self.argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._stderr,
            env=env, cwd=cwd, pass_fds=pass_fds)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._child.stdout:
            self.lines.append(line.decode("utf-8", "replace").rstrip("\n"))

    @property
    def pid(self):
        return self._child.pid

    def stderr(self):
        """What it said on standard error so far."""
        size = os.fstat(self._stderr.fileno()).st_size
        return os.pread(self._stderr.fileno(), size, 0).decode("utf-8", "replace")

    def is_running(self):
        return self._child.poll() is None

    def wait_line(self, accept, what, deadline_s=DEADLINE_S):
        """The first line of standard output that accept(line) likes."""
        def look():
            for line in list(self.lines):
                if accept(line):
                    return line
            if not self.is_running():
                raise AssertionError(f"{self.argv[0]} ended ({self._child.returncode}) before "
                                     f"{what}: {self.stderr()}")
            return None
        return wait_until(look, what, deadline_s)

    def send_signal(self, number):
        self._child.send_signal(number)

    def wait(self, deadline_s=DEADLINE_S):
        """Wait for the end. Gives the exit status back (negative: ended by that signal)."""
        status = self._child.wait(deadline_s)
        self._reader.join(deadline_s)
        return status

    def stop(self, number=signal.SIGTERM, deadline_s=DEADLINE_S):
        """Signal it, wait for its end; SIGKILL after the deadline. Gives the exit status back."""
        if self.is_running():
            self.send_signal(number)
        try:
            return self.wait(deadline_s)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
            raise AssertionError(f"{self.argv[0]} did not end within {deadline_s} s of a signal")

    def close(self):
        """Make sure it is gone, and give its pipes back."""
        if self.is_running():
            self._child.kill()
        self._child.wait()
        self._reader.join()
        self._child.stdout.close()
        self._stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
