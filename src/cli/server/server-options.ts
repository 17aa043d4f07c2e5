/** What the settings mean to the parts of a server. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ApiServer, ApiServerOptions } from '../../api/index.ts';
import { messageOf, OrchestratorError } from '../../base/errors.ts';
import { VERSION } from '../../base/version.ts';
import type { RuntimeOptions, WebhookOptions } from '../../runtime/index.ts';
import type { Logger, Metrics } from '../../telemetry/index.ts';
import type { ServerConfig } from '../config/config-keys.ts';
import { isAddressError } from '../exit-codes.ts';
import { usageError } from '../usage-error.ts';

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
    webhooks: webhooksOf(config),
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

/** @throws UsageError `CONFIG_INVALID` */
function webhooksOf(config: ServerConfig): WebhookOptions {
  const file = config['webhooks.secretFile'];
  const allow = config['webhooks.allow'].split(',').map((network) => network.trim());
  const networks = allow.filter((network) => network !== '');
  const options = { allow: networks, answerBytesMax: config.payloadMax };
  if (file === '') return options;
  try {
    return { ...options, secret: readFileSync(file, 'utf8') };
  } catch (error) {
    throw usageError(
      'CONFIG_INVALID',
      `webhooks.secretFile must be readable, got: ${messageOf(error)}`,
    );
  }
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
