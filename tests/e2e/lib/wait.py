"""Waiting for something to become true, with a deadline instead of a sleep."""
import asyncio
import time

DEADLINE_S = 20.0  # far more than anything takes; only a failure waits that long


def wait_until(condition, what="condition", deadline_s=DEADLINE_S):
    """Poll until condition() is true; give its value back. Raises AssertionError at the deadline."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline_s} s: {what}")
        time.sleep(0.01)


async def wait_until_async(condition, what="condition", deadline_s=DEADLINE_S):
    """The same inside a coroutine."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline_s} s: {what}")
        await asyncio.sleep(0.01)
