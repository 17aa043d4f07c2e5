import Type, { type Static } from 'typebox';

const Share = Type.Number({ minimum: 0, maximum: 1 });

const pairFields = {
  a: Type.String(),
  b: Type.String(),
  failuresA: Type.Integer({ description: 'Windows in which a failed' }),
  failuresB: Type.Integer(),
  together: Type.Integer({ description: 'Windows in which both failed' }),
  informationBits: Type.Number({
    description: 'Mutual information of the two, in bits a window, corrected for few windows',
  }),
};

const Domain = Type.Object({
  label: Type.String({ description: '`zone` or `host`' }),
  name: Type.String(),
  failing: Type.Integer({ description: 'Its agents that failed in one of the windows' }),
  togetherRate: {
    ...Share,
    description: 'Chance that another of these fails in a window in which one does',
  },
  failureShare: { ...Share, description: 'Part of all failures that is its own' },
});

const Suspect = Type.Object({
  label: Type.String(),
  name: Type.String(),
  agents: Type.Integer(),
  failing: Type.Integer({ description: 'Agents whose last attempt failed when it was judged' }),
  until: Type.String({ description: 'In ISO 8601; later if they go on failing' }),
});

const Modes = Type.Object(
  {
    agents: Type.Integer({
      description: 'Agents that it is about: at most 48, with most failures',
    }),
    effective: Type.Number({
      description: '1 / Tr ρ²: how many independent ways to fail they have, 1 to `agents`',
    }),
    spectral: Type.Number({ description: 'e^S(ρ) of the spectrum, chance included' }),
    strongest: Type.Array(Type.Object({ share: Share, agents: Type.Array(Type.String()) }), {
      description: 'Those that take part most, the first the most',
    }),
  },
  { description: 'Null before eight windows, or two agents that failed' },
);

/** What the leader has learned of agents that fail together. */
export const CorrelationView = Type.Object(
  {
    windowMs: Type.Integer({ description: 'Failures within it count as one event' }),
    windows: Type.Integer({ description: 'Windows in which anything ended, at most 256' }),
    agents: Type.Integer({ description: 'Agents that failed in one of them' }),
    modes: Type.Union([Modes, Type.Null()]),
    pairs: Type.Array(
      Type.Object({
        ...pairFields,
        failsWith: {
          ...Share,
          description: 'Chance that b fails in a window in which a does, shrunk to their domain',
        },
        correlation: Share,
      }),
      { description: 'At most 20, those that tell most of each other first' },
    ),
    domains: Type.Array(Domain),
    domainPairs: Type.Array(Type.Object(pairFields)),
    suspects: Type.Array(Suspect, { description: 'Domains that are avoided at the moment' }),
  },
  { title: 'Correlations' },
);
export type CorrelationView = Static<typeof CorrelationView>;
