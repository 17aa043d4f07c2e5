interface KeyBase {
  /** Name in the file and in `--print-config`; `a.b` is `b` below `a` in the file. */
  readonly name: string;
  readonly env: string;
  /** As commander reads it; absent where a setting has no flag. */
  readonly flag?: string;
  readonly doc: string;
}

interface TextKey extends KeyBase {
  readonly type: 'text';
  readonly default: string;
  /** Empty says that it is not set. */
  readonly mayBeEmpty?: true;
}

interface IntegerKey extends KeyBase {
  readonly type: 'integer';
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

interface BooleanKey extends KeyBase {
  readonly type: 'boolean';
  readonly default: boolean;
}

/** A length of time: text with a unit outside, milliseconds inside. */
interface DurationKey extends KeyBase {
  readonly type: 'duration';
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

/** A size: text with a unit outside, bytes inside. */
interface BytesKey extends KeyBase {
  readonly type: 'bytes';
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

/** A part of a whole: a number from 0 to 1. */
interface ShareKey extends KeyBase {
  readonly type: 'share';
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

interface ChoiceKey extends KeyBase {
  readonly type: 'choice';
  readonly default: string;
  readonly choices: readonly string[];
  /** Choices that are planned and refused until they exist. */
  readonly notBuilt?: readonly string[];
}

export type ConfigKey =
  TextKey | IntegerKey | BooleanKey | DurationKey | BytesKey | ShareKey | ChoiceKey;
