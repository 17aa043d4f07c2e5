import type { TaskOutcome } from '../../contract/index.ts';
import type { Output } from '../output/output.ts';

/** How tasks ended: one as its fields with the result in full, several as a table. */
export function showOutcomes(output: Output, outcomes: readonly TaskOutcome[]): void {
  const [only] = outcomes;
  if (only !== undefined && outcomes.length === 1) {
    output.object(only, [
      ['id', only.id],
      ['state', only.state],
      ['error', errorOf(only) ?? undefined],
      ['result', only.state === 'completed' ? JSON.stringify(only.result) : undefined],
    ]);
    return;
  }
  output.list({ items: outcomes }, outcomes, [
    { title: 'id', value: (outcome) => outcome.id },
    { title: 'state', value: (outcome) => outcome.state },
    {
      title: 'result',
      value: (outcome) =>
        outcome.state === 'completed' ? JSON.stringify(outcome.result) : errorOf(outcome),
      shrinks: true,
    },
  ]);
}

function errorOf({ error }: TaskOutcome): string | null {
  return error === undefined ? null : `${error.code}: ${error.message}`;
}
