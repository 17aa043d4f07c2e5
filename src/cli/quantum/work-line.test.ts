import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { Output } from '../output/output.ts';
import { showBytes } from './show-bytes.ts';
import { WorkLine } from './work-line.ts';

function outputOn(isTTY: boolean): { output: Output; written: () => string } {
  const stderr = Object.assign(new PassThrough(), { isTTY });
  const output = new Output({
    format: 'table',
    stdout: new PassThrough(),
    stderr,
    environment: {},
  });
  return { output, written: () => (stderr.read() as Buffer | null)?.toString() ?? '' };
}

test('a terminal sees how far it is and how long it will take, from half a second on', () => {
  const { output, written } = outputOn(true);
  let nowMs = 0;
  const line = new WorkLine(output, () => nowMs);
  nowMs = 400;
  line.update(0.1);
  expect(written()).toBe('');
  nowMs = 1000;
  line.update(0.25);
  expect(written()).toBe('\r\u001B[K██████░░░░░░░░░░░░░░░░░░ 25 %, 3.0s left');
  line.clear();
  expect(written()).toBe('\r\u001B[K');
  line.clear();
  expect(written()).toBe('');
});

test('nothing is written where nobody looks', () => {
  const { output, written } = outputOn(false);
  let nowMs = 0;
  const line = new WorkLine(output, () => nowMs);
  nowMs = 9000;
  line.update(0.5);
  line.clear();
  expect(written()).toBe('');
});

test.each([
  [0, '0 bytes'],
  [1023, '1023 bytes'],
  [1024, '1.0 KiB'],
  [2.5 * 2 ** 30, '2.5 GiB'],
  [16 * 2 ** 40, '16.0 TiB'],
  [16 * 2 ** 100, '1.8e+13 EiB'],
])('%d is %s', (bytes, shown) => {
  expect(showBytes(bytes)).toBe(shown);
});
