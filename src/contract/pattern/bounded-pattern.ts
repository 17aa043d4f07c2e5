import { OrchestratorError } from '../../base/errors.ts';
import { costOfPattern, stepsOf, type PatternCost } from './pattern-cost.ts';

/** Steps of all patterns on all texts of one answer: some tens of milliseconds at the very worst. */
const BUDGET_STEPS = 3_000_000;

/** What is left of the steps that one answer may take. */
export class PatternBudget {
  #left = BUDGET_STEPS;

  /** @throws OrchestratorError `INPUT_INVALID` */
  spend(steps: number, length: number): void {
    this.#left -= steps;
    if (this.#left >= 0) return;
    throw new OrchestratorError(
      'INPUT_INVALID',
      `/answer must have texts short enough to be held against the patterns of its schema, got one of ${length} characters too many`,
      { path: '/answer' },
    );
  }
}

/** A regular expression that refuses a text before it would take too long on it. */
export class BoundedPattern extends RegExp {
  readonly #cost: PatternCost;
  readonly #budget: PatternBudget;

  /** @throws OrchestratorError `INPUT_INVALID` for a pattern that no schema may have */
  constructor(pattern: string, budget: PatternBudget) {
    super(pattern, 'u');
    const cost = costOfPattern(pattern);
    if ('fault' in cost) {
      const message = `a pattern of the schema ${cost.fault}, so that no answer can be held against it`;
      throw new OrchestratorError('INPUT_INVALID', message, { path: '/answer' });
    }
    this.#cost = cost;
    this.#budget = budget;
  }

  override test(text: string): boolean {
    this.#budget.spend(stepsOf(this.#cost, text.length), text.length);
    return super.test(text);
  }
}
