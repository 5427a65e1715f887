"""A config of two sessions on the simulator: `btc`, which is subscribed and delivers into data/all.jsonl, and `eth`, which is silent."""

TICKER = "ticker.BTC-PERPETUAL.100ms"
CONFIG = """
load_module hawser_deribit.so;
load_module hawser_jsonl.so;
output jsonl all {{ path data/all.jsonl; }}
session btc {{ adapter deribit; url {url}; subscribe {channels}; reconnect delay=50ms; output all; }}
session eth {{ adapter deribit; url {url}; {more} }}
"""


def two_sessions(sim, channels=TICKER, more=""):
    return CONFIG.format(url=sim.url, channels=channels, more=more)
