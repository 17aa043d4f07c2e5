/** Majorities of one set of voters, or of both sets while a configuration is joint. */
import type { Configuration, NodeId } from './configuration.ts';

/** The smaller half plus one. */
export function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1;
}

/**
 * The greatest number that a quorum has reached: what is committed, or confirmed. Joint: reached by both majorities.
 *
 * No voters at all reach nothing. Cost: a sort of each set.
 */
export function quorumReached(
  configuration: Configuration,
  reachedBy: (nodeId: NodeId) => number,
): number {
  const incoming = majorityReached(configuration.voters, reachedBy);
  if (configuration.votersOutgoing.length === 0) return incoming;
  return Math.min(incoming, majorityReached(configuration.votersOutgoing, reachedBy));
}

/** True when a quorum answers yes. */
export function hasQuorum(
  configuration: Configuration,
  isYes: (nodeId: NodeId) => boolean,
): boolean {
  return quorumReached(configuration, (nodeId) => (isYes(nodeId) ? 1 : 0)) === 1;
}

/** Whether an election with these votes (true = yes) is decided; `votes` may name nodes that have none. */
export function electionOutcome(
  configuration: Configuration,
  votes: ReadonlyMap<NodeId, boolean>,
): 'won' | 'lost' | 'open' {
  if (hasQuorum(configuration, (nodeId) => votes.get(nodeId) === true)) return 'won';
  const canBeWon = hasQuorum(configuration, (nodeId) => votes.get(nodeId) !== false);
  return canBeWon ? 'open' : 'lost';
}

/** True when the node has a vote in either set. */
export function isVoter(configuration: Configuration, nodeId: NodeId): boolean {
  return configuration.voters.includes(nodeId) || configuration.votersOutgoing.includes(nodeId);
}

/** Everyone that gets the log, sorted and once each. */
export function membersOf(configuration: Configuration): NodeId[] {
  const { voters, votersOutgoing, learners } = configuration;
  return [...new Set([...voters, ...votersOutgoing, ...learners])].sort();
}

function majorityReached(voters: readonly NodeId[], reachedBy: (nodeId: NodeId) => number): number {
  const reached = voters.map((nodeId) => reachedBy(nodeId)).sort((a, b) => b - a);
  return reached[majorityOf(voters.length) - 1] ?? 0;
}
