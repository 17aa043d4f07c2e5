import type { Branded } from '../base/brand.ts';
import { quickHash } from '../base/hash.ts';

/** Identifies a task for ever: a UUIDv7 in lower-case text, made by the node that accepted it. */
export type TaskId = Branded<string, 'TaskId'>;

/** Identifies an agent; chosen by whoever registers it. */
export type AgentId = Branded<string, 'AgentId'>;

/** Characters of a UUID as text. */
const UUID_LENGTH = 36;

/**
 * 32 bits of a task's id, for tables in memory: of what differs between ids that are made together, the lowest
 * digits of the counter and some of those drawn afresh each millisecond. A fifth of the time that all of it takes.
 */
export function taskIdHash(id: TaskId): number {
  if (id.length !== UUID_LENGTH) return quickHash(id);
  const counter =
    id.charCodeAt(22) |
    (id.charCodeAt(21) << 8) |
    (id.charCodeAt(20) << 16) |
    (id.charCodeAt(17) << 24);
  const drawn =
    id.charCodeAt(35) |
    (id.charCodeAt(34) << 8) |
    (id.charCodeAt(33) << 16) |
    (id.charCodeAt(32) << 24);
  let hash = Math.imul(counter, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15) ^ drawn, 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
