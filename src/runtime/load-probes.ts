/** What this process has of memory and disk; the readings that admission goes by. */
import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';

export interface DiskSpace {
  readonly freeBytes: number;
  readonly bytes: number;
}

export interface LoadProbes {
  /** Share of the heap's limit that is in use. */
  heapShare(): number;
  /** Share of the machine's or container's memory that this process cannot give back. */
  residentShare(): number;
  /** Share of the time since it was last asked in which the event loop had nothing to do; none where it is not told. */
  idleShare?(): number;
  disk(): Promise<DiskSpace>;
}

/** Probes of this process, and of the file system that `directory` is on; null for none. */
export function systemProbes(directory: string | null): LoadProbes {
  const machineBytes = memoryLimit();
  let before = performance.eventLoopUtilization();
  return {
    heapShare: () => {
      const { heap_size_limit: limit, used_heap_size: used } = getHeapStatistics();
      return used / limit;
    },
    residentShare: () => residentBytes() / machineBytes,
    idleShare: () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, before);
      before = now;
      return 1 - utilization;
    },
    disk: async () => {
      if (directory === null) return { freeBytes: Infinity, bytes: 0 };
      const { bavail, blocks, bsize } = await statfs(directory);
      return { freeBytes: bavail * bsize, bytes: blocks * bsize };
    },
  };
}

/** The container's limit, or the machine's memory where there is none. */
function memoryLimit(): number {
  const total = totalmem();
  const constrained = process.constrainedMemory();
  return constrained > 0 && constrained < total ? constrained : total;
}

/** Pages of mapped files do not count: the kernel takes them back when it needs them, and the store maps its file. */
function residentBytes(): number {
  if (process.platform === 'linux') {
    try {
      const kibibytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'));
      if (kibibytes !== null) return Number(kibibytes[1]) * 1024;
    } catch {
      // Where it is hidden the whole resident set has to do.
    }
  }
  return process.memoryUsage.rss();
}
