import type { ServerResponse } from 'node:http';

/**
 * Calls `left` once if the client goes before its answer is out. The returned function forgets it.
 *
 * What is out has been handed to the operating system: whether it arrived, only the client knows.
 */
export function whenClientLeaves(response: ServerResponse, left: () => void): () => void {
  const closed = (): void => {
    if (!response.writableFinished) left();
  };
  response.on('close', closed);
  return () => response.off('close', closed);
}
