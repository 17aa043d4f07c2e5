/** The settings of a node of a cluster. */
import type { ConfigKey } from './config-key.ts';

/** The same as the program uses them, by the name of their key. */
export interface ClusterConfig {
  readonly 'cluster.id': string;
  readonly 'cluster.nodeId': string;
  readonly 'cluster.peers': string;
  readonly 'cluster.peerListen': string;
  readonly 'cluster.join': boolean;
  readonly 'cluster.secretFile': string;
  readonly 'cluster.tlsCert': string;
  readonly 'cluster.tlsKey': string;
  readonly 'cluster.tlsCa': string;
  readonly 'cluster.tlsAnyNode': boolean;
  readonly 'cluster.insecurePeers': boolean;
  readonly 'cluster.apiUrl': string;
}

export const CLUSTER_KEYS: readonly (ConfigKey & { readonly name: keyof ClusterConfig })[] = [
  {
    name: 'cluster.id',
    env: 'UQO_CLUSTER_ID',
    flag: '--cluster-id <id>',
    type: 'text',
    default: 'uqo',
    doc: 'with --log raft: name of the cluster, the same on all its nodes',
  },
  {
    name: 'cluster.nodeId',
    env: 'UQO_NODE_ID',
    flag: '--node-id <id>',
    type: 'text',
    mayBeEmpty: true,
    default: '',
    doc: 'with --log raft: name of this node, for ever',
  },
  {
    name: 'cluster.peers',
    env: 'UQO_PEERS',
    flag: '--peers <list>',
    type: 'text',
    mayBeEmpty: true,
    default: '',
    doc: 'with --log raft: where nodes reach each other, this one too: n1=host:port,n2=host:port',
  },
  {
    name: 'cluster.peerListen',
    env: 'UQO_PEER_LISTEN',
    flag: '--peer-listen <host:port>',
    type: 'text',
    mayBeEmpty: true,
    default: '',
    doc: 'with --log raft: where this node listens for the others; default where --peers says that it is reached',
  },
  {
    name: 'cluster.join',
    env: 'UQO_JOIN',
    flag: '--join',
    type: 'boolean',
    default: false,
    doc: 'with --log raft: join a cluster that is there, instead of founding one of the peers named',
  },
  {
    name: 'cluster.secretFile',
    env: 'UQO_PEER_SECRET_FILE',
    flag: '--peer-secret-file <file>',
    type: 'text',
    mayBeEmpty: true,
    default: '',
    doc: 'with --log raft: file with a secret that all nodes know, at least 16 bytes',
  },
  {
    name: 'cluster.tlsCert',
    env: 'UQO_PEER_TLS_CERT',
    flag: '--peer-tls-cert <file>',
    type: 'text',
    mayBeEmpty: true,
    default: '',
    doc: 'with --log raft: PEM file with the certificate that this node shows the others, which must show theirs',
  },
  {
    name: 'cluster.tlsKey',
    env: 'UQO_PEER_TLS_KEY',
    flag: '--peer-tls-key <file>',
    type: 'text',
    mayBeEmpty: true,
    default: '',
    doc: 'with --log raft: PEM file with its private key',
  },
  {
    name: 'cluster.tlsCa',
    env: 'UQO_PEER_TLS_CA',
    flag: '--peer-tls-ca <file>',
    type: 'text',
    mayBeEmpty: true,
    default: '',
    doc: 'with --log raft: PEM file with the authorities that vouch for the nodes of this cluster, and for nothing else',
  },
  {
    name: 'cluster.tlsAnyNode',
    env: 'UQO_PEER_TLS_ANY_NODE',
    flag: '--peer-tls-any-node',
    type: 'boolean',
    default: false,
    doc: 'with --log raft: take every certificate of the authorities for every node, also one that does not name it',
  },
  {
    name: 'cluster.insecurePeers',
    env: 'UQO_INSECURE_PEERS',
    flag: '--insecure-peers',
    type: 'boolean',
    default: false,
    doc: 'with --log raft: let nodes on other machines speak in the clear; anyone between them can read and change all',
  },
  {
    name: 'cluster.apiUrl',
    env: 'UQO_API_URL',
    flag: '--api-url <url>',
    type: 'text',
    mayBeEmpty: true,
    default: '',
    doc: 'with --log raft: where other nodes reach the API of this one; default where it listens',
  },
];
