import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import type { AgentId, Command, TaskId } from '../core/index.ts';
import { register, submitAll } from '../core/testing/commands.ts';
import { decodeEntry, encodeEntry, type Entry } from './entry-codec.ts';
import { useSeed } from './testing/seed.ts';

useSeed();

function assignAll(pairs: readonly (readonly [id: string, agent: string])[]): Command {
  return {
    type: 'task.assign',
    taskIds: pairs.map(([id]) => id as TaskId),
    agentIds: pairs.map(([, agent]) => agent as AgentId),
  };
}

function completeAll(pairs: readonly (readonly [id: string, token: number])[]): Command {
  const items = pairs.map(([id, fencingToken], resultBytes) => ({
    taskId: id as TaskId,
    fencingToken,
    resultBytes,
  }));
  return { type: 'task.complete', items };
}

/** Tasks that depend on others of the submit, and on one that is not in it. */
function flowOf(
  tasks: readonly (readonly [id: string, pick: number, ref: string | undefined])[],
): Command {
  const ids = tasks.map(([id]) => id as TaskId);
  const command = submitAll(
    tasks.map(([id, pick, ref], place) => ({
      id,
      ...(ref === undefined ? {} : { ref }),
      ...(pick % 5 === 0 ? { metadata: { pick } } : {}),
      ...(pick % 3 === 0
        ? {}
        : {
            dependsOn: [
              { taskId: ids[(place + pick) % ids.length] as TaskId },
              { taskId: 'elsewhere' as TaskId, onFailure: 'skip' as const },
            ],
          }),
    })),
  ) as Extract<Command, { type: 'task.submit' }>;
  return tasks.length % 2 === 0 ? command : { ...command, flow: { id: 'f', name: 'n' }, ends: [] };
}

const name = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' });
/** A report may name a task that never was. */
const taskId = fc.oneof({ weight: 9, arbitrary: fc.uuid() }, { weight: 1, arbitrary: name });
const command = fc.oneof(
  fc
    .array(
      fc.record(
        {
          id: fc.uuid(),
          idempotencyKey: name,
          deadlineAt: fc.nat(),
          traceparent: name,
          metadata: fc.dictionary(
            name.filter((key) => key !== '__proto__'),
            fc.constantFrom(1, 'x', null, [true]),
          ),
        },
        { requiredKeys: ['id'] },
      ),
      { minLength: 1, maxLength: 40 },
    )
    .map((tasks) => submitAll(tasks)),
  fc
    .array(fc.tuple(fc.uuid(), fc.nat(), fc.option(name, { nil: undefined })), {
      minLength: 2,
      maxLength: 40,
    })
    .map((tasks) => flowOf(tasks)),
  fc
    .array(fc.uuid(), { minLength: 1, maxLength: 40 })
    .map((ids) => submitAll(ids.map((id) => ({ id })))),
  fc.array(fc.tuple(taskId, name), { minLength: 1, maxLength: 9 }).map(assignAll),
  fc
    .tuple(fc.array(fc.uuid(), { minLength: 1, maxLength: 9 }), name)
    .map(([ids, agent]) => assignAll(ids.map((id) => [id, agent]))),
  fc.array(fc.tuple(taskId, fc.nat()), { minLength: 1, maxLength: 9 }).map(completeAll),
  name.map((id) => register(id)),
);
const texts = fc.option(fc.array(fc.json(), { maxLength: 4 }), { nil: null });
const entry = fc
  .record({ at: fc.nat(), parts: fc.array(fc.tuple(command, texts), { maxLength: 8 }) })
  .map(({ at, parts }): Entry => ({
    batch: { at, commands: parts.map(([part]) => part) },
    texts: parts.map(([, text]) => text),
  }));

describe('an entry', () => {
  test('comes back as it was encoded, and no later encoding touches it', () => {
    fc.assert(
      fc.property(entry, entry, (first, second) => {
        const bytes = encodeEntry(first);
        encodeEntry(second);
        expect(decodeEntry(bytes)).toEqual(first);
      }),
    );
  });

  test('of another format is refused', () => {
    const bytes = new Packr({ useRecords: true }).pack([1, 0, [], []]);
    expect(() => decodeEntry(bytes)).toThrow(
      expect.objectContaining({ code: 'ENTRY_UNREADABLE', details: { format: 1 } }) as Error,
    );
  });
});

test.each([
  ['plain tasks', {}],
  ['a task with a key', { idempotencyKey: 'k' }],
  ['a flow', { dependsOn: [{ taskId: 'elsewhere' as TaskId }] }],
])('a submit of %s keeps its session, and whether that opens it', (_, fields) => {
  const id = '01a20618-5ad3-72a4-a831-6e62068566a9';
  for (const opens of [{}, { opens: true }]) {
    const session = { id: 's', sequence: 7, acknowledged: 3, ...opens };
    const command = { ...submitAll([{ id, ...fields }]), session } as Command;
    const entry: Entry = { batch: { at: 1, commands: [command] }, texts: [['null']] };
    expect(decodeEntry(encodeEntry(entry))).toEqual(entry);
  }
});

describe('how far a batch reaches', () => {
  test('comes back as it was given', () => {
    const batch = { at: 7, commands: [{ type: 'clock.advance' }], stepMax: 500 } as const;
    expect(decodeEntry(encodeEntry({ batch, texts: [null] })).batch).toEqual(batch);
  });

  test('is not said by entries of the format before it, which are read as they were written', () => {
    const bytes = new Packr({ useRecords: true }).pack([2, 7, [{ type: 'clock.advance' }], [null]]);
    const batch = { at: 7, commands: [{ type: 'clock.advance' }] };
    expect(decodeEntry(bytes)).toEqual({ batch, texts: [null] });
  });
});
