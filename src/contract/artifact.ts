/** Outputs of tasks that are too large for a result: files that the server keeps and hands out. */
import Type, { type Static } from 'typebox';

/** What an artifact may be called: it becomes the name of a file with whoever takes it. */
export const ARTIFACT_NAME = '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$';

export const ArtifactIdText = Type.String({
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
  description: 'A UUID in lower case, as the server gave it',
});

/** A kept output of a task. */
export const ArtifactView = Type.Object(
  {
    id: Type.String(),
    href: Type.String({ description: 'Where its bytes are, on this server' }),
    taskId: Type.String(),
    fencingToken: Type.Integer({ description: 'Of the attempt that made it' }),
    name: Type.String({ pattern: ARTIFACT_NAME }),
    contentType: Type.String(),
    bytes: Type.Integer(),
    sha256: Type.String({ description: 'Of its bytes, in hexadecimal' }),
    createdAt: Type.String(),
  },
  { title: 'Artifact' },
);
export type ArtifactView = Static<typeof ArtifactView>;

export const ArtifactList = Type.Object(
  { items: Type.Array(ArtifactView) },
  { title: 'ArtifactList' },
);
export type ArtifactList = Static<typeof ArtifactList>;

/** What is about to be made. */
export interface ArtifactRequest {
  readonly taskId: string;
  readonly fencingToken: number;
  /** See {@link ARTIFACT_NAME}. */
  readonly name: string;
  readonly contentType: string;
  /** Exactly as many as there will be: they are reserved. */
  readonly bytes: number;
}

/** An artifact that nobody sees yet. It ends with `keep` or `discard`. */
export interface ArtifactDraft {
  readonly id: string;
  /** File for its bytes, to be made and closed by whoever makes them; also from another thread. */
  readonly file: string;
  /**
   * Makes it durable and visible. `sha256` is of its bytes, in hexadecimal.
   *
   * @throws OrchestratorError `ARTIFACT_UNWRITABLE`; then nothing is left of it
   */
  keep(sha256: string): Promise<ArtifactView>;
  /** Gives back its place. Safe to call twice, and after `keep`, which it does not undo. */
  discard(): Promise<void>;
}

/** Takes the large outputs of agents in the server's process. */
export interface ArtifactSink {
  /** @throws OrchestratorError `ARTIFACTS_FULL`, `ARTIFACT_INVALID`, `ARTIFACT_UNWRITABLE` */
  begin(request: ArtifactRequest): Promise<ArtifactDraft>;
}
