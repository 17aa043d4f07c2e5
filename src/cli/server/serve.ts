/** The life of a server process: start, say so, serve, stop on a signal. */
import { messageOf } from '../../base/errors.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Logger } from '../../telemetry/index.ts';
import type { ServerConfig } from '../config/config-keys.ts';
import { openServer, type OpenServer } from './open-server.ts';

export interface ServeOptions {
  readonly config: ServerConfig;
  readonly logger: Logger;
  /** Told once it serves. */
  readonly ready: (server: OpenServer) => void;
}

/** Time beyond the grace that writing everything out may take, in milliseconds. */
const FLUSH_MS_MAX = 30_000;
/**
 * Time in which another SIGINT is the same press of Ctrl-C, in milliseconds: the terminal sends it to
 * every process of the group, and whatever started this one may pass its own on.
 */
const SAME_PRESS_MS = 500;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Serves until a signal or a failure of the log; resolves with the exit code.
 *
 * The first signal stops it in order, the second ends the process at once.
 */
export async function serve({ config, logger, ready }: ServeOptions): Promise<ExitCode> {
  let server: OpenServer | null = null;
  const stop = stopSignal(() => server?.abandon());
  guardProcess(logger, () => server?.abandon());
  server = await openServer(config, logger);
  ready(server);
  logger.info('serving', { url: server.url, dataDir: config.dataDir, agents: server.agentIds });
  const reason = await Promise.race([stop, server.failed]);
  if (reason instanceof Error) {
    const { cause, message: error } = reason;
    logger.error(
      'the log failed for good: nothing more is acknowledged; see to the cause, then start again',
      cause === undefined ? { error } : { error, cause: messageOf(cause) },
    );
    server.abandon();
    return EXIT.internal;
  }
  logger.info('stopping', { signal: reason, graceMs: config.grace });
  if (await endsWithin(server.close(config.grace), config.grace + FLUSH_MS_MAX)) {
    logger.info('stopped');
    return EXIT.ok;
  }
  logger.error('the server did not stop in time; what was acknowledged is safe');
  server.abandon();
  return EXIT.internal;
}

/** Resolves with the first signal that asks to stop; another one ends the process. */
function stopSignal(abandon: () => void): Promise<string> {
  return new Promise((resolve) => {
    let firstAtMs: number | null = null;
    for (const signal of STOP_SIGNALS) {
      process.on(signal, () => {
        const nowMs = performance.now();
        firstAtMs ??= nowMs;
        if (firstAtMs === nowMs) {
          resolve(signal);
        } else if (signal === 'SIGTERM' || nowMs - firstAtMs > SAME_PRESS_MS) {
          abandon();
          process.exit(EXIT.interrupted);
        }
      });
    }
  });
}

/** An error nobody caught is a bug: what is on disk is right, what is in memory may not be. */
function guardProcess(logger: Logger, abandon: () => void): void {
  const end = (error: unknown): void => {
    logger.error('an internal error ends the server', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    abandon();
    process.exit(EXIT.internal);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

async function endsWithin(done: Promise<void>, ms: number): Promise<boolean> {
  const timeout = Promise.withResolvers<false>();
  const timer = setTimeout(() => timeout.resolve(false), ms);
  const ended = await Promise.race([done.then(() => true), timeout.promise]);
  clearTimeout(timer);
  return ended;
}
