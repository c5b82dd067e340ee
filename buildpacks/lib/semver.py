"""Ranges of versions as npm reads them; pre-releases are never picked.

A range is a list of alternatives, an alternative a list of (operator, version) that must all hold.
"""

import operator
import re

_PART = r"(?:0|[1-9]\d*|[xX*])"
_TOKEN = re.compile(
    rf"(\^|~>?|>=|<=|>|<|=)?\s*v?({_PART})(?:\.({_PART})(?:\.({_PART}))?)?(-[\w.-]+)?(\+[\w.-]+)?$"
)
_COMPARE = {">=": operator.ge, "<": operator.lt, "<=": operator.le, ">": operator.gt}


def parse_version(text):
    """(major, minor, patch) of a plain version, None for anything else."""
    match = re.fullmatch(r"v?(\d+)\.(\d+)\.(\d+)", text)
    return tuple(int(part) for part in match.groups()) if match else None


def parse_range(text):
    """The alternatives of a range; raises ValueError when it is none."""
    return [_parse_alternative(part.strip()) for part in text.split("||")]


def satisfies(version, alternatives):
    return any(all(_COMPARE[op](version, bound) for op, bound in all_of) for all_of in alternatives)


def newest(versions, alternatives, preferred_major=None):
    """The newest that fits; of the preferred major if one of that fits. None when none does."""
    fitting = [version for version in versions if satisfies(version, alternatives)]
    return max(fitting, key=lambda version: (version[0] == preferred_major, version), default=None)


def _parse_alternative(text):
    hyphen = re.fullmatch(r"(\S+)\s+-\s+(\S+)", text)
    if hyphen:
        return _token(">=" + hyphen[1]) + _token("<=" + hyphen[2])
    joined = re.sub(r"(\^|~>?|>=|<=|>|<|=)\s+", r"\1", text)
    return [bound for token in joined.split() or ["*"] for bound in _token(token)]


def _token(token):
    match = _TOKEN.match(token)
    if not match:
        raise ValueError(token)
    sign, *parts = match.group(1, 2, 3, 4)
    given = _given(parts)
    low = tuple((given + [0, 0, 0])[:3])
    pre = bool(match[5])
    match sign:
        case "^":
            return [(">=", low), ("<", _above_caret(given))] if given else []
        case "~" | "~>":
            return [(">=", low), ("<", _above(given[:2]))] if given else []
        case ">=" | "<" if given or sign == ">=":
            return [(sign, low)]
        case ">" if given:
            return [(">=" if pre else ">", low)] if len(given) == 3 else [(">=", _above(given))]
        case "<=":
            if len(given) == 3:
                return [("<" if pre else "<=", low)]
            return [("<", _above(given))] if given else []
        case ">" | "<":
            return [("<", (0, 0, 0))]
        case _:
            return [(">=", low), ("<", _above(given))] if given else []


def _given(parts):
    """The numbers before the first part that is missing or a wildcard."""
    given = []
    for part in parts:
        if part is None or part in "xX*":
            break
        given.append(int(part))
    return given


def _above(given):
    """The lowest version that no longer begins with these numbers."""
    return tuple((given[:-1] + [given[-1] + 1] + [0, 0])[:3])


def _above_caret(given):
    first = next((index for index, part in enumerate(given) if part > 0), len(given) - 1)
    return _above(given[: first + 1])
