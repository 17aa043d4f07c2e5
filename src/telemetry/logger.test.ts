import { expect, test } from 'vitest';
import { createLogger } from './logger.ts';

function collect(level?: string): { lines: string[]; logger: ReturnType<typeof createLogger> } {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { lines, logger: createLogger({ level, destination }) };
}

test('a line is JSON with level, ISO time, fields and message, and nothing else', () => {
  const { lines, logger } = collect('info');
  logger.warn('careful', { queue: 'q' });
  const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  expect(Object.keys(line)).toEqual(['level', 'time', 'queue', 'msg']);
  expect(line).toMatchObject({ level: 'warn', queue: 'q', msg: 'careful' });
  expect(line['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(lines[0]?.endsWith('}\n')).toBe(true);
});

test('lines below the level are not written', () => {
  const { lines, logger } = collect('warn');
  logger.debug('no');
  logger.info('no');
  logger.error('yes');
  expect(lines).toHaveLength(1);
  expect([logger.isLevelEnabled('info'), logger.isLevelEnabled('warn')]).toEqual([false, true]);
});

test('the level is the environment’s where none is given', () => {
  const before = process.env['UQO_LOG_LEVEL'];
  process.env['UQO_LOG_LEVEL'] = 'error';
  try {
    expect(collect().logger.isLevelEnabled('warn')).toBe(false);
    expect(collect('warn').logger.isLevelEnabled('warn')).toBe(true);
  } finally {
    if (before === undefined) delete process.env['UQO_LOG_LEVEL'];
    else process.env['UQO_LOG_LEVEL'] = before;
  }
});

test('an unknown level is refused', () => {
  expect(() => collect('loud')).toThrow(expect.objectContaining({ code: 'LOG_LEVEL_INVALID' }));
});
