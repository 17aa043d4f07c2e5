import Type, { type Static } from 'typebox';

const Share = Type.Number({ minimum: 0, maximum: 1 });
const orNull = <Value extends Parameters<typeof Type.Union>[0][number]>(value: Value) =>
  Type.Union([value, Type.Null()]);

const JudgedMeasure = Type.Object({
  value: Type.Number(),
  expected: orNull(
    Type.Number({
      description: 'On average, if all agents served equally well. Null before 64 attempts ended',
    }),
  ),
  alarmBelow: orNull(
    Type.Number({ description: 'It would fall below that by chance once in 1,000 looks' }),
  ),
});

const BornState = Type.Object({
  pool: Type.String({ description: 'The requirement its agents meet, as `explain` names it' }),
  strategy: Type.String(),
  agents: Type.Integer({ description: 'All of the pool, whether they can be drawn now or not' }),
  attempts: Type.Integer({ description: 'Ends of attempts that it learned from' }),
  targetFidelity: JudgedMeasure,
  entropyBits: JudgedMeasure,
});

/** What can be said of the states of the Born strategies. What is null was not measured. */
export const QuantumStatus = Type.Object(
  {
    dispatchers: Type.Literal(1),
    globalCoherence: Type.Literal(1, {
      description:
        'Purity of the mixture of all dispatchers’ states. With one dispatcher 1 by definition: nothing is measured',
    }),
    basis: Type.Literal('definition', { description: 'Of `globalCoherence` alone' }),
    pools: Type.Integer({ description: 'With a Born strategy and an agent' }),
    dispatchFidelity: Type.Union(
      [
        Type.Object({
          value: Share,
          expected: Share,
          alarmBelow: Type.Number(),
          dispatches: Type.Integer(),
        }),
        Type.Null(),
      ],
      {
        description:
          'How well dispatch follows the distribution it is drawn from: (Σ√(p·q))². Below `alarmBelow` something overrides the draws',
      },
    ),
    targetFidelity: Type.Union([Share, Type.Null()], {
      description:
        '|⟨τ|ψ⟩|² with the state τ of shares of slots · weight, in the pool where it is lowest. Low: agents serve other than these say',
    }),
    entropyBits: Type.Union([Type.Number(), Type.Null()], {
      description:
        'Of the Born distribution in the pool where it is lowest; k bits are 2^k equal agents. Low: few get the work',
    }),
    alarms: Type.Array(
      Type.Union([
        Type.Literal('dispatchFidelity'),
        Type.Literal('targetFidelity'),
        Type.Literal('entropyBits'),
      ]),
      { description: 'Measures that are below their `alarmBelow`, in any pool' },
    ),
    states: Type.Array(BornState, {
      description: 'At most 20, those furthest below what chance explains first',
    }),
  },
  { title: 'QuantumStatus', description: 'What strategies that draw by Born’s rule learned' },
);
export type QuantumStatus = Static<typeof QuantumStatus>;
