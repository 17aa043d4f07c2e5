import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Output } from '../output/output.ts';
import { runChecks } from './check.ts';
import { clusterChecks } from './cluster-checks.ts';
import { controlChecks } from './control-checks.ts';
import { copyChecks } from './copy-checks.ts';
import { crashChecks } from './crash-checks.ts';
import { failureChecks } from './failure-checks.ts';
import { fencingChecks } from './fencing-checks.ts';
import { listNotBuilt } from './not-built.ts';
import { quantumChecks } from './quantum-checks.ts';
import { Report } from './report.ts';
import { stopChecks } from './stop-checks.ts';
import { surfaceChecks } from './surface-checks.ts';
import { taskChecks } from './task-checks.ts';
import { World } from './world.ts';

/**
 * Verifies the program on this machine, with real processes on a folder that is removed afterwards.
 *
 * @param entry - the command line's own entry, to start servers with
 */
export async function verify(entry: string, output: Output): Promise<ExitCode> {
  const report = new Report(output);
  const world = await World.create(entry);
  const interrupt = (): void => {
    void world.end().then(() => process.exit(EXIT.interrupted));
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    const isAlive = await runChecks(crashChecks(), world, report);
    if (isAlive) {
      await runChecks(fencingChecks(), world, report);
      await runChecks(taskChecks(), world, report);
      await runChecks(controlChecks(), world, report);
      await runChecks(failureChecks(), world, report);
      await runChecks(copyChecks(), world, report);
      await runChecks(surfaceChecks(), world, report);
      await runChecks(quantumChecks(), world, report);
      await runChecks(clusterChecks(), world, report);
      await listNotBuilt(world, report);
      await runChecks(stopChecks(), world, report);
    }
  } finally {
    await world.end();
  }
  report.end();
  return report.failedCount === 0 ? EXIT.ok : EXIT.refused;
}
