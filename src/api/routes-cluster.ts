/** The cluster that the node belongs to, and its members. */
import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { OrchestratorError } from '../base/errors.ts';
import { AddMemberBody, ClusterView, NodeIdText, TransferBody } from '../contract/index.ts';
import { answers, CHANGE_CODES, EmptyBody, json } from './answers.ts';
import type { ClusterDoor, MemberChange } from './cluster/cluster-door.ts';

const TAGS = ['Cluster'];
const NodeParams = Type.Object({ id: NodeIdText });

/** How long a hand-over is given to show who leads then. */
const ELECTED_MS = 2_000;

/** Codes of every change of the members. */
const MEMBER_CODES = [
  ...CHANGE_CODES,
  'NOT_CLUSTERED',
  'NO_LEADER',
  'NOT_LEADER',
  'LEADERSHIP_LOST',
  'TERM_NOT_READY',
  'CHANGE_PENDING',
  'TRANSFER_PENDING',
] as const;

/** Codes of a new member. */
const ADD_CODES = [
  'NODE_EXISTS',
  'NODE_ID_USED',
  'MEMBERS_LIMIT',
  'PEER_ADDRESS_INVALID',
  'PEER_ADDRESS_TAKEN',
  'PEERS_INSECURE',
] as const;

/** @param cluster - null where the node keeps its log alone */
export function clusterRoutes(app: FastifyInstance, cluster: ClusterDoor | null): void {
  app.get(
    '/api/v1/cluster',
    {
      schema: {
        operationId: 'getCluster',
        tags: TAGS,
        summary: 'The cluster as this very node sees it, also while nobody leads',
        response: answers({ 200: json('The cluster', ClusterView) }, ['NOT_CLUSTERED']),
      },
    },
    () => Promise.resolve(required(cluster).view()),
  );
  memberRoutes(app, cluster);
  app.post<{ Body: Static<typeof TransferBody> }>(
    '/api/v1/cluster/transfer',
    {
      schema: {
        operationId: 'transferLeadership',
        tags: TAGS,
        summary: 'Hand leadership to another voter, the one that lacks least where none is named',
        body: TransferBody,
        response: answers({ 200: json('The cluster', ClusterView) }, [
          ...MEMBER_CODES,
          'TRANSFER_ABORTED',
        ]),
      },
    },
    async ({ body }) => {
      const door = required(cluster);
      await door.transfer(body.to ?? null);
      // Whoever asked wants to see who leads now.
      await door.leader(ELECTED_MS);
      return door.view();
    },
  );
}

function memberRoutes(app: FastifyInstance, cluster: ClusterDoor | null): void {
  const carryOut = async (change: MemberChange): Promise<ClusterView> => {
    await required(cluster).changeMember(change);
    return required(cluster).view();
  };
  app.post<{ Body: Static<typeof AddMemberBody> }>(
    '/api/v1/cluster/members',
    {
      schema: {
        operationId: 'addMember',
        tags: TAGS,
        summary: 'Let a new node receive the log; it votes once it is promoted',
        body: AddMemberBody,
        response: answers({ 201: json('The cluster', ClusterView) }, [
          ...MEMBER_CODES,
          ...ADD_CODES,
        ]),
      },
    },
    async ({ body }, reply) => {
      reply.code(201);
      return carryOut({ kind: 'addLearner', ...body });
    },
  );
  for (const kind of ['promote', 'demote'] as const) {
    app.post<{ Params: { id: string } }>(
      `/api/v1/cluster/members/:id/${kind}`,
      {
        schema: {
          operationId: `${kind}Member`,
          tags: TAGS,
          summary:
            kind === 'promote'
              ? 'Let a node that has caught up vote'
              : 'Let a voter only receive the log',
          params: NodeParams,
          body: EmptyBody,
          response: answers({ 200: json('The cluster', ClusterView) }, [
            ...MEMBER_CODES,
            'NODE_NOT_FOUND',
            ...(kind === 'promote'
              ? ['NODE_NOT_LEARNER', 'NODE_NOT_CAUGHT_UP']
              : ['NO_VOTER_LEFT']),
          ]),
        },
      },
      ({ params }) => carryOut({ kind, nodeId: params.id }),
    );
  }
  app.delete<{ Params: { id: string } }>(
    '/api/v1/cluster/members/:id',
    {
      schema: {
        operationId: 'removeMember',
        tags: TAGS,
        summary: 'Take a node out of the cluster, for ever',
        params: NodeParams,
        response: answers({ 200: json('The cluster', ClusterView) }, [
          ...MEMBER_CODES,
          'NODE_NOT_FOUND',
          'NO_VOTER_LEFT',
        ]),
      },
    },
    ({ params }) => carryOut({ kind: 'remove', nodeId: params.id }),
  );
}

function required(cluster: ClusterDoor | null): ClusterDoor {
  if (cluster !== null) return cluster;
  throw new OrchestratorError(
    'NOT_CLUSTERED',
    'this server keeps its log alone: nodes of a cluster are started with --log raft',
  );
}
