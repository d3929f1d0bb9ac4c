/** Asks the server what it says of a form while a person types: one question at a time. */

import type { IDisposable } from '@lumino/disposable';
import { mayPass, sentence, sentenceWithRetry } from '../request';

/** Milliseconds without a change after which the server is asked, and until it is asked again. */
export const PAUSE = 250;
export const RETRY = 4000;

export class LiveCheck<Question, Answer> implements IDisposable {
  /** `told` is called when there is something new to show. */
  constructor(
    private readonly ask: (question: Question, signal: AbortSignal) => Promise<Answer>,
    private readonly told: () => void,
    private readonly pause = PAUSE,
    private readonly retry = RETRY
  ) {}

  /** The newest answer; it may be about what stood in the form before. */
  answer: Answer | null = null;
  /** Why there is no answer to what is asked now. */
  trouble = '';

  /** Whether the answer is about what stands in the form. */
  get isCurrent(): boolean {
    return this.answered !== null && this.answered === this.wanted;
  }

  get isDisposed(): boolean {
    return this.abort.signal.aborted;
  }

  /** Ask when the person pauses; what is being asked already is not asked twice. */
  want(question: Question): void {
    const same = this.wanted && JSON.stringify(this.wanted.question) === JSON.stringify(question);
    if (same && !this.trouble) {
      return;
    }
    this.wanted = { question };
    this.trouble = '';
    this.schedule(this.pause);
  }

  /** Ask the same again: the workspace has changed. Until then the answer holds. */
  again(): void {
    // News that keep coming do not put it off.
    if (this.timer === undefined) {
      this.schedule(this.pause);
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.abort.abort();
  }

  private schedule(delay: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.run();
    }, delay);
  }

  private async run(): Promise<void> {
    const { wanted } = this;
    if (this.asking || this.isDisposed || !wanted) {
      this.repeat = true;
      return;
    }
    this.repeat = false;
    this.asking = true;
    try {
      const answer = await this.ask(wanted.question, this.abort.signal);
      if (wanted === this.wanted) {
        [this.answer, this.answered, this.trouble] = [answer, wanted, ''];
      }
    } catch (error) {
      if (wanted === this.wanted && !this.isDisposed) {
        const passes = mayPass(error);
        this.trouble = passes ? sentenceWithRetry(error) : sentence(error);
        if (passes) {
          this.schedule(this.retry);
        }
      }
    } finally {
      this.asking = false;
    }
    if (this.isDisposed) {
      return;
    }
    if (wanted === this.wanted) {
      this.told();
    }
    if (this.repeat) {
      void this.run();
    }
  }

  private wanted: { question: Question } | null = null;
  private answered: { question: Question } | null = null;
  private asking = false;
  /** Whether to ask again as soon as the answer is there. */
  private repeat = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly abort = new AbortController();
}
