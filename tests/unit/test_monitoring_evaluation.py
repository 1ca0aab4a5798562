# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof: points above and below each threshold raise and clear what the catalogue says, by an evaluation that follows the services' documented rules.

CloudWatch: the newest `evaluation_periods` points of a somewhat longer range; so many of them over the threshold as `datapoints_to_alarm` says raise.
Missing ones are passed over as long as there are enough others, else they count as `treat_missing_data` says. Mackerel: the mean of the newest
`duration` points, bad as often in a row as `max_check_attempts` says. Of an address it looks at its answer, at the mean of the newest
`response_time_duration` response times and at the days that are left on its certificate; of a check, at what its plugin says of the numbers on its
command line.

Where this is said: CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data" (AlarmThatSendsEmail.md) and "Use metric math"
(using-metric-math.md), both in github.com/awsdocs/amazon-cloudwatch-user-guide at cc40332. Mackerel's blog, "specification adjustments to the average
value calculation method of metric monitoring" (February 2018: means are of points, of service metrics, host metrics and response times alike), and
mackerel.io/ja/api-docs/entry/monitors (duration, maxCheckAttempts, operator).
"""

from __future__ import annotations

import operator
import re

import pytest

from ansible_collections.msp.aws.plugins.plugin_utils import _monitoring
from tests.unit.test_monitoring import CONTRACT, all_rows, definitions, sheets_of_all

COMPARE = dict(
    GreaterThanThreshold=operator.gt,
    GreaterThanOrEqualToThreshold=operator.ge,
    LessThanThreshold=operator.lt,
    LessThanOrEqualToThreshold=operator.le,
)


FURTHER = 2  # how many points more than `evaluation_periods` the range has; AWS leaves it open, its examples have two


def cloudwatch(alarm, points):
    """The state that the alarm has after these points, the newest last; None is a missing one.

    CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data"; PutMetricAlarm, TreatMissingData.
    """
    asked = alarm["evaluation_periods"]
    needed = alarm.get("datapoints_to_alarm", asked)
    compare = COMPARE[alarm["comparison_operator"]]
    judged = [None if point is None else compare(point, alarm["threshold"]) for point in points[-asked - FURTHER :]]
    known = [one for one in judged if one is not None]
    if len(known) >= asked:
        return "ALARM" if sum(known[-asked:]) >= needed else "OK"
    treated = "ignore" if alarm.get("namespace") == "AWS/DynamoDB" and "expression" not in alarm else alarm["treat_missing_data"]
    filled = (asked - len(known)) * (treated == "breaching")
    if sum(known) + filled >= needed:
        return "ALARM"
    if treated == "missing" and not known:
        return "INSUFFICIENT_DATA"
    if treated == "missing" and all(known):
        # Nothing but bad ones, the oldest of them old enough.
        return "ALARM" if len(judged) - judged.index(True) >= needed else "as before"
    return "as before" if treated == "ignore" and all(known) else "OK"


# The examples of the User Guide: three points are asked for, of which so many have to be bad; 0 is good, X is bad, - is missing.
EXAMPLES = [
    (3, "0-X-X", "OK", "OK", "OK", "OK"),
    (3, "----0", "OK", "OK", "OK", "OK"),
    (3, "-----", "INSUFFICIENT_DATA", "as before", "ALARM", "OK"),
    (3, "0XX-X", "ALARM", "ALARM", "ALARM", "ALARM"),
    (3, "--X--", "ALARM", "as before", "ALARM", "OK"),
    (2, "0-X-X", "ALARM", "ALARM", "ALARM", "ALARM"),
    (2, "00X0X", "ALARM", "ALARM", "ALARM", "ALARM"),
    (2, "0-X--", "OK", "OK", "ALARM", "OK"),
    (2, "----0", "OK", "OK", "ALARM", "OK"),
    (2, "---X-", "ALARM", "as before", "ALARM", "OK"),
]


@pytest.mark.parametrize(("needed", "seen", "missing", "ignore", "breaching", "good"), EXAMPLES)
def test_the_evaluation_comes_to_what_the_user_guide_says(needed, seen, missing, ignore, breaching, good):
    points = [{"0": 0, "X": 2, "-": None}[one] for one in seen]
    asked = dict(evaluation_periods=3, datapoints_to_alarm=needed, comparison_operator="GreaterThanThreshold", threshold=1)
    told = [cloudwatch(dict(asked, treat_missing_data=treated), points) for treated in ("missing", "ignore", "breaching", "notBreaching")]
    assert told == [missing, ignore, breaching, good]


def test_an_alarm_on_dynamodb_itself_would_stay_as_it_was():
    asked = dict(evaluation_periods=1, comparison_operator="GreaterThanThreshold", threshold=0, treat_missing_data="notBreaching")
    assert cloudwatch(dict(asked, namespace="AWS/DynamoDB"), [None]) == "as before"


def mackerel(monitor, points):
    """The state after these points: every run looks at the mean of the newest ones."""
    worse = operator.gt if monitor["operator"] == ">" else operator.lt
    duration, attempts = monitor.get("duration", 1), monitor.get("max_check_attempts", 1)
    means = [sum(points[end - duration : end]) / duration for end in range(duration, len(points) + 1)][-attempts:]
    for state in ("critical", "warning"):
        if state in monitor and len(means) == attempts and all(worse(mean, monitor[state]) for mean in means):
            return state
    return "OK"


# ---- metric math, as far as the catalogue uses it


class Series:
    """What a time series has at one moment; None is a missing point. "Use metric math", on arithmetic: "Missing values in a time series are treated as 0.

    If ... a function [attempts] to divide by zero, the data point is dropped"; on comparisons: when "only one of the time series has a value for a
    particular time stamp, the function treats the missing value in the other time series as 0". Where none has one, and beside a number, there is no point.
    """

    def __init__(self, value):
        self.value = value

    def with_other(self, other, how):
        mine, its = self.value, other.value if isinstance(other, Series) else other
        if mine is None and (its is None or not isinstance(other, Series)):
            return Series(None)
        try:
            return Series(how(mine or 0, its or 0))
        except ZeroDivisionError:
            return Series(None)

    def __bool__(self):
        return bool(self.value)


def _operator(how, turned=False):
    return lambda mine, other: mine.with_other(other, (lambda one, two: how(two, one)) if turned else how)


for _name, _how in dict(add=operator.add, sub=operator.sub, mul=operator.mul, truediv=operator.truediv).items():
    setattr(Series, f"__{_name}__", _operator(_how))
    setattr(Series, f"__r{_name}__", _operator(_how, turned=True))
for _name in ("gt", "ge", "lt", "le", "eq"):
    setattr(Series, f"__{_name}__", _operator(getattr(operator, _name)))


def fill(series, other):
    """A range without a single point is filled as well (github.com/aws/aws-sdk-js-v3/issues/6873, the service team's answer)."""
    return Series(other) if series.value is None else series


def choice(condition, yes, no=None):
    """IF: dropped where the condition has no point; 0 where it is true and what it leads to has none."""
    if condition.value is None:
        return condition
    chosen = yes if condition else no
    if not isinstance(chosen, Series):
        return Series(chosen)
    return Series(0) if condition and chosen.value is None else chosen


def math(expression, inputs, period):
    """The value of an expression for one moment."""
    names = dict({name: Series(value) for name, value in inputs.items()}, FILL=fill, IF=choice, PERIOD=lambda dummy: period)
    return eval(re.sub(r"\bAND\b", "and", expression), {"__builtins__": {}}, names).value  # noqa: S307  the expressions are the catalogue's own


# The examples of the User Guide.
MATH_EXAMPLES = [
    ("metric1 < metric2", [0, 0, 1, 0], dict(metric1=[30, 20, 0, 0], metric2=[20, None, 20, None])),
    ("metric1 >= 30", [1, 0, 0, 0], dict(metric1=[30, 20, 0, 0])),
    ("IF(metric1, metric2, metric3)", [30, 0, 20, None, None], dict(metric1=[1, 1, 0, 0, None], metric2=[30, None, 0, 0, 30], metric3=[0, 0, 20, None, 20])),
    ("IF(metric1, 5, metric3)", [5, 5, 20, None, None], dict(metric1=[1, 1, 0, 0, None], metric3=[0, 0, 20, None, 20])),
    ("IF(metric1, metric2, 5)", [30, 0, 5, 5, None], dict(metric1=[1, 1, 0, 0, None], metric2=[30, None, 0, 0, 30])),
    ("m1 / m2", [2, 0, None, None], dict(m1=[4, None, 4, None], m2=[2, 2, None, None])),
    ("100 - m1", [96, None], dict(m1=[4, None])),
    ("FILL(m1,0)", [4, 0], dict(m1=[4, None])),
]


@pytest.mark.parametrize(("expression", "told", "series"), MATH_EXAMPLES)
def test_metric_math_comes_to_what_the_user_guide_says(expression, told, series):
    moments = [dict(zip(series, values, strict=True)) for values in zip(*series.values(), strict=True)]
    assert [math(expression, moment, 60) for moment in moments] == told


def limited():
    """One row for each definition that has a number, by where it is."""
    rows = {}
    for row in all_rows():
        if row.state != _monitoring.LACKS and {"threshold", "warning", "critical"} & row.definition.keys():
            rows["-".join((row.target, row.item, row.side, row.key))] = row.definition
    return rows


LIMITED = limited()
OF_CLOUDWATCH = {where: definition for where, definition in LIMITED.items() if "comparison_operator" in definition}
OF_MACKEREL = {where: definition for where, definition in LIMITED.items() if "operator" in definition}


def beyond(alarm):
    """A value on the side that alarms and one on the other; what is at the threshold is on the side that the operator says."""
    step = max(abs(alarm["threshold"]) * 0.01, 0.001)
    above, below = alarm["threshold"] + step, alarm["threshold"] - step
    return (above, below) if alarm["comparison_operator"].startswith("Greater") else (below, above)


@pytest.mark.parametrize("alarm", OF_CLOUDWATCH.values(), ids=OF_CLOUDWATCH)
def test_an_alarm_raises_beyond_its_threshold_and_clears_on_this_side(alarm):
    bad, good = beyond(alarm)
    periods, needed = alarm["evaluation_periods"], alarm.get("datapoints_to_alarm", alarm["evaluation_periods"])
    assert cloudwatch(alarm, [bad] * periods) == "ALARM"
    assert cloudwatch(alarm, [bad] * periods + [good] * periods) == "OK"
    assert cloudwatch(alarm, [good] * periods + [bad] * (needed - 1)) == "OK", "one point too few"
    assert cloudwatch(alarm, [good] * periods + [bad] * needed) == "ALARM"
    at = cloudwatch(alarm, [alarm["threshold"]] * periods)
    assert at == ("ALARM" if "OrEqual" in alarm["comparison_operator"] else "OK")
    silent = dict(missing="INSUFFICIENT_DATA", notBreaching="OK", breaching="ALARM", ignore="as before")[alarm["treat_missing_data"]]
    assert cloudwatch(alarm, [None] * (periods + FURTHER)) == silent, "an alarm on DynamoDB needs FILL to be as its definition says"


@pytest.mark.parametrize("monitor", OF_MACKEREL.values(), ids=OF_MACKEREL)
def test_a_monitor_raises_beyond_its_thresholds_and_clears_on_this_side(monitor):
    sign = 1 if monitor["operator"] == ">" else -1
    enough = monitor.get("duration", 1) + monitor.get("max_check_attempts", 1) - 1
    for state in ("warning", "critical"):
        if state not in monitor:
            continue
        step = max(abs(monitor[state]) * 0.001, 0.001)
        bad, good = monitor[state] + sign * step, min(monitor.get("warning", monitor[state]) * sign, monitor[state] * sign) * sign - sign * step
        assert mackerel(monitor, [bad] * enough) == state
        assert mackerel(monitor, [bad] * (enough - 1)) == "OK", "one point too few"
        assert mackerel(monitor, [bad] * enough + [good] * enough) == "OK"
        assert mackerel(monitor, [monitor[state]] * enough) != state, "at the threshold is not beyond"


# A queue that nobody deletes from publishes nothing of it: that is what the alarm looks for.
ABSENCE_IS_TROUBLE = {"sqs-deleted-cloudwatch-consumer_stalled"}
MATH = {where: alarm for where, alarm in OF_CLOUDWATCH.items() if "expression" in alarm}
# For each expression: inputs that are bad, inputs that are good, and what it comes to without any data.
INPUTS = {
    "100 - m1": (dict(m1=5), dict(m1=50), None),
    "100 * m1 / m2": (dict(m1=90, m2=100), dict(m1=10, m2=100), None),
    "IF(m2 > 0, m1 - m2)": (dict(m1=2, m2=1), dict(m1=1, m2=2), None),
    "(m1 / PERIOD(m1)) * 100 / m2": (dict(m1=60 * 95, m2=100), dict(m1=60 * 10, m2=100), None),
    "IF(FILL(m1,0) > 0 AND FILL(m2,0) == 0, 1, 0)": (dict(m1=3, m2=None), dict(m1=3, m2=3), 0),
    "IF(m1 > 0, 100 * FILL(m2,0) / m1, 0)": (dict(m1=100, m2=10), dict(m1=100, m2=None), None),
}


def inputs_of(where):
    """Inputs of an alarm that are bad, inputs that are good, and what it comes to without any."""
    alarm = MATH[where]
    if where == "redshift-disk_free-cloudwatch-disk_free":
        return dict(m1=95), dict(m1=10), None
    sums = (dict.fromkeys(alarm["metrics"], 5), dict.fromkeys(alarm["metrics"], 0), 0)
    return INPUTS.get(alarm["expression"]) or sums


@pytest.mark.parametrize("where", MATH)
def test_metric_math_comes_to_what_its_alarm_judges(where):
    alarm = MATH[where]
    bad, good, nothing = inputs_of(where)
    periods = alarm["evaluation_periods"]
    assert cloudwatch(alarm, [math(alarm["expression"], bad, alarm["period"])] * periods) == "ALARM"
    assert cloudwatch(alarm, [math(alarm["expression"], good, alarm["period"])] * periods) == "OK"
    assert math(alarm["expression"], dict.fromkeys(alarm["metrics"]), alarm["period"]) == nothing


@pytest.mark.parametrize("where", sorted(MATH.keys() - ABSENCE_IS_TROUBLE))
def test_metric_math_does_not_raise_because_an_input_is_missing(where):
    """A missing point beside one that is there counts as 0, which must not look like the trouble that the alarm is for."""
    alarm, (dummy, good, dummy) = MATH[where], inputs_of(where)
    for name in good:
        told = math(alarm["expression"], {**good, name: None}, alarm["period"])
        assert cloudwatch(alarm, [told] * (alarm["evaluation_periods"] + FURTHER)) != "ALARM", name


LATE = 2  # minutes for which a metric of AWS may be on its way


@pytest.mark.parametrize("where", [where for where, alarm in MATH.items() if "FILL" in alarm["expression"] and alarm["period"] == 60])
def test_what_is_filled_raises_although_the_newest_points_are_late(where):
    """FILL: of a metric that comes "with a slight delay" the newest point is always the filled one, and a "M out of N alarm" is the way round it."""
    alarm = MATH[where]
    assert cloudwatch(alarm, [1] * alarm["evaluation_periods"] + [0] * LATE) == "ALARM"


# ---- addresses and checks


def steady(states, attempts):
    """The state that Mackerel tells: the one that was there, or was surpassed, as often in a row as there are attempts."""
    newest = states[-attempts:]
    ranks = ("OK", "warning", "critical")
    return ranks[min(map(ranks.index, newest))] if len(newest) == attempts else "OK"


def address(monitor, points):
    """The state after these points: what was answered (milliseconds, days left on the certificate, whether the status was good)."""
    duration = monitor.get("response_time_duration", 1)
    states = []
    for end in range(1, len(points) + 1):
        milliseconds = [point["milliseconds"] for point in points[:end]][-duration:]
        bad = {"critical": [not points[end - 1]["good"]], "warning": []}
        for state, told in bad.items():
            told.append(len(milliseconds) == duration and sum(milliseconds) / duration > monitor.get(f"response_time_{state}", float("inf")))
            told.append(points[end - 1]["days"] < monitor.get(f"certification_expiration_{state}", 0))
        states.append(next((state for state in bad if any(bad[state])), "OK"))
    return steady(states, monitor.get("max_check_attempts", 1))


def of_type(wanted):
    """As they are where the sheet says nothing of their options."""
    options = {name for dummy, definition in definitions() for name in definition.get("options", ())}
    rows = {}
    for target, sheet in sheets_of_all():
        (entry,) = sheet["monitoring"][target]
        plain = {name: value for name, value in entry.items() if name not in options}
        for row in _monitoring.rows(dict(monitoring={target: [plain]}), CONTRACT):
            if row.definition.get("type") == wanted and not row.lacks:
                rows["-".join((row.target, row.item, row.key))] = row.definition
    return rows


ADDRESSES, CHECKS = of_type("external"), of_type("check")
WELL = dict(milliseconds=1, days=365, good=True)


@pytest.mark.parametrize("monitor", ADDRESSES.values(), ids=ADDRESSES)
def test_an_address_raises_beyond_its_thresholds_and_clears_on_this_side(monitor):
    attempts, duration = monitor.get("max_check_attempts", 1), monitor.get("response_time_duration", 1)
    enough = duration + attempts - 1
    trials = [(dict(good=False), "critical", attempts)]
    for state in ("warning", "critical"):
        if f"response_time_{state}" in monitor:
            trials.append((dict(milliseconds=monitor[f"response_time_{state}"] + 1), state, enough))
            assert address(monitor, [dict(WELL, milliseconds=monitor[f"response_time_{state}"])] * enough) != state, "at the threshold is not beyond"
        if f"certification_expiration_{state}" in monitor:
            trials.append((dict(days=monitor[f"certification_expiration_{state}"] - 1), state, attempts))
    assert len(trials) > 2
    for bad, state, points in trials:
        assert address(monitor, [dict(WELL, **bad)] * points) == state
        assert address(monitor, [WELL] * enough + [dict(WELL, **bad)] * (attempts - 1)) == "OK", "one attempt too few"
        assert address(monitor, [dict(WELL, **bad)] * points + [WELL] * enough) == "OK"


FLAGS = {"-w": "warning over", "-c": "critical over", "--warning-over": "warning over", "--critical-over": "critical over"}
FLAGS.update({"--warning-under": "warning under", "--critical-under": "critical under"})


def limits(check):
    """What stands on the command line of a check: (state, over or under) → number."""
    words = check["command"] if isinstance(check.get("command"), list) else []
    return {tuple(FLAGS[word].split()): float(words[number + 1]) for number, word in enumerate(words[:-1]) if word in FLAGS}


def plugin(check, value):
    """What the plugin says of the number it looks at."""
    passed = {state for (state, side), limit in limits(check).items() if (value > limit if side == "over" else value < limit)}
    return next((state for state in ("critical", "warning") if state in passed), "OK")


@pytest.mark.parametrize("check", [one for one in CHECKS.values() if limits(one)], ids=[where for where, one in CHECKS.items() if limits(one)])
def test_a_check_raises_beyond_the_numbers_of_its_command_and_clears_on_this_side(check):
    attempts = check["max_check_attempts"]
    worst = {limit for (state, dummy), limit in limits(check).items() if state == "critical"}.pop()
    sign = 1 if all(side == "over" for dummy, side in limits(check)) else -1
    bad, good = plugin(check, worst + sign * 0.5), plugin(check, min(limits(check).values()) - 0.5 if sign > 0 else worst + 0.5)
    assert (bad, good, plugin(check, worst)) == ("critical", "OK", plugin(check, worst)) and plugin(check, worst) != "critical"
    assert steady(["OK"] + [bad] * attempts, attempts) == "critical" and steady([bad] * attempts + [good], attempts) == "OK"
    assert steady(["OK"] * attempts + [bad] * (attempts - 1), attempts) == "OK"


def test_every_item_with_a_number_is_proved():
    proved = {tuple(where.split("-")[:2]) for where in LIMITED}
    catalogue = _monitoring.catalogue()
    numbered = {
        (target, item)
        for target, about in catalogue.items()
        for item, one in about["items"].items()
        for side in _monitoring.SIDES
        for definition in one.get(side, {}).values()
        if any(name == "ratio" or name.endswith(("threshold", "warning", "critical")) for name in definition)
    }
    proved |= {tuple(where.split("-")[:2]) for where in ADDRESSES}
    assert numbered <= proved and len(OF_CLOUDWATCH) > 100
    assert {one["command"][0] for one in CHECKS.values() if limits(one)} == {"check-tcp", "check-procs", "check-log"}
