"""Fields that name things: an experiment, an environment, an algorithm."""

from __future__ import annotations

from typing import Any

from rl_widgets.fields.trait import Text


class ExperimentName(Text):
    """The name of an experiment."""

    def __init__(self, **about: Any) -> None:
        super().__init__(
            longest=36,
            pattern=r"[A-Za-z0-9][A-Za-z0-9_-]{2,35}",
            refusal=(
                "cannot name an experiment: 3 to 36 letters, digits, '_' and '-', beginning with a "
                "letter or a digit."
            ),
            **about,
        )


class Word(Text):
    """A name that a command line takes as one word, such as CartPole-v1."""

    def __init__(self, default: str | None = None, *, example: str, **about: Any) -> None:
        super().__init__(
            default,
            longest=200,
            pattern=r"[\w.][\w./:@+-]{0,199}",
            examples=(example,),
            **about,
        )
        self._example = example

    def converted(self, value: Any) -> str:
        if not isinstance(value, str) or not (self.pattern and self.pattern.fullmatch(value)):
            raise self.says(f"a name without spaces, such as {self._example}", value)
        return value
