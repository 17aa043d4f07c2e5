import type { SubmitTask } from './task.ts';

/** Fields of a submit that say what its task waits for, where it comes from and what it may take. */
export type TaskFamilyFields = Pick<
  SubmitTask,
  'ref' | 'dependsOn' | 'parentId' | 'parentToken' | 'allowLoop' | 'budget'
>;

export function hasFamily(task: TaskFamilyFields): boolean {
  return (
    task.ref !== undefined ||
    task.dependsOn !== undefined ||
    task.parentId !== undefined ||
    task.parentToken !== undefined ||
    task.allowLoop !== undefined ||
    task.budget !== undefined
  );
}

/** Those of them that are there. */
export function familyFields(task: TaskFamilyFields): TaskFamilyFields {
  const { allowLoop, budget, dependsOn, parentId, parentToken, ref } = task;
  return {
    ...(ref === undefined ? {} : { ref }),
    ...(dependsOn === undefined ? {} : { dependsOn }),
    ...(parentId === undefined ? {} : { parentId }),
    ...(parentToken === undefined ? {} : { parentToken }),
    ...(allowLoop === undefined ? {} : { allowLoop }),
    ...(budget === undefined ? {} : { budget }),
  };
}
