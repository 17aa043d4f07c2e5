/** The ways to put tasks on a few agents, in an order in which neighbours differ in one task by one place. */
export interface GrayWalk {
  readonly agents: number;
  readonly tasksMax: number;
  /** Before and after step s: entry 3 × task + agent. Way 0 has every task on agent 0. */
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  /** The agent of task k in way w at w × tasksMax + k. */
  readonly digits: Uint8Array;
}

/** Entries of a task, whatever the number of agents. */
export const ENTRIES = 3;

/**
 * The reflected Gray code of `tasksMax` digits; its first agentsᵏ ways move only the first k tasks.
 *
 * Source: Knuth, The Art of Computer Programming 4A, §7.2.1.1, algorithm H.
 */
export function grayWalk(agents: number, tasksMax: number): GrayWalk {
  const ways = agents ** tasksMax;
  const from = new Uint8Array(ways);
  const to = new Uint8Array(ways);
  const digits = new Uint8Array(ways * tasksMax);
  const digit = new Int32Array(tasksMax);
  const direction = new Int32Array(tasksMax).fill(1);
  for (let way = 1; way < ways; way++) {
    let k = 0;
    while (digit[k] + direction[k] < 0 || digit[k] + direction[k] === agents) {
      direction[k] = -direction[k];
      k += 1;
    }
    from[way] = ENTRIES * k + digit[k];
    digit[k] += direction[k];
    to[way] = ENTRIES * k + digit[k];
    digits.set(digit, way * tasksMax);
  }
  return { agents, tasksMax, from, to, digits };
}
