import { expect, test } from 'vitest';
import { SILENT_LOGGER } from '../runtime-logger.ts';
import type { WebhookOptions } from '../webhooks/webhooks.ts';
import { WebhookMatch } from './webhook-match.ts';

const SECRET = 'sixteen bytes and more';

function node(options: WebhookOptions): { match: WebhookMatch; said: unknown[] } {
  const said: unknown[] = [];
  const error = (message: string, fields?: object): void => void said.push([message, fields]);
  return { match: new WebhookMatch(options, { ...SILENT_LOGGER, error }), said };
}

test('a node tells what differs, once until that changes, and nobody learns the secret', () => {
  const leader = node({ secret: SECRET, allow: ['10.0.0.0/8', '127.0.0.1'] }).match;
  const { match, said } = node({ secret: 'another of sixteen bytes', allow: [] });
  expect(match.isSame).toBe(null);
  for (let n = 0; n < 3; n++) match.compare(leader.proof());
  expect(match.isSame).toBe(false);
  expect(said).toEqual([
    [expect.stringContaining('must be the same'), { difference: 'secret and allowed networks' }],
  ]);
  match.compare(null);
  expect(match.isSame).toBe(null);
  expect(JSON.stringify([said, leader.proof()])).not.toContain(SECRET);
});

test.each([
  ['in another order, with a line break', { secret: `${SECRET}\n`, allow: ['b', 'a'] }, true],
  ['with another secret', { secret: `${SECRET}x`, allow: ['a', 'b'] }, false],
  ['with no secret', { allow: ['a', 'b'] }, false],
  ['with other networks', { secret: SECRET, allow: ['a'] }, false],
])('settings %s: %j is the same: %s', (_name, options, isSame) => {
  const { match } = node(options);
  match.compare(node({ secret: SECRET, allow: ['a', 'b'] }).match.proof());
  expect(match.isSame).toBe(isSame);
});

test('each proof has a salt of its own', () => {
  const { match } = node({ secret: SECRET });
  expect(match.proof().secret).not.toBe(match.proof().secret);
});
