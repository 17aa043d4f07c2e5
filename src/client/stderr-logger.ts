import type { HandlerLogger } from '../contract/index.ts';

/** Writes a handler's lines to standard error, one JSON object each. */
export function stderrLogger(context: {
  taskId: string;
  type: string;
  attempt: number;
}): HandlerLogger {
  const write =
    (level: string) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      process.stderr.write(`${JSON.stringify({ level, message, ...context, ...fields })}\n`);
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
