"""plugins/generic: the configs that its README works out are accepted, and its dialects run against a server that is not ours."""
import os
import unittest

from lib.host import Host
from lib.ops_server import OpsServer

README = os.path.join(os.path.dirname(__file__), "../../plugins/generic/README.md")
HEAD = "load_module hawser_generic.so;\nload_module hawser_jsonl.so;\noutput jsonl ticks { path data/ticks.jsonl; }\n"

BY_ID = """
session ids {{
    adapter generic;
    url {url};
    subscribe {channels};
    subscribe_message   '{{"method":"SUBSCRIBE","params":$channels,"id":$id}}';
    unsubscribe_message '{{"method":"UNSUBSCRIBE","params":$channels,"id":$id}}';
    confirm id;
    error_when error;
    error_message_path error.msg;
    channel_path stream;
    data_path data;
    sequence_path data.n;
    output ticks;
}}
"""

BY_CHANNEL = """
session ops {{
    adapter generic;
    url {url};
    subscribe trades nothing;
    heartbeat 1s;
    subscribe_message   '{{"op":"subscribe","channel":"$channel"}}';
    unsubscribe_message '{{"op":"unsubscribe","channel":"$channel"}}';
    confirm channel;
    confirm_when op=subscribed;
    ignore op=unsubscribed;
    error_when op=error;
    error_message_path text;
    channel_path channel;
    data_path data;
    sequence_path seq;
    heartbeat_message '{{"op":"ping"}}';
    heartbeat_answer op=pong;
    output ticks;
}}
"""


def worked_configs():
    with open(README, encoding="utf-8") as file:
        return "".join(line for line in file if line.startswith("    "))


class GenericAdapter(unittest.TestCase):
    def test_the_worked_configs_of_the_readme_are_accepted(self):
        self.assertEqual(worked_configs().count("session "), 3)
        with Host(HEAD + worked_configs()) as host:
            status, _, errors = host.run("-t")
            self.assertEqual(status, 0, errors)

    def test_a_config_that_makes_no_sense_is_refused_with_its_line(self):
        with Host(HEAD + "session a { adapter generic; url ws://127.0.0.1:1/; }\n") as host:
            status, _, errors = host.run("-t")
            self.assertNotEqual(status, 0)
            self.assertIn("hawser.conf:", errors)
            self.assertIn("channel_path", errors)

    def test_many_channels_are_acknowledged_by_one_id_and_changed_in_place(self):
        with OpsServer() as server, Host(HEAD + BY_ID.format(url=server.url("/ids"), channels="a@trade b@trade")) as host:
            host.start()
            host.wait_state("ids")
            host.wait_records("data/ticks.jsonl", lambda r: {x.get("channel") for x in r} >= {"a@trade", "b@trade"}, "data")
            host.write_config(HEAD + BY_ID.format(url=server.url("/ids"), channels="b@trade c@trade"))
            outcome = host.reload()
            self.assertTrue(outcome["ok"], outcome)
            host.wait_records("data/ticks.jsonl", lambda r: any(x.get("channel") == "c@trade" for x in r), "the added channel")
            host.wait_state("ids")
            records = host.records("data/ticks.jsonl")
            numbers = [r["data"]["n"] for r in records if r.get("channel") == "b@trade" and "data" in r]
            self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
            self.assertEqual(server.connections, ["/ids"])

    def test_an_acknowledgement_by_channel_a_refusal_and_heartbeats(self):
        with OpsServer() as server, Host(HEAD + BY_CHANNEL.format(url=server.url("/ops"))) as host:
            host.start()
            records = host.wait_records(
                "data/ticks.jsonl", lambda r: server.pings > 1 and any("data" in x for x in r), "data and heartbeats")
            refused = [r for r in records if r.get("reason") == "refused"]
            self.assertEqual([(r["channel"], r["message"]) for r in refused],
                             [("nothing", 'the exchange says "no such channel"')])
            self.assertEqual({r["epoch"] for r in records}, {1})


if __name__ == "__main__":
    unittest.main()
