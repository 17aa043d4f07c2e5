import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { HandlerContext } from '../contract/handler.ts';
import { builtInAgents, type BuiltInAgent } from './built-in-agents.ts';
import type { Analysis } from './data/analyze.ts';
import type { Forecast } from './forecast/forecast.ts';

const EXAMPLES = new URL('../../examples/data/', import.meta.url);

const example = (name: string): string => readFileSync(new URL(name, EXAMPLES), 'utf8');

function contextOf(signal: AbortSignal, fractions: number[] = []): HandlerContext {
  const nothing = (): void => undefined;
  return {
    signal,
    fencingToken: 1,
    attempt: 1,
    heartbeat: nothing,
    progress: (fraction) => void fractions.push(fraction),
    emit: () => undefined,
    submit: (): Promise<never> => Promise.reject(new Error('a built-in agent submits no task')),
    reportUsage: () => undefined,
    waitForInput: () => Promise.reject(new Error('a built-in agent asks nobody')),
    lastDetails: undefined,
    parents: {},
    lastError: undefined,
    critique: undefined,
    trace: { traceId: '', spanId: '', traceparent: '' },
    logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  };
}

function agentFor(capability: string): BuiltInAgent {
  return builtInAgents().find(({ capabilities }) => capabilities.includes(capability))!;
}

async function perform(type: string, payload: unknown, fractions?: number[]): Promise<unknown> {
  const task = { id: 'task-1', type, payload };
  return await agentFor(type).handler(task, contextOf(new AbortController().signal, fractions));
}

test('the agents are these, each two tasks at a time', () => {
  const shown = builtInAgents().map(({ id, kind, capabilities, slots }) => ({
    id,
    kind,
    capabilities,
    slots,
  }));
  expect(shown).toEqual([
    { id: 'data-agent', kind: 'specialized', capabilities: ['data.analyze'], slots: 2 },
    { id: 'forecast-agent', kind: 'specialized', capabilities: ['ml.forecast'], slots: 2 },
    {
      id: 'quantum-agent',
      kind: 'quantum',
      capabilities: [
        'quantum.circuit.run',
        'quantum.circuit.optimize',
        'quantum.state.analyze',
        'quantum.ising.solve',
        'quantum.assign.solve',
      ],
      slots: 2,
    },
  ]);
});

test('the sales of the examples are analysed, their planted faults found', async () => {
  const fractions: number[] = [];
  const analysis = (await perform(
    'data.analyze',
    { csv: example('sales.csv') },
    fractions,
  )) as Analysis;
  const typeOf = Object.fromEntries(analysis.columns.map(({ name, type }) => [name, type]));
  expect(typeOf).toEqual({
    order_id: 'string',
    ordered_on: 'date',
    shipped_at: 'datetime',
    region: 'categorical',
    product: 'categorical',
    units: 'integer',
    unit_price: 'number',
    discount: 'number',
    revenue: 'number',
    returning_customer: 'boolean',
    currency: 'categorical',
    note: 'string',
  });
  expect(analysis.table.ragged.total).toBe(1);
  expect(analysis.duplicateRows.total).toBe(2);
  expect(analysis.constantColumns).toEqual(['currency']);
  const units = analysis.columns.find(({ name }) => name === 'units')!;
  expect(units.outliers!.listed.map(({ value }) => value)).toEqual([480, 250, 120]);
  expect(analysis.table.missingCells).toBeGreaterThan(20);
  expect(fractions[0]).toBe(0);
  expect(fractions.at(-1)).toBe(1);
});

test('the small analysis of the examples is a payload as it stands', async () => {
  const analysis = (await perform('data.analyze', JSON.parse(example('analyze.json')))) as Analysis;
  expect(analysis.table.rows).toBe(8);
  expect(analysis.summary).toMatch(/^The table has 8 rows and 5 columns/u);
});

test('the visits of the examples are forecast better than by last week', async () => {
  const fractions: number[] = [];
  const payload: unknown = JSON.parse(example('visits.json'));
  const result = (await perform('ml.forecast', payload, fractions)) as Forecast;
  expect(result.season).toBe(7);
  expect(result.forecast).toHaveLength(28);
  expect(result.backtest.improvementOverNaive).toBeGreaterThan(0.1);
  expect(fractions).toEqual(fractions.toSorted((left, right) => left - right));
  expect(fractions.at(-1)).toBe(1);
});

test.each([
  { type: 'data.analyze', payload: { csv: 'a,b\n1,2\n' } },
  { type: 'ml.forecast', payload: { series: [1, 2, 3, 4], horizon: 1 } },
])('$type stops for an aborted signal with its reason', async ({ type, payload }) => {
  const reason = new Error('canceled');
  const context = contextOf(AbortSignal.abort(reason));
  const attempt = Promise.resolve(agentFor(type).handler({ id: 'task-1', type, payload }, context));
  await expect(attempt).rejects.toBe(reason);
});

test.each(['data.analyze', 'ml.forecast'])('%s refuses a payload of nothing', async (type) => {
  const fault = { code: 'INVALID_PAYLOAD', retryable: false, details: { path: 'payload' } };
  await expect(perform(type, null)).rejects.toMatchObject(fault);
});
