import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { messageOf } from '../../base/errors.ts';
import { usageError } from '../usage-error.ts';
import { CONFIG_FILE_NAME } from './config-keys.ts';

export interface ConfigFile {
  readonly name: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/**
 * Reads the file named, or `uqo.config.yaml` of the working directory where there is one.
 *
 * @throws OrchestratorError `CONFIG_FILE_INVALID`
 */
export function readConfigFile(named: string | undefined): ConfigFile | null {
  const name = named ?? CONFIG_FILE_NAME;
  let text: string;
  try {
    text = readFileSync(name, 'utf8');
  } catch (error) {
    if (named === undefined && (error as { code?: unknown }).code === 'ENOENT') return null;
    throw invalid(`${name} must be readable, got: ${messageOf(error)}`, error);
  }
  let content: unknown;
  try {
    content = parse(text) ?? {};
  } catch (error) {
    throw invalid(`${name} must be YAML, got: ${messageOf(error)}`, error);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw invalid(`${name} must map settings to values, got ${JSON.stringify(content)}`);
  }
  return { name, content: content as Record<string, unknown> };
}

function invalid(message: string, cause?: unknown): Error {
  return usageError('CONFIG_FILE_INVALID', message, null, { cause });
}
