/** Output that is followed over kills, questions that are answered, cancels that leave time. */
import type { TaskHandle } from '../../../src/client/index.ts';
import type { TaskList } from '../../../src/contract/index.ts';
import { ofType } from '../log/fact.ts';
import { Check, type Evidence, type Proof } from '../proofs/proof.ts';
import type { DrillUser } from '../world/drill-user.ts';
import { linesOf } from '../world/journal.ts';
import type { Feature } from './feature.ts';

const RETRY = { attemptsMax: 100, delayMs: 10, delayMsMax: 200 };
const CHUNKS = 5;

async function load(user: DrillUser): Promise<void> {
  const followed: Promise<void>[] = [];
  const answering = answer(user);
  const { rng } = user;
  while (!user.isOver) {
    const asks = rng.below(2) === 0 ? { asks: 'go' } : {};
    const task = {
      type: 'talk',
      retry: RETRY,
      work: { chunks: CHUNKS, ms: rng.below(300), ...asks },
    };
    const [handle] = (await user.submit([task])) ?? [];
    if (handle !== undefined) {
      followed.push(follow(user, handle));
      if (rng.below(5) === 0) {
        const body = { reason: 'drill', graceMs: rng.below(500) };
        await user.call('POST', `/tasks/${handle.id}/cancel`, body);
      }
    }
    await user.pause(rng.below(400));
  }
  await Promise.all(followed);
  await answering;
}

/** Follows the output of a task to its end. */
async function follow(user: DrillUser, { id }: TaskHandle<unknown>): Promise<void> {
  const chunks: string[] = [];
  const isWhole = await user.tried(async () => {
    for await (const { chunk } of user.client.output(id)) chunks.push(String(chunk));
    return true;
  }, 1);
  if (isWhole === true) user.journal.write({ type: 'followed', id, chunks });
}

/** Answers whatever is asked, until nobody asks any more. */
async function answer(user: DrillUser): Promise<void> {
  for (let quiet = 0; !user.isOver || quiet < 3;) {
    const path = `/tasks?${new URLSearchParams({ q: 'state:input_required', limit: '100' }).toString()}`;
    const found = (await user.call('GET', path)) as TaskList | null;
    quiet = found?.items.length === 0 ? quiet + 1 : 0;
    for (const { id } of found?.items ?? []) {
      const body = { key: 'go', answer: `yes ${id}`, by: 'ann' };
      const isTaken = await user.call('POST', `/tasks/${id}/input`, body);
      if (isTaken !== null) {
        user.journal.write({
          type: 'answered',
          id,
          key: 'go',
          answer: JSON.stringify(body.answer),
        });
      }
    }
    await (user.isOver ? user.idle(300) : user.pause(300));
  }
}

function prove(evidence: Evidence): readonly Proof[] {
  return [output(evidence), answers(evidence)];
}

/** Puts the chunks of each attempt together by their ordinals, and attempts in the order of their tokens. */
function output({ journal, log }: Evidence): Proof {
  const check = new Check('followers were given every chunk that was taken, once and in order');
  const kept = new Map<string, Map<number, string[]>>();
  for (const { chunks, from, taskId, token } of ofType(log.facts, 'output')) {
    const attempts = kept.get(taskId) ?? new Map<number, string[]>();
    kept.set(taskId, attempts);
    const known = attempts.get(token) ?? [];
    attempts.set(token, known);
    for (const [i, chunk] of chunks.entries())
      known[from === null ? known.length : from + i] = chunk;
  }
  for (const { chunks, id } of linesOf(journal, 'followed')) {
    const attempts = [...(kept.get(id) ?? [])].toSorted(([a], [b]) => a - b);
    const all = attempts.flatMap(([, texts]) => texts.map((text) => JSON.parse(text) as unknown));
    const isSame = JSON.stringify(all) === JSON.stringify(chunks);
    check.that(isSame, () => `${id}: ${chunks.join(' ')} of ${all.join(' ')}`);
  }
  return check.proof;
}

function answers({ journal, log }: Evidence): Proof {
  const check = new Check('every acknowledged answer was kept, and no question has two');
  const kept = new Map<string, Set<string>>();
  for (const { answer: text, key, taskId } of ofType(log.facts, 'answer')) {
    const name = `${taskId} ${key}`;
    kept.set(name, (kept.get(name) ?? new Set<string>()).add(text));
  }
  for (const { answer: text, id, key } of linesOf(journal, 'answered')) {
    const texts = kept.get(`${id} ${key}`);
    check.that(texts?.has(text) === true, () => `${id} ${key}: ${text} is not in the log`);
  }
  for (const [name, texts] of kept) {
    check.that(texts.size === 1, () => `${name}: ${[...texts].join(' and ')}`);
  }
  return check.proof;
}

export const longWork: Feature = { name: 'long-work', load, prove };
