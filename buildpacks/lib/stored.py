"""Prints the newest version in a folder of the store that fits a range, or nothing.

    stored.py RUNTIMES/bun '1.x'        ends with 1 when the range is none
"""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import semver  # noqa: E402

folder, wanted = sys.argv[1:3]
try:
    alternatives = semver.parse_range(" ".join(wanted.split()))
except ValueError:
    sys.exit(1)
if not re.fullmatch(r"[\w.*^~<>=| +-]{1,80}", wanted):
    sys.exit(1)
names = os.listdir(folder) if os.path.isdir(folder) else []
found = semver.newest(filter(None, map(semver.parse_version, names)), alternatives)
print(".".join(map(str, found or ())))
