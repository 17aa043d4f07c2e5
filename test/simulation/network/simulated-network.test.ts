import { describe, expect, test } from 'vitest';
import { Chance } from '../kernel/chance.ts';
import { Simulation } from '../kernel/simulation.ts';
import { drawLinkFaults, HEALTHY_LINK, type LinkFaults } from './link-faults.ts';
import { drawPartition, type Partition } from './partition.ts';
import { SimulatedNetwork } from './simulated-network.ts';

interface Arrival {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly atUs: number;
}

function start(
  faults: Partial<LinkFaults> = {},
  size = 3,
): {
  simulation: Simulation;
  network: SimulatedNetwork<Uint8Array>;
  arrivals: Arrival[];
} {
  const simulation = new Simulation(5);
  const arrivals: Arrival[] = [];
  const network = new SimulatedNetwork<Uint8Array>(simulation, size, (from, to, frame) => {
    arrivals.push({ from, to, text: Buffer.from(frame).toString(), atUs: simulation.nowUs });
  });
  network.setFaults(() => ({ ...HEALTHY_LINK, ...faults }));
  return { simulation, network, arrivals };
}

function sendMany(network: SimulatedNetwork<Uint8Array>, count = 400): void {
  for (let number = 0; number < count; number += 1) {
    network.send(0, 1, Buffer.from(`frame ${String(number).padStart(4, '0')}`));
  }
}

test('a healthy network delivers every frame once, whole', () => {
  const { simulation, network, arrivals } = start();
  sendMany(network);
  simulation.run(1e6);
  expect(new Set(arrivals.map(({ text }) => text)).size).toBe(400);
  expect(arrivals).toHaveLength(400);
});

describe('a link', () => {
  test('loses and doubles about as many as its rates say', () => {
    const { simulation, network, arrivals } = start({ lossRate: 0.25, duplicateRate: 0.2 });
    sendMany(network);
    simulation.run(1e6);
    expect(new Set(arrivals.map(({ text }) => text)).size).toBeGreaterThan(260);
    expect(new Set(arrivals.map(({ text }) => text)).size).toBeLessThan(340);
    expect(network.counts.delivered).toBeGreaterThan(320);
  });

  test('reorders frames unless it keeps order', () => {
    const orderOf = (keepsOrder: boolean): boolean => {
      const { simulation, network, arrivals } = start({ keepsOrder });
      sendMany(network);
      simulation.run(1e6);
      const texts = arrivals.map(({ text }) => text);
      return texts.join() === texts.toSorted().join();
    };
    expect(orderOf(true)).toBe(true);
    expect(orderOf(false)).toBe(false);
  });

  test('damages one bit or cuts the end, and leaves the original alone', () => {
    const { simulation, network, arrivals } = start({ corruptRate: 0.5, truncateRate: 0.5 });
    const frame = Buffer.from('constant');
    for (let number = 0; number < 100; number += 1) network.send(0, 1, frame);
    simulation.run(1e6);
    expect(frame.toString()).toBe('constant');
    expect(arrivals.filter(({ text }) => text !== 'constant').length).toBe(network.counts.damaged);
    expect(network.counts.damaged).toBeGreaterThan(50);
  });

  test('repeats frames of before', () => {
    const { simulation, network, arrivals } = start({ replayRate: 0.5 });
    sendMany(network, 100);
    simulation.run(1e6);
    expect(arrivals.length).toBe(100 + network.counts.replayed);
    expect(network.counts.replayed).toBeGreaterThan(20);
  });

  test('that clogs holds frames back and lets them through together', () => {
    const { simulation, network, arrivals } = start({ clogRate: 1, clogMeanUs: 1e6 });
    sendMany(network, 1);
    simulation.run(1e8);
    expect(arrivals[0]?.atUs).toBeGreaterThan(10_000);
  });

  test('carries no more frames at a time than it has room for', () => {
    const { simulation, network, arrivals } = start({ framesMax: 5 });
    sendMany(network);
    simulation.run(1e6);
    expect(arrivals).toHaveLength(5);
  });
});

describe('a partition', () => {
  const oneWay: Partition = { kind: 'link', cut: [1] };

  test('loses what is under way and what is sent, one way only, until it is mended', () => {
    const { simulation, network, arrivals } = start();
    network.send(0, 1, Buffer.from('under way'));
    network.cut(oneWay);
    network.send(0, 1, Buffer.from('cut'));
    network.send(1, 0, Buffer.from('back'));
    simulation.run(1e6);
    network.mend(oneWay);
    network.send(0, 1, Buffer.from('mended'));
    simulation.run(2e6);
    expect(arrivals.map(({ text }) => text)).toEqual(['back', 'mended']);
  });

  test('of every kind cuts at least one link and never all of them', () => {
    const kinds = new Set<string>();
    for (let seed = 0; seed < 400; seed += 1) {
      const { kind, cut } = drawPartition(new Chance(seed), 5);
      kinds.add(kind);
      expect(cut.length).toBeGreaterThan(0);
      expect(cut.length).toBeLessThan(20);
    }
    expect(kinds.size).toBe(8);
  });

  test('with a bridge leaves one endpoint that all others reach, both ways', () => {
    for (let seed = 0; seed < 400; seed += 1) {
      const { kind, cut } = drawPartition(new Chance(seed), 5);
      if (kind !== 'bridge') continue;
      const reached = [0, 1, 2, 3, 4].filter((endpoint) =>
        cut.every((link) => link % 5 !== endpoint && Math.floor(link / 5) !== endpoint),
      );
      expect(reached.length).toBeGreaterThanOrEqual(1);
    }
  });
});

test('taking one fault away leaves the rates of the others', () => {
  const both = drawLinkFaults(new Chance(3), new Set(['loss', 'clog']));
  const one = drawLinkFaults(new Chance(3), new Set(['clog']));
  expect(one).toEqual({ ...both, lossRate: 0 });
});
