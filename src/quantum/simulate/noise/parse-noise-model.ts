/**
 * Noise models as JSON:
 *
 * ```json
 * {
 *   "gates": [
 *     { "gates": ["cx", "cz"], "channel": { "type": "depolarizing", "probability": 0.01, "qubits": 2 } },
 *     { "gates": "all", "qubits": [[0]], "channel": { "type": "amplitude-damping", "gamma": 0.002 } }
 *   ],
 *   "readout": [{ "qubits": [0, 1], "zeroAsOne": 0.01, "oneAsZero": 0.03 }],
 *   "idle": { "type": "thermal-relaxation", "t1": 50, "t2": 70, "time": 0.1 }
 * }
 * ```
 */
import { isOrchestratorError, messageOf, OrchestratorError } from '../../../base/errors.ts';
import { findGate, type GateName } from '../../circuit/gate-table.ts';
import { matrix, type Scalar } from '../../linear/complex-matrix.ts';
import { krausChannel } from '../../states/channel.ts';
import type { Kraus } from '../../states/kraus.ts';
import {
  amplitudeDamping,
  bitFlip,
  bitPhaseFlip,
  depolarizing,
  pauliChannel,
  phaseDamping,
  phaseFlip,
  thermalRelaxation,
} from '../../states/noise-channels.ts';
import {
  fieldsOf,
  itemsOf,
  mustBe,
  numberIn,
  qubitOf,
  required,
  type JsonPlace,
} from './json-reader.ts';
import type { GateNoise, NoiseModel, ReadoutNoise } from './noise-model.ts';

type Fields = (name: string) => JsonPlace | null;

/** Fields of each type of channel, and how it is made of them. */
interface ChannelReader {
  readonly fields: readonly string[];
  readonly make: (fields: Fields, place: JsonPlace) => Kraus;
}

function probability(fields: Fields, place: JsonPlace, name = 'probability'): number {
  return numberIn(required(fields, name, place), 0, 1);
}

function withProbability(make: (p: number) => Kraus, name = 'probability'): ChannelReader {
  return { fields: [name], make: (fields, place) => make(probability(fields, place, name)) };
}

function scalarOf(place: JsonPlace): Scalar {
  if (typeof place.value === 'number') return numberIn(place, -Infinity, Infinity);
  const parts = itemsOf(place);
  if (parts.length !== 2) mustBe(place, 'a number or a pair of real and imaginary part');
  return [numberIn(parts[0], -Infinity, Infinity), numberIn(parts[1], -Infinity, Infinity)];
}

function krausOf(fields: Fields, place: JsonPlace): Kraus {
  const operators = itemsOf(required(fields, 'operators', place)).map((operator) => {
    const rows = itemsOf(operator).map((row) => itemsOf(row).map(scalarOf));
    if (rows.some((row) => row.length !== rows.length)) mustBe(operator, 'a square matrix');
    return matrix(rows);
  });
  return krausChannel('kraus', operators);
}

function pauliOf(fields: Fields, place: JsonPlace): Kraus {
  const at = required(fields, 'probabilities', place);
  if (typeof at.value !== 'object' || at.value === null) mustBe(at, 'an object like {"X": 0.01}');
  const names = Object.keys(at.value);
  const each = fieldsOf(at, names);
  return pauliChannel(
    Object.fromEntries(names.map((name) => [name, numberIn(required(each, name, at), 0, 1)])),
  );
}

const CHANNELS: Readonly<Record<string, ChannelReader>> = {
  depolarizing: {
    fields: ['probability', 'qubits'],
    make: (fields, place) => {
      const qubits = fields('qubits');
      const p = numberIn(required(fields, 'probability', place), 0, 4 / 3);
      return depolarizing(p, qubits === null ? 1 : numberIn(qubits, 1, 5));
    },
  },
  'bit-flip': withProbability(bitFlip),
  'phase-flip': withProbability(phaseFlip),
  'bit-phase-flip': withProbability(bitPhaseFlip),
  'amplitude-damping': withProbability(amplitudeDamping, 'gamma'),
  'phase-damping': withProbability(phaseDamping, 'lambda'),
  'thermal-relaxation': {
    fields: ['t1', 't2', 'time', 'excitedPopulation'],
    make: (fields, place) => {
      const [t1, t2, time] = ['t1', 't2', 'time'].map((name) =>
        numberIn(required(fields, name, place), 0, Infinity),
      );
      const excited = fields('excitedPopulation');
      const excitedPopulation = excited === null ? 0 : numberIn(excited, 0, 1);
      return thermalRelaxation({ t1, t2, time, excitedPopulation });
    },
  },
  pauli: { fields: ['probabilities'], make: pauliOf },
  kraus: { fields: ['operators'], make: krausOf },
};

function channelOf(place: JsonPlace): Kraus {
  const { value } = place;
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : null;
  const reader =
    typeof type === 'string' && Object.hasOwn(CHANNELS, type)
      ? CHANNELS[type]
      : mustBe(
          { value: type, path: `${place.path}.type` },
          `one of ${Object.keys(CHANNELS).join(', ')}`,
        );
  const fields = fieldsOf(place, ['type', ...reader.fields]);
  try {
    return reader.make(fields, place);
  } catch (error) {
    if (!isOrchestratorError(error) || error.code === 'QUANTUM_NOISE_INVALID') throw error;
    throw new OrchestratorError(
      error.code,
      `${place.path}: ${messageOf(error)}`,
      { ...error.details, path: place.path },
      { cause: error },
    );
  }
}

function gateNames(place: JsonPlace): GateNoise['gates'] {
  if (place.value === 'all') return 'all';
  const names = itemsOf(place).map((item) => {
    const { value } = item;
    if (value === 'unitary') return value;
    const gate = typeof value === 'string' ? findGate(value) : null;
    return gate?.name ?? mustBe(item, 'the name of a gate, or unitary');
  });
  return new Set<GateName | 'unitary'>(names);
}

function gateNoiseOf(place: JsonPlace): GateNoise {
  const fields = fieldsOf(place, ['gates', 'qubits', 'channel']);
  const qubits = fields('qubits');
  return {
    gates: gateNames(required(fields, 'gates', place)),
    qubits: qubits === null ? null : itemsOf(qubits).map((list) => itemsOf(list).map(qubitOf)),
    channel: channelOf(required(fields, 'channel', place)),
  };
}

function readoutOf(place: JsonPlace): ReadoutNoise {
  const fields = fieldsOf(place, ['qubits', 'zeroAsOne', 'oneAsZero']);
  const qubits = fields('qubits');
  return {
    qubits: qubits === null ? null : new Set(itemsOf(qubits).map(qubitOf)),
    error: {
      zeroAsOne: probability(fields, place, 'zeroAsOne'),
      oneAsZero: probability(fields, place, 'oneAsZero'),
    },
  };
}

/**
 * The noise model that a parsed JSON document describes; see the head of this file.
 *
 * @throws OrchestratorError QUANTUM_NOISE_INVALID, or what the channel's maker refuses (such as
 *   QUANTUM_NOT_CPTP), with the path of what is wrong in the message and in details.path
 */
export function parseNoiseModel(json: unknown): NoiseModel {
  const place = { value: json, path: 'noise' };
  const fields = fieldsOf(place, ['gates', 'readout', 'idle']);
  const list = (name: string): readonly JsonPlace[] => {
    const found = fields(name);
    return found === null ? [] : itemsOf(found);
  };
  const idle = fields('idle');
  const channel = idle === null ? null : channelOf(idle);
  if (idle !== null && channel !== null && channel.qubits !== 1)
    mustBe(idle, 'a channel of one qubit');
  return {
    gates: list('gates').map(gateNoiseOf),
    readout: list('readout').map(readoutOf),
    idle: channel,
  };
}
