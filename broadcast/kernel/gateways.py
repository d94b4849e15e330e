"""The gateways as a table; what each gives changes while a broadcast runs, and the prices of lines and calls follow."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from broadcast.kernel.index import prices
from broadcast.kernel.layout import GATEWAY, MICRO, State
from broadcast.kernel.plan import Gateway, PlanError
from broadcast.kernel.urgency import aim


def gateway_table(gateways: Sequence[Gateway]) -> np.ndarray:
    """What decisions read: usable channels, and the token bucket."""
    table = np.zeros(len(gateways), GATEWAY)
    for row, g in zip(table, gateways, strict=True):
        row["channels"] = g.usable
        row["interval"] = MICRO / g.rate
        row["slack"] = (g.burst - 1.0) * row["interval"]
        row["cost"] = g.cost
    return table


def set_gateway(
    state: State, rates: list[float], gateway: int, channels: int, rate: float, burst: float | None = None
) -> None:
    """A gateway has now so many usable channels (0: it is gone), calls a second, and perhaps another burst.

    Args:
        rates: calls a second of each gateway, written as well.

    Raises:
        PlanError: channels below 0, or no rate.
    """
    row = state.gateways[gateway]
    had = float(state.gateways["channels"].sum())
    if channels == 0:
        # A gateway that is gone has no rate of its own to speak of.
        row["channels"] = 0
        rate = rate if rate > 0.0 else rates[gateway]
    if channels < 0 or not rate > 0.0:
        raise PlanError("channels must not be negative, and the rate above 0")
    slack = row["slack"] / row["interval"] if burst is None else max(0.0, burst - 1.0)
    row["interval"] = MICRO / rate
    row["slack"] = slack * row["interval"]
    row["channels"] = channels
    rates[gateway] = rate
    usable = state.gateways["channels"]
    total = float(usable.sum())
    if total <= 0.0:
        return
    _reprice(state, total, sum(r for r, c in zip(rates, usable, strict=True) if c > 0))
    board = state.board[0]
    if board["work"] > 0.0 and total != had:
        aim(board, total)


def _reprice(state: State, channels: float, rate: float) -> None:
    """Price a second of a channel and a call anew; the queue is put into its new order over the next decisions."""
    board = state.board[0]
    channel, token = prices(channels, rate, _mean_hold(state))
    old = (float(board["channel_price"]), float(board["token_price"]))
    before = old[0] / (old[0] + old[1])
    after = channel / (channel + token)
    # Only the ratio of the prices changes the order.
    if not math.isclose(before, after, abs_tol=1e-3):
        board["channel_price"], board["token_price"] = channel, token
        board["sweep"] = 0


def _mean_hold(state: State) -> float:
    rules = state.rules
    return float((rules["ack_hold"] + rules["fail_hold"]).mean() / 2.0)
