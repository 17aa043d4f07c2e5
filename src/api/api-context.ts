import type { OrchestratorError } from '../base/errors.ts';
import type { Clock, Runtime } from '../runtime/index.ts';
import type { Logger, Metrics } from '../telemetry/index.ts';
import type { OpenRequests } from './open-requests.ts';

/** What every route works with. */
export interface ApiContext {
  readonly runtime: Runtime;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly open: OpenRequests;
  readonly version: string;
  /** Largest payload or result, in bytes of JSON. */
  readonly payloadBytesMax: number;
  /** Silence after which an event stream says that it is alive. */
  readonly heartbeatMs: number;
  /** Bytes that may wait for a slow reader of an event stream. */
  readonly streamBytesMax: number;
  /** Why no work is taken, as while starting, stopping or failed; null where it is. */
  readonly unreadiness: () => OrchestratorError | null;
}

/** Ids as the runtime brands them; the schemas have checked their form. */
export type TaskId = Parameters<Runtime['tasks']['get']>[0];
export type AgentId = Parameters<Runtime['agents']['get']>[0];
