/** Who has most of the work of late, and of the failures. */
import Type, { type Static } from 'typebox';

const TopItem = Type.Object({
  name: Type.String(),
  count: Type.Number({ description: 'Never too low' }),
  overBy: Type.Number({ description: '`count` is at most so much too high' }),
});

const list = (description: string): ReturnType<typeof Type.Array<typeof TopItem>> =>
  Type.Array(TopItem, { description: `${description}, most first` });

export const TopView = Type.Object(
  {
    since: Type.String({ description: 'From when on it was counted, in ISO 8601' }),
    submitted: Type.Object({
      tasks: Type.Integer(),
      types: list('Task types by tasks submitted'),
      namespaces: list('Namespaces by tasks submitted'),
    }),
    busy: Type.Object({
      ms: Type.Number({ description: 'Run time of attempts that ended' }),
      types: list('Task types by run time in milliseconds'),
      namespaces: list('Namespaces by run time in milliseconds'),
      agents: list('Agents by run time in milliseconds'),
    }),
    failures: Type.Object({
      attempts: Type.Integer(),
      types: list('Task types by attempts that failed'),
      agents: list('Agents by attempts that failed'),
      codes: list('Error codes by attempts that failed'),
    }),
    distinct: Type.Object(
      {
        types: Type.Integer(),
        namespaces: Type.Integer(),
        agents: Type.Integer({ description: 'That ended an attempt' }),
        keys: Type.Integer({
          description: 'Affinity, concurrency and fairness keys of tasks submitted',
        }),
      },
      { description: 'How many different ones were seen: estimates, to about 2 %' },
    ),
  },
  { title: 'Top' },
);
export type TopView = Static<typeof TopView>;
