"""hawser-sim: orders, positions, user channels, cancel on disconnect."""
import json
import unittest

from lib.client import Client, RpcError
from lib.sim import CLIENT, Sim
from lib.wait import wait_until_async

OTHER = ("other", "other-secret")
PERP = "BTC-PERPETUAL"


class Trading(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.sim = Sim(clients=(CLIENT, OTHER))
        self.addCleanup(self.sim.close)

    async def refused(self, client, code, method, **params):
        with self.assertRaises(RpcError) as raised:
            await client.call(method, **params)
        self.assertEqual(raised.exception.code, code, raised.exception.error)
        return raised.exception.error

    async def test_market_order_fills_at_the_best_price(self):
        async with Client(self.sim.url) as c:
            await c.login(CLIENT)
            result = await c.call("private/buy", instrument_name=PERP, amount=10, type="market",
                                  label='odd "label"')
            order, trades = result["order"], result["trades"]
            self.assertEqual((order["order_state"], order["filled_amount"]), ("filled", 10.0))
            self.assertEqual(order["label"], 'odd "label"')
            self.assertEqual(sum(trade["amount"] for trade in trades), 10.0)
            self.assertEqual(trades[0]["liquidity"], "T")
            self.assertGreater(trades[0]["fee"], 0)
            position = (await c.call("private/get_positions"))[0]
            self.assertEqual((position["size"], position["direction"]), (10.0, "buy"))
            await c.call("private/sell", instrument_name=PERP, amount=10, type="market")
            self.assertEqual(await c.call("private/get_positions", currency="BTC"), [])
            public = await c.call("public/get_last_trades_by_instrument", instrument_name=PERP)
            self.assertIn(trades[0]["trade_id"], [t["trade_id"] for t in public["trades"]])

    async def test_market_order_larger_than_a_level_walks_the_book(self):
        async with Client(self.sim.url) as c:
            await c.login(CLIENT)
            book = await c.call("public/get_order_book", instrument_name=PERP, depth=10)
            amount = book["asks"][0][1] + book["asks"][1][1] + 10
            result = await c.call("private/buy", instrument_name=PERP, amount=amount, type="market")
            self.assertEqual([t["price"] for t in result["trades"]],
                             [level[0] for level in book["asks"][:3]])

    async def test_limit_order_rests_is_edited_and_cancelled(self):
        async with Client(self.sim.url) as c:
            await c.login(CLIENT)
            order = (await c.call("private/buy", instrument_name=PERP, amount=100, price=55000,
                                  label="a1"))["order"]
            self.assertEqual((order["order_state"], order["order_type"]), ("open", "limit"))
            self.assertEqual(order["contracts"], 10.0)
            self.assertEqual([o["order_id"] for o in await c.call("private/get_open_orders")],
                             [order["order_id"]])
            edited = await c.call("private/edit", order_id=order["order_id"], amount=50,
                                  price=55000.5)
            self.assertEqual((edited["order"]["price"], edited["order"]["replaced"]),
                             (55000.5, True))
            cancelled = await c.call("private/cancel", order_id=order["order_id"])
            self.assertEqual((cancelled["order_state"], cancelled["cancel_reason"]),
                             ("cancelled", "user_request"))
            await self.refused(c, 11044, "private/cancel", order_id=order["order_id"])
            await self.refused(c, 10004, "private/cancel", order_id="BTC-1")
            state = await c.call("private/get_order_state", order_id=order["order_id"])
            self.assertEqual(state["order_state"], "cancelled")

    async def test_wrong_orders_are_refused_with_the_apis_codes(self):
        async with Client(self.sim.url) as c:
            await c.login(CLIENT)
            good = {"instrument_name": PERP, "amount": 10, "price": 55000}
            for code, change in ((-32602, {"instrument_name": "NO"}), (-32602, {"amount": None}),
                                 (-32602, {"price": None}), (10043, {"price": 55000.3}),
                                 (10002, {"amount": 5}), (10021, {"amount": 15}),
                                 (10033, {"type": "stop_market"}), (10009, {"amount": 10 ** 9}),
                                 (-32602, {"time_in_force": "for_ever"}), (13888, {"valid_until": 1})):
                params = {k: v for k, v in {**good, **change}.items() if v is not None}
                await self.refused(c, code, "private/buy", **params)
            error = await self.refused(c, 10007, "private/buy", **{**good, "price": 99000})
            self.assertEqual(error["message"], "price_too_high 66000.0000")
            self.assertEqual(await c.call("private/get_open_orders"), [])

    async def test_post_only_steps_back_or_is_refused(self):
        async with Client(self.sim.url) as c:
            await c.login(CLIENT)
            ask = (await c.call("public/ticker", instrument_name=PERP))["best_ask_price"]
            params = {"instrument_name": PERP, "amount": 10, "price": ask + 5, "post_only": True}
            order = (await c.call("private/buy", **params))["order"]
            self.assertEqual((order["price"], order["order_state"]), (ask - 0.5, "open"))
            await c.call("private/cancel_all")
            await self.refused(c, 11054, "private/buy", **params, reject_post_only=True)

    async def test_immediate_or_cancel_and_fill_or_kill(self):
        async with Client(self.sim.url) as c:
            await c.login(CLIENT)
            ask = (await c.call("public/get_order_book", instrument_name=PERP))["asks"][0]
            order = (await c.call("private/buy", instrument_name=PERP, amount=ask[1] + 10, price=ask[0],
                                  time_in_force="immediate_or_cancel"))["order"]
            self.assertEqual((order["order_state"], order["filled_amount"]), ("cancelled", ask[1]))
            await self.refused(c, 13907, "private/buy", instrument_name=PERP, amount=10, price=55000,
                               time_in_force="fill_or_kill")

    async def test_resting_order_fills_when_the_market_comes_to_it(self):
        async with Client(self.sim.url) as c:
            await c.login(CLIENT)
            await c.subscribe("user.orders.any.any.raw", "user.trades.BTC-PERPETUAL.raw", private=True)
            bid = (await c.call("public/ticker", instrument_name=PERP))["best_bid_price"]
            await c.call("private/buy", instrument_name=PERP, amount=10, price=bid)
            orders = [(await c.note("user.orders.any.any.raw"))["data"] for _ in range(2)]
            self.assertEqual([o["order_state"] for o in orders], ["open", "filled"])
            self.assertEqual(orders[1]["average_price"], bid)

    async def test_orders_of_others_are_not_seen(self):
        async with Client(self.sim.url) as one, Client(self.sim.url) as two:
            await one.login(CLIENT)
            await two.login(OTHER)
            await two.subscribe("user.orders.any.any.raw", private=True)
            order = (await one.call("private/buy", instrument_name=PERP, amount=10,
                                    price=55000))["order"]
            self.assertEqual(await two.call("private/get_open_orders"), [])
            await self.refused(two, 10004, "private/cancel", order_id=order["order_id"])
            self.assertEqual(len(two.notes), 0)

    async def test_user_channels(self):
        async with Client(self.sim.url) as c:
            await c.login(CLIENT)
            await c.call("private/subscribe", label="mine", channels=[
                "user.orders.future.BTC.raw", "user.orders.BTC-PERPETUAL.100ms",
                "user.trades.any.any.100ms", "user.trades.option.any.raw",
                "user.changes.BTC-PERPETUAL.raw", "user.portfolio.BTC", "user.portfolio.ETH"])
            await c.call("private/buy", instrument_name=PERP, amount=10, price=55000)
            await c.call("private/cancel_all")
            await c.call("private/buy", instrument_name=PERP, amount=10, type="market")
            got = {}
            while "user.trades.any.any.100ms" not in got or "user.orders.BTC-PERPETUAL.100ms" not in got:
                note = await c.note()
                self.assertEqual(note["label"], "mine")
                got.setdefault(note["channel"], []).append(note["data"])
            raw = got["user.orders.future.BTC.raw"]
            self.assertEqual([o["order_state"] for o in raw], ["open", "cancelled", "filled"])
            gathered = [o for batch in got["user.orders.BTC-PERPETUAL.100ms"] for o in batch]
            self.assertIsInstance(got["user.orders.BTC-PERPETUAL.100ms"][0], list)
            self.assertEqual(gathered, raw[:len(gathered)])
            self.assertEqual(got["user.trades.any.any.100ms"][0][0]["amount"], 10.0)
            change = got["user.changes.BTC-PERPETUAL.raw"][-1]
            self.assertEqual((len(change["orders"]), len(change["trades"]),
                              change["positions"][0]["size"]), (1, 1, 10.0))
            self.assertEqual(got["user.portfolio.btc"][0]["currency"], "BTC")
            self.assertNotIn("user.portfolio.eth", got)
            self.assertNotIn("user.trades.option.any.raw", got)

    async def test_account_summary(self):
        async with Client(self.sim.url) as c:
            await c.login(CLIENT)
            summary = await c.call("private/get_account_summary", currency="BTC")
            self.assertEqual((summary["balance"], summary["currency"]), (10.0, "BTC"))
            self.assertEqual(summary["limits"]["non_matching_engine"]["rate"], 20)
            await self.refused(c, -32602, "private/get_account_summary", currency="DOGE")

    async def test_cancel_by_label_and_instrument(self):
        async with Client(self.sim.url) as c:
            await c.login(CLIENT)
            for name, label in ((PERP, "a"), (PERP, "b"), ("BTC-31DEC27", "a")):
                await c.call("private/buy", instrument_name=name, amount=10, price=56000, label=label)
            self.assertEqual(await c.call("private/cancel_by_label", label="b"), 1)
            self.assertEqual(await c.call("private/cancel_all_by_instrument", instrument_name=PERP), 1)
            self.assertEqual(len(await c.call("private/get_open_orders_by_label", currency="BTC",
                                              label="a")), 1)
            self.assertEqual(await c.call("private/cancel_all"), 1)

    async def open_orders_after(self, end, enable=True, scope="connection"):
        async with Client(self.sim.url) as watcher:
            await watcher.login(CLIENT)
            client = Client(self.sim.url)
            await client.__aenter__()
            await client.login(CLIENT)
            if enable:
                await client.call("private/enable_cancel_on_disconnect", scope=scope)
                answer = await client.call("private/get_cancel_on_disconnect", scope=scope)
                self.assertEqual(answer, {"scope": scope, "enabled": True})
            await watcher.call("private/buy", instrument_name=PERP, amount=10, price=55000)
            await client.call("private/buy", instrument_name=PERP, amount=20, price=55000)
            await end(client)
            await client.closed()
            await wait_until_async(lambda: len(self.sim.connections()) == 1)
            left = await watcher.call("private/get_open_orders")
            await watcher.call("private/cancel_all")
            return sorted(order["amount"] for order in left)

    async def test_cancel_on_disconnect_takes_the_orders_of_that_connection(self):
        async def cut(_):
            self.sim.command("cut 2")
        self.assertEqual(await self.open_orders_after(cut), [10.0])

    async def test_cancel_on_disconnect_fires_on_a_clean_close_and_not_when_off(self):
        async def close(client):
            await client.ws.close()
        self.assertEqual(await self.open_orders_after(close, enable=False), [10.0, 20.0])
        self.assertEqual(await self.open_orders_after(close), [10.0])

    async def test_cancel_on_disconnect_does_not_fire_on_logout(self):
        async def logout(client):
            await client.ws.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "private/logout",
                                             "params": {"invalidate_token": False}}))
        self.assertEqual(await self.open_orders_after(logout), [10.0, 20.0])
        self.assertEqual(self.sim.stats()["cod_fired"], 0)

    async def test_cancel_on_disconnect_of_the_account_holds_for_later_connections(self):
        async with Client(self.sim.url) as c:
            await c.login(CLIENT)
            await c.call("private/enable_cancel_on_disconnect", scope="account")
        async with Client(self.sim.url) as c:
            await c.login(CLIENT)
            self.assertEqual(await c.call("private/get_cancel_on_disconnect"),
                             {"scope": "connection", "enabled": True})


if __name__ == "__main__":
    unittest.main()
