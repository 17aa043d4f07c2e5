/** One drill: load and chaos for a while, an orderly end, and the proofs from what is left. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Rng } from '../../src/base/rng.ts';
import { HttpApi } from '../../src/client/index.ts';
import type { FailureGroupView, StatusView, TaskView } from '../../src/contract/index.ts';
import { ALL_FEATURES } from './features/all-features.ts';
import type { Feature } from './features/feature.ts';
import { readLog } from './log/read-log.ts';
import { proveAcknowledged } from './proofs/acknowledged.ts';
import { proveOnce } from './proofs/once.ts';
import { holds, type Evidence, type Proof } from './proofs/proof.ts';
import { proveSlots } from './proofs/slots.ts';
import { AgentProcess, type AgentPlan } from './world/agent-process.ts';
import { Chaos, type ChaosDone } from './world/chaos.ts';
import { DrillUser } from './world/drill-user.ts';
import { Journal, linesOf, readJournal } from './world/journal.ts';
import { freePort, ServerProcess } from './world/server-process.ts';

export interface DrillOptions {
  readonly seconds: number;
  readonly seed: number;
  readonly features: readonly Feature[];
  /** Whether the folder is kept although all holds. */
  readonly keepsFolder?: boolean;
  /** Told what is going on. */
  readonly say: (text: string) => void;
}

export interface DrilledFeature {
  readonly name: string;
  readonly acknowledged: number;
  readonly refusals: ReadonlyMap<string, number>;
  readonly unknown: number;
  readonly proofs: readonly Proof[];
}

export interface DrillReport {
  readonly seed: number;
  readonly chaos: ChaosDone;
  readonly features: readonly DrilledFeature[];
  /** Of everything together. */
  readonly proofs: readonly Proof[];
  readonly entries: number;
  /** What went wrong with the drill itself. */
  readonly faults: readonly string[];
  /** Folder of all that it left; null where it is gone, because all holds. */
  readonly folder: string | null;
}

/** After the last harm: time for the server to make up for what is due, in milliseconds. */
const CALM_MS = 3_000;
/** Longest wait for all tasks to end, in milliseconds. */
const DRAIN_MS_MAX = 90_000;
const ASKED_AT_ONCE = 16;

/** All offer work; four serve over the channel and two poll, which cannot talk. */
function agentPlans(): AgentPlan[] {
  return Array.from({ length: 6 }, (_, n) => ({
    id: `agent-${n}`,
    isPolling: n >= 4,
    capabilities: [
      'work',
      'letter',
      ...(n < 4 ? ['talk'] : []),
      ...(n === 1 || n === 2 || n === 5 ? ['flaky'] : []),
      ...(n === 0 || n === 5 ? ['hard'] : []),
    ],
    slots: 4 + n,
    labels: { zone: `z${n % 3}` },
  }));
}

/** @throws Error where the drill could not be held, with its folder named */
export async function runDrill(options: DrillOptions): Promise<DrillReport> {
  const folder = mkdtempSync(join(tmpdir(), 'uqo-drill-'));
  try {
    return await new Drill(options, folder).run();
  } catch (error) {
    throw new Error(`the drill broke off; its folder is ${folder}`, { cause: error });
  }
}

class Drill {
  readonly #options: DrillOptions;
  readonly #folder: string;
  readonly #dataDir: string;
  readonly #journalFiles: string[] = [];

  constructor(options: DrillOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
    this.#dataDir = join(folder, 'data');
    mkdirSync(join(folder, 'journals'));
  }

  async run(): Promise<DrillReport> {
    const { seed } = this.#options;
    const server = new ServerProcess({
      dataDir: this.#dataDir,
      outputFile: join(this.#folder, 'server.log'),
      port: await freePort(),
      journal: new Journal(this.#journalFile('server')),
    });
    const agents = agentPlans().map((plan) => {
      const journalFile = this.#journalFile(plan.id);
      return new AgentProcess(plan, { url: server.url, journalFile });
    });
    try {
      await server.start();
      for (const agent of agents) agent.start();
      let isChaosOver = false;
      const chaos = new Chaos({
        server,
        agents,
        rng: Rng.fromSeed(seed),
        isOver: () => isChaosOver,
      });
      const harmed = chaos.run();
      const users = await this.#load(server.url, async () => {
        isChaosOver = true;
        await harmed;
      });
      const left = await this.#drain(server);
      const seen = await this.#lookAtAll(server);
      await server.stop();
      return await this.#prove(server, chaos.done, { users, seen, left });
    } finally {
      await Promise.all([...agents.map((agent) => agent.kill()), server.kill()]);
    }
  }

  #journalFile(name: string): string {
    const file = join(this.#folder, 'journals', `${name}.jsonl`);
    this.#journalFiles.push(file);
    return file;
  }

  /** Lets all users work; `calm` ends the chaos a little before they are told to stop. */
  async #load(url: string, calm: () => Promise<void>): Promise<DrillUser[]> {
    const { features, say, seconds, seed } = this.#options;
    let isOver = false;
    const users = features.map(
      ({ name }, n) =>
        new DrillUser({
          feature: name,
          url,
          seed: seed * 1_000 + n,
          journal: new Journal(this.#journalFile(`user-${name}`)),
          isOver: () => isOver,
        }),
    );
    const loads = Promise.all(
      features.map(async ({ load, name }, n) => {
        await load(users[n] as DrillUser).catch((error: unknown) => {
          throw new Error(`the load of ${name} broke off`, { cause: error });
        });
      }),
    );
    const time = (async () => {
      await delay(seconds * 1_000);
      await calm();
      await delay(CALM_MS);
      isOver = true;
    })();
    say(`${seconds} s of load and chaos, seed ${seed}`);
    await Promise.all([time, loads]);
    return users;
  }

  /** Waits until no task is under way; moves the clock on, so that no delay is waited for. */
  async #drain(server: ServerProcess): Promise<number> {
    this.#options.say('waiting for what is under way to end');
    const http = new HttpApi(server.url);
    const endMs = performance.now() + DRAIN_MS_MAX;
    for (;;) {
      const { tasks } = (await http.call('GET', '/status')) as StatusView;
      const { failed: _failed, ...live } = tasks;
      const left = Object.values(live).reduce((sum, count) => sum + count, 0);
      if (left === 0 || performance.now() > endMs) return left;
      server.jump(1_000);
      await delay(250);
    }
  }

  /** What users see at the end, after one more kill: nothing of it was kept in memory alone. */
  async #lookAtAll(server: ServerProcess): Promise<Pick<Evidence, 'views' | 'groups'>> {
    await delay(500);
    await server.kill();
    await server.start();
    const http = new HttpApi(server.url);
    const answer = await http.call('GET', '/dead-letters/groups?limit=1000');
    const { items: groups } = answer as { readonly items: readonly FailureGroupView[] };
    const journal = this.#journal();
    const named = (['submitted', 'result', 'completed'] as const).flatMap((type) =>
      linesOf(journal, type).map(({ id }) => id),
    );
    const ids = [...new Set(named)];
    const views = new Map<string, TaskView>();
    const ask = async (): Promise<void> => {
      for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
        const view = await http.call('GET', `/tasks/${id}`).catch(() => null);
        if (view !== null) views.set(id, view as TaskView);
      }
    };
    await Promise.all(Array.from({ length: ASKED_AT_ONCE }, ask));
    return { groups, views };
  }

  #journal(): ReturnType<typeof readJournal> {
    return this.#journalFiles.flatMap(readJournal);
  }

  async #prove(
    server: ServerProcess,
    chaos: ChaosDone,
    drilled: {
      readonly users: readonly DrillUser[];
      readonly seen: Pick<Evidence, 'views' | 'groups'>;
      readonly left: number;
    },
  ): Promise<DrillReport> {
    const { features, say, seed } = this.#options;
    const { left, seen, users } = drilled;
    for (const user of users) await user.told(5_000);
    await Promise.all(users.map((user) => user.close()));
    say('reading the log');
    const journal = this.#journal();
    const evidence: Evidence = { ...seen, journal, log: await readLog(this.#dataDir) };
    const acknowledged = linesOf(journal, 'submitted');
    const report = {
      seed,
      chaos,
      entries: evidence.log.entries,
      proofs: general(evidence, features),
      features: features.map(({ name, prove }, n) => ({
        name,
        acknowledged: acknowledged.filter(({ feature }) => feature === name).length,
        refusals: users[n]?.refusals ?? new Map<string, number>(),
        unknown: users[n]?.unknown ?? 0,
        proofs: prove(evidence),
      })),
      faults: [...server.faults, ...(left > 0 ? [`${left} tasks were still under way`] : [])],
    };
    const isGood = isProved({ ...report, folder: null });
    const isKept = !isGood || this.#options.keepsFolder === true;
    if (!isKept) rmSync(this.#folder, { recursive: true });
    return { ...report, folder: isKept ? this.#folder : null };
  }
}

/** What holds of everything together. Where only some features are drilled there may be nothing to look at. */
function general(evidence: Evidence, features: readonly Feature[]): readonly Proof[] {
  const all = [...proveAcknowledged(evidence), ...proveOnce(evidence), ...proveSlots(evidence)];
  const isWhole = features.length === ALL_FEATURES.length;
  return isWhole ? all : all.filter(({ checked }) => checked > 0);
}

/** Whether everything that was to be proved is, and the drill went as it should. */
export function isProved({ faults, features, proofs }: DrillReport): boolean {
  const all = [...proofs, ...features.flatMap((feature) => feature.proofs)];
  return faults.length === 0 && all.every(holds);
}
