export { isLoopback } from './bind-policy.ts';
export { createApiServer, type ApiServer, type ApiServerOptions } from './server.ts';
export type { ClusterDoor, Leader } from './cluster/cluster-door.ts';
