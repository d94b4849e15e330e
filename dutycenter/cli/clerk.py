"""The clerk: runs every registered job on its timetable, and is the only one who does.

APScheduler fires twice when two processes share a timetable, so the clerk that
works holds a lock in the store; a second one waits until it is free.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy.orm import Session

from dutycenter.clock import FastClock
from dutycenter.db.lease import Lease, hold, release
from dutycenter.interfaces import IClock
from dutycenter.jobs import Job, jobs_of
from dutycenter.work import Work

log = logging.getLogger(__name__)

LOCK = "clerk"
LEASE_SECONDS = 15.0
RENEW_SECONDS = 4.0
SHORTEST_INTERVAL = 0.2


def run(work: Work) -> None:
    """Work until interrupted."""
    owner = f"{socket.gethostname()}:{os.getpid()}"
    clock: IClock = work.registry["dutycenter.clock"]
    waiting_said = False
    while not _hold(work, owner):
        if not waiting_said:
            log.info("Another clerk is at work; this one waits.")
            waiting_said = True
        threading.Event().wait(RENEW_SECONDS)
    with _scheduler(work, clock):
        log.info("The clerk is at work: %s.", ", ".join(job.name for job in jobs_of(work.registry)))
        try:
            while True:
                threading.Event().wait(RENEW_SECONDS)
                if not _hold(work, owner):
                    log.error("Another clerk took over; this one stops.")
                    return
        finally:
            with work.write() as request:
                release(request.db, LOCK, owner)


def _hold(work: Work, owner: str) -> bool:
    with work.write() as request:
        db: Session = request.db
        # The lease is about processes, so it runs on the wall clock, however fast the product's time goes.
        lease: Lease | None = hold(db, LOCK, owner, timedelta(seconds=LEASE_SECONDS))
        return lease is not None


@contextmanager
def _scheduler(work: Work, clock: IClock) -> Iterator[None]:
    scheduler = BackgroundScheduler(
        timezone=work.settings.time_zone,
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for job in jobs_of(work.registry):
        scheduler.add_job(_safely, _trigger(job, work, clock), args=[work, job], id=job.name)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=True)


def _trigger(job: Job, work: Work, clock: IClock) -> CronTrigger | IntervalTrigger:
    if job.cron is not None and not isinstance(clock, FastClock):
        return CronTrigger.from_crontab(job.cron, timezone=work.settings.time_zone)
    # In a rehearsal days pass in minutes and the wall's calendar means nothing: look again and again.
    seconds = job.seconds if job.seconds is not None else 3600.0
    return IntervalTrigger(seconds=max(SHORTEST_INTERVAL, clock.real(seconds)))


def _safely(work: Work, job: Job) -> None:
    try:
        job.run(work)
    except Exception:
        log.exception("The job %s failed; it is tried again at its next turn.", job.name)
