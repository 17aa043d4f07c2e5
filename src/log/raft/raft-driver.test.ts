import { expect, test } from 'vitest';
import { SimulatedDisk, type Fate } from '../../../test/disk/simulated-disk.ts';
import {
  genesisBase,
  type RaftInput,
  type RaftMessage,
  type RaftOutput,
  type RaftProtocol,
} from '../../consensus/index.ts';
import { openJournal } from './journal/open-journal.ts';
import type { Journal } from './journal/journal.ts';
import { RaftDriver } from './raft-driver.ts';
import { sha256Hasher } from './sha256-hasher.ts';
import { systemShellClock } from './shell-ports.ts';

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A core that says what it is told to, and notes what it hears. */
class ScriptedCore implements RaftProtocol {
  readonly heard: RaftInput[][] = [];
  script: (inputs: readonly RaftInput[]) => readonly RaftOutput[] = () => [];

  start(): readonly RaftOutput[] {
    return [];
  }
  step(input: RaftInput): readonly RaftOutput[] {
    return this.stepAll([input]);
  }
  stepAll(inputs: readonly RaftInput[]): readonly RaftOutput[] {
    this.heard.push([...inputs]);
    return this.script(inputs);
  }
  digestState(): Uint8Array {
    return new Uint8Array();
  }
  inspect(): never {
    throw new Error('nobody looks inside');
  }
  hashAt(): null {
    return null;
  }
  termAt(): null {
    return null;
  }
  baseAt(): null {
    return null;
  }
}

interface Driven {
  readonly driver: RaftDriver;
  readonly core: ScriptedCore;
  readonly journal: Journal;
  readonly disk: SimulatedDisk;
  readonly sent: string[];
  readonly broken: unknown[];
}

async function drive(isReachable = true): Promise<Driven> {
  const disk = new SimulatedDisk();
  const base = genesisBase('test', sha256Hasher);
  const journal = await openJournal({
    directory: '/raft',
    clusterId: 'test',
    nodeId: 'a',
    beginning: { base, hardState: { term: 0, votedFor: null, commitIndex: 0 }, entries: [] },
    entryBytesMax: 4096,
    fileSystem: disk,
  });
  const core = new ScriptedCore();
  const sent: string[] = [];
  const broken: unknown[] = [];
  const driver = new RaftDriver({
    core,
    journal,
    // Time stands still: what is heard is what was submitted.
    clock: { ...systemShellClock, setTimer: () => () => undefined },
    tickMs: 5,
    send: (to, message) => {
      sent.push(`${to} ${message.kind} ${message.term}`);
      return isReachable;
    },
    onNotice: () => undefined,
    onBroken: (error) => void broken.push(error),
    onJournalFailed: () => undefined,
  });
  return { driver, core, journal, disk, sent, broken };
}

const token = (seq: number): { seq: number; generation: number } => ({ seq, generation: 0 });
const vote = (term: number): RaftMessage => ({
  kind: 'voteResponse',
  term,
  requestTerm: term,
  isGranted: true,
});

function persist(seq: number): RaftOutput {
  const hardState = { term: seq, votedFor: 'b', commitIndex: 0 };
  return { kind: 'persist', token: token(seq), entries: [], hardState, isSyncNeeded: true };
}

test('D2 a vote leaves once its write is durable, and not a moment before', async () => {
  const { core, disk, driver, journal, sent } = await drive();
  const gate = Promise.withResolvers<void>();
  disk.fate = ({ kind }): Fate => (kind === 'write' ? { waits: gate.promise } : 'proceed');
  core.script = ([input]) =>
    input?.kind === 'receive'
      ? [
          persist(1),
          { kind: 'send', to: 'c', message: vote(7) },
          { kind: 'sendAfter', to: 'b', message: vote(1), after: token(1) },
        ]
      : [];
  driver.start();
  driver.submit({ kind: 'receive', from: 'b', message: vote(1) });
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  expect(sent).toEqual(['c voteResponse 7']);
  gate.resolve();
  await expect.poll(() => sent).toEqual(['c voteResponse 7', 'b voteResponse 1']);
  await expect.poll(() => core.heard.at(-1)).toEqual([{ kind: 'persisted', token: token(1) }]);
  driver.stop();
  await journal.close();
});

test('D2 a message that waits for a write which failed never leaves', async () => {
  const { core, disk, driver, journal, sent } = await drive();
  disk.fate = ({ kind }): Fate => (kind === 'write' ? { fails: 'EIO' } : 'proceed');
  core.script = ([input]) =>
    input?.kind === 'receive'
      ? [persist(1), { kind: 'sendAfter', to: 'b', message: vote(1), after: token(1) }]
      : [];
  driver.start();
  driver.submit({ kind: 'receive', from: 'b', message: vote(1) });
  await expect.poll(() => core.heard.at(-1)?.[0]?.kind).toBe('persistFailed');
  expect(sent).toEqual([]);
  driver.stop();
  await journal.close();
});

test('D1 what happens in one turn is one step, and nothing is stepped before the start', async () => {
  const { core, driver, journal } = await drive();
  driver.submit({ kind: 'tick' });
  await nextTurn();
  expect(core.heard).toEqual([]);
  driver.start();
  driver.submit({ kind: 'tick' });
  driver.submit({ kind: 'applied', index: 0 });
  await nextTurn();
  expect(core.heard.map((inputs) => inputs.map(({ kind }) => kind))).toEqual([
    ['tick', 'tick', 'applied'],
  ]);
  driver.stop();
  driver.submit({ kind: 'tick' });
  await nextTurn();
  expect(core.heard.length).toBe(1);
  await journal.close();
});

test('a core hears that entries went nowhere, and of a broken step nothing leaves', async () => {
  const { broken, core, driver, journal, sent } = await drive(false);
  const append: RaftMessage = {
    kind: 'appendRequest',
    term: 1,
    prevIndex: 0,
    prevTerm: 0,
    prevHash: new Uint8Array(16),
    entries: [],
    commitIndex: 0,
  };
  core.script = ([input]) => {
    if (input?.kind === 'tick') return [{ kind: 'send', to: 'b', message: append }];
    if (input?.kind === 'applied') throw new RangeError('broken');
    return [];
  };
  driver.start();
  driver.submit({ kind: 'tick' });
  await expect.poll(() => core.heard.at(-1)).toEqual([{ kind: 'peerUnreachable', nodeId: 'b' }]);
  driver.submit({ kind: 'applied', index: 1 });
  await expect.poll(() => broken.length).toBe(1);
  expect(sent.length).toBe(1);
  driver.stop();
  await journal.close();
});
