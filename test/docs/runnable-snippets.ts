import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The repository's root. */
export const root: string = fileURLToPath(new URL('../..', import.meta.url));

/** A program in a document. */
export interface Snippet {
  /** `docs/NAME.md:LINE`, of its first line. */
  readonly place: string;
  readonly code: string;
}

const FENCE = /^```ts\n(\/\/ runs\n.*?)^```$/gms;

/** Every fence of `docs/` whose first line is the mark `// runs`. */
export function runnableSnippets(): Snippet[] {
  return globSync('docs/*.md', { cwd: root })
    .toSorted()
    .flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      return [...text.matchAll(FENCE)].map((match) => {
        const line = text.slice(0, match.index).split('\n').length + 1;
        return { place: `${file}:${line}`, code: match[1] as string };
      });
    });
}

/** The source of each import path of this package. */
export function sources(): ReadonlyMap<string, string> {
  const { exports, name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
  };
  const found = new Map<string, string>();
  for (const [path, target] of Object.entries(exports)) {
    if (typeof target === 'string') continue;
    const source = target.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts');
    found.set(name + path.slice(1), join(root, source));
  }
  return found;
}

const IMPORT = /(?<=from\s+['"])unified-quantum-orchestrator(?:\/[\w-]+)?(?=['"])/g;

/** The same program with its imports of this package aimed at the source, not at what was built of it. */
export function aimedAtSource(code: string): string {
  const known = sources();
  return code.replaceAll(IMPORT, (specifier) => {
    const source = known.get(specifier);
    if (source === undefined) throw new Error(`the package does not export ${specifier}`);
    return pathToFileURL(source).href;
  });
}
