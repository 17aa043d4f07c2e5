/** What one look at the machine found. `odd` works, and deserves a thought. */
export interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'odd' | 'bad';
  readonly detail: string;
  /** What to do about it; null where there is nothing to do. */
  readonly advice: string | null;
}

export function ok(check: string, detail: string): Finding {
  return { check, status: 'ok', detail, advice: null };
}

export function odd(check: string, detail: string, advice: string): Finding {
  return { check, status: 'odd', detail, advice };
}

export function bad(check: string, detail: string, advice: string): Finding {
  return { check, status: 'bad', detail, advice };
}
