import type { GateName } from './gate-table.ts';

/** One method for each gate of the table: angles first, in radians, then controls, then targets. */
export abstract class GateMethods {
  abstract gate(name: GateName, params: readonly number[], qubits: readonly number[]): this;

  id(qubit: number): this {
    return this.gate('id', [], [qubit]);
  }

  x(qubit: number): this {
    return this.gate('x', [], [qubit]);
  }

  y(qubit: number): this {
    return this.gate('y', [], [qubit]);
  }

  z(qubit: number): this {
    return this.gate('z', [], [qubit]);
  }

  h(qubit: number): this {
    return this.gate('h', [], [qubit]);
  }

  s(qubit: number): this {
    return this.gate('s', [], [qubit]);
  }

  sdg(qubit: number): this {
    return this.gate('sdg', [], [qubit]);
  }

  t(qubit: number): this {
    return this.gate('t', [], [qubit]);
  }

  tdg(qubit: number): this {
    return this.gate('tdg', [], [qubit]);
  }

  sx(qubit: number): this {
    return this.gate('sx', [], [qubit]);
  }

  sxdg(qubit: number): this {
    return this.gate('sxdg', [], [qubit]);
  }

  p(lambda: number, qubit: number): this {
    return this.gate('p', [lambda], [qubit]);
  }

  rx(theta: number, qubit: number): this {
    return this.gate('rx', [theta], [qubit]);
  }

  ry(theta: number, qubit: number): this {
    return this.gate('ry', [theta], [qubit]);
  }

  rz(theta: number, qubit: number): this {
    return this.gate('rz', [theta], [qubit]);
  }

  u(theta: number, phi: number, lambda: number, qubit: number): this {
    return this.gate('u', [theta, phi, lambda], [qubit]);
  }

  swap(a: number, b: number): this {
    return this.gate('swap', [], [a, b]);
  }

  iswap(a: number, b: number): this {
    return this.gate('iswap', [], [a, b]);
  }

  rxx(theta: number, a: number, b: number): this {
    return this.gate('rxx', [theta], [a, b]);
  }

  ryy(theta: number, a: number, b: number): this {
    return this.gate('ryy', [theta], [a, b]);
  }

  rzz(theta: number, a: number, b: number): this {
    return this.gate('rzz', [theta], [a, b]);
  }

  /** Z on the first qubit, X on the second. */
  rzx(theta: number, a: number, b: number): this {
    return this.gate('rzx', [theta], [a, b]);
  }

  cx(control: number, target: number): this {
    return this.gate('cx', [], [control, target]);
  }

  cy(control: number, target: number): this {
    return this.gate('cy', [], [control, target]);
  }

  cz(control: number, target: number): this {
    return this.gate('cz', [], [control, target]);
  }

  ch(control: number, target: number): this {
    return this.gate('ch', [], [control, target]);
  }

  cs(control: number, target: number): this {
    return this.gate('cs', [], [control, target]);
  }

  csdg(control: number, target: number): this {
    return this.gate('csdg', [], [control, target]);
  }

  csx(control: number, target: number): this {
    return this.gate('csx', [], [control, target]);
  }

  cp(lambda: number, control: number, target: number): this {
    return this.gate('cp', [lambda], [control, target]);
  }

  crx(theta: number, control: number, target: number): this {
    return this.gate('crx', [theta], [control, target]);
  }

  cry(theta: number, control: number, target: number): this {
    return this.gate('cry', [theta], [control, target]);
  }

  crz(theta: number, control: number, target: number): this {
    return this.gate('crz', [theta], [control, target]);
  }

  cswap(control: number, a: number, b: number): this {
    return this.gate('cswap', [], [control, a, b]);
  }

  ccx(first: number, second: number, target: number): this {
    return this.gate('ccx', [], [first, second, target]);
  }

  ccz(first: number, second: number, target: number): this {
    return this.gate('ccz', [], [first, second, target]);
  }

  c3x(controls: readonly [number, number, number], target: number): this {
    return this.gate('c3x', [], [...controls, target]);
  }

  c4x(controls: readonly [number, number, number, number], target: number): this {
    return this.gate('c4x', [], [...controls, target]);
  }
}
