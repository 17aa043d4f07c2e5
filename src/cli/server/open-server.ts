/** Puts the server together: orchestrator, built-in agents, API; and takes it apart in order. */
import { resolve } from 'node:path';
import { builtInAgents, type BuiltInAgent } from '../../agents/index.ts';
import { createApiServer, type ApiServer } from '../../api/index.ts';
import { VERSION } from '../../base/version.ts';
import { UnifiedQuantumOrchestrator } from '../../orchestrator.ts';
import { Metrics, type Logger } from '../../telemetry/index.ts';
import type { ServerConfig } from '../config/config-keys.ts';
import { openClusterServer } from './open-cluster-server.ts';
import { writePidFile } from './pid-file.ts';
import { apiOptionsOf, listen, runtimeOptionsOf } from './server-options.ts';

export interface OpenServer {
  readonly url: string;
  /** Ids of the built-in agents that serve. */
  readonly agentIds: readonly string[];
  /** Resolves with the reason when the log failed for good. */
  readonly failed: Promise<Error>;
  /** Takes no more requests, lets running work end for at most `graceMs`, writes everything out. */
  close(graceMs: number): Promise<void>;
  /** Removes what must not outlive the process; synchronous, for an exit at once. */
  abandon(): void;
}

/**
 * Opens the data folder and serves it.
 *
 * @throws OrchestratorError `ADDRESS_UNUSABLE`, `INSECURE_BIND`, `DATA_DIR_LOCKED`, `DATA_DIR_UNUSABLE` and those of log and store
 */
export async function openServer(config: ServerConfig, logger: Logger): Promise<OpenServer> {
  if (config.log === 'raft') return openClusterServer(config, logger);
  const metrics = new Metrics({ version: VERSION });
  const orchestrator = createOrchestrator(config, logger, metrics);
  await orchestrator.start();
  let api: ApiServer | null = null;
  let removePidFile: () => void = () => undefined;
  const agents = config.agents ? agentsFor(orchestrator) : [];
  try {
    const { runtime } = orchestrator;
    removePidFile = writePidFile(resolve(config.dataDir));
    api = await createApiServer({ ...apiOptionsOf(config), runtime, metrics, logger });
    await serveBuiltInAgents(orchestrator, agents);
    const url = await listen(api, config);
    return {
      url,
      agentIds: agents.map(({ id }) => id),
      failed: runtime.failed,
      close: async (graceMs) => {
        await api?.close(graceMs);
        await orchestrator.stop(graceMs);
        await closeAgents(agents);
        removePidFile();
      },
      abandon: removePidFile,
    };
  } catch (error) {
    await api?.close(0);
    await orchestrator.stop(0);
    await closeAgents(agents);
    removePidFile();
    throw error;
  }
}

function createOrchestrator(
  config: ServerConfig,
  logger: Logger,
  metrics: Metrics,
): UnifiedQuantumOrchestrator {
  return new UnifiedQuantumOrchestrator({
    ...runtimeOptionsOf(config, logger, metrics),
    maxAgents: config.agentsMax,
    idempotencyWindowMs: config.idempotencyWindow,
    poisonAgents: config.poisonAgents,
  });
}

function agentsFor({ runtime }: UnifiedQuantumOrchestrator): readonly BuiltInAgent[] {
  return builtInAgents({ quantum: { artifacts: runtime.artifacts } });
}

async function serveBuiltInAgents(
  orchestrator: UnifiedQuantumOrchestrator,
  agents: readonly BuiltInAgent[],
): Promise<void> {
  for (const { capabilities, handler, id, kind, slots } of agents) {
    await orchestrator.registerAgent({ id, kind, capabilities: [...capabilities], slots }, handler);
  }
}

async function closeAgents(agents: readonly BuiltInAgent[]): Promise<void> {
  await Promise.all(agents.map(async (agent) => await agent.close?.()));
}
