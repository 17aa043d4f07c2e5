/**
 * Every setting of the server, once: its name, where it can be given, what it may be.
 *
 * Flags, environment, file, `--print-config` and the reference in the docs all come from this list.
 */
import { CLUSTER_KEYS, type ClusterConfig } from './cluster-keys.ts';
import type { ConfigKey } from './config-key.ts';

const YEAR_MS = 31_536_000_000;
const MIB = 1024 ** 2;

/** Read from the working directory unless `--config` names another. */
export const CONFIG_FILE_NAME = 'uqo.config.yaml';

/** The settings as the program uses them, by the name of their key. */
export interface ServerConfig extends ClusterConfig {
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  readonly agents: boolean;
  readonly log: string;
  readonly logKeep: boolean;
  readonly role: string;
  /** Milliseconds. */
  readonly grace: number;
  readonly insecurePublic: boolean;
  readonly agentsMax: number;
  /** Milliseconds. */
  readonly idempotencyWindow: number;
  /** Milliseconds. */
  readonly historyAge: number;
  readonly historyCount: number;
  readonly outputTtl: number;
  readonly poisonAgents: number;
  /** Bytes. */
  readonly artifactsMax: number;
  /** Bytes. */
  readonly bodyMax: number;
  /** Bytes. */
  readonly payloadMax: number;
  /** Bytes. */
  readonly payloadCache: number;
  /** Milliseconds. */
  readonly checkpointInterval: number;
  /** Bytes. */
  readonly checkpointLogBytes: number;
  readonly 'admission.enabled': boolean;
  /** Milliseconds. */
  readonly 'admission.delayTarget': number;
  readonly 'admission.memoryShareMax': number;
  readonly 'supervision.enabled': boolean;
  readonly 'supervision.stuck': 'report' | 'retry';
  /** Milliseconds. */
  readonly 'supervision.stuckFloor': number;
  /** Milliseconds. */
  readonly 'supervision.checkInterval': number;
  readonly 'hedging.share': number;
  readonly 'planning.enabled': boolean;
  /** Milliseconds. */
  readonly 'planning.budget': number;
  readonly 'webhooks.secretFile': string;
  readonly 'webhooks.allow': string;
}

export const CONFIG_KEYS: readonly (ConfigKey & { readonly name: keyof ServerConfig })[] = [
  {
    name: 'dataDir',
    env: 'UQO_DATA_DIR',
    flag: '-d, --data <dir>',
    type: 'text',
    default: './data',
    doc: 'folder of everything the server keeps; made where it is missing',
  },
  {
    name: 'host',
    env: 'UQO_HOST',
    flag: '--host <address>',
    type: 'text',
    default: '127.0.0.1',
    doc: 'address to listen on',
  },
  {
    name: 'port',
    env: 'UQO_PORT',
    flag: '-p, --port <number>',
    type: 'integer',
    default: 8080,
    min: 0,
    max: 65_535,
    doc: 'port to listen on; 0 takes a free one',
  },
  {
    name: 'logLevel',
    env: 'UQO_LOG_LEVEL',
    flag: '--log-level <level>',
    type: 'choice',
    default: 'info',
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
    doc: 'least severe log line written',
  },
  {
    name: 'agents',
    env: 'UQO_AGENTS',
    flag: '--no-agents',
    type: 'boolean',
    default: true,
    doc: 'whether the built-in agents run in the server',
  },
  {
    name: 'log',
    env: 'UQO_LOG',
    flag: '--log <kind>',
    type: 'choice',
    default: 'embedded',
    choices: ['embedded', 'raft', 'pbft', 'jetstream'],
    notBuilt: ['pbft', 'jetstream'],
    doc: 'what makes tasks durable',
  },
  {
    name: 'logKeep',
    env: 'UQO_LOG_KEEP',
    flag: '--log-keep',
    type: 'boolean',
    default: false,
    doc: 'keep all of the log, for audits: it grows without end',
  },
  {
    name: 'role',
    env: 'UQO_ROLE',
    flag: '--role <role>',
    type: 'choice',
    default: 'all',
    choices: ['all', 'core', 'gateway'],
    notBuilt: ['core', 'gateway'],
    doc: 'what this process does of the whole',
  },
  {
    name: 'grace',
    env: 'UQO_GRACE',
    flag: '--grace <duration>',
    type: 'duration',
    default: 10_000,
    min: 0,
    max: 3_600_000,
    doc: 'how long running work may take to end when the server stops',
  },
  {
    name: 'insecurePublic',
    env: 'UQO_INSECURE_PUBLIC',
    flag: '--insecure-public',
    type: 'boolean',
    default: false,
    doc: 'listen on a public address although nobody has to log in',
  },
  {
    name: 'agentsMax',
    env: 'UQO_AGENTS_MAX',
    type: 'integer',
    default: 1_000_000,
    min: 1,
    max: 10_000_000,
    doc: 'agents that may register',
  },
  {
    name: 'idempotencyWindow',
    env: 'UQO_IDEMPOTENCY_WINDOW',
    type: 'duration',
    default: 86_400_000,
    min: 1000,
    max: YEAR_MS,
    doc: 'how long an idempotency key is remembered',
  },
  {
    name: 'historyAge',
    env: 'UQO_HISTORY_AGE',
    type: 'duration',
    default: 7 * 86_400_000,
    min: 0,
    max: 10 * YEAR_MS,
    doc: 'how long finished tasks are kept',
  },
  {
    name: 'historyCount',
    env: 'UQO_HISTORY_COUNT',
    type: 'integer',
    default: 1_000_000,
    min: 0,
    max: 1_000_000_000,
    doc: 'finished tasks that are kept',
  },
  {
    name: 'outputTtl',
    env: 'UQO_OUTPUT_TTL',
    type: 'duration',
    default: 3_600_000,
    min: 0,
    max: YEAR_MS,
    doc: 'how long output of a task is kept after its end',
  },
  {
    name: 'poisonAgents',
    env: 'UQO_POISON_AGENTS',
    type: 'integer',
    default: 3,
    min: 0,
    max: 1_000,
    doc: 'different agents that a task may lose before it is held back as poison; 0 for any',
  },
  {
    name: 'artifactsMax',
    env: 'UQO_ARTIFACTS_MAX',
    type: 'bytes',
    default: 8 * 1024 * MIB,
    min: 0,
    max: 1024 ** 2 * MIB,
    doc: 'room for large outputs of tasks',
  },
  {
    name: 'bodyMax',
    env: 'UQO_BODY_MAX',
    type: 'bytes',
    default: 16 * MIB,
    min: 1024,
    max: 256 * MIB,
    doc: 'largest body of a request',
  },
  {
    name: 'payloadMax',
    env: 'UQO_PAYLOAD_MAX',
    type: 'bytes',
    default: MIB,
    min: 1,
    max: 15 * MIB,
    doc: 'largest payload of a task',
  },
  {
    name: 'payloadCache',
    env: 'UQO_PAYLOAD_CACHE',
    type: 'bytes',
    default: 256 * MIB,
    min: MIB,
    max: 64 * 1024 * MIB,
    doc: 'memory for payloads read from the disk',
  },
  {
    name: 'checkpointInterval',
    env: 'UQO_CHECKPOINT_INTERVAL',
    type: 'duration',
    default: 30_000,
    min: 100,
    max: 86_400_000,
    doc: 'longest time from a change to the checkpoint that holds it',
  },
  {
    name: 'checkpointLogBytes',
    env: 'UQO_CHECKPOINT_LOG_BYTES',
    type: 'bytes',
    default: 64 * MIB,
    min: MIB,
    max: 16 * 1024 * MIB,
    doc: 'growth of the log after which a checkpoint is taken',
  },
  {
    name: 'admission.enabled',
    env: 'UQO_ADMISSION_ENABLED',
    type: 'boolean',
    default: true,
    doc: 'whether submits of low priority are refused under overload',
  },
  {
    name: 'admission.delayTarget',
    env: 'UQO_ADMISSION_DELAY_TARGET',
    type: 'duration',
    default: 250,
    min: 10,
    max: 60_000,
    doc: 'wait of a submit that may stand for half a second before some are refused',
  },
  {
    name: 'admission.memoryShareMax',
    env: 'UQO_ADMISSION_MEMORY_SHARE_MAX',
    type: 'share',
    default: 0.9,
    min: 0.1,
    max: 1,
    doc: 'share of the memory at which all submits but those of priority 9 are refused',
  },
  ...CLUSTER_KEYS,
  {
    name: 'supervision.enabled',
    env: 'UQO_SUPERVISION_ENABLED',
    type: 'boolean',
    default: true,
    doc: 'whether the server looks for hanging attempts, and after its log, store, disk and clock',
  },
  {
    name: 'supervision.stuck',
    env: 'UQO_SUPERVISION_STUCK',
    type: 'choice',
    choices: ['report', 'retry'],
    default: 'report',
    doc: 'what is done about an attempt that hangs: told of, or also ended and tried again',
  },
  {
    name: 'supervision.stuckFloor',
    env: 'UQO_SUPERVISION_STUCK_FLOOR',
    type: 'duration',
    default: 60_000,
    min: 100,
    max: 86_400_000,
    doc: 'shortest time without progress after which an attempt may count as hanging',
  },
  {
    name: 'supervision.checkInterval',
    env: 'UQO_SUPERVISION_CHECK_INTERVAL',
    type: 'duration',
    default: 30_000,
    min: 1_000,
    max: 86_400_000,
    doc: 'time between two looks at log, store and disk',
  },
  {
    name: 'hedging.share',
    env: 'UQO_HEDGING_SHARE',
    type: 'share',
    default: 0.05,
    min: 0,
    max: 1,
    doc: 'hedges, as a share of hedged attempts that start and of tasks that run; 0 for none',
  },
  {
    name: 'planning.enabled',
    env: 'UQO_PLANNING_ENABLED',
    type: 'boolean',
    default: false,
    doc: 'whether plans are made for waiting tasks that say where they would rather run',
  },
  {
    name: 'planning.budget',
    env: 'UQO_PLANNING_BUDGET',
    type: 'duration',
    default: 50,
    min: 1,
    max: 10_000,
    doc: 'time that the solver has for one plan',
  },
  {
    name: 'webhooks.secretFile',
    env: 'UQO_WEBHOOKS_SECRET_FILE',
    type: 'text',
    mayBeEmpty: true,
    default: '',
    doc: 'file with the secret that signs calls of agents, at least 16 bytes; without it no agent is called',
  },
  {
    name: 'webhooks.allow',
    env: 'UQO_WEBHOOKS_ALLOW',
    type: 'text',
    mayBeEmpty: true,
    default: '',
    doc: 'networks that may be called though they are not public, with commas between them, such as 10.1.0.0/16',
  },
];

/** Variables beside those of the list that mean something to the command line. */
export const OTHER_VARIABLES: readonly string[] = [
  'UQO_CONFIG',
  'UQO_URL',
  'UQO_TIMEOUT',
  'UQO_OUTPUT',
];
