"""The store: engine, sessions, and ``request.db`` in the request's transaction."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.request import Request
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from zope.sqlalchemy import register

from dutycenter.db.engine import WRITES, make_engine
from dutycenter.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def open_session(engine: Engine, *, writes: bool) -> Session:
    """A session whose transaction takes the write lock at its start if it ``writes``."""
    session = Session(engine, expire_on_commit=False)
    session.connection(execution_options={WRITES: writes})
    return session


def _request_db(request: Request) -> Session:
    engine: Engine = request.registry["dutycenter.engine"]
    writes = request.method not in SAFE_METHODS
    session = Session(engine, expire_on_commit=False)
    register(session, transaction_manager=request.tm)
    session.connection(execution_options={WRITES: writes})
    request.add_finished_callback(lambda _: session.close())
    return session


def includeme(config: Configurator) -> None:
    settings: Settings = config.registry["dutycenter.settings"]
    config.registry["dutycenter.engine"] = make_engine(settings.database_url)
    config.add_settings({"tm.manager_hook": "pyramid_tm.explicit_manager"})
    config.include("pyramid_tm")
    config.add_request_method(_request_db, "db", reify=True)
