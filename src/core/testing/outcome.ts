import type { Applied } from '../apply.ts';
import type { TaskId } from '../ids.ts';
import { eventText, refusalsOf, taskText } from './trace.ts';
import type { World } from './world.ts';

/**
 * What a one-command batch came to, as a row of a transition table.
 *
 * Refused: the code. Taken: where task `t1` is, or `gone`. Either way followed by the events.
 */
export function taskOutcome(world: World, applied: Applied): readonly string[] {
  const task = world.state.tasks.get('t1' as TaskId);
  return outcome(applied, task === undefined ? 'gone' : taskText(task));
}

/** The same for agent `a1`: its state and leases, or `gone`. */
export function agentOutcome(world: World, applied: Applied): readonly string[] {
  const agent = [...world.state.agents.values()].find(({ id }) => id === 'a1');
  return outcome(applied, agent === undefined ? 'gone' : `${agent.state} ${agent.leases.size}`);
}

function outcome(applied: Applied, after: string): readonly string[] {
  const codes = applied.results.flatMap((result) => refusalsOf(result));
  const head = codes.length > 0 ? codes.join(' ') : after;
  return [head, ...applied.events.map(eventText)];
}

/** Whether such a line tells of a refusal: those start with an UPPER_SNAKE code. */
export function isRefusal([head]: readonly string[]): boolean {
  return head !== undefined && /^[A-Z_]+$/.test(head);
}
