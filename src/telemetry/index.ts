export type { CertificateEnd } from './cluster-stats.ts';
export { createLogger, LOG_LEVELS, type Logger } from './logger.ts';
export { Metrics, type Transport } from './metrics.ts';
