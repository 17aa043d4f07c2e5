/**
 * Loaded before everything else (`node --import`): the process's clock is that of the machine and an offset, which
 * is given by the environment and changed by messages from the parent. The program itself knows nothing of it.
 *
 * Timers and `performance.now` go on as they were, as when somebody sets the clock of a machine.
 */
const machineNow = Date.now;
let offsetMs = Number(process.env['DRILL_CLOCK_OFFSET_MS'] ?? 0);

Date.now = () => machineNow() + offsetMs;
process.on('message', (message: { readonly offsetMs: number }) => {
  ({ offsetMs } = message);
});
// A listener for messages would keep the process alive after all else has ended.
process.channel?.unref();
