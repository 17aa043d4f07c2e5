import { expect, test } from 'vitest';
import { apply, createState, CORE_SETTINGS_DEFAULT, type CoreState } from '../core/index.ts';
import { settingsToBegin } from './settings-to-begin.ts';

function stateAfter(...commands: Parameters<typeof apply>[2]['commands'][number][]): CoreState {
  const state = createState(1);
  if (commands.length > 0) apply(state, 1, { at: 0, commands });
  return state;
}

test('where nothing was made yet, queues begin with the strategy that does best', () => {
  const settings = settingsToBegin(createState(1));
  expect(settings?.queueDefaults.strategy).toBe('shortest-expected-delay');
  expect(settings?.queueDefaults.depthMax).toBe(CORE_SETTINGS_DEFAULT.queueDefaults.depthMax);
});

test('where a queue was made, the default stays what it was', () => {
  const made = stateAfter({ type: 'queue.set', queue: 'mail', settings: { depthMax: 5 } });
  expect(settingsToBegin(made)).toBeNull();
});

test('a default that was chosen stays, also where nothing was made', () => {
  const queueDefaults = { strategy: 'round-robin', depthMax: 7 } as const;
  const settings = { ...CORE_SETTINGS_DEFAULT, queueDefaults };
  expect(settingsToBegin(stateAfter({ type: 'settings.set', settings }))).toBeNull();
  expect(settingsToBegin(createState(1), { queueDefaults })?.queueDefaults).toEqual(queueDefaults);
});

test('what is right already is not said again', () => {
  const first = settingsToBegin(createState(1), { queuesMax: 5 });
  expect(first?.queuesMax).toBe(5);
  if (first === null) return;
  const begun = stateAfter({ type: 'settings.set', settings: first });
  expect(settingsToBegin(begun, { queuesMax: 5 })).toBeNull();
});
