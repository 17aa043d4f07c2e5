/** What is proposed of leases and agents that the hub gave up. */
import type { OrchestratorError } from '../base/errors.ts';
import type { AgentId, Task } from '../core/index.ts';
import type { CommandLoop } from './command-loop.ts';

export interface LeaseVerdicts {
  /** An agent fell silent for longer than it may. Rejects where nothing came of it. */
  readonly agentSilent: (agentId: AgentId) => Promise<unknown>;
  /** Nothing was heard of an attempt for `silenceMs`. Rejects as above. */
  readonly taskSilent: (task: Task, fencingToken: number, silenceMs: number) => Promise<unknown>;
  /** A lease cannot be handed over, nor would that of another attempt: it fails for good. */
  readonly unfit: (task: Task, fencingToken: number, error: OrchestratorError) => void;
  /** A lease reached nobody: its task waits again, and no attempt was used. */
  readonly undelivered: (task: Task, fencingToken: number) => void;
}

export function leaseVerdicts(propose: CommandLoop['propose']): LeaseVerdicts {
  return {
    agentSilent: (agentId) => propose({ type: 'agent.lost', agentId }),
    taskSilent: ({ id }, fencingToken, silenceMs) => {
      const message = `the agent said nothing about the task for ${silenceMs} ms`;
      const error = { code: 'HEARTBEAT_TIMEOUT', message };
      const items = [{ taskId: id, fencingToken }];
      return propose({ type: 'task.break', items, error, reason: 'heartbeat_timeout' });
    },
    unfit: ({ id }, fencingToken, { code, message }) => {
      const items = [{ taskId: id, fencingToken, error: { code, message }, retryable: false }];
      // Where that could not be kept, the attempt's own bounds end it.
      propose({ type: 'task.fail', items }).catch(() => undefined);
    },
    undelivered: ({ id }, fencingToken) => {
      const items = [{ taskId: id, fencingToken }];
      // Where that could not be kept, the agent's silence ends it.
      propose({ type: 'task.release', items, reason: 'agent_asleep' }).catch(() => undefined);
    },
  };
}
