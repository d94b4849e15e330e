"""How the paper says things. It is an official Chinese document, whatever language the screens have."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from dutycenter.vocabulary import (
    CallResult,
    Disposition,
    IncidentClass,
    IncidentStatus,
    Level,
    Outcome,
    RecordingKind,
    RecordingState,
    ShiftDuty,
    SourceChannel,
)
from reports.period import Month

NOTHING = "—"

CLASSES: dict[IncidentClass | None, str] = {
    IncidentClass.NATURAL: "自然灾害",
    IncidentClass.ACCIDENT: "事故灾难",
    IncidentClass.HEALTH: "公共卫生事件",
    IncidentClass.SECURITY: "社会安全事件",
    None: "未分类",
}
LEVELS: dict[Level | None, str] = {
    Level.I: "特别重大",
    Level.II: "重大",
    Level.III: "较大",
    Level.IV: "一般",
    None: "未定级",
}
CHANNELS = {
    SourceChannel.PHONE: "电话",
    SourceChannel.VOICEMAIL: "语音留言",
    SourceChannel.FAX: "传真",
    SourceChannel.WALK_IN: "来人",
    SourceChannel.REPORT: "书面报告",
}
STATUSES = {IncidentStatus.OPEN: "处置中", IncidentStatus.CLOSED: "办结"}
RESULTS: dict[CallResult | None, str] = {
    CallResult.ANSWERED: "接听",
    CallResult.ABANDONED: "未接（来电人先挂机）",
    CallResult.VOICEMAIL: "转语音留言",
    CallResult.FAILED: "线路异常",
    CallResult.SERVED: "自动受理（回拨确认）",
    None: "通话未结束",
}
OUTCOMES: dict[Outcome | None, str] = {
    Outcome.ACKNOWLEDGED: "已确认",
    Outcome.DECLINED: "不能到位",
    Outcome.REACHED: "接听未确认",
    Outcome.NOT_REACHED: "未联系上",
    Outcome.NOT_CALLED: "未呼叫",
    None: "未结束",
}
DISPOSITIONS: dict[Disposition | None, str] = {
    Disposition.ACKNOWLEDGED: "按键确认",
    Disposition.DECLINED: "按键表示不能到位",
    Disposition.TRANSFERRED: "转接值班席通话",
    Disposition.HEARD: "听完未按键",
    Disposition.HUNG_UP_EARLY: "未听完即挂机",
    Disposition.VOICEMAIL: "对方语音信箱",
    Disposition.BUSY: "占线",
    Disposition.NO_ANSWER: "无人接听",
    Disposition.REJECTED: "拒接",
    Disposition.SWITCHED_OFF: "关机或不在服务区",
    Disposition.NO_SUCH_NUMBER: "空号",
    Disposition.CONGESTION: "线路拥塞",
    Disposition.GATEWAY_DOWN: "中继中断",
    Disposition.FAILED: "其他网络原因",
    Disposition.DROPPED: "已确认或停止，主动撤回",
    Disposition.LOST: "交换机失去记录",
    None: "未结束",
}
REPORTS = {"phone": "电话报告", "written": "书面报告", "follow_up": "续报", "final": "终报"}
LOSSES = {"dead": "死亡", "injured": "受伤", "missing": "失联", "trapped": "被困", "evacuated": "转移"}
DUTIES = {ShiftDuty.LEADER: "带班领导", ShiftDuty.CHIEF: "值班长", ShiftDuty.OFFICER: "值班员"}
RECORDINGS = {RecordingKind.CALL: "来电", RecordingKind.VOICEMAIL: "语音留言", RecordingKind.NOTICE: "叫应通知"}
RECORDING_STATES = {
    RecordingState.KEPT: "已入库存证",
    RecordingState.STOPPED: "待入库",
    RecordingState.RECORDING: "录音中",
    RecordingState.MISSING: "文件缺失",
}

_DIGITS = "〇一二三四五六七八九"


def numeral(number: int) -> str:
    """1 to 99 as headings count: 一, 十, 十二, 二十."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else _DIGITS[tens] + "十"
    return head + (_DIGITS[ones] if ones or not tens else "")


def month_name(month: Month) -> str:
    return f"{month.year}年{month.month}月"


def day_name(day: date) -> str:
    return f"{day.month}月{day.day}日"


def full_day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """To the minute, in the duty room's zone; midnight at a month's end is written as 24 o'clock by the caller."""
    local = at.astimezone(zone)
    return f"{full_day(local.date())}{local:%H:%M}"


def short_moment(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local.month}月{local.day}日{local:%H:%M}"


def number(count: int) -> str:
    """Thousands set apart: 12,345."""
    return f"{count:,}"


def lapses(late: int, missed: int) -> str:
    """Reports that came late or never, as far as there are any: 迟报4项、漏报1项."""
    return "、".join(f"{name}{number(count)}项" for name, count in (("迟报", late), ("漏报", missed)) if count)


def share(part: int, whole: int) -> str:
    """A share in percent with one decimal; a dash of nothing."""
    return f"{100 * part / whole:.1f}%" if whole else NOTHING


def duration(seconds: int | None) -> str:
    """12秒, 1分05秒, 2小时03分."""
    if seconds is None:
        return NOTHING
    minutes, rest = divmod(seconds, 60)
    if minutes == 0:
        return f"{rest}秒"
    hours, minutes = divmod(minutes, 60)
    if hours == 0:
        return f"{minutes}分{rest:02d}秒"
    return f"{number(hours)}小时{minutes:02d}分"


def size(count: int) -> str:
    """Bytes as people read them."""
    amount = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
