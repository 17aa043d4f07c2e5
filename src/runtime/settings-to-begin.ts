import {
  CORE_SETTINGS_DEFAULT,
  type CoreSettings,
  type CoreState,
  type StrategyName,
} from '../core/index.ts';

/**
 * Of queues that are made by their first task, where nothing was made yet: docs/strategies.md.
 *
 * Core's own default stays what it was when the first logs were written, for a log means what it meant then.
 */
const STRATEGY: StrategyName = 'shortest-expected-delay';

/** What core's settings should become before work is taken; null where they are right. */
export function settingsToBegin(
  { queues, settings, taskSeq }: CoreState,
  wanted: Partial<CoreSettings> = {},
): CoreSettings | null {
  const { queueDefaults } = settings;
  const isNew = queues.size === 0 && taskSeq === 0;
  const isCores = queueDefaults.strategy === CORE_SETTINGS_DEFAULT.queueDefaults.strategy;
  const strategy = isNew && isCores ? STRATEGY : queueDefaults.strategy;
  const next = { ...settings, queueDefaults: { ...queueDefaults, strategy }, ...wanted };
  return JSON.stringify(next) === JSON.stringify(settings) ? null : next;
}
