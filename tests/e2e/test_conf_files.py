"""The configs that are shipped pass the host's own check: as they are, and with everything set that they show."""
import glob
import grp
import os
import pwd
import re
import shutil
import tempfile
import unittest

from lib.certs import make_certificate
from lib.host import Host
from lib.peers import ROOT
from lib.process import build_dir

MODULE_PATH = f"module_path {os.path.join(build_dir(), 'modules')};\n"
CREDENTIALS = ("client_id me;\nclient_secret mine;\n", 0o600)


def shipped(name):
    with open(os.path.join(ROOT, "conf", name), encoding="utf-8") as file:
        return file.read()


def with_everything_set(text):
    """What stands behind a # without a blank is set; the build's modules and this machine's accounts are used."""
    text = re.sub(r"^(\s*)#(?=[^ #\n])", r"\1", text, flags=re.M)
    text = re.sub(r"^(user +)hawser;", rf"\g<1>{pwd.getpwuid(os.geteuid()).pw_name};", text, flags=re.M)
    text = text.replace("group=hawser", f"group={grp.getgrgid(os.getegid()).gr_name}")
    return re.sub(r"^module_path .*\n", "", text, flags=re.M)


class ConfFiles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="hawser-test-")
        cls.certificate, cls.key = make_certificate(cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def check(self, text):
        host = Host(MODULE_PATH + text, head="")
        self.addCleanup(host.__exit__)
        os.mkdir(host.path("sessions.d"))
        for path in glob.glob(os.path.join(ROOT, "conf/sessions.d/*.conf")):
            name = os.path.join("sessions.d", os.path.basename(path))
            host.write_file(name, with_everything_set(shipped(name)))
        for name in ("deribit.cred", "deribit-test.cred"):
            host.write_file(name, *CREDENTIALS)
        os.mkdir(host.path("tls"))
        for name, source in (("roots.pem", self.certificate), ("client.pem", self.certificate), ("client.key", self.key)):
            shutil.copy(source, host.path(os.path.join("tls", name)))
        return host.run("-t")

    def assert_good(self, text):
        status, _, errors = self.check(text)
        self.assertEqual(status, 0, errors)

    def test_each_config_is_good_as_it_is_shipped(self):
        for name in ("hawser.conf", "minimal.conf"):
            self.assert_good(shipped(name))

    def test_hawser_conf_is_good_with_everything_set_that_it_shows(self):
        text = with_everything_set(shipped("hawser.conf"))
        for word in ("worker_processes", "telemetry statsd {", "adapter              generic;", "include sessions.d/*.conf;"):
            self.assertRegex(text, re.compile("^ *" + re.escape(word), re.M))
        self.assert_good(text)

    def test_each_directive_of_hawser_conf_can_be_set_alone(self):
        lines = shipped("hawser.conf").split("\n")
        alone = [i for i, line in enumerate(lines) if re.match(r"    #\w|#(?!module_path|telemetry|session|\}|include)\w", line)
                 and not self.is_in_commented_block(lines, i)]
        self.assertGreater(len(alone), 25)
        for i in alone:
            self.assert_good("\n".join(lines[:i] + [with_everything_set(lines[i])] + lines[i + 1:])
                             if "tls_certificate" not in lines[i] else "\n".join(
                                 with_everything_set(line) if "tls_certificate" in line else line for line in lines))

    @staticmethod
    def is_in_commented_block(lines, i):
        for line in lines[i + 1:]:
            if line == "#}":
                return True
            if line == "}" or line and not line.startswith((" ", "#")):
                return False
        return False

    def test_a_config_with_a_slip_in_it_is_not_good(self):
        status, _, errors = self.check(shipped("hawser.conf").replace("#worker_processes 1;", "worker_proceses 1;"))
        self.assertEqual(status, 1)
        self.assertIn('"worker_processes"', errors)


if __name__ == "__main__":
    unittest.main()
