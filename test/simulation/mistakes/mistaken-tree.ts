import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Mistake } from './known-mistakes.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');

/** Copies of a part of the sources with a mistake each, to be run beside the right ones; removed when disposed of. */
export class MistakenTrees implements Disposable {
  readonly #parts: readonly string[];
  readonly #folders: string[] = [];

  /** @param rooms - below `src`, that are copied beside the simulator */
  constructor(rooms: readonly string[]) {
    this.#parts = [...rooms.map((room) => `src/${room}`), 'test/simulation', 'test/disk'];
  }

  /** Loads a module of a copy with a mistake. @param room - what the mistake's file is below */
  async load<Module>(room: string, mistake: Mistake, module: string): Promise<Module> {
    const folder = mkdtempSync(path.join(tmpdir(), 'mistaken-'));
    this.#folders.push(folder);
    const filter = (name: string): boolean => path.basename(name) !== 'tsconfig.json';
    for (const part of this.#parts) {
      cpSync(path.join(ROOT, part), path.join(folder, part), { recursive: true, filter });
    }
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
    writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
    const target = path.join(folder, room, mistake.file);
    const text = readFileSync(target, 'utf8');
    if (text.split(mistake.find).length !== 2) {
      throw new Error(`"${mistake.name}" must fit exactly one place of ${mistake.file}`);
    }
    writeFileSync(
      target,
      text.replace(mistake.find, () => mistake.replace),
    );
    const entry = pathToFileURL(path.join(folder, module)).href;
    return (await import(/* @vite-ignore */ entry)) as Module;
  }

  [Symbol.dispose](): void {
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
  }
}
