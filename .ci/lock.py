"""Writes requirements.lock from what is installed in the environment that runs this.

    .venv/bin/python .ci/lock.py > requirements.lock

A package whose installed version does not support the oldest Python of this project is pinned for
the newer ones alone; pip then takes the newest version that the old one can use.
"""

from importlib import metadata

from packaging.specifiers import SpecifierSet

OLDEST = "3.10"
NOT_PINNED = {"rl-widgets", "pip", "setuptools", "wheel"}

found = {}
for package in metadata.distributions():
    name = package.metadata["Name"]
    if name.lower() in NOT_PINNED:
        continue
    # A local version (torch's +cpu) is one build of the version that others find elsewhere.
    line = f"{name}=={package.version.split('+')[0]}"
    wants = SpecifierSet(package.metadata.get("Requires-Python") or "")
    if not wants.contains(f"{OLDEST}.99"):
        line += ' ; python_version >= "3.11"'
    found[name.lower()] = line
print("# Written by .ci/lock.py; used as pip's constraints by `make setup`.")
for _, line in sorted(found.items()):
    print(line)
