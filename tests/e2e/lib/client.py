"""A JSON-RPC client on python3-websockets: independent of the code under test."""
import asyncio
import collections
import json

import websockets

from lib.wait import DEADLINE_S


class RpcError(Exception):
    """An error object as an answer."""

    def __init__(self, error):
        super().__init__(f"{error.get('code')} {error.get('message')}")
        self.code = error["code"]
        self.error = error


class Client:
    """One connection. `async with Client(url) as c`."""

    def __init__(self, url, **options):
        self.url = url
        self.options = {"compression": None, "ping_interval": None, "max_size": 2 ** 27,
                        "max_queue": None, "close_timeout": 2, **options}
        self.ws = None
        self.last_id = 0
        self.notes = collections.deque()  # notifications that nobody asked for yet
        self.beats = collections.deque()

    async def __aenter__(self):
        self.ws = await asyncio.wait_for(websockets.connect(self.url, **self.options), DEADLINE_S)
        return self

    async def __aexit__(self, *_):
        await self.ws.close()

    async def receive(self, timeout=DEADLINE_S):
        """The next message, parsed."""
        return json.loads(await asyncio.wait_for(self.ws.recv(), timeout))

    def keep(self, message):
        """Put a message aside for those who wait for it."""
        if message.get("method") == "heartbeat":
            self.beats.append(message)
        elif message.get("method") == "subscription":
            self.notes.append(message["params"])

    async def ask(self, method, params=None, **members):
        """Send a request, give its whole answer back."""
        self.last_id += 1
        request = {"jsonrpc": "2.0", "id": self.last_id, "method": method, **members}
        if params is not None:
            request["params"] = params
        await self.ws.send(json.dumps(request))
        while True:
            message = await self.receive()
            if message.get("id") == request["id"]:
                return message
            self.keep(message)

    async def call(self, method, **params):
        """Send a request, give its result back. Raises RpcError."""
        answer = await self.ask(method, params)
        if "error" in answer:
            raise RpcError(answer["error"])
        return answer["result"]

    async def login(self, client, **params):
        return await self.call("public/auth", grant_type="client_credentials",
                               client_id=client[0], client_secret=client[1], **params)

    async def subscribe(self, *channels, private=False):
        method = "private/subscribe" if private else "public/subscribe"
        return await self.call(method, channels=list(channels))

    async def note(self, channel=None):
        """The next notification, {channel, data}; of one channel when it is named (others are dropped)."""
        while True:
            while self.notes:
                note = self.notes.popleft()
                if channel is None or note["channel"] == channel:
                    return note
            self.keep(await self.receive())

    async def collect(self, channel, count):
        """The data of the next `count` notifications of a channel."""
        return [(await self.note(channel))["data"] for _ in range(count)]

    async def closed(self):
        """Read to the end. Gives (code, reason) back; 1006: there was no close frame."""
        try:
            while True:
                self.keep(await self.receive())
        except websockets.ConnectionClosed:
            return self.ws.close_code, self.ws.close_reason
