import type { NodeId } from './configuration.ts';
import type { RaftMessage } from './messages.ts';
import type { RaftOutput } from './outputs.ts';

/** An answer, and what must be durable before it leaves: term and vote, or also the log through an index. */
interface Reply {
  readonly to: NodeId;
  readonly message: RaftMessage;
  readonly logIndex: number;
}

/** Gathers what one step has to say. */
export class Outbox {
  replies: Reply[] = [];
  sends: RaftOutput[] = [];
  /** Everything for this node's own shell. */
  notices: RaftOutput[] = [];

  /** May leave at once. */
  send(to: NodeId, message: RaftMessage): void {
    this.sends.push({ kind: 'send', to, message });
  }

  /** Leaves once term and vote, and the log through `logIndex`, are durable. */
  reply(to: NodeId, message: RaftMessage, logIndex = 0): void {
    this.replies.push({ to, message, logIndex });
  }

  notice(output: RaftOutput): void {
    this.notices.push(output);
  }
}
