import { statSync } from 'node:fs';
import { bad, odd, ok, type Finding } from './finding.ts';

const NODE_MAJOR_MIN = 24;

/** Node's version, and whether the clock can be right: files of this program are not of the future. */
export function lookAtMachine(): readonly Finding[] {
  const { node } = process.versions;
  const major = Number(node.split('.')[0]);
  const version =
    major >= NODE_MAJOR_MIN
      ? ok('node', node)
      : bad('node', node, `install Node ${NODE_MAJOR_MIN} or newer: https://nodejs.org`);
  const installedAtMs = statSync(import.meta.filename).mtimeMs;
  const now = new Date();
  const clock =
    now.getTime() >= installedAtMs
      ? ok('time', `${now.toISOString()} (${Intl.DateTimeFormat().resolvedOptions().timeZone})`)
      : odd(
          'time',
          `${now.toISOString()}, before this program was installed`,
          'set the clock: delays and timeouts follow it',
        );
  return [version, clock];
}
