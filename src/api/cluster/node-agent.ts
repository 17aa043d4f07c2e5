import { Agent, type ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Connect } from './cluster-door.ts';

/** Keeps connections to other nodes, made as the cluster's nodes are connected. */
export class NodeAgent extends Agent {
  readonly #connect: Connect | null;

  /** @param connect - null for plain TCP */
  constructor(connect: Connect | null) {
    super({ keepAlive: true, maxFreeSockets: 64 });
    this.#connect = connect;
  }

  /** Whether whoever is asked knows that a node of its cluster asks. */
  get isProtected(): boolean {
    return this.#connect !== null;
  }

  override createConnection(
    options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    if (this.#connect === null) return super.createConnection(options, callback);
    const { host, port } = options;
    return this.#connect({ host: String(host), port: Number(port) });
  }
}
