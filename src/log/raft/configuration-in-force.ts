/** Who belongs to the cluster: in force from the entry that says so, and settled once that is committed. */
import type { Configuration, RaftProtocol } from '../../consensus/index.ts';

export interface ConfigurationOptions {
  readonly core: RaftProtocol;
  /** Position in the log up to which the state machine was given everything. */
  readonly appliedIndex: () => number;
  /** Members became others, or that became certain. */
  readonly onChange: (configuration: Configuration, isCommitted: boolean) => void;
}

export class ConfigurationInForce {
  readonly #options: ConfigurationOptions;
  #newest: { readonly configuration: Configuration; readonly index: number };
  #isCommitted: boolean;

  constructor(options: ConfigurationOptions) {
    this.#options = options;
    const { configuration, configurationIndex: index } = options.core.inspect();
    this.#newest = { configuration, index };
    this.#isCommitted = this.#isApplied;
  }

  get configuration(): Configuration {
    return this.#newest.configuration;
  }

  /** Whether it is known here that a quorum keeps it. */
  get isCommitted(): boolean {
    return this.#isCommitted;
  }

  take(configuration: Configuration, index: number): void {
    this.#newest = { configuration, index };
    this.#isCommitted = this.#isApplied;
    this.#options.onChange(configuration, this.#isCommitted);
  }

  /** The state machine was given more. */
  applied(): void {
    if (this.#isCommitted || !this.#isApplied) return;
    this.#isCommitted = true;
    this.#options.onChange(this.#newest.configuration, true);
  }

  /** Whether a change that began at a position of the log is over: committed, and no outgoing voters any more. */
  isChangeOver(index: number): boolean {
    const { commitIndex, configuration, configurationIndex } = this.#options.core.inspect();
    const isCommitted = commitIndex >= Math.max(index, configurationIndex);
    return isCommitted && configuration.votersOutgoing.length === 0;
  }

  get #isApplied(): boolean {
    return this.#options.appliedIndex() >= this.#newest.index;
  }
}
