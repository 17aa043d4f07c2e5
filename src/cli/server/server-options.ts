/** What the settings mean to the parts of a server. */
import { resolve } from 'node:path';
import type { ApiServer, ApiServerOptions } from '../../api/index.ts';
import { messageOf, OrchestratorError } from '../../base/errors.ts';
import { VERSION } from '../../base/version.ts';
import type { RuntimeOptions } from '../../runtime/index.ts';
import type { Logger, Metrics } from '../../telemetry/index.ts';
import type { ServerConfig } from '../config/config-keys.ts';
import { isAddressError } from '../exit-codes.ts';

export function runtimeOptionsOf(
  config: ServerConfig,
  logger: Logger,
  metrics: Metrics,
): Omit<RuntimeOptions, 'version' | 'settings'> {
  return {
    dataDir: resolve(config.dataDir),
    history: { ageMsMax: config.historyAge, countMax: config.historyCount },
    outputTtlMs: config.outputTtl,
    artifacts: { bytesMax: config.artifactsMax },
    payloadCacheBytes: config.payloadCache,
    keepLog: config.logKeep,
    checkpointIntervalMs: config.checkpointInterval,
    checkpointBytes: config.checkpointLogBytes,
    admission: {
      enabled: config['admission.enabled'],
      delayTargetMs: config['admission.delayTarget'],
      memoryShareMax: config['admission.memoryShareMax'],
    },
    hedging: { share: config['hedging.share'] },
    planning: { enabled: config['planning.enabled'], budgetMs: config['planning.budget'] },
    supervision: {
      enabled: config['supervision.enabled'],
      stuck: config['supervision.stuck'],
      floorMs: config['supervision.stuckFloor'],
      checkIntervalMs: config['supervision.checkInterval'],
    },
    logger,
    metrics,
    onFlush: (durationMs) => metrics.flushed(durationMs),
  };
}

export function apiOptionsOf(
  config: ServerConfig,
): Omit<ApiServerOptions, 'runtime' | 'metrics' | 'logger'> {
  return {
    version: VERSION,
    host: config.host,
    port: config.port,
    bodyBytesMax: config.bodyMax,
    payloadBytesMax: config.payloadMax,
    allowInsecurePublicBind: config.insecurePublic,
  };
}

/** @throws OrchestratorError `ADDRESS_UNUSABLE` */
export async function listen(api: ApiServer, { host, port }: ServerConfig): Promise<string> {
  try {
    return await api.listen();
  } catch (error) {
    if (!isAddressError(error)) throw error;
    throw new OrchestratorError(
      'ADDRESS_UNUSABLE',
      `the server must be able to listen on ${host} port ${port}, got: ${messageOf(error)}`,
      { host, port, reason: error.code },
      { cause: error },
    );
  }
}
