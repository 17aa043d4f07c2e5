export {
  AdmissionController,
  STEP_MS,
  WINDOW_MS,
  type AdmissionKind,
  type AdmissionRequest,
  type LevelChange,
  type Shed,
} from './admission-controller.ts';
export {
  ADMISSION_LEVELS,
  admissionSettings,
  type AdmissionLevel,
  type AdmissionOptions,
  type AdmissionSettings,
} from './admission-options.ts';
export type { AdmissionCause, AdmissionSample } from './pressure.ts';
export {
  ENTRY_TASKS_MAX,
  ENTRY_TASKS_MIN,
  ENTRY_TASKS_URGENT_MAX,
  EntrySize,
} from './entry-size.ts';
export { Thinning, type Thinnable } from './thinning.ts';
export { RunTimes, type StuckSettings } from './run-times.ts';
