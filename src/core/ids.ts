import type { Branded } from '../base/brand.ts';

/** Identifies a task for ever: a UUIDv7 in lower-case text, made by the node that accepted it. */
export type TaskId = Branded<string, 'TaskId'>;

/** Identifies an agent; chosen by whoever registers it. */
export type AgentId = Branded<string, 'AgentId'>;
