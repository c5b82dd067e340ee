"""Questions about pyproject.toml and Pipfile.lock that want a parser.

    project.py requires 3.11.2      what the project asks of Python, if that is not it; else nothing
    project.py pipfile              the packages of Pipfile.lock as lines for pip
"""

import json
import re
import sys
import tomllib


def main(question, *arguments):
    {"requires": requires, "pipfile": pipfile}[question](*arguments)


def requires(have):
    try:
        with open("pyproject.toml", "rb") as file:
            project = tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        fail(f"pyproject.toml is not valid TOML ({error}).", "Correct it there and push again.")
    poetry = project.get("tool", {}).get("poetry", {}).get("dependencies", {})
    wanted = project.get("project", {}).get("requires-python") or (poetry.get("python") if isinstance(poetry, dict) else None)
    if isinstance(wanted, str) and not allows(wanted, have):
        print(" ".join(wanted.split()))


def allows(wanted, have):
    """Whether a version fits; what is not understood is left to the package manager."""
    version = numbers(have)
    for part in wanted.split(","):
        match = re.fullmatch(r"\s*(>=|<=|>|<|==|!=|~=|\^|~)?\s*v?(\d+(?:\.\d+)*)(\.\*)?\s*", part)
        if match is None:
            return True
        sign, bound, is_open = match[1] or "==", numbers(match[2]), match[3]
        if not fits(sign, bound, version, is_open):
            return False
    return True


def fits(sign, bound, version, is_open):
    same = version[: len(bound)]
    match sign:
        case ">=":
            return same >= bound
        case "<=":
            return same <= bound
        case ">":
            return version > bound and same != bound
        case "<":
            return version < bound
        case "^":
            return same >= bound and version[0] == bound[0]
        case "~" | "~=":
            return same >= bound and version[: max(1, min(2, len(bound) - (sign == "~=")))] == bound[: max(1, min(2, len(bound) - (sign == "~=")))]
        case "!=":
            return same != bound
        case _:
            return same == bound if is_open or len(bound) >= 3 else version[: len(bound)] == bound


def numbers(text):
    return tuple(int(part) for part in re.findall(r"\d+", text))


def pipfile():
    try:
        with open("Pipfile.lock", encoding="utf-8-sig") as file:
            packages = json.load(file)["default"]
    except (ValueError, KeyError, TypeError):
        fail("Pipfile.lock cannot be read.", "Run `pipenv lock` and commit Pipfile.lock.")
    for name, package in packages.items():
        print(line(name, package))


def line(name, package):
    if "git" in package or "path" in package or "file" in package:
        place = package.get("git") or package.get("path") or package.get("file")
        if "git" in package:
            place = f"git+{place}@{package['ref']}" if package.get("ref") else f"git+{place}"
        return f"-e {place}" if package.get("editable") else f"{name} @ {place}" if "://" in place else place
    extras = f"[{','.join(package['extras'])}]" if package.get("extras") else ""
    markers = f" ; {package['markers']}" if package.get("markers") else ""
    hashes = "".join(f" --hash={digest}" for digest in package.get("hashes", []))
    version = package.get("version", "*")
    return f"{name}{extras}{'' if version == '*' else version}{markers}{hashes}"


def fail(message, hint):
    print(f"error: {message}\nhint: {hint}")
    sys.exit(1)


main(*sys.argv[1:])
