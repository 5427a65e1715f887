"""A WebSocket server that notes what it was asked with and closes each connection at once."""
from lib.served import Served


class Witness(Served):
    """Use as a context manager. `seen`: the request's headers of each connection; `paths`, `chosen` likewise."""

    def __init__(self, subprotocols=None):
        super().__init__(subprotocols=subprotocols, ping_interval=None)
        self.seen, self.paths, self.chosen = [], [], []

    async def talk(self, peer, path):
        self.paths.append(path)
        self.chosen.append(peer.subprotocol)
        self.seen.append(peer.request_headers)
