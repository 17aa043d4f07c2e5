/** The command `uqo`. */
import { runCli } from './run-cli.ts';

// A reader that had enough, such as `head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 70);
});

const exitCode = await runCli(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
});
// Whatever was written must be out first; whatever is still open must not hold the process.
process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));
