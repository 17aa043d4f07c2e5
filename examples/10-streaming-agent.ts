/** An agent that writes like a language model: tokens as they come, a retry that heeds its critique. */
import {
  RetryAfterError,
  UnifiedQuantumOrchestrator,
  type HandlerContext,
  type HandlerTask,
} from 'unified-quantum-orchestrator';
import { check, scratchFolder } from './harness/scratch.ts';

interface Question {
  readonly ask: string;
}

interface Answer {
  readonly text: string;
  readonly tokens: number;
}

/** Stands for the model, and speaks as one does: words one after the other, then what they cost. */
async function* model(prompt: string): AsyncGenerator<string, number> {
  const isBrief = prompt.includes('maxLength') || prompt.includes('characters');
  const words = isBrief
    ? ['Bees', ' dance.']
    : ['Bees', ' dance', ' for', ' a', ' very', ' long', ' time.'];
  for (const word of words) {
    await new Promise((resolve) => setImmediate(resolve));
    yield word;
  }
  return words.length;
}

async function answer(
  { payload }: HandlerTask<Question>,
  { attempt, critique, emit, heartbeat, lastError, signal }: HandlerContext,
): Promise<Answer> {
  if (attempt === 1) throw new RetryAfterError(20, 'the model is busy');
  const hint = critique === undefined ? '' : `\nYour last answer was refused: ${critique}`;
  const stream = model(`${payload.ask}${hint}`);
  let text = '';
  for (;;) {
    signal.throwIfAborted();
    const { done, value } = await stream.next();
    if (done === true) {
      heartbeat({ usage: { tokens: value }, after: lastError?.code });
      return { text, tokens: value };
    }
    text += value;
    emit(value);
  }
}

const uqo = new UnifiedQuantumOrchestrator({ dataDir: scratchFolder() });
await uqo.start();
await uqo.registerAgent({ id: 'writer', capabilities: ['answer'] }, answer);

const task = await uqo.submitTask<Answer>({
  type: 'answer',
  payload: { ask: 'What do bees do?' },
  resultSchema: {
    type: 'object',
    properties: { text: { type: 'string', maxLength: 20 }, tokens: { type: 'integer' } },
    required: ['text', 'tokens'],
  },
  retry: { delayMs: 0 },
});

const drafts = new Map<number, string>();
for await (const { attempt, chunk } of uqo.output(task.id)) {
  drafts.set(attempt, (drafts.get(attempt) ?? '') + String(chunk));
}
const result = await task.result();
const { attempt, failures } = uqo.getTask(task.id) ?? {};
await uqo.stop();

for (const [number, draft] of drafts) console.log(`attempt ${number}: ${draft}`);
console.log(failures?.map(({ error }) => `${error.code}: ${error.message}`).join('\n'));
check('the model was busy once, and said too much once', attempt === 3);
check('the long answer did not meet the schema', failures?.[1]?.error.code === 'RESULT_INVALID');
check('the third attempt heeded the critique', result.text === 'Bees dance.');
check('the draft can still be read', drafts.get(2) === 'Bees dance for a very long time.');
