import { OrchestratorError } from '../../base/errors.ts';
import type { NodeId } from '../../consensus/index.ts';

/** The hand-over of leadership that somebody waits for; one at a time. */
export class LeadershipTransfer {
  #waiting: PromiseWithResolvers<void> | null = null;

  /**
   * Begins one by `submit`; resolves when this node has stopped leading.
   *
   * @throws OrchestratorError `TRANSFER_ABORTED` (detail `reason`), also where one is under way
   */
  async begin(to: NodeId, submit: () => void): Promise<void> {
    if (this.#waiting !== null) throw transferAborted(to, 'pending');
    this.#waiting = Promise.withResolvers();
    submit();
    await this.#waiting.promise;
  }

  /** This node leads no more. */
  done(): void {
    this.#waiting?.resolve();
    this.#waiting = null;
  }

  aborted(to: NodeId, reason: string): void {
    this.reject(transferAborted(to, reason));
  }

  reject(error: OrchestratorError): void {
    this.#waiting?.reject(error);
    this.#waiting = null;
  }
}

function transferAborted(to: NodeId, reason: string): OrchestratorError {
  const message = `leadership must pass to ${to}, got: ${reason}`;
  return new OrchestratorError('TRANSFER_ABORTED', message, { to, reason });
}
