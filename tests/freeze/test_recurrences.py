"""The wall clock of a recurrence: the standard's own examples, and a second implementation."""

from datetime import datetime, timedelta
from itertools import islice

import pytest
from dateutil.rrule import rrulestr
from hypothesis import example, given
from hypothesis import strategies as st

from scuderia.freeze.engine.recurrence_rules import parse_rule
from scuderia.freeze.engine.recurrences import wall_times
from scuderia.freeze.nouns import BadRecurrence, TooManyOccurrences
from tests.examples import examples


def named(first: str, rule: str, most: int = 400) -> list[str]:
    found = wall_times(parse_rule(rule), datetime.fromisoformat(first))
    return [at.strftime("%Y%m%dT%H%M%S") for at in islice(found, most)]


def days(text: str, at: str = "090000") -> list[str]:
    return [f"{day}T{at}" for day in text.split()]


def every(first: str, last: str, step: int) -> list[str]:
    """Days from `first` through `last`, each `step` days on."""
    at, end = datetime.fromisoformat(first), datetime.fromisoformat(last)
    found = []
    while at <= end:
        found.append(at.strftime("%Y%m%dT090000"))
        at += timedelta(days=step)
    return found


NINE = "19970902T090000"
# RFC 5545 3.8.5.3. UNTIL there is in UTC; for the wall clock of these it is told as local.
STANDARD = [
    (NINE, "FREQ=DAILY;COUNT=10", every("19970902", "19970911", 1)),
    (NINE, "FREQ=DAILY;UNTIL=19971223T190000", every("19970902", "19971223", 1)),
    (NINE, "FREQ=DAILY;INTERVAL=10;COUNT=5", days("19970902 19970912 19970922 19971002 19971012")),
    (
        "19980101T090000",
        "FREQ=YEARLY;UNTIL=20000131T090000;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
        [day for year in (1998, 1999, 2000) for day in every(f"{year}0101", f"{year}0131", 1)],
    ),
    (
        "19980101T090000",
        "FREQ=DAILY;UNTIL=20000131T090000;BYMONTH=1",
        [day for year in (1998, 1999, 2000) for day in every(f"{year}0101", f"{year}0131", 1)],
    ),
    (NINE, "FREQ=WEEKLY;COUNT=10", every("19970902", "19971104", 7)),
    (NINE, "FREQ=WEEKLY;UNTIL=19971223T190000", every("19970902", "19971223", 7)),
    (
        NINE,
        "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH",
        days(
            "19970902 19970904 19970909 19970911 19970916"
            " 19970918 19970923 19970925 19970930 19971002"
        ),
    ),
    (
        "19970901T090000",
        "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971223T190000;WKST=SU;BYDAY=MO,WE,FR",
        days(
            "19970901 19970903 19970905 19970915 19970917"
            " 19970919 19970929 19971001 19971003 19971013"
            " 19971015 19971017 19971027 19971029 19971031 19971110 19971112 19971114 19971124"
            " 19971126 19971128 19971208 19971210 19971212 19971222"
        ),
    ),
    (
        NINE,
        "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
        days("19970902 19970904 19970916 19970918 19970930 19971002 19971014 19971016"),
    ),
    (
        "19970905T090000",
        "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
        days(
            "19970905 19971003 19971107 19971205 19980102"
            " 19980206 19980306 19980403 19980501 19980605"
        ),
    ),
    (
        "19970907T090000",
        "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
        days(
            "19970907 19970928 19971102 19971130 19980104"
            " 19980125 19980301 19980329 19980503 19980531"
        ),
    ),
    (
        "19970922T090000",
        "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
        days("19970922 19971020 19971117 19971222 19980119 19980216"),
    ),
    (
        "19970928T090000",
        "FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=6",
        days("19970928 19971029 19971128 19971229 19980129 19980226"),
    ),
    (
        NINE,
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
        days(
            "19970902 19970915 19971002 19971015 19971102"
            " 19971115 19971202 19971215 19980102 19980115"
        ),
    ),
    (
        "19970930T090000",
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
        days(
            "19970930 19971001 19971031 19971101 19971130"
            " 19971201 19971231 19980101 19980131 19980201"
        ),
    ),
    (
        "19970910T090000",
        "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
        days(
            "19970910 19970911 19970912 19970913 19970914"
            " 19970915 19990310 19990311 19990312 19990313"
        ),
    ),
    (
        NINE,
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU;COUNT=18",
        days(
            "19970902 19970909 19970916 19970923 19970930"
            " 19971104 19971111 19971118 19971125 19980106"
            " 19980113 19980120 19980127 19980303 19980310 19980317 19980324 19980331"
        ),
    ),
    (
        "19970610T090000",
        "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
        [f"{year}{month}10T090000" for year in range(1997, 2002) for month in ("06", "07")],
    ),
    (
        "19970310T090000",
        "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
        days(
            "19970310 19990110 19990210 19990310 20010110"
            " 20010210 20010310 20030110 20030210 20030310"
        ),
    ),
    (
        "19970101T090000",
        "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
        days(
            "19970101 19970410 19970719 20000101 20000409"
            " 20000718 20030101 20030410 20030719 20060101"
        ),
    ),
    ("19970519T090000", "FREQ=YEARLY;BYDAY=20MO;COUNT=3", days("19970519 19980518 19990517")),
    (
        "19970512T090000",
        "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=3",
        days("19970512 19980511 19990517"),
    ),
    (
        "19970313T090000",
        "FREQ=YEARLY;BYMONTH=3;BYDAY=TH;COUNT=11",
        every("19970313", "19970327", 7)
        + every("19980305", "19980326", 7)
        + every("19990304", "19990325", 7),
    ),
    (
        "19970605T090000",
        "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8;COUNT=39",
        every("19970605", "19970828", 7)
        + every("19980604", "19980827", 7)
        + every("19990603", "19990826", 7),
    ),
    (
        NINE,
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=5",
        days("19980213 19980313 19981113 19990813 20001013"),
    ),
    (
        "19970913T090000",
        "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13;COUNT=10",
        days(
            "19970913 19971011 19971108 19971213 19980110"
            " 19980207 19980307 19980411 19980509 19980613"
        ),
    ),
    (
        "19961105T090000",
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=3",
        days("19961105 20001107 20041102"),
    ),
    (
        "19970904T090000",
        "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3",
        days("19970904 19971007 19971106"),
    ),
    (
        "19970929T090000",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=7",
        days("19970929 19971030 19971127 19971230 19980129 19980226 19980330"),
    ),
    (
        NINE,
        "FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000",
        ["19970902T090000", "19970902T120000", "19970902T150000"],
    ),
    (
        NINE,
        "FREQ=MINUTELY;INTERVAL=15;COUNT=6",
        [f"19970902T{at}00" for at in ("0900", "0915", "0930", "0945", "1000", "1015")],
    ),
    (
        NINE,
        "FREQ=MINUTELY;INTERVAL=90;COUNT=4",
        [f"19970902T{at}00" for at in ("0900", "1030", "1200", "1330")],
    ),
    (
        NINE,
        "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40;COUNT=48",
        [
            f"1997090{day}T{hour:02}{minute:02}00"
            for day in (2, 3)
            for hour in range(9, 17)
            for minute in (0, 20, 40)
        ],
    ),
    (
        NINE,
        "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16;COUNT=48",
        [
            f"1997090{day}T{hour:02}{minute:02}00"
            for day in (2, 3)
            for hour in range(9, 17)
            for minute in (0, 20, 40)
        ],
    ),
    (
        "19970805T090000",
        "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
        days("19970805 19970810 19970819 19970824"),
    ),
    (
        "19970805T090000",
        "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
        days("19970805 19970817 19970819 19970831"),
    ),
    (
        "20070115T090000",
        "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
        days("20070115 20070130 20070215 20070315 20070330"),
    ),
]


@pytest.mark.parametrize(("first", "rule", "expected"), STANDARD, ids=[one[1] for one in STANDARD])
def test_the_standards_own_examples(first, rule, expected):
    assert named(first, rule) == expected


# Hand-worked, where libraries differ: weeks of the year, last days, steps over days left out.
READINGS = [
    ("20130108T000000", "FREQ=YEARLY;BYWEEKNO=1,2;COUNT=4", "20130108 20131231 20140107 20141230"),
    ("20130101T000000", "FREQ=YEARLY;BYWEEKNO=53;BYDAY=TU,SA;COUNT=2", "20151229 20160102"),
    ("20270103T000000", "FREQ=YEARLY;BYWEEKNO=53;INTERVAL=5;BYDAY=TH;COUNT=1", "20321230"),
    ("20230101T000000", "FREQ=YEARLY;BYWEEKNO=53;COUNT=1", "20270103"),
    ("20130101T000000", "FREQ=YEARLY;BYWEEKNO=-1;BYDAY=TU;COUNT=2", "20131224 20141223"),
    ("20120229T000000", "FREQ=YEARLY;COUNT=3", "20120229 20160229 20200229"),
    ("20070131T000000", "FREQ=MONTHLY;COUNT=4", "20070131 20070331 20070531 20070731"),
    (
        "20240102T000000",
        "FREQ=YEARLY;BYYEARDAY=1,2,3,4,5,6,7;BYSETPOS=3,2;COUNT=3",
        "20240102 20240103 20250102",
    ),
    ("20120101T000000", "FREQ=YEARLY;BYYEARDAY=-366;COUNT=2", "20120101 20160101"),
    ("20000201T000000", "FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=1;COUNT=2", "20000207 20000214"),
    (
        "20240201T000000",
        "FREQ=YEARLY;BYMONTHDAY=-1;BYMONTH=2;COUNT=3",
        "20240229 20250228 20260228",
    ),
    ("20250101T000000", "FREQ=DAILY;INTERVAL=7;BYMONTHDAY=1,20;COUNT=2", "20250101 20250820"),
]


@pytest.mark.parametrize(("first", "rule", "expected"), READINGS, ids=[one[1] for one in READINGS])
def test_where_libraries_differ(first, rule, expected):
    assert named(first, rule) == days(expected, "000000")


def test_hours_and_minutes_that_are_left_out_are_stepped_over():
    assert named("20250101T050500", "FREQ=MINUTELY;BYMINUTE=5,25;INTERVAL=61;COUNT=3") == [
        "20250101T050500",
        "20250102T012500",
        "20250103T180500",
    ]
    assert named("20120101T120000", "FREQ=HOURLY;BYHOUR=12;BYYEARDAY=-366;COUNT=2") == [
        "20120101T120000",
        "20160101T120000",
    ]


DAY = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
NUMBERED = st.builds(lambda nth, day: f"{nth}{day}", st.sampled_from([1, 2, -1]), DAY)


def listed(one: st.SearchStrategy[object], most: int = 3) -> st.SearchStrategy[str]:
    return st.lists(one, min_size=1, max_size=most).map(lambda found: ",".join(map(str, found)))


def parts_of(freq: str) -> st.SearchStrategy[dict[str, str]]:
    """Parts on which the standard leaves nothing open, and that name something before long.

    Numbered and plain weekdays are not mixed: there dateutil takes those that are both.
    """
    clock = {"BYHOUR": listed(st.integers(0, 23), 2), "BYMINUTE": listed(st.integers(0, 59), 2)}
    if freq == "MINUTELY":
        return st.fixed_dictionaries({}, optional={"BYHOUR": clock["BYHOUR"]})
    if freq == "HOURLY":  # a step and an hour that never meet keep dateutil busy to the year 9999
        clock.pop("BYHOUR")
    months = {"BYMONTH": listed(st.integers(1, 12))}
    monthday = {"BYMONTHDAY": listed(st.one_of(st.integers(1, 28), st.integers(-28, -1)))}
    weekly = {**clock, **months, "BYDAY": listed(DAY)}
    found = st.fixed_dictionaries({}, optional=weekly)
    if freq not in ("WEEKLY", "YEARLY"):
        found |= st.fixed_dictionaries({}, optional={**clock, **months, **monthday})
    if freq in ("YEARLY", "MONTHLY"):
        found |= st.fixed_dictionaries({"BYDAY": NUMBERED}, optional={**clock, **months})
    return found


@st.composite
def rules(draw: st.DrawFn) -> str:
    freq = draw(st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY"]))
    parts = draw(parts_of(freq))
    setpos = draw(st.sampled_from([0, 1, -1])) if parts else 0
    parts |= {"BYSETPOS": str(setpos)} if setpos else {}
    parts |= {"WKST": draw(st.sampled_from(["MO", "SU", "TH"]))}
    return f"FREQ={freq};INTERVAL={draw(st.integers(1, 5))};" + ";".join(
        f"{name}={value}" for name, value in parts.items()
    )


@given(
    rule=rules(),
    first=st.datetimes(datetime.fromisoformat("1999-01-01"), datetime.fromisoformat("2030-01-01")),
    skipped=st.integers(0, 900),
)
@examples(100)
@example("FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,TU;BYSETPOS=1;WKST=MO", datetime(2000, 2, 1), 0)  # noqa: DTZ001
def test_two_implementations_agree(rule, first, skipped):
    first = first.replace(microsecond=0)
    before = first + timedelta(days=3 if "MINUTELY" in rule else 20 if "HOURLY" in rule else 1_200)
    whole = first  # dateutil counts a BYSETPOS in the first week from DTSTART's day on
    if "WEEKLY" in rule and "BYDAY" in rule and "BYSETPOS" in rule:
        begins = {"MO": 0, "TH": 3, "SU": 6}[rule[-2:]]
        whole -= timedelta(days=(first.weekday() - begins) % 7)
    try:
        theirs = rrulestr(rule, dtstart=whole).between(first, before, inc=True)
    except ValueError:  # theirs says so where hours and steps never meet
        theirs = []
    theirs = [at for at in theirs if at < before]
    assert list(wall_times(parse_rule(rule), first, before=before)) == theirs
    since = first + timedelta(days=skipped % (before - first).days)
    found = wall_times(parse_rule(rule), first, since=since, before=before)
    assert [at for at in found if at >= since] == [at for at in theirs if at >= since]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("", "not NAME=VALUE"),
        ("FREQ=FORTNIGHTLY", "FREQ is"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL is"),
        ("FREQ=DAILY;COUNT=-1", "COUNT is"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20260101", "stand together"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR holds"),
        ("FREQ=DAILY;BYDAY=1MO", "numbered BYDAY"),
        ("FREQ=MONTHLY;BYWEEKNO=3", "BYWEEKNO beside"),
        ("FREQ=WEEKLY;BYMONTHDAY=3", "BYMONTHDAY beside"),
        ("FREQ=DAILY;BYSETPOS=1", "BYSETPOS without"),
        ("FREQ=DAILY;FREQ=DAILY", "given twice"),
        ("FREQ=DAILY;BYEASTER=1", "no part"),
        ("FREQ=DAILY;BYDAY=XX", "BYDAY holds"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL is not"),
        ("FREQ=YEARLY;BYMONTH=" + ",".join(["1"] * 3_000), "characters"),
    ],
)
def test_a_wrong_rule_is_refused_by_its_part(rule, told):
    with pytest.raises(BadRecurrence, match=told):
        parse_rule(rule)


def test_a_rule_that_names_nothing_ends():
    assert named("20260101T000000", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30") == []
    assert named("20260101T000000", "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30;BYDAY=MO") == []
    with pytest.raises(TooManyOccurrences):
        named("20260101T000000", "FREQ=SECONDLY;INTERVAL=2;BYSECOND=1")
