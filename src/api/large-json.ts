/** Large requests with a list of tasks, read a slice at a time. */
import { messageOf } from '../base/errors.ts';
import { checkJson, InvalidRequestError } from '../contract/index.ts';
import { Slices, type Clock } from '../runtime/index.ts';

/** UTF-16 units of a slice, about: a millisecond or two of parsing. */
const SLICE_LENGTH = 128 * 1024;
/** Units looked through before it is asked whether others are to have their turn. */
const LOOK_LENGTH = 64 * 1024;

/** Where the list of tasks lies in the text: after its bracket, and where each slice of it ends. */
interface Cuts {
  readonly from: number;
  /** Places of commas between tasks, and of the bracket that ends the list. */
  readonly at: readonly number[];
}

/**
 * Reads `{…, "tasks": […], …}` as JSON with turns for others in between; null where the text is not of
 * that form, so that it must be read at once. What it takes and refuses is the same as then.
 *
 * @throws InvalidRequestError
 */
export async function readLargeJson(
  text: string,
  clock: Pick<Clock, 'monotonicMs'>,
  sliceLength: number = SLICE_LENGTH,
): Promise<object | null> {
  const slices = new Slices(clock);
  const cuts = await findCuts(text, slices, sliceLength);
  if (cuts === null) return null;
  const { at, from } = cuts;
  const end = at.at(-1) as number;
  const outside = parse(`${text.slice(0, from)}${text.slice(end)}`) as { tasks?: unknown };
  checkJson(outside);
  // A second list of that name would count instead of the first.
  if (!Array.isArray(outside.tasks) || outside.tasks.length > 0) return null;
  const tasks: unknown[] = [];
  let start = from;
  for (const place of at) {
    const slice = text.slice(start, place);
    if (slice.trim() === '' && at.length > 1)
      throw fault('a task is missing before a comma or the end');
    for (const task of parse(`[${slice}]`) as unknown[]) {
      checkTask(task, tasks.length);
      tasks.push(task);
    }
    start = place + 1;
    if (slices.isOver) await slices.next();
  }
  return { ...outside, tasks };
}

/** Two levels deeper than it stands alone. */
function checkTask(task: unknown, position: number): void {
  try {
    checkJson([[task]]);
  } catch (error) {
    if (!(error instanceof InvalidRequestError)) throw error;
    const path = String(error.details['path']);
    const inside = path.replace(/^\/0\/0/, `/tasks/${position}`);
    throw new InvalidRequestError(inside, error.message.replace(`${path} `, ''));
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const BEGIN_LIST = 0x5b;
const END_LIST = 0x5d;
const BEGIN_OBJECT = 0x7b;
const END_OBJECT = 0x7d;

/** Walks the text once; what is not JSON is found by whoever parses the slices. */
async function findCuts(text: string, slices: Slices, sliceLength: number): Promise<Cuts | null> {
  let depth = 0;
  let from = -1;
  let lookAt = LOOK_LENGTH;
  const at: number[] = [];
  for (let i = 0; i < text.length; i++) {
    if (i >= lookAt) {
      lookAt = i + LOOK_LENGTH;
      if (slices.isOver) await slices.next();
    }
    switch (text.charCodeAt(i)) {
      case QUOTE:
        i = endOfString(text, i);
        if (i < 0) return null;
        break;
      case BEGIN_LIST:
        if (depth === 1 && from < 0 && TASKS_NAME.test(text.slice(Math.max(0, i - 40), i)))
          from = i + 1;
        depth += 1;
        break;
      case BEGIN_OBJECT:
        depth += 1;
        break;
      case END_LIST:
      case END_OBJECT:
        depth -= 1;
        if (depth === 1 && from >= 0) return { from, at: [...at, i] };
        break;
      case COMMA:
        if (depth === 2 && from >= 0 && i - (at.at(-1) ?? from) >= sliceLength) at.push(i);
        break;
      default:
    }
  }
  return null;
}

const TASKS_NAME = /"tasks"\s*:\s*$/;

/** Place of the quote that ends a string; -1 where none does. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  return -1;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw fault(messageOf(error));
  }
}

function fault(message: string): InvalidRequestError {
  return new InvalidRequestError('', `must be JSON: ${message}`);
}
