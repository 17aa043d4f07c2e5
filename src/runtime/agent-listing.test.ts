import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AgentId } from '../core/index.ts';
import type { AgentFilter, AgentPage } from './agent-listing.ts';
import type { Runtime } from './runtime.ts';
import { RuntimeWorld } from './testing/runtime-world.ts';

let world: RuntimeWorld;
let runtime: Runtime;

beforeEach(async () => {
  world = new RuntimeWorld({}, 'memory');
  runtime = await world.open();
});
afterEach(() => world.dispose());

async function register(from: number, to: number): Promise<void> {
  const agents = Array.from({ length: to - from }, (_, at) => {
    const index = from + at;
    const labels = { zone: `z${index % 4}`, even: `${index % 2 === 0}` };
    const capabilities = index % 10 === 0 ? ['work', 'rare'] : ['work'];
    return { id: `a${index}`, capabilities, labels };
  });
  await runtime.agents.register(agents, 'i');
}

const idsOf = ({ items }: AgentPage): string[] => items.map(({ id }) => id);

async function everyPage(limit: number, filter?: AgentFilter): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const page: AgentPage = await runtime.agents.list(cursor, limit, filter);
    ids.push(...idsOf(page));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return ids;
}

const names = (count: number, has: (index: number) => boolean = () => true): string[] =>
  Array.from({ length: count }, (_, index) => index)
    .filter(has)
    .map((index) => `a${index}`);

describe('a listing of agents', () => {
  test('has each agent once, a few in the order they registered, and ends with the last one', async () => {
    await register(0, 300);
    expect(await everyPage(7)).toEqual(names(300));
    expect((await runtime.agents.list(null, 300)).nextCursor).toBeNull();
  });

  test('has each of many once that is there all the while, though others come', async () => {
    await register(0, 20_000);
    const seen: string[] = [];
    let cursor: string | null = null;
    let next = 20_000;
    do {
      const page: AgentPage = await runtime.agents.list(cursor, 5_000);
      seen.push(...idsOf(page));
      cursor = page.nextCursor;
      if (next < 40_000) await register(next, (next += 5_000));
    } while (cursor !== null);
    const counts = new Map<string, number>();
    for (const id of seen) counts.set(id, (counts.get(id) ?? 0) + 1);
    expect(names(20_000).filter((id) => counts.get(id) !== 1)).toEqual([]);
    expect(seen.length).toBe(counts.size);
  });

  test('goes on where it was while agents leave and come', async () => {
    await register(0, 10);
    const first = await runtime.agents.list(null, 3);
    for (const id of ['a0', 'a3', 'a5']) await runtime.agents.remove(id as AgentId);
    await register(10, 12);
    const second = await runtime.agents.list(first.nextCursor, 100);
    expect(idsOf(second)).toEqual(['a4', 'a6', 'a7', 'a8', 'a9', 'a10', 'a11']);
  });

  test('gives a page again, though the place behind it was used up', async () => {
    await register(0, 20);
    const { nextCursor } = await runtime.agents.list(null, 5);
    const page = await runtime.agents.list(nextCursor, 5);
    expect(await runtime.agents.list(nextCursor, 5)).toEqual(page);
    expect(idsOf(page)).toEqual(['a5', 'a6', 'a7', 'a8', 'a9']);
  });

  test('holds those that a filter lets through', async () => {
    await register(0, 100);
    await runtime.agents.drain('a40' as AgentId);
    expect(await everyPage(3, { capability: 'rare' })).toEqual(names(100, (i) => i % 10 === 0));
    expect(await everyPage(100, { zone: 'z3' })).toEqual(names(100, (i) => i % 4 === 3));
    expect(await everyPage(100, { label: 'even=true', zone: 'z0' })).toEqual(
      names(100, (i) => i % 4 === 0),
    );
    expect(await everyPage(1, { state: 'draining' })).toEqual(['a40']);
    expect(await everyPage(1, { state: 'draining', zone: 'z1' })).toEqual([]);
  });

  test('looks at a bounded number of agents a page, and says that there may be more', async () => {
    await register(0, 100_010);
    const page = await runtime.agents.list(null, 10, { zone: 'nowhere' });
    expect(page.items).toEqual([]);
    expect(await runtime.agents.list(page.nextCursor, 10, { zone: 'nowhere' })).toEqual({
      items: [],
      nextCursor: null,
    });
  });
});
