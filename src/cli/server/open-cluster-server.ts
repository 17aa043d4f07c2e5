/** Puts a node of a cluster together: runtime on a shared log, built-in agents while it leads, API; and takes it apart. */
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { builtInAgents, type BuiltInAgent } from '../../agents/index.ts';
import { createApiServer, type ApiServer } from '../../api/index.ts';
import { messageOf } from '../../base/errors.ts';
import { VERSION } from '../../base/version.ts';
import { ClusterNode, type Runtime } from '../../runtime/index.ts';
import { Metrics, type Logger } from '../../telemetry/index.ts';
import type { ServerConfig } from '../config/config-keys.ts';
import { clusterOptionsOf } from './cluster-options.ts';
import type { OpenServer } from './open-server.ts';
import { openPeerTls } from './peer-certificates.ts';
import { writePidFile } from './pid-file.ts';
import { lastRecovery } from './recovery-notes.ts';
import { apiOptionsOf, listen, runtimeOptionsOf } from './server-options.ts';
import { toldApiUrl } from './told-api-url.ts';

/** @throws OrchestratorError as `openServer` does; `PEERS_INSECURE`, `PEER_PORT_UNUSABLE`; UsageError */
export async function openClusterServer(config: ServerConfig, logger: Logger): Promise<OpenServer> {
  const tls = openPeerTls(config, logger);
  const cluster = clusterOptionsOf(config, tls?.network ?? null);
  tellOfRecovery(config, logger);
  const toldUrl = toldApiUrl(config, cluster);
  const metrics = new Metrics({ version: VERSION });
  let api: ApiServer | null = null;
  let url: string | null = null;
  let agents: readonly BuiltInAgent[] = [];
  const node = await ClusterNode.open({
    ...runtimeOptionsOf(config, logger, metrics),
    version: VERSION,
    settings: {
      agentsMax: config.agentsMax,
      idempotencyWindowMs: config.idempotencyWindow,
      poisonAgents: config.poisonAgents,
    },
    cluster,
    measures: metrics.cluster,
    apiUrl: () => toldUrl(url),
    onLead: (runtime) => {
      serve(runtime, agents).catch((error: unknown) => {
        logger.error('the built-in agents could not be served', { error: messageOf(error) });
      });
    },
    onLeaderChanged: () => api?.endChannels(),
  });
  const { runtime } = node;
  metrics.observeCluster({
    view: () => node.view(),
    certificateEnds: () => tls?.ends ?? [],
  });
  let removePidFile: () => void = () => undefined;
  const close = async (graceMs: number): Promise<void> => {
    await node.leave();
    api?.leave();
    // Clients that ask again and again have gone elsewhere by then.
    if (graceMs > 0 && api !== null) await delay(Math.min(graceMs, LEAVE_MS));
    await api?.close(graceMs);
    await node.close(graceMs);
    await Promise.all(agents.map(async (agent) => await agent.close?.()));
    tls?.close();
    removePidFile();
  };
  try {
    // A snapshot may put other parts in place of the runtime's: what is asked is always asked of those of now.
    const artifacts = { begin: (...request: Begin) => runtime.artifacts.begin(...request) };
    if (config.agents) agents = builtInAgents({ quantum: { artifacts } });
    if (node.isLeading) await serve(runtime, agents);
    removePidFile = writePidFile(resolve(config.dataDir));
    api = await createApiServer({
      ...apiOptionsOf(config),
      runtime,
      metrics,
      logger,
      cluster: node,
    });
    const { http } = api;
    tls?.network.serveApi({
      take: (socket) => http.emit('connection', socket),
      members: () => node.view().members.map(({ nodeId }) => nodeId),
    });
    url = await listen(api, config);
    const agentIds = agents.map(({ id }) => id);
    return { url, agentIds, failed: runtime.failed, close, abandon: removePidFile };
  } catch (error) {
    await close(0);
    throw error;
  }
}

function tellOfRecovery({ dataDir }: ServerConfig, logger: Logger): void {
  const recovered = lastRecovery(resolve(dataDir));
  if (recovered === null) return;
  const message = 'this node was told by `uqo cluster recover` to go on without a majority';
  logger.warn(message, { ...recovered });
}

/** How long a node that stops still answers, closing each connection after its answer. */
const LEAVE_MS = 1_000;

type Begin = Parameters<Runtime['artifacts']['begin']>;

async function serve(runtime: Runtime, agents: readonly BuiltInAgent[]): Promise<void> {
  for (const { capabilities, handler, id, kind, slots } of agents) {
    await runtime.serve({ id, kind, capabilities: [...capabilities], slots }, handler);
  }
}
