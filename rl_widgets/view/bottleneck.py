"""One sentence on what limits a run, from measured figures.

Env runners make samples, the learner uses them up; who waits more for the other is not the one
that limits. A machine whose cores are all taken comes first, as then everybody is slow.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rl_widgets.view.wording import percent, plural

#: The machine counts as full from this share of its cores on.
FULL = 0.9
#: Env runners that wait for a core for this share of their work are short of cores.
SHORT_OF_CORES = 0.15
#: Others' share of a full machine from which on they are named.
OTHERS = 0.25
#: Where both sides wait less than this, they keep pace.
KEEPS_PACE = 0.08

_ENV_RUNNER_NAMES = {
    "emulation": "Emulation",
    "inference": "Inference",
    "connectors": "RLlib's own Python between emulator and network",
    "handover": "Handing over samples",
    "weights": "Fetching weights",
}
_LEARNER_NAMES = {
    "batches": "Building batches",
    "learner_weights": "Giving out weights",
}


@dataclass(frozen=True)
class Figures:
    """What was measured over a stretch of `seconds`; shares are of that time, None is not known.

    `env_runner` and `learner`: share by phase, of one env runner and of one learner. `cpu_wait`:
    for how much of it an env runner was ready and had no core. `cores`: of the machine that all
    nodes are on; `cores_busy`: with anything, `run_cores`: with the run.
    """

    seconds: float = 0.0
    enough: bool = False
    env_runner: dict[str, float] = field(default_factory=dict)
    learner: dict[str, float] = field(default_factory=dict)
    cpu_wait: float | None = None
    env_runners: float | None = None
    cores: float | None = None
    cores_busy: float | None = None
    run_cores: float | None = None
    logical_cpus: float | None = None
    sampled_per_s: float | None = None
    trained_per_s: float | None = None
    dropped_per_s: float | None = None


def limit(figures: Figures) -> tuple[str, str]:
    """A short name of what limits the run ('unknown' if so), and the sentence."""
    phases = bool(figures.env_runner or figures.learner)
    if not phases and figures.enough and figures.sampled_per_s is not None:
        return "unknown", "Not known: the script does not log where its time goes."
    if not phases or not figures.enough:
        return "unknown", "Not known yet: that takes some results and ten seconds."
    return _short_of_cores(figures) or _slower_side(figures)


def apart_from_cores(figures: Figures) -> str:
    """Where it is cores that a run is short of: which side is slower nevertheless; else ''."""
    phases = bool(figures.env_runner or figures.learner)
    if not phases or not figures.enough or _short_of_cores(figures) is None:
        return ""
    return f"Apart from that, {begun_small(_slower_side(figures)[1])}"


def begun_small(sentence: str) -> str:
    """A sentence of these as the end of another one."""
    return sentence if sentence.startswith("RLlib") else sentence[:1].lower() + sentence[1:]


def _slower_side(figures: Figures) -> tuple[str, str]:
    return _drops(figures) or _sampling(figures) or _learning(figures)


def _runners_wait(figures: Figures) -> float | None:
    return figures.env_runner.get("idle")


def _learner_waits(figures: Figures) -> float | None:
    return figures.learner.get("learner_idle")


def _busy_cores(figures: Figures) -> float | None:
    return figures.run_cores if figures.cores_busy is None else figures.cores_busy


def _short_of_cores(figures: Figures) -> tuple[str, str] | None:
    cores, busy = figures.cores, _busy_cores(figures)
    if not cores or busy is None or busy < FULL * cores:
        return None
    working = max(1.0 - (_runners_wait(figures) or 0.0), 1e-6)
    waits = figures.cpu_wait
    runners = round(figures.env_runners or 1)
    # Where the kernel does not tell the wait, counting has to do: env runners and a learner.
    short = runners + 1 > cores if waits is None else waits / working >= SHORT_OF_CORES
    if not short:
        return None
    lacking = "" if waits is None else f"; an env runner waits {percent(waits)} of its time for one"
    full = f"{plural(round(cores), 'core')} {'is' if cores == 1 else 'are'}"
    full += f" {percent(min(1.0, busy / cores))} busy"
    run = figures.run_cores
    if run is not None and figures.cores_busy is not None and busy - run >= OTHERS * cores:
        return (
            "others",
            f"Other programs of this machine limit the run: its {full}, and the run has only "
            f"{run:.1f} of {'it' if cores == 1 else 'them'}{lacking}.",
        )
    on = f" on {figures.logical_cpus:.0f} logical CPUs" if figures.logical_cpus else ""
    return (
        "oversubscription",
        f"Oversubscription limits the run: the machine's {full} with "
        f"{plural(runners, 'env runner')} and the learner{on}{lacking}.",
    )


def _drops(figures: Figures) -> tuple[str, str] | None:
    waits, sampled, dropped = _learner_waits(figures), figures.sampled_per_s, figures.dropped_per_s
    if waits is None or waits > 0.3 or not sampled or not dropped or dropped < 0.02 * sampled:
        return None
    return (
        "learner",
        f"The learner limits the run: it is busy {percent(1.0 - waits)} of the time, and "
        f"{percent(min(1.0, dropped / sampled))} of what is sampled is dropped.",
    )


def _sampling(figures: Figures) -> tuple[str, str] | None:
    runners_wait, learner_waits = _runners_wait(figures), _learner_waits(figures)
    if runners_wait is None:
        if learner_waits is None or learner_waits < 0.5:
            return None
        return (
            "sampling",
            f"Sampling limits the run: the learner waits {percent(learner_waits)} of its time "
            "for samples; what its env runners do is not measured.",
        )
    if learner_waits is None:
        if runners_wait >= 0.3:
            return None
    elif runners_wait >= learner_waits or max(runners_wait, learner_waits) < KEEPS_PACE:
        return None
    idle = _idle_cores(figures)
    if idle is not None:
        return idle
    work = {name: figures.env_runner.get(name, 0.0) for name in _ENV_RUNNER_NAMES}
    largest = max(work, key=lambda name: work[name])
    learner = (
        "" if learner_waits is None else f", the learner waits {percent(learner_waits)} of its time"
    )
    return (
        largest,
        f"{_ENV_RUNNER_NAMES[largest]} limits the run: env runners spend {percent(work[largest])} "
        f"of their time on it{learner}.",
    )


def _idle_cores(figures: Figures) -> tuple[str, str] | None:
    cores, busy, runners = figures.cores, _busy_cores(figures), figures.env_runners
    if not cores or busy is None or runners is None:
        return None
    free = cores - busy
    if free < max(1.0, 0.25 * cores) or runners + 1 >= cores:
        return None
    waits = _learner_waits(figures)
    while_ = "" if waits is None else f" while the learner waits {percent(waits)} of its time"
    return (
        "idle_cpus",
        f"Idle CPUs limit the run: {free:.1f} of {cores:.0f} cores have nothing to do{while_}; "
        f"more than {plural(round(runners), 'env runner')} would use them.",
    )


def _learning(figures: Figures) -> tuple[str, str]:
    runners_wait, learner_waits = _runners_wait(figures), _learner_waits(figures)
    if runners_wait is not None and learner_waits is not None:
        most = max(runners_wait, learner_waits)
        if most < KEEPS_PACE:
            return (
                "balance",
                "Env runners and learner keep pace: neither waits more than "
                f"{percent(most)} of its time for the other.",
            )
    work = {name: figures.learner.get(name, 0.0) for name in ("learner", *_LEARNER_NAMES)}
    largest = max(work, key=lambda name: work[name])
    waiting = (
        "" if runners_wait is None else f", env runners wait {percent(runners_wait)} of theirs"
    )
    if largest == "learner":
        busy = percent(min(1.0, sum(work.values())))
        return "learner", f"The learner limits the run: it is busy {busy} of the time{waiting}."
    return (
        largest,
        f"{_LEARNER_NAMES[largest]} limits the run: the learner spends {percent(work[largest])} "
        f"of its time on it{waiting}.",
    )
