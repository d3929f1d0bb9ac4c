"""What git says of a source directory: the commit, the branch, and whether files differ from it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

#: Seconds that git may take, for each of its answers.
TIMEOUT = 10.0

#: Names of the properties that a run gets.
COMMIT, BRANCH, DIRTY = "git.commit", "git.branch", "git.dirty"


def git_state(directory: Path, timeout: float = TIMEOUT) -> dict[str, str]:
    """`git.commit`, `git.branch` ('' where none is checked out) and `git.dirty` ('true', 'false').

    Empty where the directory is in no repository, has no commit yet, or there is no git. `dirty`
    is about the files in the directory alone, and left out where git takes too long to tell.
    """
    # A repository without a commit has a branch and no HEAD.
    head = _git(directory, timeout, "rev-parse", "HEAD")
    if head is None:
        return {}
    state = {COMMIT: head.strip()}
    branch = _git(directory, timeout, "symbolic-ref", "--quiet", "--short", "HEAD")
    state[BRANCH] = (branch or "").strip()
    changed = _git(
        directory, timeout, "status", "--porcelain", "--untracked-files=normal", "--", "."
    )
    if changed is not None:
        state[DIRTY] = "true" if changed.strip() else "false"
    return state


def _git(directory: Path, timeout: float, *arguments: str) -> str | None:
    # Looking must not take the lock that a person's own git needs, nor ask for a password.
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ["git", "-C", str(directory), *arguments],
            capture_output=True,
            timeout=timeout,
            env=environment,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
