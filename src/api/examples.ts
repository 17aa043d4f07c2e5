/** Requests that work as they are, shown in the documentation. */
export const SUBMIT_EXAMPLES: readonly unknown[] = [
  {
    type: 'data.analyze',
    payload: { format: 'csv', text: 'month,sales\n2024-01,10\n2024-02,12\n' },
    priority: 6,
    retry: { attemptsMax: 5, strategy: 'exponential', delayMs: 1000 },
  },
  {
    tasks: [
      { type: 'report.render', payload: { page: 1 } },
      { type: 'report.render', payload: { page: 2 }, delayMs: 60_000 },
    ],
  },
];

export const AGENT_EXAMPLE: unknown = {
  id: 'report-worker-1',
  kind: 'general',
  capabilities: ['report.render'],
  slots: 4,
  labels: { zone: 'a' },
};

export const COMPLETE_EXAMPLE: unknown = { fencingToken: 1042, result: { pages: 2 } };

export const FAIL_EXAMPLE: unknown = {
  fencingToken: 1042,
  error: { code: 'UPSTREAM_DOWN', message: 'the printer does not answer', retryable: true },
};

export const ASK_EXAMPLE: unknown = {
  fencingToken: 1042,
  prompt: {
    key: 'approve',
    message: 'Pay 12,000 EUR to ACME?',
    schema: {
      type: 'object',
      required: ['approved'],
      properties: { approved: { type: 'boolean' } },
    },
    expiresMs: 86_400_000,
    default: { approved: false },
    answerers: ['ann', 'bob'],
  },
};

export const ANSWER_EXAMPLE: unknown = {
  key: 'approve',
  answer: { approved: true },
  by: 'ann',
};

export const BULK_EXAMPLES: readonly unknown[] = [
  { action: 'cancel', query: 'state:queued type:report.* age>1d', dryRun: true },
  {
    action: 'redrive',
    query: 'error.code:SMTP_TIMEOUT',
    rate: 50,
    params: { queue: 'mail', patch: { server: 'smtp2.example.com' } },
    by: 'ann',
    reason: 'the first server is gone',
  },
];
export const SCHEDULE_EXAMPLE: unknown = {
  name: 'nightly-report',
  cron: '30 2 * * *',
  timezone: 'Europe/Berlin',
  overlap: 'queue-one',
  task: { type: 'report.render', payload: { kind: 'nightly' } },
};
