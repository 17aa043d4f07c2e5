import { describe, expect, test } from 'vitest';
import { LOG_LEVELS } from '../../telemetry/index.ts';
import type { ConfigKey } from './config-key.ts';
import { CONFIG_KEYS } from './config-keys.ts';
import { readConfigValue, showConfigValue } from './config-value.ts';
import { resolveConfig, type ConfigSources } from './resolve-config.ts';

const NOWHERE: ConfigSources = {
  flags: {},
  environment: {},
  file: null,
  fileName: 'uqo.config.yaml',
};

/** Three valid values of a key, none of them its default, as text. */
function valuesOf(key: ConfigKey): [string, string, string] {
  switch (key.type) {
    case 'text':
      return ['a', 'b', 'c'];
    case 'integer':
      return ['7', '8', '9'];
    case 'boolean':
      return [`${!key.default}`, `${key.default}`, `${!key.default}`];
    case 'duration':
      return ['2s', '3s', '4s'];
    case 'bytes':
      return ['2MiB', '3MiB', '4MiB'];
    case 'share':
      return ['0.5', '0.6', '0.75'];
    default: {
      const built = key.choices.filter((choice) => key.notBuilt?.includes(choice) !== true);
      const [a = '', b = a, c = b] = built;
      return [a, b, c];
    }
  }
}

describe.each(CONFIG_KEYS.map((key) => [key.name, key] as const))('%s', (name, key) => {
  const [byFlag, byVariable, inFile] = valuesOf(key);
  const all: ConfigSources = {
    ...NOWHERE,
    flags: key.flag === undefined ? {} : { [name]: byFlag },
    environment: { [key.env]: byVariable },
    file: { [name]: inFile },
  };
  const entryOf = (sources: ConfigSources): { shown: string; source: string } => {
    const entry = resolveConfig(sources).entries.find(({ key: { name: own } }) => own === name);
    if (entry === undefined) throw new Error(`no entry for ${name}`);
    return { shown: showConfigValue(key, entry.value), source: entry.source };
  };
  const shown = (text: string): string => showConfigValue(key, readConfigValue(key, text, 'test'));

  test('the flag goes first, where there is one', () => {
    const byVariableOnly = { shown: shown(byVariable), source: 'environment' };
    const expected = { shown: shown(byFlag), source: 'flag' };
    expect(entryOf(all)).toEqual(key.flag === undefined ? byVariableOnly : expected);
  });

  test('then the variable', () => {
    expect(entryOf({ ...all, flags: {} })).toEqual({
      shown: shown(byVariable),
      source: 'environment',
    });
  });

  test('then the file', () => {
    const expected = { shown: shown(inFile), source: 'file' };
    expect(entryOf({ ...all, flags: {}, environment: {} })).toEqual(expected);
    expect(entryOf({ ...all, flags: {}, environment: { [key.env]: '' } })).toEqual(expected);
  });

  test('then the default', () => {
    expect(entryOf(NOWHERE)).toEqual({
      shown: showConfigValue(key, key.default),
      source: 'default',
    });
  });

  test('its default is a value it may have', () => {
    const text = showConfigValue(key, key.default);
    expect(readConfigValue(key, text, 'test')).toBe(key.default);
  });
});

test('durations are milliseconds and sizes bytes inside', () => {
  const { config } = resolveConfig({
    ...NOWHERE,
    environment: { UQO_GRACE: '1m', UQO_BODY_MAX: '2MiB' },
  });
  expect(config.grace).toBe(60_000);
  expect(config.bodyMax).toBe(2_097_152);
});

test('settings of a section are those with its name before them', () => {
  const file = { admission: { enabled: false, delayTarget: '50ms' } };
  const { config } = resolveConfig({ ...NOWHERE, file });
  expect(config['admission.enabled']).toBe(false);
  expect(config['admission.delayTarget']).toBe(50);
  expect(() => resolveConfig({ ...NOWHERE, file: { admission: { enable: false } } })).toThrowError(
    expect.objectContaining({ hint: 'did you mean admission.enabled?' }),
  );
  expect(() => resolveConfig({ ...NOWHERE, file: { admission: false } })).toThrow('got admission');
});

test.each([
  ['admission.memoryShareMax', 2, 'a number from 0.1 to 1'],
  ['admission.memoryShareMax', 'half', 'a number'],
  ['port', '99999', 'an integer from 0 to 65535'],
  ['port', 80.5, 'an integer'],
  ['port', 'abc', 'an integer'],
  ['grace', '10', 'a duration'],
  ['grace', 10, 'a duration'],
  ['grace', '2h', 'a duration such as 250ms, 30s or 1h30m, from 0 to 1h'],
  ['agents', 'yes', 'true or false'],
  ['dataDir', '', 'a text'],
  ['bodyMax', '1MB', 'a size'],
  ['logLevel', 'inof', 'one of trace, debug, info'],
])('%s refuses %j', (name, value, rule) => {
  const refused = (): unknown =>
    resolveConfig({ ...NOWHERE, file: { [name]: value }, fileName: 'f.yaml' });
  expect(refused).toThrow(`${name} must be ${rule}`);
  expect(refused).toThrow('f.yaml');
});

test('a mistyped choice names the nearest', () => {
  const refused = (): unknown => resolveConfig({ ...NOWHERE, flags: { logLevel: 'inof' } });
  expect(refused).toThrowError(expect.objectContaining({ hint: 'did you mean info?' }));
});

test('an unknown key of the file is refused and names the nearest', () => {
  const refused = (): unknown => resolveConfig({ ...NOWHERE, file: { prot: 1 } });
  expect(refused).toThrowError(
    expect.objectContaining({ code: 'CONFIG_KEY_UNKNOWN', hint: 'did you mean port?' }),
  );
});

test('keys that every object inherits are unknown too', () => {
  const file = JSON.parse('{"constructor": 1}') as Record<string, unknown>;
  expect(() => resolveConfig({ ...NOWHERE, file })).toThrow('got constructor');
});

test.each([
  ['log', 'pbft'],
  ['log', 'jetstream'],
  ['role', 'core'],
  ['role', 'gateway'],
])('%s %s is refused as not built yet', (name, value) => {
  const refused = (): unknown => resolveConfig({ ...NOWHERE, flags: { [name]: value } });
  expect(refused).toThrowError(expect.objectContaining({ code: 'NOT_BUILT' }));
});

test('a misspelt variable is warned about', () => {
  const { warnings } = resolveConfig({
    ...NOWHERE,
    environment: { UQO_PROT: '1', UQO_URL: 'x', PATH: '/bin' },
  });
  expect(warnings).toEqual(['the variable UQO_PROT is no setting; did you mean UQO_PORT?']);
});

test('the log levels are those of the logger', () => {
  const key = CONFIG_KEYS.find(({ name }) => name === 'logLevel');
  expect(key).toMatchObject({ choices: [...LOG_LEVELS] });
});

test('names, variables and flags are unique', () => {
  for (const field of ['name', 'env', 'flag'] as const) {
    const given = CONFIG_KEYS.map((key) => key[field]).filter((text) => text !== undefined);
    expect(new Set(given).size).toBe(given.length);
  }
});
