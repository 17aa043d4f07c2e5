/** A placement problem as a task: jobs go to machines of bounded capacity at the least cost; then a cut. */
import { Client } from 'unified-quantum-orchestrator/client';
import { check, scratchServer } from './harness/scratch.ts';

const server = await scratchServer();
const client = new Client({ url: server.url });

// Twelve jobs, three machines: job j takes 1 to 3 units, and is cheapest on machine j mod 3.
const machines = [0, 1, 2];
const jobs = Array.from({ length: 12 }, (_, job) => job);
const problem = {
  costs: machines.map((machine) => jobs.map((job) => (job % 3 === machine ? 1 : 4))),
  weights: machines.map(() => jobs.map((job) => 1 + (job % 3))),
  capacities: [4, 8, 12],
};
const placing = await client.submit({
  type: 'quantum.assign.solve',
  payload: { problem, timeMs: 500, seed: 1 },
});
const { assignment, cost, feasible } = (await placing.result()) as {
  readonly cost: number;
  readonly feasible: boolean;
  readonly assignment: readonly number[];
};
check(`every job is on its cheapest machine: ${assignment.join(' ')}`, cost === 12 && feasible);

// The largest cut of a ring with chords, proven.
const vertices = 20;
const edges = Array.from({ length: vertices }, (_, k) => [
  [k, (k + 1) % vertices],
  [k, (k + 5) % vertices],
]).flat();
const cutting = await client.submit({
  type: 'quantum.ising.solve',
  payload: { problem: { kind: 'max-cut', vertices, edges }, timeMs: 1000, seed: 1 },
});
const { isProven, value } = (await cutting.result()) as {
  readonly value: number;
  readonly isProven: boolean;
};
check(
  `the largest cut has all ${value} edges, for both kinds join even to odd`,
  value === 40 && isProven,
);

await client.close();
await server.stop();
