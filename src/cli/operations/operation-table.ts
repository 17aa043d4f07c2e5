/** How operations and groups of failures are shown in a terminal. */
import type {
  DryRunView,
  FailureGroupView,
  OperationItemList,
  OperationView,
} from '../../contract/index.ts';
import type { Fields } from '../output/output.ts';
import type { Column } from '../output/table.ts';

export const OPERATION_COLUMNS: readonly Column<OperationView>[] = [
  { title: 'id', value: ({ id }) => id },
  { title: 'action', value: ({ action }) => action },
  { title: 'state', value: ({ state }) => state },
  { title: 'matched', value: ({ matched }) => matched, align: 'right' },
  { title: 'done', value: ({ done }) => done, align: 'right' },
  { title: 'refused', value: ({ refused }) => refused, align: 'right' },
  { title: 'by', value: ({ by }) => by },
  { title: 'query', value: ({ query }) => query },
];

export const ITEM_COLUMNS: readonly Column<OperationItemList['items'][number]>[] = [
  { title: 'task', value: ({ taskId }) => taskId },
  { title: 'outcome', value: ({ outcome }) => outcome },
];

export const GROUP_COLUMNS: readonly Column<FailureGroupView>[] = [
  { title: 'key', value: ({ key }) => key },
  { title: 'state', value: ({ state }) => state },
  { title: 'dead', value: ({ live }) => live, align: 'right' },
  { title: 'ever', value: ({ count }) => count, align: 'right' },
  { title: 'last', value: ({ lastAt }) => lastAt },
  { title: 'type', value: ({ type }) => type },
  { title: 'code', value: ({ code }) => code },
  { title: 'message', value: ({ message }) => message },
];

export function operationFields(operation: OperationView): Fields {
  return [
    ['id', operation.id],
    ['action', operation.action],
    ['query', operation.query],
    ['group', operation.group],
    ['state', operation.state],
    ['by', operation.by],
    ['reason', operation.reason],
    ['started', operation.startedAt],
    ['ended', operation.endedAt],
    ['ended by', operation.endedBy],
    ['because', operation.endedReason],
    ['matched', operation.matched],
    ['done', operation.done],
    ['refused', operation.refused],
    ['remaining', operation.remaining],
  ];
}

export function dryRunFields({ examples, matched }: DryRunView): Fields {
  return [
    ['matched', matched],
    ['such as', examples.map(({ id }) => id).join(' ')],
    ['dry run', 'yes, nothing was changed'],
  ];
}
