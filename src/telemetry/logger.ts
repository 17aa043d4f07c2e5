import { pino, stdTimeFunctions, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { OrchestratorError } from '../base/errors.ts';

/** From the most to the least talkative; each shows itself and all after it. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

type Fields = Readonly<Record<string, unknown>>;

/** Writes one JSON line per call: `level`, `time` (ISO 8601), the fields, `msg`. */
export interface Logger {
  /** True when a line of that level would be written. */
  isLevelEnabled(level: LogLevel): boolean;
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}

export interface LoggerOptions {
  /** Default: `UQO_LOG_LEVEL`, or `info`. */
  readonly level?: string | undefined;
  /** Where lines go. Default: standard output, written at once. */
  readonly destination?: DestinationStream | undefined;
}

/**
 * A logger of JSON lines.
 *
 * @throws OrchestratorError `LOG_LEVEL_INVALID`
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  const level = options.level ?? process.env['UQO_LOG_LEVEL'] ?? 'info';
  if (!LOG_LEVELS.includes(level as LogLevel)) {
    throw new OrchestratorError(
      'LOG_LEVEL_INVALID',
      `the log level must be one of ${LOG_LEVELS.join(', ')}, got ${level}`,
      { level },
    );
  }
  const settings = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const { destination } = options;
  return wrap(destination === undefined ? pino(settings) : pino(settings, destination));
}

/** Message first, fields second: what every caller in this program has in that order. */
function wrap(logger: PinoLogger): Logger {
  return {
    isLevelEnabled: (level) => logger.isLevelEnabled(level),
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
  };
}
