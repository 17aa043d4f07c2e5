import { OrchestratorError } from '../../base/errors.ts';
import type { NodeId } from '../../consensus/index.ts';
import { ANY_NODE_KIND_MIN, type RoleView } from './cluster-log.ts';
import type { PeerDirectory } from './peer-directory.ts';
import { notLeaderError } from './raft-errors.ts';
import type { RaftLogOptions } from './raft-log-options.ts';

export interface ForwardedRequestsOptions {
  /** This node's. */
  readonly nodeId: NodeId;
  readonly directory: PeerDirectory;
  readonly role: () => RoleView;
  /** Null: this node answers none. */
  readonly handler: Exclude<RaftLogOptions['onForwarded'], undefined> | null;
  readonly timeoutMs: number;
}

/** Questions of other nodes, most of which only the leader answers: sent to it, and answered where this node is it. */
export class ForwardedRequests {
  readonly #options: ForwardedRequestsOptions;

  constructor(options: ForwardedRequestsOptions) {
    this.#options = options;
  }

  /** @throws OrchestratorError as `forward` of the log does */
  ask(kind: number, body: Uint8Array): Promise<Uint8Array> {
    const { directory, nodeId, role, timeoutMs } = this.#options;
    const { leader } = role();
    if (leader === null) {
      const message = 'a leader must be known, got none: try again shortly';
      return Promise.reject(new OrchestratorError('NO_LEADER', message));
    }
    if (leader === nodeId) return this.answer(nodeId, kind, Buffer.from(body));
    return directory.request(leader, { kind, body, timeoutMs });
  }

  /** Answers a peer, or this node itself. */
  answer(from: NodeId, kind: number, body: Buffer): Promise<Uint8Array> {
    const { handler, role } = this.#options;
    const { leader, role: own } = role();
    if (own !== 'leader' && kind < ANY_NODE_KIND_MIN) return Promise.reject(notLeaderError(leader));
    if (handler === null) {
      const message = 'this node must take forwarded requests, got one without a handler for them';
      return Promise.reject(new OrchestratorError('FORWARDING_OFF', message));
    }
    return handler(kind, body, from);
  }
}
