import type { Effort } from '../search/effort.ts';
import type { AssignmentProblem } from './assignment-problem.ts';

/** The agents worth trying for each task, cheapest first by cost plus the price of what it takes. */
export interface CandidateAgents {
  /** Candidates of task t stand at t × width …, `count` of them, at least one. */
  readonly agent: Int32Array;
  readonly count: Int32Array;
  readonly width: number;
  /** Priced costs above the cheapest that most candidates stay below: what one exchange is worth. */
  readonly scale: number;
}

const WIDTH_MAX = 16;
const COUNT_MIN = 3;

/** Candidates for each task, on average. */
const COUNT_MEAN = 3;

const SAMPLE_TASKS_MAX = 4000;

/** O(agents · tasks · width). After the effort is spent each further task gets its cheapest agent alone. */
export function candidateAgents(
  problem: AssignmentProblem,
  prices: Float64Array,
  effort: Effort,
): CandidateAgents {
  const { agents, tasks } = problem;
  const width = Math.min(agents, WIDTH_MAX);
  const agent = new Int32Array(tasks * width);
  const above = new Float64Array(tasks * width);
  const count = new Int32Array(tasks).fill(width);
  for (let t = 0; t < tasks; t++) {
    rankAgents(problem, prices, t, { agent, above, width });
    effort.spend(2 * agents);
  }
  const scale = scaleOf(above, tasks, width);
  for (let t = 0; t < tasks; t++) {
    const least = effort.stopped === undefined ? Math.min(COUNT_MIN, width) : 1;
    while (count[t] > least && above[t * width + count[t] - 1] > scale) count[t] -= 1;
  }
  return { agent, count, width, scale };
}

interface Ranking {
  readonly agent: Int32Array;
  readonly above: Float64Array;
  readonly width: number;
}

/** Sorts the cheapest agents of a task in by insertion. */
function rankAgents(
  { agents, tasks, costs, weights }: AssignmentProblem,
  prices: Float64Array,
  t: number,
  { agent, above, width }: Ranking,
): void {
  const base = t * width;
  let ranked = 0;
  for (let a = 0; a < agents; a++) {
    const priced = costs[a * tasks + t] + prices[a] * weights[a * tasks + t];
    if (ranked === width && priced >= above[base + width - 1]) continue;
    let place = ranked < width ? ranked++ : width - 1;
    for (; place > 0 && above[base + place - 1] > priced; place--) {
      above[base + place] = above[base + place - 1];
      agent[base + place] = agent[base + place - 1];
    }
    above[base + place] = priced;
    agent[base + place] = a;
  }
  const least = above[base];
  for (let k = 0; k < width; k++) above[base + k] -= least;
}

function scaleOf(above: Float64Array, tasks: number, width: number): number {
  const sampled = Math.min(tasks, SAMPLE_TASKS_MAX);
  const stride = Math.floor(tasks / sampled);
  const sorted = new Float64Array(sampled * width);
  for (let k = 0; k < sampled; k++) {
    const base = k * stride * width;
    sorted.set(above.subarray(base, base + width), k * width);
  }
  sorted.sort();
  return sorted[Math.min(sorted.length, COUNT_MEAN * sampled) - 1];
}
