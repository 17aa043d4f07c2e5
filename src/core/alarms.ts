/** What happens by itself to records at their moments. */
import { unreachable } from '../base/invariant.ts';
import { checkWall, continueCut } from './cuts.ts';
import { continueKill } from './kills.ts';
import type { CoreRecord } from './record.ts';
import type { Step } from './step.ts';
import type { Cut, Kill, Tree } from './tree.ts';
import type { Wave } from './wave.ts';
import { continueWave } from './waves.ts';

/** Fires what is due of the records, oldest first, as far as the bounds allow. */
export function fireAlarms(step: Step, alarmsMax: number): void {
  const { state } = step;
  const budget = { steps: state.settings.flowStepMax };
  for (let fired = 0; fired < alarmsMax && budget.steps > 0; fired++) {
    const record = state.alarms.popDue(state.nowMs);
    if (record === null) return;
    fireAlarm(step, record, budget);
  }
}

function fireAlarm(step: Step, record: CoreRecord, budget: { steps: number }): void {
  switch (record.table) {
    case 'waves':
      // Records are kept in tables of their own kind: the name says which this one is of.
      budget.steps -= Math.max(1, continueWave(step, record as Wave, budget.steps));
      return;
    case 'cuts':
      budget.steps -= Math.max(1, continueCut(step, record as Cut, budget.steps));
      return;
    case 'kills':
      budget.steps -= Math.max(1, continueKill(step, record as Kill, budget.steps));
      return;
    case 'trees':
      checkWall(step, record as Tree);
      return;
    case 'failureGroups':
      return;
    default:
      unreachable(record.table);
  }
}
