import { OrchestratorError } from '../../base/errors.ts';
import { unreachable } from '../../base/invariant.ts';
import type {
  ProposalDropReason,
  RaftFailureCode,
  ReadRefusalReason,
} from '../../consensus/index.ts';

export function notLeaderError(leader: string | null): OrchestratorError {
  const hint = leader === null ? 'and nobody is known to lead' : `ask ${leader}`;
  const message = `this node must lead to take it, got another role: ${hint}`;
  return new OrchestratorError('NOT_LEADER', message, { leader });
}

/** Outcome unknown: the next leader may have it or not. */
export function leadershipLostError(): OrchestratorError {
  const message =
    'this node must lead until it is committed, got another leader meanwhile: it may be committed or not';
  return new OrchestratorError('LEADERSHIP_LOST', message);
}

export function raftClosedError(): OrchestratorError {
  return new OrchestratorError('LOG_CLOSED', 'the log must be open, got closed');
}

export function raftFailedError(cause: unknown): OrchestratorError {
  const message =
    'this node stopped for good and acknowledges nothing more; its data are kept: see the cause, mend it, then restart';
  return new OrchestratorError('LOG_FAILED', message, {}, { cause });
}

/** What the core gave up for, with what to do where that is not plain. */
export function coreFailedError(code: RaftFailureCode, message: string): OrchestratorError {
  if (code !== 'LOG_DIVERGED') return new OrchestratorError(code, message);
  const text = `the log of this node must be that of its cluster, got another one (${message}): it founded a cluster of its own, as a node that is started without --join does, or the folders of two clusters were mixed up; keep the folder, remove the node from the cluster, add it under a new id, and start it with --join and an empty folder`;
  return new OrchestratorError(code, text);
}

export function tooLargeError(bytes: number, bytesMax: number): OrchestratorError {
  const message = `an entry must have at most ${bytesMax} bytes, got ${bytes}`;
  const details = { entryBytesMax: bytesMax, entryBytes: bytes };
  return new OrchestratorError('LOG_ENTRY_TOO_LARGE', message, details);
}

function overloadedError(what: string): OrchestratorError {
  const message = `fewer ${what} must be under way, got as many as are allowed; try again shortly`;
  return new OrchestratorError('OVERLOADED', message, { retryAfterMs: 100 });
}

/** Why a proposal is not in the log and never will be. */
export function droppedError(reason: ProposalDropReason, leader: string | null): OrchestratorError {
  switch (reason) {
    case 'notLeader':
    case 'termChanged':
    case 'transferring':
      return notLeaderError(leader);
    case 'overload':
      return overloadedError('bytes of entries');
    case 'tooLarge':
      return new OrchestratorError('LOG_ENTRY_TOO_LARGE', 'an entry must not be that large');
    case 'failed':
      return raftFailedError(null);
    default:
      return unreachable(reason);
  }
}

export function readRefusedError(
  reason: ReadRefusalReason,
  leader: string | null,
): OrchestratorError {
  switch (reason) {
    case 'notLeader':
    case 'leadershipLost':
      return notLeaderError(leader);
    case 'overload':
      return overloadedError('reads');
    case 'timeout':
      return new OrchestratorError(
        'READ_TIMEOUT',
        'a leader must confirm the read, got no answer in time; try again shortly',
      );
    case 'failed':
      return raftFailedError(null);
    default:
      return unreachable(reason);
  }
}
