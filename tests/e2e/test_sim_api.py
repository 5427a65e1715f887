"""hawser-sim: requests and answers, logins, subscriptions, as the exchange has them."""
import hashlib
import hmac
import json
import time
import unittest

from lib.client import Client, RpcError
from lib.sim import CLIENT, Sim


class Api(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.sim = Sim()
        self.addCleanup(self.sim.close)

    async def refused(self, client, code, method, **params):
        with self.assertRaises(RpcError) as raised:
            await client.call(method, **params)
        self.assertEqual(raised.exception.code, code)
        return raised.exception.error

    async def test_answers_carry_times_and_testnet(self):
        async with Client(self.sim.url) as c:
            answer = await c.ask("public/test", {}, callerMethodName="ignored")
            self.assertEqual(answer["result"], {"version": "1.2.26"})
            self.assertEqual(answer["usDiff"], answer["usOut"] - answer["usIn"])
            self.assertIs(answer["testnet"], True)
            self.assertNotIn("error", answer)

    async def test_small_methods(self):
        async with Client(self.sim.url) as c:
            self.assertEqual(await c.call("public/status"), {"locked": "false"})
            self.assertIsInstance(await c.call("public/get_time"), int)
            self.assertIn("version", await c.call("public/hello", client_name="a",
                                                  client_version="1"))
            await self.refused(c, -32602, "public/hello", client_name="a")
            await self.refused(c, 11094, "public/test", expected_result="exception")
            self.assertEqual(
                [row["currency"] for row in await c.call("public/get_currencies")],
                ["BTC", "ETH", "USDC"])

    async def test_string_ids_are_echoed_and_missing_ids_are_left_out(self):
        async with Client(self.sim.url) as c:
            await c.ws.send('{"jsonrpc":"2.0","id":"a\\"b","method":"public/test"}')
            self.assertEqual((await c.receive())["id"], 'a"b')
            await c.ws.send('{"jsonrpc":"2.0","method":"public/test"}')
            answer = await c.receive()
            self.assertNotIn("id", answer)
            self.assertIn("result", answer)

    async def test_invalid_json_is_answered_without_id_and_the_socket_lives(self):
        async with Client(self.sim.url) as c:
            for text in ("{nonsense", "[1,2]", '"text"', '{"id":1}'):
                await c.ws.send(text)
                answer = await c.receive()
                self.assertEqual(answer["error"], {"code": 11050, "data": "invalid json",
                                                   "message": "bad_request"})
                self.assertNotIn("id", answer)
            self.assertIn("version", await c.call("public/test"))

    async def test_request_over_32_kb_is_answered_without_id_and_the_socket_lives(self):
        async with Client(self.sim.url) as c:
            whole = json.dumps({"jsonrpc": "2.0", "id": 9, "method": "public/test",
                                "params": {"x": ""}})
            await c.ws.send(whole.replace('""', '"' + "x" * (32768 - len(whole)) + '"'))
            self.assertIn("result", await c.receive())
            await c.ws.send(whole.replace('""', '"' + "x" * (32769 - len(whole)) + '"'))
            answer = await c.receive()
            self.assertEqual(answer["error"]["code"], -32600)
            self.assertNotIn("id", answer)
            self.assertIn("version", await c.call("public/test"))

    async def test_unknown_methods_and_wrong_params_are_refused(self):
        async with Client(self.sim.url) as c:
            error = await self.refused(c, -32601, "public/Test")
            self.assertEqual(error, {"code": -32601, "message": "Method not found"})
            error = await self.refused(c, -32602, "public/ticker")
            self.assertEqual(error["data"], {"reason": "value is required",
                                             "param": "instrument_name"})
            error = await self.refused(c, -32602, "public/ticker", instrument_name="NO")
            self.assertEqual(error["data"]["reason"], "instrument not found")
            await self.refused(c, -32602, "public/set_heartbeat", interval=9)
            await self.refused(c, -32602, "public/get_instruments", currency="DOGE")
            await self.refused(c, -32602, "public/get_index_price", index_name="no")

    async def test_market_data_by_request(self):
        async with Client(self.sim.url) as c:
            rows = await c.call("public/get_instruments", currency="BTC", kind="future")
            self.assertEqual([r["instrument_name"] for r in rows], ["BTC-PERPETUAL", "BTC-31DEC27"])
            self.assertGreater(len(await c.call("public/get_instruments")), 10)
            one = await c.call("public/get_instrument", instrument_name="BTC-31DEC27-60000-C")
            self.assertEqual((one["option_type"], one["strike"]), ("call", 60000.0))
            ticker = await c.call("public/ticker", instrument_name="BTC-PERPETUAL")
            self.assertLess(ticker["best_bid_price"], ticker["best_ask_price"])
            self.assertNotIn("greeks", ticker)
            option = await c.call("public/ticker", instrument_name="BTC-31DEC27-60000-C")
            self.assertIn("delta", option["greeks"])
            book = await c.call("public/get_order_book", instrument_name="ETH-PERPETUAL", depth=10)
            self.assertEqual(len(book["bids"]), 10)
            self.assertEqual(book["bids"][0][0], book["best_bid_price"])
            self.assertIn("change_id", book)
            index = await c.call("public/get_index_price", index_name="btc_usd")
            self.assertGreater(index["index_price"], 1000)

    async def test_login_by_credentials_and_what_it_unlocks(self):
        async with Client(self.sim.url) as c:
            error = await self.refused(c, 13009, "private/get_positions")
            self.assertEqual(error["data"], {"reason": "invalid_token"})
            error = await self.refused(c, 13004, "public/auth", grant_type="client_credentials",
                                       client_id=CLIENT[0], client_secret="wrong")
            self.assertEqual(error, {"code": 13004, "message": "invalid_credentials"})
            await self.refused(c, 13004, "public/auth", grant_type="client_credentials",
                               client_id="nobody", client_secret="x")
            await self.refused(c, -32602, "public/auth", grant_type="password")
            grant = await c.login(CLIENT, state="s1")
            self.assertEqual((grant["token_type"], grant["state"]), ("bearer", "s1"))
            self.assertEqual(grant["expires_in"], 900)
            self.assertIn("connection", grant["scope"].split())
            self.assertEqual(await c.call("private/get_positions"), [])
            stats = self.sim.stats()
            self.assertEqual((stats["auths_ok"], stats["auths_failed"]), (1, 3))
            self.assertEqual(stats["methods"]["public/auth"], 4)

    async def test_login_by_signature(self):
        async with Client(self.sim.url) as c:
            def signed(nonce, timestamp, secret=CLIENT[1], data=""):
                text = f"{timestamp}\n{nonce}\n{data}".encode()
                return {"grant_type": "client_signature", "client_id": CLIENT[0], "nonce": nonce,
                        "timestamp": timestamp, "data": data,
                        "signature": hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()}
            now = int(time.time() * 1000)
            self.assertIn("access_token", await c.call("public/auth", **signed("n1", now)))
            await self.refused(c, 13004, "public/auth", **signed("n1", now))  # a nonce serves once
            await self.refused(c, 13004, "public/auth", **signed("n2", now - 120000))
            await self.refused(c, 13004, "public/auth", **signed("n3", now, secret="other"))
            await c.call("public/auth", **signed("n4", now, data="text"))

    async def test_connection_tokens_serve_their_connection_alone(self):
        async with Client(self.sim.url) as one, Client(self.sim.url) as two:
            token = (await one.login(CLIENT))["access_token"]
            await one.call("private/get_positions", access_token=token)
            await self.refused(two, 13009, "private/get_positions", access_token=token)
            await self.refused(one, 13009, "private/get_positions", access_token="other")

    async def test_session_tokens_outlive_their_connection(self):
        async with Client(self.sim.url) as one:
            grant = await one.login(CLIENT, scope="session:s1")
            self.assertIn("session:s1", grant["scope"].split())
        async with Client(self.sim.url) as two:
            await two.call("private/get_positions", access_token=grant["access_token"])
            again = await two.call("public/auth", grant_type="refresh_token",
                                   refresh_token=grant["refresh_token"])
            self.assertNotEqual(again["access_token"], grant["access_token"])
            await self.refused(two, 13009, "public/auth", grant_type="refresh_token",
                               refresh_token=grant["refresh_token"])
            await self.refused(two, 13009, "private/get_positions",
                               access_token=grant["access_token"])
            await two.call("private/get_positions")

    async def test_scopes_narrow_what_may_be_called(self):
        async with Client(self.sim.url) as c:
            grant = await c.login(CLIENT, scope="trade:read")
            self.assertIn("trade:read", grant["scope"].split())
            await c.call("private/get_positions")
            error = await self.refused(c, 13021, "private/cancel_all")
            self.assertEqual(error["data"]["reason"], "trade:read_write")

    async def test_tokens_expire_and_refresh(self):
        async with Client(self.sim.url) as c:
            grant = await c.login(CLIENT, scope="expires:300")
            self.assertEqual(grant["expires_in"], 300)
            self.assertEqual(self.sim.command("expire"), "1")
            await self.refused(c, 13009, "private/get_positions")
            await c.call("public/auth", grant_type="refresh_token",
                         refresh_token=grant["refresh_token"])
            await c.call("private/get_positions")

    async def test_logout_closes_without_an_answer(self):
        async with Client(self.sim.url) as c:
            await c.login(CLIENT)
            await c.ws.send('{"jsonrpc":"2.0","id":77,"method":"private/logout","params":{}}')
            self.assertEqual((await c.closed())[0], 1006)

    async def test_subscribe_leaves_out_what_it_does_not_know(self):
        async with Client(self.sim.url) as c:
            self.assertEqual(await c.subscribe("nope.BTC", "ticker.NO.100ms", "book.BTC-PERPETUAL.1s",
                                               "perpetual.BTC-31DEC27.100ms", "book.BTC-PERPETUAL.none.7.100ms",
                                               "user.orders.any.any.raw"), [])
            self.assertEqual(await c.call("public/subscribe", channels=[]), [])
            await self.refused(c, -32602, "public/subscribe")
            await self.refused(c, -32602, "public/subscribe", channels="ticker.BTC-PERPETUAL.100ms")

    async def test_subscribe_knows_the_grammar(self):
        names = ["book.ETH-PERPETUAL.100ms", "book.ETH-PERPETUAL.none.1.100ms",
                 "book.ETH-PERPETUAL.250.20.agg2", "ticker.BTC-31DEC27-60000-P.agg2",
                 "incremental_ticker.BTC-PERPETUAL", "quote.BTC_USDC", "trades.BTC-31DEC27.100ms",
                 "trades.option.BTC.agg2", "trades.any.any.100ms", "perpetual.ETH-PERPETUAL.agg2",
                 "deribit_price_index.sol_usdc", "platform_state", "announcements",
                 "platform_state.public_methods_state", "instrument.state.any.any"]
        async with Client(self.sim.url) as c:
            got = await c.subscribe(*names)
            self.assertEqual(sorted(got), sorted(names))
            self.assertNotEqual(got, names)  # shuffled
            self.assertEqual(await c.call("public/unsubscribe", channels=[names[0], "no"]),
                             [names[0]])
            self.assertEqual(await c.call("public/unsubscribe_all"), "ok")
            self.assertEqual(self.sim.connections()[0]["channels"], [])

    async def test_raw_needs_a_login_and_fails_the_whole_call(self):
        async with Client(self.sim.url) as c:
            channels = ["ticker.BTC-PERPETUAL.100ms", "book.BTC-PERPETUAL.raw"]
            await self.refused(c, 13778, "public/subscribe", channels=channels)
            self.assertEqual(self.sim.connections()[0]["channels"], [])
            await c.login(CLIENT)
            self.assertEqual(sorted(await c.subscribe(*channels)), sorted(channels))

    async def test_private_subscribe(self):
        async with Client(self.sim.url) as c:
            error = await self.refused(c, 13009, "private/subscribe",
                                       channels=["user.orders.any.any.raw"])
            self.assertEqual(error["data"], {"reason": "invalid_token"})
            await c.login(CLIENT)
            got = await c.subscribe("user.portfolio.BTC", "user.orders.future.BTC.100ms",
                                    "ticker.BTC-PERPETUAL.raw", private=True)
            self.assertEqual(sorted(got), ["ticker.BTC-PERPETUAL.raw", "user.orders.future.BTC.100ms",
                                           "user.portfolio.btc"])


if __name__ == "__main__":
    unittest.main()
