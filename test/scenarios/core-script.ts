/**
 * The language of the scenario files: one batch of commands a line.
 *
 *     at 1000                                the clock of the leader, which may go back
 *     register a1 slots=2 can=email          one command
 *     submit t1 key=k + t2 key=k             several tasks in one submit
 *     assign t1 a1 & complete t1 token=3     several commands in one batch
 *     ask t1 token=3 key=ok expires=500 default=no answerers=ann,bob
 *     answer t1 token=3 key=ok with=yes by=ann
 *     details t1 token=3 text=7              what a heartbeat says
 *     submit b after=a,c:skip estimate=30    a task that depends on others; `budget=100` bounds tokens
 *     submit c parent=a hash=h1              what a running task submits
 *     complete t1 token=3 tokens=20          with what the attempt took
 *     cancel-tree t1 · kill tree t1 · kill namespace team · restore agent a1
 *     redrive t1 queue=mended priority=9     a dead letter, changed
 *     operate o1 redrive before=z             a bulk operation starts
 *     act o1 t3,t1 from=z to=t1               deals with tasks; without `to` it ends
 *     abort o1
 *     limit calls max=2 rate=3/500/4         attempts at once; units, milliseconds and burst of a rate
 *     submit t1 ckey=user-1 climit=2:cancel-oldest limits=calls:acme:2,seats fkey=ann
 *     submit t1 dedupe=debounce:k:300:800    mode, key, window and longest delay
 *     fairness team:3,other:1                weights of namespaces
 *     submit t1 downstreams=openai & fail t2 token=3 downstream=openai
 *     breaker downstream openai calls=2 open=500 openMax=900 probes=1 successes=1   jitter 0
 *     force downstream openai open reason=sick by=ann   or closed, auto
 *     schedule nightly next=2000 overlap=skip runs=3
 *     fire nightly at=2000 next=3000 task=t1   without a task the moment is passed over
 *     trigger nightly task=t2 overlap=allow & backfill nightly at=500,600 task=b overlap=allow
 *     submit t1 redundancy=3:2                copies and how many agree; `t1#1` is the first of them
 *     complete t1#1 token=3 hash=a            its result, by what it is compared by
 *     submit t1 hedge=1 & hedge t1 token=3    copies at once; one is started beside the attempt
 *     session s                               opens a session
 *     submit t1 session=s:2:1                 its second submit; the answer of the first was seen
 *     advance 5000                           time passes, and timers fire
 *     show                                   the state at this point
 */
import type { Command } from '../../src/core/command.ts';
import type { AgentId, TaskId } from '../../src/core/ids.ts';
import { ADVANCE, agentCommand, SILENT } from '../../src/core/testing/commands.ts';
import { parseAsk, parseAnswer, parseCancel, parseOutput, parseFail, usageOf, hashOf } from './script-attempts.ts';
import { parseSchedule, parsePlacement, parseOperation, parseKill } from './script-operations.ts';
import { parseRegister, parseQueue, parseSettings, parseBreaker, parseForce, parseLimits, parseWeights } from './script-settings.ts';
import { parseSubmit } from './script-submits.ts';
import { Words, split } from './script-words.ts';

/** The commands of one line, which make one batch. */
export function parseLine(line: string): readonly Command[] {
  return line.split(' & ').map((text) => {
    const [verb, rest] = split(text.trim(), ' ');
    return parseCommand(verb, rest);
  });
}

function parseCommand(verb: string, rest: string): Command {
  const words = new Words(rest);
  const [first = '', second = ''] = words.plain;
  const taskIds = first.split(',') as TaskId[];
  const leases = taskIds.map((taskId) => ({ taskId, fencingToken: words.number('token') ?? 0 }));
  switch (verb) {
    case 'submit':
      return parseSubmit(rest);
    case 'assign':
      return { type: 'task.assign', taskIds, agentIds: second.split(',') as AgentId[] };
    case 'complete':
      return {
        type: 'task.complete',
        items: leases.map((ref) => ({ ...ref, resultBytes: 5, ...usageOf(words), ...hashOf(words) })),
      };
    case 'fail':
      return parseFail(words, leases);
    case 'release':
      return { type: 'task.release', items: leases, reason: words.text('reason') ?? 'released' };
    case 'break':
      return { type: 'task.break', items: leases, error: SILENT, reason: 'heartbeat_timeout' };
    case 'extend':
      return { type: 'task.extend', items: leases, runMs: words.number('runMs') ?? 0 };
    case 'hedge':
      return { type: 'task.hedge', items: leases };
    case 'details':
      return {
        type: 'task.details',
        items: leases.map((ref) => ({ ...ref, details: words.text('text') ?? 'null' })),
      };
    case 'ask':
      return parseAsk(words, leases);
    case 'answer':
      return parseAnswer(words, leases);
    case 'cancel':
      return parseCancel(words, taskIds);
    case 'output':
      return parseOutput(words, leases);
    case 'retry':
      return { type: 'task.retry', taskIds };
    case 'purge':
      return { type: 'dead-letter.purge', taskIds };
    case 'redrive':
      return {
        type: 'task.redrive',
        items: taskIds.map((taskId) => ({ taskId })),
        redrive: parsePlacement(words),
        by: 'ann',
        reason: null,
      };
    case 'operate':
    case 'act':
    case 'abort':
      return parseOperation(verb, words);
    default:
      return parseOther(verb, first, words);
  }
}

function parseOther(verb: string, name: string, words: Words): Command {
  const scheduled = parseSchedule(verb, name, words);
  if (scheduled !== null) return scheduled;
  switch (verb) {
    case 'cancel-tree':
      return { type: 'tree.cancel', target: name, reason: 'unwanted' };
    case 'kill':
    case 'restore':
      return parseKill(verb, words);
    case 'register':
      return parseRegister(name, words);
    case 'drain':
      return agentCommand('agent.drain', name);
    case 'lose':
      return agentCommand('agent.lost', name);
    case 'back':
      return agentCommand('agent.back', name);
    case 'remove':
      return agentCommand('agent.remove', name);
    case 'queue':
      return parseQueue(name, words);
    case 'pause':
      return { type: 'queue.pause', queue: name };
    case 'resume':
      return { type: 'queue.resume', queue: name };
    case 'unqueue':
      return { type: 'queue.remove', queue: name };
    case 'session':
      return { type: 'session.open', sessionId: name };
    case 'settings':
      return parseSettings(words);
    case 'breaker':
      return parseBreaker(words);
    case 'force':
      return parseForce(words);
    case 'limit':
      return { type: 'limit.set', limit: name, settings: parseLimits(words) };
    case 'unlimit':
      return { type: 'limit.remove', limit: name };
    case 'fairness':
      return { type: 'fairness.set', weights: parseWeights(name) };
    case 'tick':
      return ADVANCE;
    default:
      throw new Error(`a line must start with a known word, got ${verb}`);
  }
}
