import { createInterface } from 'node:readline/promises';
import type { CliContext } from '../cli-context.ts';

/** Asks somebody; only a yes is one. */
export async function confirm(question: string, ctx: CliContext): Promise<boolean> {
  const { stderr, stdin } = ctx.streams;
  const asking = createInterface({ input: stdin, output: stderr });
  const answer = await asking.question(`${question} [y/N] `);
  asking.close();
  return /^y(es)?$/i.test(answer.trim());
}
