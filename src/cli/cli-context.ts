/** What every command works with: streams, environment, and the options that all commands share. */
import type { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { Output, type OutputFormat } from './output/output.ts';
import { ServerApi } from './server-api.ts';

type TerminalStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export interface CliStreams {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

interface SharedOptions {
  readonly output: OutputFormat;
  readonly url: string;
  /** Milliseconds; absent where it was not given. */
  readonly timeout?: number;
  readonly stale?: true;
}

/** Longest wait for an answer unless `--timeout` says otherwise, in milliseconds. */
const TIMEOUT_MS = 30_000;

export class CliContext {
  readonly streams: CliStreams;
  /** How the process ends when no error is thrown. */
  exitCode: ExitCode = EXIT.ok;

  constructor(streams: CliStreams) {
    this.streams = streams;
  }

  output(command: Command): Output {
    return new Output({ ...this.streams, format: shared(command).output });
  }

  api(command: Command): ServerApi {
    const { stale = false, timeout = TIMEOUT_MS, url } = shared(command);
    return new ServerApi(url, timeout, stale);
  }

  /** For commands that wait for something to happen: only as long as was said. */
  waitMs(command: Command): number {
    return shared(command).timeout ?? Number.POSITIVE_INFINITY;
  }

  /** An API whose requests are not bounded by `--timeout`: it bounds the whole command. */
  waitingApi(command: Command): ServerApi {
    return new ServerApi(shared(command).url, TIMEOUT_MS);
  }

  /** Whether somebody is there to be asked. */
  get canAsk(): boolean {
    return this.streams.stdin.isTTY === true && this.streams.stderr.isTTY === true;
  }
}

function shared(command: Command): SharedOptions {
  return command.optsWithGlobals<SharedOptions>();
}
