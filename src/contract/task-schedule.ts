import Type from 'typebox';

/** Which firing made a task. */
export const TaskScheduleView = Type.Object(
  {
    name: Type.String({ description: 'namespace/name outside the namespace default' }),
    nominalAt: Type.String({ description: 'The moment it was meant for' }),
  },
  { title: 'TaskSchedule' },
);
