"""When a view may send: a budget of messages for the kernel, and never ahead of the page."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import ipywidgets
import traitlets

from rl_widgets.widgets.subshells import PAGE, answer_while_busy

#: Messages that one drawing of a view takes without its tab: times, progress, legend, line, band.
COST = 5
#: Messages a second for all views of the kernel, and how many of them may come at once. The second
#: rate is for a page of which is not known whether it keeps up.
RATE, BLIND_RATE, BURST = 180.0, 80.0, 160.0
#: A view that is made sends some 300 messages. Jupyter's server drops what exceeds 1,000 a second
#: over three seconds: a page would miss widgets, and say 'model not found'.
MAKING_RATE, MAKING_BURST = 450.0, 1000.0
#: The page is asked for an answer after so many messages; it is late after so many seconds, and
#: nobody answers any more after so many. Then it is asked again now and then.
ASK_AFTER, LATE, PATIENCE, ASK_AGAIN = 30, 0.2, 4.0, 5.0


class Budget:
    """So many messages a second, of which `burst` may be saved up. Safe from several threads."""

    def __init__(
        self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.rate = rate
        self._burst = burst
        self._clock = clock
        self._lock = threading.Lock()
        self._left = burst
        self._at = clock()

    def take(self, messages: float) -> float:
        """Spend; returns the seconds until they may be sent, 0.0 within the budget.

        Who comes first is served first, so the views of a kernel get equal shares.
        """
        with self._lock:
            now = self._clock()
            self._left = min(self._burst, self._left + (now - self._at) * self.rate) - messages
            self._at = now
            return max(0.0, -self._left / self.rate)


class Echo(ipywidgets.Layout):
    """A widget without a view whose `order` the page may be asked to send back."""

    # The kernel's own echo of what comes from the page would be one more message.
    order = traitlets.Unicode("").tag(sync=True, echo_update=False)


class Pace:
    """Tells the followers of all views in this kernel when they may send.

    `drawn` now and then puts a number behind the messages of a view; a link in the page, which
    handles its messages in order, copies it to a second widget and so sends it back. While that is
    late, nobody's turn comes: a page that is slow gets fewer views, the newest of each, instead of
    an ever longer queue of old ones. Without an answer (no page, or one that is not heard while a
    cell runs) the budget is all there is.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._budget = Budget(BLIND_RATE, BURST, clock)
        self._asks: Echo | None = None
        self._answers: Echo | None = None
        self._link: ipywidgets.Widget | None = None
        self._asked = self._answered = 0
        self._asked_at = clock() - ASK_AGAIN
        self._since = 0
        self._heard = False

    @property
    def heard(self) -> bool:
        """Whether the page answers."""
        with self._changed:
            return self._heard

    def wait_turn(self, stop: threading.Event) -> None:
        """Return when a view may be sent, or `stop` is set."""
        wait = self._budget.take(COST)
        if wait:
            stop.wait(wait)
        with self._changed:
            while not stop.is_set() and self._late():
                self._changed.wait(LATE)

    def drawn(self, more: int = 0) -> None:
        """A view was sent, and `more` messages for its tab: the next turn comes so much later.

        Asks the page for an answer, if that is due.
        """
        self._budget.take(more)
        with self._changed:
            self._since += COST + more
            waits = self._asked != self._answered
            silent = self._clock() - self._asked_at
            if waits and silent > PATIENCE:
                self._hear(False)
            due = self._since >= ASK_AFTER and (self._heard or silent >= ASK_AGAIN)
            if due and (not waits or not self._heard):
                self._ask()

    def _late(self) -> bool:
        if not self._heard or self._asked == self._answered:
            return False
        silent = self._clock() - self._asked_at
        if silent > PATIENCE:
            self._hear(False)
        return LATE < silent <= PATIENCE

    def _hear(self, heard: bool) -> None:
        self._heard = heard
        self._budget.rate = RATE if heard else BLIND_RATE

    def _ask(self) -> None:
        if self._asks is None or self._asks.comm is None:
            # None were made yet, or someone has closed all widgets of the kernel.
            self._asks, self._answers = Echo(), Echo()
            self._link = ipywidgets.jsdlink((self._asks, "order"), (self._answers, "order"))
            answer_while_busy(self._answers)
            self._answers.observe(self._on_answer, names="order")
        self._asked += 1
        self._asked_at = self._clock()
        self._since = 0
        self._asks.order = str(self._asked)

    # On whatever thread brings the page's messages.
    def _on_answer(self, change: Any) -> None:
        PAGE.hears()
        with self._changed:
            if change["new"].isdigit():
                self._answered = max(self._answered, int(change["new"]))
                self._hear(True)
                self._changed.notify_all()


#: Of all views in this kernel.
PACE = Pace()
_making = Budget(MAKING_RATE, MAKING_BURST)


def wait_for_making(messages: int) -> None:
    """Charge the making of a view, and wait until the next may be made."""
    time.sleep(_making.take(messages))
