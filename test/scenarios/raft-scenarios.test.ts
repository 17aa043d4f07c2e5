import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { RaftWorld } from './raft-world.ts';

/** Plays the scenario files of `raft/` and compares what they print; `UPDATE_SCENARIOS=1` rewrites it. */
const FOLDER = path.join(import.meta.dirname, 'raft');
const IS_UPDATE = process.env['UPDATE_SCENARIOS'] === '1';
const BORDER = '----\n';

const names = fs.readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));

function play(script: string): string {
  const world = new RaftWorld();
  for (const line of script.split('\n').map((text) => text.trim()))
    if (line !== '' && !line.startsWith('#')) world.run(line);
  world.trace.push('= the cluster');
  world.show();
  return `${world.trace.join('\n')}\n`;
}

describe('raft scenarios', () => {
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
