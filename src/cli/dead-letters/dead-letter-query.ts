/** Which dead letters a command is about. */
export interface DeadLetterFilter {
  readonly queue?: string;
  readonly type?: string;
  readonly query?: string;
}

/** All of it as one query; names are quoted, so that nothing in them is read as more than a name. */
export function deadLetterQuery({ query, queue, type }: DeadLetterFilter): string {
  return [
    'state:failed',
    ...(queue === undefined ? [] : [`queue=${JSON.stringify(queue)}`]),
    ...(type === undefined ? [] : [`type=${JSON.stringify(type)}`]),
    ...(query === undefined ? [] : [`(${query})`]),
  ].join(' ');
}
