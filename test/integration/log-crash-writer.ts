/**
 * Appends to a log until it is killed, and tells each acknowledgement on standard output.
 *
 * Line by line: `open <lastIndex>`, then `ack <index>;` per durable entry. Bodies carry what the reader needs
 * to check them: see {@link crashBody}.
 */
import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { openEmbeddedLog } from '../../src/log/index.ts';
import { crashBody } from './log-crash-body.ts';

const [directory = '', appenders = '1', seed = '1'] = process.argv.slice(2);

const log = await openEmbeddedLog({ directory, segmentBytes: 256 * 1024 });
// Killed processes leave nothing to the next one by themselves.
flushCompileCache();
writeSync(1, `open ${log.recovery.lastIndex}\n`);

let nextNumber = 0;
const run = Number(seed);
await Promise.all(
  Array.from({ length: Number(appenders) }, async () => {
    for (;;) {
      nextNumber += 1;
      const index = await log.append(crashBody(run, nextNumber));
      // Straight to the descriptor: an acknowledgement that waits in a buffer of the dying process would be lost.
      writeSync(1, `ack ${index};\n`);
    }
  }),
);
