import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileQuery } from './compile-query.ts';
import { indexHints } from './index-hints.ts';
import { parseQuery } from './parse-query.ts';
import type { SearchableTask } from './searchable-task.ts';
import { anyQuery, anyTask, NOW_MS } from './testing/arbitrary-query.ts';
import { naiveMatch } from './testing/naive-match.ts';
import { searchable } from './testing/tasks.ts';

const seed = process.env['SEED'];
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });

const HOUR_MS = 3_600_000;
const matches = (text: string, fields: Partial<SearchableTask>): boolean =>
  compileQuery(parseQuery(text), { nowMs: NOW_MS })(searchable(fields));

describe('a term', () => {
  const iso = (text: string): number => Date.parse(text);
  const timeout = { error: { code: 'RUN_TIMEOUT', message: 'Timed out after 30 s' } };
  const metadata = {
    customer: 42,
    text: '42',
    vip: true,
    none: null,
    tags: ['red', 7],
    due: '2026-03-01',
    of: { 'a.b': { c: 'Deep' } },
  };

  test.each<readonly [string, Partial<SearchableTask>, boolean]>([
    ['state:failed', { state: 'failed' }, true],
    ['state:failed,canceled', { state: 'canceled' }, true],
    ['state:failed,canceled', { state: 'queued' }, false],
    ['state!=failed', { state: 'queued' }, true],
    ['type:mail.*', { type: 'mail.send' }, true],
    ['type:mail.*', { type: 'mail' }, false],
    ['type=mail.*', { type: 'mail.send' }, false],
    ['type:*.send,*.read', { type: 'mail.read' }, true],
    ['type:a*b*c', { type: 'axxbxbc' }, true],
    ['type:ab*ba', { type: 'aba' }, false],
    ['type:a*b*b', { type: 'acb' }, false],
    ['type:Mail.*', { type: 'mail.send' }, false],
    ['type~MAIL', { type: 'mail.send' }, true],
    ['priority>=5', { priority: 5 }, true],
    ['priority:1,5', { priority: 5 }, true],
    ['priority<5', { priority: 5 }, false],
    ['attempts>0', { attempt: 1 }, true],
    ['agent:a1', { agentId: 'a1' }, true],
    ['agent:*', { agentId: null }, false],
    ['-agent:*', { agentId: null }, true],
    ['agent!=a1', { agentId: null }, true],
    ['error~timeout', timeout, true],
    ['error~"timed out"', timeout, true],
    ['error:RUN_TIMEOUT', timeout, true],
    ['error.code~after', timeout, false],
    ['error.message~after', timeout, true],
    ['error:*', { error: null }, false],
    ['capability:gpu*', { capabilities: ['cpu', 'gpu@2'] }, true],
    ['label.zone:eu', { labels: { zone: 'eu' } }, true],
    ['label.nvidia.com/gpu:a100', { labels: { 'nvidia.com/gpu': 'a100' } }, true],
    ['label.toString:*', { labels: {} }, false],
    ['age>10m', { createdAt: NOW_MS - 600_001 }, true],
    ['age>10m', { createdAt: NOW_MS - 600_000 }, false],
    ['age<1h30m', { createdAt: NOW_MS - HOUR_MS }, true],
    ['idle>5m', { stateAt: NOW_MS - 300_001 }, true],
    ['duration>1m', { startedAt: NOW_MS - 90_000 }, true],
    ['duration>1m', { startedAt: NOW_MS - 90_000, endedAt: NOW_MS - 60_000 }, false],
    ['duration<1m', { startedAt: 0 }, false],
    ['created>2026-01-01', { createdAt: iso('2026-01-01T23:59:59.999Z') }, false],
    ['created>2026-01-01', { createdAt: iso('2026-01-02T00:00Z') }, true],
    ['created>=2026-01-01', { createdAt: iso('2026-01-01T00:00Z') }, true],
    ['created<=2026-01-01', { createdAt: iso('2026-01-01T23:59:59.999Z') }, true],
    ['created<2026-01-01', { createdAt: iso('2026-01-01T00:00Z') }, false],
    ['created:2026-01-01', { createdAt: iso('2026-01-01T12:00Z') }, true],
    ['created:2026-01-01T12:00', { createdAt: iso('2026-01-01T12:01Z') }, false],
    ['updated>now-1h', { stateAt: NOW_MS - HOUR_MS + 1 }, true],
    ['deadline<now+30m', { deadlineAt: NOW_MS + HOUR_MS }, false],
    ['deadline<now+2h', { deadlineAt: NOW_MS + HOUR_MS }, true],
    ['deadline<now', { deadlineAt: 0 }, false],
    ['runAt:*', { runAt: 0 }, false],
    ['payloadBytes>64KiB', { payloadBytes: 65_537 }, true],
    ['metadata.customer:42', { metadata }, true],
    ['metadata.customer:"42"', { metadata }, true],
    ['metadata.text:42', { metadata }, true],
    ['metadata.text>41.5', { metadata }, true],
    ['metadata.text>"5"', { metadata }, false],
    ['metadata.customer>"5"', { metadata }, false],
    ['metadata.customer:4*', { metadata }, true],
    ['metadata.customer~2', { metadata }, true],
    ['metadata.customer!=42', { metadata: null }, true],
    ['metadata.vip:true', { metadata }, true],
    ['metadata.none:null', { metadata }, true],
    ['metadata.none:*', { metadata }, true],
    ['metadata.gone:*', { metadata }, false],
    ['metadata.tags:red', { metadata }, true],
    ['metadata.tags>6', { metadata }, true],
    ['metadata.tags.length:2', { metadata }, false],
    ['metadata.toString:*', { metadata }, false],
    ['metadata.of:*', { metadata }, true],
    ['metadata.of~object', { metadata }, false],
    ['metadata.due>=2026-02-01', { metadata }, true],
    ['metadata.of."a.b".c~deep', { metadata }, true],
    ['metadata.id:12345678901234567891', { metadata: { id: '12345678901234567890' } }, false],
    ['metadata.id:42', { metadata: { id: '0042' } }, false],
    ['flow:f', { flow: 'f' }, true],
    ['flow:*', {}, false],
    ['parent:p schedule:nightly', { parent: 'p', schedule: 'nightly' }, true],
    ['concurrencyKey:k', { concurrencyKey: 'k' }, true],
    ['state:failed or type:mail.* priority:9', { priority: 4 }, false],
    ['(state:failed or type:mail.*) priority:4', {}, true],
    ['-(state:failed type:mail.*)', { state: 'failed' }, false],
  ])('%s of %j is %s', (text, fields, expected) => {
    expect(matches(text, fields)).toBe(expected);
  });

  test('reads no field that it does not need', () => {
    const read: (string | symbol)[] = [];
    const task = new Proxy(searchable(), {
      get: (target, name, receiver): unknown => {
        read.push(name);
        return Reflect.get(target, name, receiver) as unknown;
      },
    });
    compileQuery(parseQuery('state:failed metadata.a:1'), { nowMs: NOW_MS })(task);
    expect(read).toEqual(['state']);
  });
});

describe('a query', () => {
  test('finds what the plainest reading of it finds', () => {
    fc.assert(
      fc.property(anyQuery, fc.array(anyTask, { maxLength: 8 }), (query, tasks) => {
        const predicate = compileQuery(query, { nowMs: NOW_MS });
        const expected = tasks.map((task) => naiveMatch(query, task, NOW_MS));
        expect(tasks.map(predicate)).toEqual(expected);
      }),
      { numRuns: 3000 },
    );
  });

  test('is looked for nowhere that its hints leave out', () => {
    fc.assert(
      fc.property(anyQuery, anyTask, (query, task) => {
        const hints = indexHints(query, { nowMs: NOW_MS });
        if (
          !compileQuery(query, { nowMs: NOW_MS })({
            ...task,
            stateAt: Math.max(task.stateAt, task.createdAt),
          })
        )
          return;
        expect(hints.states ?? [task.state]).toContain(task.state);
        expect(hints.types ?? [task.type]).toContain(task.type);
        expect(hints.queues ?? [task.queue]).toContain(task.queue);
        expect(hints.namespaces ?? [task.namespace]).toContain(task.namespace);
        expect(hints.ids ?? [task.id]).toContain(task.id);
        const { fromMs = -Infinity, toMs = Infinity } = hints.created ?? {};
        expect(task.createdAt >= fromMs && task.createdAt < toMs).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test.each<readonly [string, unknown]>([
    [
      'state:failed type:a,b queue:q namespace:n',
      { states: ['failed'], types: ['a', 'b'], queues: ['q'], namespaces: ['n'] },
    ],
    ['type:a type:a,b', { types: ['a'] }],
    ['type:a type:b', { types: [] }],
    ['type:a or type:b', { types: ['a', 'b'] }],
    ['type:a or error~x', {}],
    ['type:a*', {}],
    ['type~a', {}],
    ['-type:a', {}],
    [
      '-state:completed,canceled,failed,blocked,scheduled',
      { states: ['queued', 'running', 'input_required'] },
    ],
    ['-(state:completed or state:canceled) state:completed,failed', { states: ['failed'] }],
    ['id:x', { ids: ['x'] }],
    [
      'created>=2026-01-01 created<2026-01-02',
      { created: { fromMs: Date.UTC(2026, 0, 1), toMs: Date.UTC(2026, 0, 2) } },
    ],
    ['age<=1h', { created: { fromMs: NOW_MS - HOUR_MS, toMs: Infinity } }],
    ['age<1h', { created: { fromMs: NOW_MS - HOUR_MS + 1, toMs: Infinity } }],
    ['idle>1h', { created: { fromMs: -Infinity, toMs: NOW_MS - HOUR_MS } }],
  ])('%s tells an index %j', (text, expected) => {
    expect(indexHints(parseQuery(text), { nowMs: NOW_MS })).toEqual(expected);
  });
});

describe('a text that fits nearly everywhere', () => {
  const long = 'a'.repeat(1_000_000);
  test.each([
    ['a glob of many stars', `metadata.t:${'a*'.repeat(1500)}b`],
    ['a glob of long pieces', `metadata.t:*${'a'.repeat(1900)}b*${'a'.repeat(1900)}c*`],
    ['a piece that fails at its start', `metadata.t~b${'a'.repeat(3900)}`],
    ['a piece that fails at its middle', `metadata.t~${'a'.repeat(1950)}b${'a'.repeat(1950)}`],
    ['a piece that fails at its end', `metadata.t~${'a'.repeat(3900)}b`],
  ])('takes time linear in its length: %s', (_, text) => {
    const predicate = compileQuery(parseQuery(text), { nowMs: NOW_MS });
    const task = searchable({ metadata: { t: long } });
    const from = performance.now();
    expect(predicate(task)).toBe(false);
    expect(performance.now() - from).toBeLessThan(250);
  });
});
