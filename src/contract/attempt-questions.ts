import { nextOrdinal } from '../base/next-ordinal.ts';
import type { AskedPrompt, InputPrompt } from './input.ts';
import { readPrompt } from './read-input.ts';

/** A checked prompt that has its key. */
export interface KeyedPrompt extends AskedPrompt {
  readonly key: string;
}

interface Pending {
  readonly prompt: KeyedPrompt;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The questions of one attempt: one is asked at a time, the others wait for their turn.
 *
 * An answer comes either at once, because it is kept from an earlier attempt, or later through
 * {@link answered}; until then {@link pending} may be asked again after a lost connection.
 */
export class AttemptQuestions {
  readonly #ask: (prompt: KeyedPrompt) => Promise<string | null>;
  readonly #asked: string[] = [];
  #last: Promise<unknown> = Promise.resolve();
  #pending: Pending | null = null;
  #aborted: Error | null = null;

  /** @param ask - resolves with the answer as JSON text where it is known, else null */
  constructor(ask: (prompt: KeyedPrompt) => Promise<string | null>) {
    this.#ask = ask;
  }

  /** What is being waited for, or null. */
  get pending(): KeyedPrompt | null {
    return this.#pending?.prompt ?? null;
  }

  /**
   * Asks; resolves with the answer.
   *
   * @throws OrchestratorError `INPUT_PROMPT_INVALID`, and what the server refuses; the signal's reason
   *   once the attempt lost its right
   */
  ask(value: InputPrompt): Promise<unknown> {
    const answer = this.#askInTurn(value);
    // Whoever waits hears of it; a question that nobody waits for is no fault of the process.
    answer.catch(() => undefined);
    return answer;
  }

  answered(key: string, answer: string): void {
    this.#settle(key)?.resolve(JSON.parse(answer));
  }

  refused(key: string, error: Error): void {
    this.#settle(key)?.reject(error);
  }

  /** The attempt lost its right: nothing is waited for any more. */
  abort(reason: Error): void {
    this.#aborted ??= reason;
    this.#pending?.reject(reason);
    this.#pending = null;
  }

  async #askInTurn(value: InputPrompt): Promise<unknown> {
    const prompt = readPrompt(value);
    const key = prompt.key ?? nextOrdinal(this.#asked);
    if (!this.#asked.includes(key)) this.#asked.push(key);
    const answer = this.#last.then(() => this.#askNow({ ...prompt, key }));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  #askNow(prompt: KeyedPrompt): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#aborted !== null) {
        reject(this.#aborted);
        return;
      }
      this.#pending = { prompt, resolve, reject };
      this.#ask(prompt).then(
        (answer) => {
          if (answer !== null) this.answered(prompt.key, answer);
        },
        (error: unknown) => this.refused(prompt.key, error as Error),
      );
    });
  }

  #settle(key: string): Pending | null {
    const pending = this.#pending;
    if (pending?.prompt.key !== key) return null;
    this.#pending = null;
    return pending;
  }
}
