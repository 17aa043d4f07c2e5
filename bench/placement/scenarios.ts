/** Situations in which placement policies are compared. One unit of work takes an agent of speed 1 a second. */
export interface Scenario {
  readonly name: string;
  /** What is particular about it, as the page prints it. */
  readonly says: string;
  readonly agents: number;
  readonly dispatchers: number;
  /** Work that arrives, as a share of what all agents could do. */
  readonly load: number;
  readonly tasks: number;
  readonly speeds: 'equal' | 'classes';
  readonly work: 'exponential' | 'pareto';
  readonly arrivals: 'poisson' | 'bursts';
  /** Whether each dispatcher knows the agents in an order of its own; without it, all in the same. */
  readonly ownOrder?: boolean;
  /** How much later a dispatcher hears of what it did not do itself. */
  readonly delayMs: number;
  /** Tasks that an agent takes at most. */
  readonly slots: number;
  /** Tasks that an agent works on at once, each at its full speed; one without it. */
  readonly hands?: number;
  /** How long an agent that fails takes for it; 20 ms without. */
  readonly hangMs?: number;
  readonly trouble: 'none' | 'shocks' | 'outage' | 'providers' | 'slow' | 'failing' | 'drift';
  /** Seeds that it is run with at most, where it is too large for all. */
  readonly seedsMax?: number;
  /** Part of the tasks that is not counted at first, if not a fifth. */
  readonly warmShare?: number;
  /** Who takes part where not all do: those that do not look at every agent for a choice, or of these the shipped ones. */
  readonly entrants?: 'sublinear' | 'large';
}

const PLAIN: Scenario = {
  name: 'plain',
  says: 'speeds in four classes from 0.23 to 2.3 times the mean, exponential work, one dispatcher, load 0.8',
  agents: 100,
  dispatchers: 1,
  load: 0.8,
  tasks: 12_000,
  speeds: 'classes',
  work: 'exponential',
  arrivals: 'poisson',
  delayMs: 0,
  slots: 64,
  trouble: 'none',
};

/** Six tasks an agent, of which the first three are not counted. */
const BRIEF = { warmShare: 0.5 };

export const SCENARIOS: readonly Scenario[] = [
  { ...PLAIN, name: 'alike', says: 'all agents alike', speeds: 'equal' },
  PLAIN,
  { ...PLAIN, name: 'idle', says: 'load 0.5', load: 0.5 },
  { ...PLAIN, name: 'busy', says: 'load 0.95', load: 0.95 },
  {
    ...PLAIN,
    name: 'heavy',
    says: 'work of heavy tail: Pareto with exponent 1.5, cut at 100 times the mean',
    work: 'pareto',
  },
  {
    ...PLAIN,
    name: 'bursts',
    says: 'a Markov-modulated Poisson process: arrivals switch between half and one and a half times the rate, every 10 s in the mean; load 0.7',
    arrivals: 'bursts',
    load: 0.7,
  },
  {
    ...PLAIN,
    name: '16 dispatchers',
    says: '16 dispatchers that hear of all else 100 ms late',
    dispatchers: 16,
    delayMs: 100,
  },
  {
    ...PLAIN,
    name: 'stale',
    says: '16 dispatchers that hear of all else 5 s late',
    dispatchers: 16,
    delayMs: 5_000,
  },
  {
    ...PLAIN,
    name: 'shocks',
    says: 'hosts (4 agents), racks (20) and zones (25) go down together for 10 s in the mean, noticed after 2 s; load 0.6',
    load: 0.6,
    trouble: 'shocks',
  },
  {
    ...PLAIN,
    name: 'outage',
    says: 'the 25 agents of a zone go down after 60 s, noticed 5 s later, and are back after 50 s, noticed 1 s later; load 0.6',
    load: 0.6,
    trouble: 'outage',
  },
  {
    ...PLAIN,
    name: 'providers',
    says: 'each agent calls one of four providers, which are in all zones; a provider is out for 10 s a minute in the mean, and its agents fail nine of ten tasks after 20 ms; load 0.5',
    load: 0.5,
    trouble: 'providers',
  },
  {
    ...PLAIN,
    name: 'grey: slow',
    says: 'a tenth of the agents at a time runs ten times slower and says nothing; load 0.6',
    load: 0.6,
    trouble: 'slow',
  },
  {
    ...PLAIN,
    name: 'grey: failing',
    says: 'a tenth of the agents at a time fails nine of ten tasks after 20 ms; load 0.6',
    load: 0.6,
    trouble: 'failing',
  },
  {
    ...PLAIN,
    name: 'drift',
    says: 'a fifth of the agents exchange their speeds every 10 s; load 0.7',
    load: 0.7,
    trouble: 'drift',
  },
  {
    ...PLAIN,
    name: 'one slot',
    says: 'agents take one task at a time, the rest waits at the dispatcher for whoever is free',
    slots: 1,
  },
  {
    ...PLAIN,
    name: 'eight hands',
    says: 'agents take eight tasks and work on all of them at once, as those do that wait for others; 48,000 tasks, load 0.5',
    slots: 8,
    hands: 8,
    load: 0.5,
    tasks: 48_000,
  },
  {
    ...PLAIN,
    name: 'eight idle hands',
    says: 'the same with load 0.1',
    slots: 8,
    hands: 8,
    load: 0.1,
    tasks: 48_000,
  },
  {
    ...PLAIN,
    name: '1,000 agents',
    says: '1,000 agents, 36,000 tasks',
    agents: 1_000,
    tasks: 36_000,
  },
  {
    ...PLAIN,
    name: '10,000 agents',
    says: '10,000 agents, 360,000 tasks: 36 an agent, as above; without those that look at all agents for a choice',
    agents: 10_000,
    tasks: 360_000,
    seedsMax: 5,
    entrants: 'sublinear',
  },
  {
    ...PLAIN,
    ...BRIEF,
    name: '10,000, briefly',
    says: '10,000 agents, 60,000 tasks: as few an agent as below, to tell what the size does from what the time does',
    agents: 10_000,
    tasks: 60_000,
    seedsMax: 3,
  },
  {
    ...PLAIN,
    ...BRIEF,
    name: '10,000, 16 dispatchers',
    says: 'as briefly, with 16 dispatchers that hear of all else 100 ms late, and know the agents each in an order of its own; without those that look at all agents',
    agents: 10_000,
    tasks: 60_000,
    dispatchers: 16,
    ownOrder: true,
    delayMs: 100,
    seedsMax: 3,
    entrants: 'sublinear',
  },
  {
    ...PLAIN,
    ...BRIEF,
    name: '1,000,000 agents',
    says: 'a million agents, six million tasks: six an agent in 7.5 s, the first half of which is not counted',
    agents: 1_000_000,
    tasks: 6_000_000,
    seedsMax: 2,
    entrants: 'large',
  },
];

/** Hedges are judged on these, which need not be among those above. */
export const HEDGED: readonly Scenario[] = [
  PLAIN,
  ...SCENARIOS.filter(({ name }) => name === 'heavy' || name === 'grey: slow'),
  {
    ...PLAIN,
    name: 'hanging',
    says: 'as *providers*, but the tasks of a provider that is out hang for 5 s before they fail',
    load: 0.5,
    hangMs: 5_000,
    trouble: 'providers',
  },
];

/** On these, with other seeds, every policy is tuned. */
export const TRAINING: readonly string[] = [
  'plain',
  'grey: failing',
  'drift',
  '16 dispatchers',
  'one slot',
];
