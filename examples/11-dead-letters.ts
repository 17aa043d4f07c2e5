/** Dead letters: what failed alike, a payload mended in all of them at once, and a task that takes its agents down. */
import { TestOrchestrator } from 'unified-quantum-orchestrator/testing';
import { check } from './harness/scratch.ts';

const world = await TestOrchestrator.start();
await world.agent({ id: 'mailer', capabilities: ['mail'], slots: 10 }, (task) => {
  const { server, to } = task.payload as { server: string; to: string };
  if (server === 'smtp1') throw new Error('no route to smtp1');
  return `sent to ${to}`;
});
const letters = [];
for (let n = 0; n < 6; n++) {
  const payload = { server: 'smtp1', to: `user${n}@example.com` };
  letters.push(await world.submit({ type: 'mail', payload, retry: { attemptsMax: 1 } }));
}

const { deadLetters, operations } = world.runtime;
const [group] = deadLetters.groups();
check('six failures are one group', group?.live === 6 && group.message === 'no route to smtp1');

const redrive = {
  action: 'redrive',
  query: 'type:mail',
  group: group?.key ?? '',
  params: { patch: { server: 'smtp2' }, priority: 9 },
  by: 'ann',
  reason: 'smtp1 is gone',
} as const;
const counted = await operations.start({ ...redrive, dryRun: true });
check('counted before anything is done', counted.matched === 6);
const started = await operations.start({ ...redrive, sample: 1 });
check('tried on one of them first', 'id' in started && started.matched === 1);
while (operations.list({ state: 'running' }).length > 0) await world.settle();
const all = await operations.start(redrive);
while (operations.list({ state: 'running' }).length > 0) await world.settle();
await world.settle();
for (const letter of letters) world.expectCompleted(letter);
check('then all of the rest', 'id' in all && operations.get(all.id).done === 5);
check('by somebody, for a reason', operations.list().at(0)?.reason === 'smtp1 is gone');
await deadLetters.setGroup(group?.key ?? '', { state: 'resolved', by: 'ann' });
check('the group is resolved', deadLetters.groups({ state: 'resolved' })[0]?.live === 0);

for (const id of ['w1', 'w2', 'w3']) await world.scripted({ id, capabilities: ['burn'] });
const poison = await world.submit({ type: 'burn', retry: { attemptsMax: 100 } });
for (let n = 0; n < 3; n++) {
  const agentId = world.orchestrator.getTask(poison.id)?.agentId ?? '';
  await world.loseAgent(agentId);
}
world.expectFailed(poison, 'POISON_TASK');
check(
  'a task that took down three agents is held back',
  deadLetters.groups()[0]?.code === 'POISON_TASK',
);
const again = await operations.start({ action: 'redrive', query: 'state:failed', dryRun: true });
check('and no redrive by query touches it', again.matched === 0);

await world.stop();
