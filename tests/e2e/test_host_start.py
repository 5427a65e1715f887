"""Starting where something is in the way: another host, a leftover, a file of somebody else's."""
import os
import signal
import socket
import subprocess
import unittest

from lib.host import Host
from lib.wait import DEADLINE_S


class HostStart(unittest.TestCase):
    def host(self, config=""):
        host = Host(config)
        self.addCleanup(host.__exit__)
        return host

    def expect_refusal(self, host, part):
        status, _, said = host.run()
        self.assertEqual(status, 1, said)
        self.assertIn(part, said)

    def test_a_second_host_on_the_same_prefix_is_refused_and_the_first_one_unharmed(self):
        host = self.host().start()
        self.expect_refusal(host, "another host runs with the pid file")
        self.assertTrue(host.reload()["ok"])

    def test_a_second_host_with_a_pid_file_of_its_own_does_not_take_the_control_socket_away(self):
        host = self.host().start()
        host.write_config("pid run/second.pid;\n")
        self.expect_refusal(host, "another process listens on the control socket")
        self.assertFalse(os.path.exists(host.path("run/second.pid")))
        self.assertEqual(host.ask("host.status")["pid"], host.process.pid)

    def test_a_socket_that_a_killed_host_left_is_replaced(self):
        host = self.host().start()
        host.process.stop(signal.SIGKILL)
        self.assertTrue(os.path.exists(host.path("run/control.sock")))
        host.process.close()
        host.start()
        self.assertTrue(host.reload()["ok"])

    def test_a_file_where_the_control_socket_is_to_be_stays_as_it_was(self):
        host = self.host()
        host.write_file("run/control.sock", "precious\n")
        self.expect_refusal(host, "is no socket")
        with open(host.path("run/control.sock"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "precious\n")

    def test_a_host_that_stops_leaves_a_socket_alone_that_took_its_place(self):
        host = self.host().start()
        os.unlink(host.path("run/control.sock"))
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(host.path("run/control.sock"))
            self.assertEqual(host.process.stop(signal.SIGTERM), 0)
            self.assertTrue(os.path.exists(host.path("run/control.sock")))

    def test_an_answer_that_cannot_be_written_is_no_success(self):
        host = self.host().start()
        for words, told in ((("-T",), "cannot print the configuration: No space left on device"), (("-t", "--plan"), "cannot write the answer"),
                            (("-t", "--plan", "--json"), "cannot write the answer"), (("-h",), "cannot write the answer")):
            with self.subTest(words), open("/dev/full", "wb") as full:
                done = subprocess.run(host.argv(*words), stdout=full, stderr=subprocess.PIPE, text=True, timeout=DEADLINE_S, check=False)
                self.assertEqual(done.returncode, 1, done)
                self.assertIn(told, done.stderr)

    def test_a_test_of_the_config_makes_no_file(self):
        # As root it would be root's, and the service could not open it.
        with Host("load_module hawser_jsonl.so;\noutput jsonl ticks { path data/ticks.jsonl; }\n") as host:
            self.assertEqual(host.run("-t")[0], 0)
            self.assertEqual(os.listdir(host.path("data")), [])
            os.chmod(host.path("data"), 0o500)
            if os.geteuid() != 0:
                status, _, said = host.run("-t")
                self.assertEqual(status, 1)
                self.assertIn("data/ticks.jsonl cannot be opened: Permission denied", said)


if __name__ == "__main__":
    unittest.main()
