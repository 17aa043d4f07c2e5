import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { copyOf } from '../../src/core/copies.ts';
import type { CoreEvent } from '../../src/core/event.ts';
import { eventText, resultText, stateLines } from '../../src/core/testing/trace.ts';
import { World } from '../../src/core/testing/world.ts';
import { parseLine } from './core-script.ts';

/** Plays the scenario files of `core/` and compares what they print; `UPDATE_SCENARIOS=1` rewrites it. */
const FOLDER = path.join(import.meta.dirname, 'core');
const IS_UPDATE = process.env['UPDATE_SCENARIOS'] === '1';
const BORDER = '----\n';

const names = fs.readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));

/** Copies are named after their task and in the order in which they are made: `t1#1`. */
class CopyNames {
  readonly #ids = new Map<string, string>();
  readonly #made = new Map<string, number>();

  note(events: readonly CoreEvent[]): void {
    for (const event of events) {
      const of = event.type === 'task.submitted' ? copyOf(event.task)?.taskId : undefined;
      if (event.type !== 'task.submitted' || of === undefined) continue;
      const count = (this.#made.get(of) ?? 0) + 1;
      this.#made.set(of, count);
      this.#ids.set(`${of}#${count}`, event.task.id);
    }
  }

  withIds(line: string): string {
    return line.replaceAll(/[\w-]+#\d+/g, (name) => this.#ids.get(name) ?? name);
  }

  withNames(text: string): string {
    let named = text;
    for (const [name, id] of this.#ids) named = named.replaceAll(id, name);
    return named;
  }
}

/** What happens when the script is played: each line, its results, its events, and the state at the end. */
function play(script: string): string {
  const world = new World();
  const trace: string[] = [];
  const copies = new CopyNames();
  let at = 0;
  const run = (line: string, commands: ReturnType<typeof parseLine>): void => {
    const { results, events } = world.run(at, ...commands);
    copies.note(events);
    trace.push(`> ${line}  [${world.state.index}]`);
    for (const result of results) trace.push(resultText(result));
    for (const event of events) trace.push(`  ${eventText(event)}`);
  };
  for (const line of script.split('\n').map((text) => text.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const [verb, operand] = line.split(' ');
    if (verb === 'at') at = Number(operand);
    else if (verb === 'show') trace.push('> show', ...stateLines(world.state));
    else if (verb === 'advance') {
      at += Number(operand);
      run(line, parseLine('tick'));
    } else run(line, parseLine(copies.withIds(line)));
  }
  const text = [...trace, '= the state', ...stateLines(world.state), ''].join('\n');
  return copies.withNames(text);
}

describe('core scenarios', () => {
  test.each(names)('%s', (name) => {
    const file = path.join(FOLDER, name);
    const [script = '', expected] = fs.readFileSync(file, 'utf8').split(BORDER);
    const trace = play(script);
    if (IS_UPDATE) fs.writeFileSync(file, `${script}${BORDER}${trace}`);
    else expect(trace).toBe(expected);
  });

  test('there are some', () => {
    expect(names.length).toBeGreaterThanOrEqual(15);
  });
});
