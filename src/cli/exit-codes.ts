/** The one table of exit codes, and which error ends with which. */
import { CommanderError } from 'commander';
import { isOrchestratorError } from '../base/errors.ts';
import { UsageError } from './usage-error.ts';

export const EXIT = {
  ok: 0,
  refused: 1,
  usage: 2,
  unreachable: 3,
  notFound: 4,
  taskFailed: 5,
  timedOut: 6,
  addressUnusable: 10,
  dataDirUnusable: 11,
  dataDamaged: 12,
  insecureBind: 13,
  internal: 70,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What each code says, for help and docs. */
export const EXIT_MEANINGS: readonly (readonly [code: ExitCode, meaning: string])[] = [
  [EXIT.ok, 'done'],
  [
    EXIT.refused,
    'the server refused the request, a check of verify or doctor failed, or a circuit or problem was refused',
  ],
  [EXIT.usage, 'unknown command or option, bad value, bad configuration'],
  [EXIT.unreachable, 'no server answers at the address, or none of its cluster can do so now'],
  [
    EXIT.notFound,
    'there is no such task, artifact, agent, queue, flow, schedule, dead letter, operation or backup',
  ],
  [EXIT.taskFailed, 'the task waited for failed or was canceled'],
  [EXIT.timedOut, 'timed out waiting, or computing'],
  [EXIT.addressUnusable, 'start: the port is in use, or the address cannot be listened on'],
  [
    EXIT.dataDirUnusable,
    'start, restore: the data folder is in use by another process, not empty or not writable',
  ],
  [EXIT.dataDamaged, 'start, restore: the data is damaged, or of another version'],
  [EXIT.insecureBind, 'start: the address is public and nobody would have to log in'],
  [EXIT.internal, 'internal error; start: the log failed for good'],
  [EXIT.interrupted, 'interrupted'],
];

const ADDRESS_CODES = new Set(['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES', 'ENOTFOUND', 'EAI_AGAIN']);

const BY_CODE: Readonly<Record<string, ExitCode>> = {
  SERVER_UNREACHABLE: EXIT.unreachable,
  NOT_A_SERVER: EXIT.unreachable,
  NO_LEADER: EXIT.unreachable,
  NODE_REMOVED: EXIT.unreachable,
  TASK_NOT_FOUND: EXIT.notFound,
  ARTIFACT_NOT_FOUND: EXIT.notFound,
  AGENT_NOT_FOUND: EXIT.notFound,
  QUEUE_NOT_FOUND: EXIT.notFound,
  FLOW_NOT_FOUND: EXIT.notFound,
  FLOW_TASK_NOT_FOUND: EXIT.notFound,
  LIMIT_NOT_FOUND: EXIT.notFound,
  SCHEDULE_NOT_FOUND: EXIT.notFound,
  DEAD_LETTER_NOT_FOUND: EXIT.notFound,
  FAILURE_GROUP_NOT_FOUND: EXIT.notFound,
  OPERATION_NOT_FOUND: EXIT.notFound,
  TASK_ENDED_BADLY: EXIT.taskFailed,
  WAIT_TIMEOUT: EXIT.timedOut,
  REQUEST_TIMEOUT: EXIT.timedOut,
  QUANTUM_TIME_EXCEEDED: EXIT.timedOut,
  QUANTUM_INTERNAL: EXIT.internal,
  INTERRUPTED: EXIT.interrupted,
  ADDRESS_UNUSABLE: EXIT.addressUnusable,
  PEER_PORT_UNUSABLE: EXIT.addressUnusable,
  PEERS_INSECURE: EXIT.insecureBind,
  JOURNAL_FOREIGN: EXIT.dataDamaged,
  ADOPTION_OF_OTHER_NODE: EXIT.dataDirUnusable,
  ADOPTION_UNFINISHED: EXIT.dataDirUnusable,
  FOLDER_NOT_SINGLE: EXIT.dataDirUnusable,
  FOLDER_OF_NODE: EXIT.dataDirUnusable,
  FOLDER_OF_SINGLE_SERVER: EXIT.dataDirUnusable,
  JOURNAL_UNREADABLE: EXIT.dataDamaged,
  NODE_NOT_FOUND: EXIT.notFound,
  DATA_DIR_LOCKED: EXIT.dataDirUnusable,
  DATA_DIR_UNUSABLE: EXIT.dataDirUnusable,
  LOG_FULL: EXIT.dataDirUnusable,
  INSECURE_BIND: EXIT.insecureBind,
  LOG_CORRUPT: EXIT.dataDamaged,
  LOG_SEGMENT_MISSING: EXIT.dataDamaged,
  LOG_SEGMENT_DUPLICATE: EXIT.dataDamaged,
  LOG_FOREIGN_FILE: EXIT.dataDamaged,
  LOG_VERSION_UNSUPPORTED: EXIT.dataDamaged,
  LOG_STORE_MISMATCH: EXIT.dataDamaged,
  ENTRY_UNREADABLE: EXIT.dataDamaged,
  ARTIFACTS_UNREADABLE: EXIT.dataDirUnusable,
  BACKUP_NOT_FOUND: EXIT.notFound,
  BACKUP_INVALID: EXIT.dataDamaged,
  BACKUP_DAMAGED: EXIT.dataDamaged,
  RESTORE_FOLDER_IN_USE: EXIT.dataDirUnusable,
  RESTORE_FAILED: EXIT.dataDirUnusable,
  STORE_OPEN_FAILED: EXIT.dataDamaged,
  STORE_FORMAT_UNKNOWN: EXIT.dataDamaged,
  LOG_FAILED: EXIT.internal,
  INTERNAL: EXIT.internal,
};

const OF_ANSWERS: ReadonlySet<ExitCode> = new Set([EXIT.notFound, EXIT.unreachable]);

/** How the process ends after `error`. An error without a code is a bug. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof UsageError) return EXIT.usage;
  if (!isOrchestratorError(error)) return EXIT.internal;
  // Most codes of a server's answer are about the request, whatever they would mean for a start.
  const isAnswer = typeof error.details['status'] === 'number';
  const exit = Object.hasOwn(BY_CODE, error.code) ? BY_CODE[error.code] : undefined;
  if (exit === undefined) return EXIT.refused;
  return isAnswer && !OF_ANSWERS.has(exit) ? EXIT.refused : exit;
}

/** True for the ways in which the operating system refuses to listen on an address. */
export function isAddressError(error: unknown): error is Error & { readonly code: string } {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return typeof error.code === 'string' && ADDRESS_CODES.has(error.code);
}
