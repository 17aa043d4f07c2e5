/** Checks of what attempts ask and what people answer; the same wherever an agent runs. */
import { Compile } from 'typebox/compile';
import { OrchestratorError } from '../base/errors.ts';
import { checkAnswer, findSchemaFault } from './answer-schema.ts';
import { describeFault } from './check.ts';
import { INPUT_TEXT_MAX, InputPrompt, type AskedPrompt } from './input.ts';
import { findJsonFault } from './json.ts';
import { Key } from './names.ts';
import { boundedText } from './progress.ts';

const prompts = Compile(InputPrompt);
const keys = Compile(Key);

/** Whether a text can be the key of a question. */
export function isInputKey(text: string): boolean {
  return keys.Check(text);
}

/**
 * Checks a prompt: its form, its size, its schema, and that the default meets it.
 *
 * @throws OrchestratorError `INPUT_PROMPT_INVALID` with the path of what is wrong
 */
export function readPrompt(value: unknown): AskedPrompt {
  const prompt = JSON.parse(
    boundedText(value, { code: 'INPUT_PROMPT_INVALID', what: 'a prompt', max: INPUT_TEXT_MAX }),
  ) as unknown;
  const shape = findJsonFault(prompt);
  if (shape !== null) throw invalidPrompt(`/prompt${shape.path}`, shape.message);
  if (!prompts.Check(prompt)) {
    const { details, message } = describeFault(prompts.Errors(prompt), '/prompt');
    throw new OrchestratorError('INPUT_PROMPT_INVALID', message, details);
  }
  const { answerers = null, expiresMs = 0, key = null, message, schema } = prompt;
  if (schema !== undefined) {
    const fault = findSchemaFault(schema);
    if (fault !== null) throw invalidPrompt(`/prompt/schema${fault.path}`, fault.message);
    checkDefault(schema, prompt.default);
  }
  return {
    key,
    message,
    schema: textOf(schema),
    default: textOf(prompt.default),
    answerers,
    expiresMs,
  };
}

/** The JSON text of a checked prompt, without its key: what {@link readPrompt} makes it of. */
export function promptText(prompt: AskedPrompt): string {
  const { answerers, expiresMs, message, schema } = prompt;
  return JSON.stringify({
    message,
    ...(schema === null ? {} : { schema: JSON.parse(schema) as unknown }),
    ...(prompt.default === null ? {} : { default: JSON.parse(prompt.default) as unknown }),
    ...(answerers === null ? {} : { answerers }),
    ...(expiresMs === 0 ? {} : { expiresMs }),
  });
}

/**
 * The JSON text of an answer, which meets the question's schema.
 *
 * @param schema - JSON text, or null for none
 * @throws OrchestratorError `INPUT_INVALID` with the path of what is wrong
 */
export function readAnswer(answer: unknown, schema: string | null): string {
  const text = boundedText(answer, {
    code: 'INPUT_INVALID',
    what: 'an answer',
    max: INPUT_TEXT_MAX,
  });
  const value = JSON.parse(text) as unknown;
  const fault = findJsonFault(value);
  if (fault !== null) {
    const path = `/answer${fault.path}`;
    throw new OrchestratorError('INPUT_INVALID', `${path} ${fault.message}`, { path });
  }
  if (schema !== null) checkAnswer(JSON.parse(schema), value);
  return text;
}

function checkDefault(schema: unknown, value: unknown): void {
  if (value === undefined) return;
  try {
    checkAnswer(schema, value);
  } catch (error) {
    const cause = error as OrchestratorError;
    throw new OrchestratorError(
      'INPUT_PROMPT_INVALID',
      `/prompt/default must meet the schema: ${cause.message}`,
      { path: '/prompt/default' },
      { cause },
    );
  }
}

function textOf(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

function invalidPrompt(path: string, message: string): OrchestratorError {
  return new OrchestratorError('INPUT_PROMPT_INVALID', `${path} ${message}`, { path });
}
