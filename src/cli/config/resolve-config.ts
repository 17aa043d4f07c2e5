/** Where each setting comes from: flag, else environment, else file, else default. */
import { nearest } from '../../base/nearest.ts';
import { usageError } from '../usage-error.ts';
import type { ConfigKey } from './config-key.ts';
import { CONFIG_KEYS, OTHER_VARIABLES, type ServerConfig } from './config-keys.ts';
import { readConfigValue, type ConfigValue } from './config-value.ts';

type ConfigSource = 'flag' | 'environment' | 'file' | 'default';

export interface ConfigEntry {
  readonly key: ConfigKey & { readonly name: keyof ServerConfig };
  readonly value: ConfigValue;
  readonly source: ConfigSource;
}

export interface ResolvedConfig {
  readonly config: ServerConfig;
  readonly entries: readonly ConfigEntry[];
  /** What is odd and yet no error. */
  readonly warnings: readonly string[];
}

export interface ConfigSources {
  /** By key name; absent where the flag was not given. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The file's content, or null without one. */
  readonly file: Readonly<Record<string, unknown>> | null;
  /** For messages. */
  readonly fileName: string;
}

/** @throws OrchestratorError `CONFIG_INVALID`, `CONFIG_KEY_UNKNOWN`, `NOT_BUILT` */
export function resolveConfig(given: ConfigSources): ResolvedConfig {
  const sources = { ...given, file: given.file === null ? null : flattened(given.file) };
  checkFileKeys(sources);
  const entries = CONFIG_KEYS.map((key): ConfigEntry => resolveKey(key, sources));
  const values = Object.fromEntries(entries.map(({ key, value }) => [key.name, value]));
  return {
    config: values as unknown as ServerConfig,
    entries,
    warnings: strayVariables(sources.environment),
  };
}

/** Settings of a section by their whole names: `admission: {enabled: true}` is `admission.enabled`. */
function flattened(file: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(file)) {
    const isSection = CONFIG_KEYS.some((key) => key.name.startsWith(`${name}.`));
    if (isSection && typeof value === 'object' && value !== null) {
      for (const [part, one] of Object.entries(value)) flat[`${name}.${part}`] = one;
    } else flat[name] = value;
  }
  return flat;
}

function resolveKey(key: (typeof CONFIG_KEYS)[number], sources: ConfigSources): ConfigEntry {
  const { environment, file, fileName, flags } = sources;
  const flag = flags[key.name];
  if (flag !== undefined) {
    const name = /--[a-z-]+/.exec(key.flag ?? '')?.[0] ?? key.name;
    return { key, value: readConfigValue(key, flag, name), source: 'flag' };
  }
  const variable = environment[key.env];
  if (variable !== undefined && variable !== '') {
    return { key, value: readConfigValue(key, variable, key.env), source: 'environment' };
  }
  const written = file !== null && Object.hasOwn(file, key.name) ? file[key.name] : undefined;
  if (written !== undefined) {
    return { key, value: readConfigValue(key, written, fileName), source: 'file' };
  }
  return { key, value: key.default, source: 'default' };
}

function checkFileKeys({ file, fileName }: ConfigSources): void {
  const names = CONFIG_KEYS.map((key) => key.name);
  for (const name of Object.keys(file ?? {})) {
    if ((names as readonly string[]).includes(name)) continue;
    const like = nearest(name, names);
    throw usageError(
      'CONFIG_KEY_UNKNOWN',
      `keys of ${fileName} must be settings, got ${name}`,
      like === null ? `the settings are ${names.join(', ')}` : `did you mean ${like}?`,
    );
  }
}

/** A misspelt variable would be ignored without a word. */
function strayVariables(environment: ConfigSources['environment']): string[] {
  const known = [...CONFIG_KEYS.map((key) => key.env), ...OTHER_VARIABLES];
  return Object.keys(environment)
    .filter((name) => name.startsWith('UQO_') && !known.includes(name))
    .map((name) => {
      const like = nearest(name, known);
      return `the variable ${name} is no setting${like === null ? '' : `; did you mean ${like}?`}`;
    });
}
