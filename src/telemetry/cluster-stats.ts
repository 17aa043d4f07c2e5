import { FLUSH_SECONDS, Histogram } from './histogram.ts';
import type { MetricDefinition, Sample } from './sample.ts';

/** A node of a cluster at the moment of the scrape; its view fits. */
export interface ClusterSource {
  view(): {
    readonly role: string;
    readonly term: number;
    readonly leader: string | null;
    readonly committedIndex: number;
    readonly appliedIndex: number;
    readonly clockSkewMs: number | null;
    readonly hasSameWebhooks: boolean | null;
    readonly artifacts: {
      readonly kept: number;
      readonly missing: number;
      readonly missingBytes: number;
    };
    readonly members: readonly {
      readonly nodeId: string;
      readonly isReachable: boolean;
      readonly lagEntries: number | null;
    }[];
  };
  /** None where nodes speak in the clear. */
  certificateEnds?(): readonly CertificateEnd[];
}

/** When a certificate between nodes ends, in milliseconds since 1970: that of this node, or of whoever vouches for it. */
export interface CertificateEnd {
  readonly certificate: 'node' | 'authority';
  readonly endMs: number;
}

/** What becomes of a request that is carried to the leader. */
export type ForwardOutcome = 'answered' | 'again' | 'lost' | 'refused';
export type ArtifactCopyOutcome = 'copied' | 'failed' | 'wrong';
export type ElectionStep = 'started' | 'won';
export type SnapshotStep = 'made' | 'sent' | 'installed';

const ROLES = ['leader', 'follower', 'preCandidate', 'candidate', 'failed'] as const;

/** What a node of a cluster counts. The only names in labels are those of nodes, which are few. */
export class ClusterStats {
  readonly #elections: Record<ElectionStep, number> = { started: 0, won: 0 };
  readonly #snapshots: Record<SnapshotStep, number> = { made: 0, sent: 0, installed: 0 };
  readonly #forwarded: Record<ForwardOutcome, number> = {
    answered: 0,
    again: 0,
    lost: 0,
    refused: 0,
  };
  readonly #copies: Record<ArtifactCopyOutcome, number> = { copied: 0, failed: 0, wrong: 0 };
  readonly #commits = new Histogram(FLUSH_SECONDS);

  election(step: ElectionStep): void {
    this.#elections[step] += 1;
  }

  snapshot(step: SnapshotStep): void {
    this.#snapshots[step] += 1;
  }

  forwarded(outcome: ForwardOutcome): void {
    this.#forwarded[outcome] += 1;
  }

  artifactCopied(outcome: ArtifactCopyOutcome): void {
    this.#copies[outcome] += 1;
  }

  /** An entry of this node was committed and applied, so long after it was proposed. */
  committed(durationMs: number): void {
    this.#commits.observe(durationMs / 1000);
  }

  metrics(source: ClusterSource): readonly MetricDefinition[] {
    const commits = 'uqo_raft_commit_duration_seconds';
    return [
      ...gaugesOf(source),
      {
        name: 'uqo_peer_certificate_end_timestamp_seconds',
        type: 'gauge',
        help: 'When the certificate of this node ends for other nodes, and that of its authority; seconds since 1970',
        samples: () =>
          (source.certificateEnds?.() ?? []).map(({ certificate, endMs }) => ({
            labels: { certificate },
            value: endMs / 1000,
          })),
      },
      counter('uqo_raft_elections_total', 'Elections of this node', 'outcome', this.#elections),
      counter('uqo_raft_snapshots_total', 'Snapshots of the state', 'what', this.#snapshots),
      counter(
        'uqo_forwarded_requests_total',
        'Requests carried to the leader; again: it led no more, and the next one was asked',
        'outcome',
        this.#forwarded,
      ),
      counter(
        'uqo_artifact_copies_total',
        'Copies of artifacts of other nodes; failed: gone on with later; wrong: not what the maker made',
        'outcome',
        this.#copies,
      ),
      {
        name: commits,
        type: 'histogram',
        help: 'From the proposal of an entry on the leader until a majority had it and it was applied',
        samples: () => this.#commits.samples(commits, {}),
      },
    ];
  }
}

function gaugesOf(source: ClusterSource): MetricDefinition[] {
  type View = ReturnType<ClusterSource['view']>;
  const gauge = (
    name: string,
    help: string,
    samplesOf: (view: View) => readonly Sample[],
  ): MetricDefinition => ({ name, type: 'gauge', help, samples: () => samplesOf(source.view()) });
  return [
    gauge('uqo_raft_role', '1 for what this node is, 0 for what it is not', ({ role }) =>
      ROLES.map((one) => ({ labels: { role: one }, value: Number(role === one) })),
    ),
    gauge('uqo_raft_has_leader', '1 while this node knows who leads', ({ leader }) => [
      { value: Number(leader !== null) },
    ]),
    gauge('uqo_raft_term', 'Newest term that this node knows of', ({ term }) => [{ value: term }]),
    gauge(
      'uqo_raft_commit_index',
      'Newest command known to be kept by a majority',
      ({ committedIndex }) => [{ value: committedIndex }],
    ),
    gauge('uqo_raft_applied_index', 'Newest command applied here', ({ appliedIndex }) => [
      { value: appliedIndex },
    ]),
    gauge('uqo_raft_peer_lag_entries', 'On the leader: entries that a node lacks', ({ members }) =>
      members.flatMap(({ lagEntries, nodeId }) =>
        lagEntries === null ? [] : [{ labels: { node: nodeId }, value: lagEntries }],
      ),
    ),
    gauge('uqo_raft_peer_reachable', '1 while there is a connection to a node', ({ members }) =>
      members.map(({ isReachable, nodeId }) => ({
        labels: { node: nodeId },
        value: Number(isReachable),
      })),
    ),
    gauge(
      'uqo_webhook_settings_differ',
      '1 while secret or allowed networks of webhooks are not those of the leader',
      ({ hasSameWebhooks }) =>
        hasSameWebhooks === null ? [] : [{ value: Number(!hasSameWebhooks) }],
    ),
    gauge('uqo_artifacts_kept', 'Artifacts on the disk of this node', ({ artifacts }) => [
      { value: artifacts.kept },
    ]),
    gauge(
      'uqo_artifacts_missing',
      'Artifacts that this node has no whole copy of',
      ({ artifacts }) => [{ value: artifacts.missing }],
    ),
    gauge('uqo_artifacts_missing_bytes', 'What they have together', ({ artifacts }) => [
      { value: artifacts.missingBytes },
    ]),
    gauge(
      'uqo_raft_clock_skew_seconds',
      'Clock of this node minus that of its leader',
      ({ clockSkewMs }) => (clockSkewMs === null ? [] : [{ value: clockSkewMs / 1000 }]),
    ),
  ];
}

function counter(
  name: string,
  help: string,
  label: string,
  counts: Readonly<Record<string, number>>,
): MetricDefinition {
  const samples = (): Sample[] =>
    Object.entries(counts).map(([of, value]) => ({ labels: { [label]: of }, value }));
  return { name, type: 'counter', help, samples };
}
