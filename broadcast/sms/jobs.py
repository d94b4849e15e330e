"""What the clerk does for text messages: writes down whose turn it is, then hands over what is written."""

from __future__ import annotations

from broadcast.models import Broadcast
from broadcast.sms.gateways import make_gateways
from broadcast.sms.outbox import Outbox, broadcasts_with_texts
from broadcast.sms.sender import Sender
from dutycenter.interfaces import IClock
from dutycenter.work import Work

SENDER = "broadcast.sms.sender"


def send_texts(work: Work) -> None:
    """Write and send what is due."""
    write_texts(work)
    sender_of(work).run()


def write_texts(work: Work) -> None:
    """Write a text for everybody whose turn it is; take back what is no longer needed."""
    with work.read() as request:
        waiting = [
            broadcast.id
            for broadcast in broadcasts_with_texts(request.db, request.find_service(IClock).now())
            if request.find_service(Outbox).due(broadcast) or request.find_service(Outbox).needless(broadcast)
        ]
    for broadcast_id in waiting:
        with work.write() as request:
            box = request.find_service(Outbox)
            broadcast = request.db.get(Broadcast, broadcast_id)
            box.write(broadcast, box.due(broadcast))
            box.withdraw(broadcast)


def sender_of(work: Work) -> Sender:
    """This process's sender: it remembers how each gateway is paced, and nothing else."""
    if SENDER not in work.registry:
        work.registry[SENDER] = Sender(work, make_gateways(work.settings))
    sender: Sender = work.registry[SENDER]
    return sender
