// Shapes of tasks.
import { Type } from 'typebox';
import { choice, closed, listOf, listQuery, optional, text, time } from './common.ts';
import { faultCode } from './faults.ts';

export const handle = optional(
  Type.String({
    minLength: 1,
    maxLength: 128,
    description: 'A word of yours: it comes back in the answer, the task, its events and webhooks',
  }),
);
const taskFields = {
  method: text('An RPC of TR-069 Annex A that an ACS calls'),
  args: optional(
    Type.Record(Type.String(), Type.Unknown(), {
      description: 'Arguments by their standard names; ParameterList may be an object {path: value}',
    }),
  ),
  file: optional(text('A stored file: the source of a Download, or the destination of an Upload')),
  notBefore: optional(
    Type.String({ format: 'date-time', description: 'It is not sent before, at most a year from now' }),
  ),
  expiresIn: optional(
    Type.Number({
      minimum: 1,
      description: 'Seconds, from now or from `notBefore`, after which the task fails if it is still queued',
    }),
  ),
  handle,
};
export const taskInput = closed(taskFields);
export const addTaskInput = closed({
  ...taskFields,
  wake: optional(Type.Boolean({ description: 'A connection request is sent at `notBefore`' })),
  retry: optional(
    closed(
      {
        attempts: Type.Integer({ minimum: 1, maximum: 100 }),
        everySeconds: Type.Integer({ minimum: 5, maximum: 86_400 }),
      },
      'Connection requests until the device takes the task, the first at once',
    ),
  ),
});
const wait = optional(Type.Number({ minimum: 0, maximum: 600, description: 'Seconds to wait for the outcome' }));
export const waitQuery = closed({ wait });
export const addTaskQuery = closed({
  wait,
  immediate: optional(
    Type.Boolean({
      description: '504 `not-reached`, and no task, unless the device takes it within `wait`; default: 30 seconds',
    }),
  ),
});
export const taskQuery = listQuery({
  device: optional(Type.String()),
  state: optional(text('One or several, separated by commas: queued, sent, waiting, done, failed, cancelled')),
  method: optional(Type.String()),
  from: optional(text('Earliest time at which it was made')),
  to: optional(text('Latest time')),
  filter: optional(text('Over the device')),
  sort: optional(choice(['-created', 'created'])),
});

export const task = Type.Object({
  id: Type.String(),
  device: Type.String(),
  method: Type.String(),
  args: Type.Record(Type.String(), Type.Unknown()),
  state: choice(['queued', 'sent', 'waiting', 'done', 'failed', 'cancelled']),
  attempts: optional(Type.Integer({ description: 'Sessions that were lost before the device answered its RPC' })),
  lastError: optional(text('The end of the last of them, or what cannot be read in the answer')),
  origin: choice(['operator', 'reconcile']),
  file: optional(Type.String()),
  diagnostic: optional(text('The kind of the diagnostic that it is')),
  job: optional(text('The job that it belongs to')),
  handle: optional(text('The word of its requester')),
  result: optional(Type.Record(Type.String(), Type.Unknown())),
  fault: optional(
    Type.Object({
      code: faultCode,
      message: Type.String(),
      parameters: optional(
        Type.Array(Type.Object({ name: Type.String(), code: Type.Integer(), message: Type.String() })),
      ),
    }),
  ),
  created: time,
  notBefore: optional(time),
  expires: optional(time),
  started: optional(time),
  ended: optional(time),
  connectionRequest: optional(text('The reason why the connection request failed')),
  warnings: optional(
    Type.Array(Type.String(), {
      description: 'Only in the answer to addTask: what the data models of the device speak against',
    }),
  ),
});
export const tasks = listOf(task);
