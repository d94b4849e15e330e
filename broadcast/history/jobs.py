"""The clerk's share: counting what was settled, and fitting what numbers borrow."""

from __future__ import annotations

from broadcast.history import services
from broadcast.history.proofs import proofs_of
from dutycenter.directory.proving import Proving
from dutycenter.interfaces import IClock
from dutycenter.work import Work, settings_of


def count(work: Work) -> None:
    """Count what has been settled since the last time, in batches that hold no lock for long, and note in the
    directory which numbers it showed to be right or wrong."""
    with work.read() as request:
        if not services.is_uncounted(request.db, request.find_service(IClock).now()):
            return
    zone = settings_of(work.registry).time_zone
    while True:
        with work.write() as request:
            counted = services.count_some(request.db, zone, request.find_service(IClock).now())
            if not counted:
                return
            request.find_service(Proving).take(proofs_of(request.db, counted))


def fit(work: Work) -> None:
    """Fit the priors anew where something was counted since."""
    # The fit is numeric code, which the web and its tables need not load.
    from broadcast.history.priors import fit_all, stale

    with work.read() as request:
        due = [rehearsed for rehearsed in (False, True) if stale(request.db, rehearsed)]
    for rehearsed in due:
        with work.write() as request:
            fit_all(request.db, rehearsed, request.find_service(IClock).now())
