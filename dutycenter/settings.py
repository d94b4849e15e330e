"""Every setting once: its name, type, default and what it is for.

Settings are read from the ``[app:main]`` section of the ini file. Names are
dotted (``recordings.dir``); unknown names and ill-typed values are refused at
start, all of them in one message, so that a slip in the file is found before
the first call and not during it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class SettingsError(ValueError):
    """The settings cannot be used. ``str()`` lists every fault, one a line."""


def _text(raw: str) -> str:
    return raw


def _bool(raw: str) -> bool:
    known = {"true": True, "yes": True, "on": True, "1": True,
             "false": False, "no": False, "off": False, "0": False}  # fmt: skip
    try:
        return known[raw.lower()]
    except KeyError:
        raise ValueError("expected true or false") from None


def _positive(raw: str) -> float:
    value = float(raw)
    if not value > 0:
        raise ValueError("expected a number above 0")
    return value


def _count(raw: str) -> int:
    value = int(raw)
    if value < 0:
        raise ValueError("expected a whole number, 0 or more")
    return value


def _port(raw: str) -> int:
    value = int(raw)
    if not 0 < value < 65536:
        raise ValueError("expected a port, 1 to 65535")
    return value


def _zone(raw: str) -> ZoneInfo:
    try:
        return ZoneInfo(raw)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("expected a time zone such as Asia/Shanghai") from None


def _instant(raw: str) -> datetime | None:
    if not raw:
        return None
    value = datetime.fromisoformat(raw)
    if value.tzinfo is None:
        raise ValueError("expected a time with its zone, such as 2026-11-01T00:00:00+00:00")
    return value.astimezone(UTC)


def _words(raw: str) -> tuple[str, ...]:
    return tuple(raw.replace(",", " ").split())


def _networks(raw: str) -> tuple[str, ...]:
    return tuple(str(ip_network(word)) for word in _words(raw))


def _one_of(*allowed: str) -> Callable[[str], str]:
    def parse(raw: str) -> str:
        if raw not in allowed:
            raise ValueError(f"expected one of {', '.join(allowed)}")
        return raw

    return parse


def setting(name: str, parse: Callable[[str], Any], default: str, help: str) -> Any:
    """Declare one setting: its dotted name, parser, default as text and meaning."""
    return field(metadata={"name": name, "parse": parse, "default": default, "help": help})


@dataclass(frozen=True)
class Settings:
    """All settings, parsed. Paths are absolute; durations are seconds."""

    database_url: str = setting(
        "sqlalchemy.url", _text, "sqlite:///%(var)s/dutycenter.sqlite",
        "where the record is kept: SQLite by default, postgresql+psycopg://… for more than one machine")  # fmt: skip
    var: Path = setting("var.dir", Path, "%(here)s/var", "folder of everything this installation writes")
    recordings_dir: Path = setting(
        "recordings.dir", Path, "%(var)s/recordings", "where the switch writes recordings, and where they are kept"
    )
    evidence_dir: Path = setting(
        "evidence.dir", Path, "%(var)s/evidence", "where finished recordings are kept, by content"
    )
    exports_dir: Path = setting("exports.dir", Path, "%(var)s/exports", "evidence packages that people asked for")
    disk_low: float = setting(
        "disk.low",
        _positive,
        "20",
        "percent of each disk of store and recordings that must be free before the strip warns",
    )
    disk_critical: float = setting(
        "disk.critical",
        _positive,
        "5",
        "percent of each disk of store and recordings that must be free before the strip alarms",
    )
    listening_copies: bool = setting(
        "recordings.listening_copies", _bool, "false",
        "make small Opus copies for listening (package opus-tools); the original stays what it is")  # fmt: skip
    retention_call: int = setting("retention.call", _count, "1095", "days that recordings of calls are kept at least")
    retention_voicemail: int = setting(
        "retention.voicemail", _count, "1095", "days that left messages are kept at least"
    )
    retention_notice: int = setting(
        "retention.notice", _count, "1095", "days that recordings of broadcasts' legs are kept at least"
    )
    retention_exercise: int = setting(
        "retention.exercise", _count, "183", "days that recordings of exercises are kept at least"
    )
    prompts_dir: Path = setting("prompts.dir", Path, "%(var)s/prompts", "made prompts, kept by content")
    flows_dir: Path = setting(
        "flows.dir", Path, "%(var)s/flows", "flow and prompt files here take the place of the shipped ones of that name"
    )
    attachments_dir: Path = setting(
        "attachments.dir", Path, "%(var)s/attachments", "files that came with reports, kept by content"
    )
    attachments_most: int = setting("attachments.most", _count, "30", "files that one form or incident may have")
    uploads_dir: Path = setting("uploads.dir", Path, "%(var)s/uploads", "files that people uploaded")
    reports_dir: Path = setting("reports.dir", Path, "%(var)s/reports", "monthly reports and other papers")
    secret_file: Path = setting(
        "secret.file", Path, "%(var)s/secret", "random key that signs cookies; made at first start"
    )
    ledger_key_file: Path = setting(
        "ledger.key_file", Path, "%(var)s/ledger.key", "Ed25519 key that signs ledger heads; made at first start"
    )
    ledger_anchor_file: Path = setting(
        "ledger.anchor_file",
        Path,
        "%(var)s/anchor/heads.log",
        "append-only copy of signed heads, best on another disk or host",
    )
    ledger_tsa_url: str = setting(
        "ledger.tsa_url", _text, "", "a time-stamping authority (RFC 3161) that stamps heads; empty: none"
    )
    ledger_tsa_roots: Path = setting(
        "ledger.tsa_roots", Path, "%(var)s/tsa-roots.pem", "with ledger.tsa_url: certificates its stamps must lead to"
    )
    ledger_tsa_seconds: float = setting(
        "ledger.tsa_seconds", _positive, "3600", "with ledger.tsa_url: seconds from one time stamp to the next"
    )
    secure_cookies: bool = setting(
        "cookies.secure", _bool, "false", "send cookies over https only: true behind a proxy that speaks https"
    )
    session_hours: float = setting(
        "session.hours", _positive, "13", "hours after which a log-in ends: a shift of 12 and the handover"
    )
    second_factor: tuple[str, ...] = setting(
        "second.factor", _words, "administrator auditor",
        "roles that must log in with a second factor (a code from a telephone); others may set one up")  # fmt: skip
    session_idle: float = setting(
        "session.idle",
        _positive,
        "7200",
        "seconds without use after which a log-in ends; an open duty desk counts as use",
    )
    time_zone: ZoneInfo = setting("time_zone", _zone, "Asia/Shanghai", "the duty room's zone, for screens and papers")
    roster_days_ahead: int = setting(
        "roster.days_ahead", _count, "7", "days for which gaps and conflicts of the roster are shown ahead on the desk"
    )
    roster_confirm_changes: bool = setting(
        "roster.confirm_changes", _bool, "true",
        "a leader or administrator confirms swaps and stand-ins after both have agreed")  # fmt: skip
    roster_longest_hours: int = setting(
        "roster.longest_hours",
        _count,
        "24",
        "hours in the duty room, without eight of rest, that are too long in a row",
    )
    languages: tuple[str, ...] = setting(
        "languages", _words, "zh_CN en", "languages of the screens, the first is the default"
    )
    authority: str = setting(
        "authority", _text, "云江市人民政府", "the government whose duty room this is; heads every paper"
    )
    duty_room: str = setting(
        "duty_room", _text, "云江市人民政府总值班室", "the duty room, as callers hear it and papers name it"
    )
    district_code: str = setting(
        "district_code", _text, "430199", "administrative division code (GB/T 2260) of the authority"
    )
    hotline_number: str = setting(
        "hotline.number", _text, "07318888", "the number that citizens and lower duty rooms call"
    )
    hotline_queue: str = setting("hotline.queue", _text, "duty", "name of the mod_callcenter queue")
    hotline_overflow: float = setting(
        "hotline.overflow",
        _positive,
        "15",
        "seconds in which only the desks on duty ring; then every desk that is manned",
    )
    hotline_place_every: float = setting(
        "hotline.place_every", _positive, "25", "seconds between two times that a waiting caller hears their place"
    )
    hotline_wrap_up: float = setting(
        "hotline.wrap_up", _positive, "120", "seconds for writing up a call, after which a desk takes calls by itself"
    )
    hotline_patience: float = setting(
        "hotline.patience", _positive, "60", "seconds in the queue before the caller is offered voicemail"
    )
    callback_hours: float = setting(
        "callback.hours",
        _positive,
        "12",
        "hours after a broadcast's end in which who calls back is asked for the acknowledgement",
    )
    switch_host: str = setting("switch.host", _text, "127.0.0.1", "FreeSWITCH event socket, host")
    switch_port: int = setting("switch.port", _port, "8021", "FreeSWITCH event socket, port")
    switch_password_file: Path = setting(
        "switch.password_file", Path, "%(var)s/switch.password", "event socket password; made at first start if absent"
    )
    switch_domain: str = setting("switch.domain", _text, "duty.local", "SIP domain of the desk telephones")
    ivr_host: str = setting("ivr.host", _text, "127.0.0.1", "where the ivr listens for the switch")
    ivr_port: int = setting("ivr.port", _port, "8084", "where the ivr listens for the switch")
    voice: str = setting(
        "voice", _one_of("espeak", "command", "silent"), "espeak", "what speaks texts that have no uploaded WAV"
    )
    voice_command: str = setting(
        "voice.command",
        _text,
        "",
        "with voice = command: a program that reads the text on stdin and writes WAV to the file {out}",
    )
    sms: str = setting(
        "sms",
        _one_of("null", "console", "kannel"),
        "console",
        "what sends text messages: null refuses them, console only shows them in the log, kannel sends",
    )
    sms_kannel_urls: tuple[str, ...] = setting(
        "sms.kannel.urls",
        _words,
        "http://127.0.0.1:13013/cgi-bin/sendsms",
        "sendsms addresses of Kannel; with several, one that fails is left alone for a while",
    )
    sms_kannel_user: str = setting("sms.kannel.user", _text, "dutycenter", "username of Kannel's sendsms-user")
    sms_kannel_password_file: Path = setting(
        "sms.kannel.password_file", Path, "%(var)s/sms.password", "its password; made at first use if absent"
    )
    sms_sender: str = setting(
        "sms.sender", _text, "", "number that texts come from and are answered to; empty: hotline.number"
    )
    sms_arrival: str = setting(
        "sms.arrival",
        _text,
        "几分钟到请回复如“20分钟”，到达后请回复“已到”。",
        "what follows that in a text that calls people to a place: how to say when one arrives",
    )
    sms_ending: str = setting(
        "sms.ending",
        _text,
        "{duty_room}。确认请回复1，不能到请回复4。",
        "what follows the message in a text: who writes and how to answer",
    )
    sms_rate: float = setting("sms.rate", _positive, "10", "text messages a second to one gateway")
    sms_timeout: float = setting(
        "sms.timeout", _positive, "10", "real seconds that a gateway may take to answer; then the outcome is unknown"
    )
    sms_lead: int = setting(
        "sms.lead", _count, "60", "seconds between texts and first calls where a broadcast sends texts first"
    )
    sms_wait: int = setting(
        "sms.wait",
        _count,
        "1800",
        "seconds that a broadcast of texts alone waits for answers where its goal names no time",
    )
    sms_callback_url: str = setting(
        "sms.callback.url", _text, "http://127.0.0.1:6543", "where the gateway reaches the web role, without a path"
    )
    sms_callback_token_file: Path = setting(
        "sms.callback.token_file",
        Path,
        "%(var)s/sms.token",
        "secret that the gateway's reports and replies must carry; made at first use",
    )
    sms_callback_from: tuple[str, ...] = setting(
        "sms.callback.from", _networks, "127.0.0.1/32 ::1/128", "networks that the gateway's reports may come from"
    )
    mail: str = setting(
        "mail", _one_of("null", "smtp"), "null", "what sends mail: smtp hands it to a relay of your own"
    )
    mail_host: str = setting("mail.host", _text, "127.0.0.1", "mail relay, host")
    mail_port: int = setting("mail.port", _port, "25", "mail relay, port")
    mail_security: str = setting(
        "mail.security", _one_of("none", "starttls", "tls"), "none", "how the way to the mail relay is encrypted"
    )
    mail_user: str = setting("mail.user", _text, "", "mail relay, user name; empty: it asks for none")
    mail_password_file: Path = setting(
        "mail.password_file", Path, "%(var)s/mail.password", "mail relay, file with the password of mail.user"
    )
    mail_sender: str = setting("mail.sender", _text, "dutycenter@localhost", "the address that letters come from")
    mail_timeout: float = setting("mail.timeout", _positive, "30", "seconds after which the mail relay is given up")
    reports_mail_to: tuple[str, ...] = setting(
        "reports.mail_to", _words, "", "addresses that the reports of months, quarters and years are sent to"
    )
    reports_language: str = setting(
        "reports.language", _one_of("zh_CN", "en"), "zh_CN", "language of the reports that the calendar asks for"
    )
    rehearsal: bool = setting(
        "rehearsal",
        _bool,
        "false",
        "the switch is the simulated one; shows the page of simulated telephones. Never on a real line",
    )
    rehearsal_seed: int = setting("rehearsal.seed", _count, "1", "seed of the simulated people's character")
    rehearsal_people: str = setting(
        "rehearsal.people",
        _text,
        "",
        "how common each simulated character is, such as: answers=60 busy=5 switched_off=3; empty: the usual town",
    )
    clock_speed: float = setting(
        "clock.speed",
        _positive,
        "1",
        "how many times faster than real time the product runs; above 1 only in rehearsals",
    )
    clock_epoch: datetime | None = setting(
        "clock.epoch", _instant, "", "with clock.speed: the moment from which time runs faster, shared by all processes"
    )
    max_upload: int = setting("max_upload", _count, "20000000", "bytes of one uploaded file at the most")


def load(raw: Mapping[str, str], here: str | os.PathLike[str]) -> Settings:
    """Parse the ini file's settings; ``here`` is its folder.

    Names that belong to Pyramid or its add-ons (``pyramid.*``, ``jinja2.*``,
    ``debugtoolbar.*``, ``tm.*``) are left alone.

    Raises:
        SettingsError: naming every unknown name and every ill-typed value.
    """
    base = Path(here).resolve()
    known = {f.metadata["name"]: f for f in fields(Settings)}
    faults = [
        f"{name}: there is no such setting{_nearest(name, known)}"
        for name in raw
        if name not in known and not name.startswith(("pyramid.", "jinja2.", "tm."))
    ]
    places = {"here": str(base)}
    places["var"] = str(_place(raw.get("var.dir") or known["var.dir"].metadata["default"], places, base))
    values: dict[str, Any] = {}
    for name, declared in known.items():
        text = raw.get(name, declared.metadata["default"]).strip()
        try:
            expanded = text % places if "%(" in text else text
            value = declared.metadata["parse"](expanded)
            if isinstance(value, Path):
                value = _place(expanded, places, base)
            values[declared.name] = value
        except (ValueError, TypeError, KeyError) as error:
            faults.append(f"{name} = {text}: {error}")
    if faults:
        raise SettingsError("\n".join(sorted(faults)))
    return Settings(**values)


def _place(text: str, places: Mapping[str, str], base: Path) -> Path:
    expanded = text % places if "%(" in text else text
    return (base / Path(expanded).expanduser()).resolve()


def _nearest(name: str, known: Mapping[str, object]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    return f" (did you mean {near[0]}?)" if near else ""
