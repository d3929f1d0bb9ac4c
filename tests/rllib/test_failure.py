"""The original exception out of Ray's wrapping."""

import traceback

from ray.exceptions import ActorDiedError, OutOfMemoryError, RayTaskError

from rl_widgets.rllib.errors import OutOfMemory, TrainingError
from rl_widgets.rllib.failure import original_error

TEXT = f"""ray::Runner.apply() (pid=1, ip=127.0.0.1)
  File "/somewhere/env_runner.py", line 12, in sample
    results = self.env.step(actions)
  File "{__file__}", line 3, in step
    raise KeyError("door")
KeyError: 'door'"""


def task_error(cause, text=TEXT):
    return RayTaskError("apply", text, cause, proctitle="ray::Runner", pid=1, ip="127.0.0.1")


def test_the_cause_comes_out_with_its_file_and_line():
    error = original_error(task_error(KeyError("door")).as_instanceof_cause())
    assert type(error) is KeyError
    last = traceback.extract_tb(error.__traceback__)[-1]
    assert (last.filename, last.lineno, last.name) == (__file__, 3, "step")
    assert last.line == "import traceback"


def test_errors_inside_of_errors():
    inner = task_error(KeyError("door"))
    assert type(original_error(task_error(inner, f"outer\n{TEXT}"))) is KeyError


def test_an_exception_while_the_actor_was_made():
    error = original_error(ActorDiedError(task_error(FileNotFoundError("no rom"))))
    assert type(error) is FileNotFoundError


def test_a_process_that_died_leaves_words():
    died = ActorDiedError()
    assert original_error(died) is died
    died.error_msg = f"Traceback (most recent call last)\n{TEXT}\nDuring handling of the above"
    error = original_error(died)
    assert isinstance(error, TrainingError)
    assert "KeyError: 'door'" in str(error)


def test_a_process_that_had_no_memory_left_says_so():
    died = ActorDiedError()
    died.error_msg = "1 worker(s) were killed due to the node running low on memory.\n22 of 24 GB"
    error = original_error(died)
    assert isinstance(error, OutOfMemory)
    assert str(error).startswith("Out of memory: Ray ended the training's process")
    assert "22 of 24 GB" in str(error)
    assert isinstance(original_error(OutOfMemoryError("no room")), OutOfMemory)


def test_anything_else_stays():
    error = ValueError("mine")
    assert original_error(error) is error
