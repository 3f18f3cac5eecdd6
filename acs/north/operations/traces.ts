// Traces: what a device and the ACS said to each other.
import { ladder } from '../../fleet/tracing/ladder.ts';
import type { Operation } from '../operation.ts';
import { noDevice, none, ok, param } from '../operation.ts';
import * as schemas from '../schemas/core.ts';
import { traceView } from '../views/core.ts';

const { answers } = schemas;

export const traces: readonly Operation[] = [
  {
    name: 'traceDevice',
    summary: 'Begins or ends keeping the sessions of a device, message by message, in memory',
    method: 'PUT',
    path: '/devices/:id/trace',
    role: 'operator',
    body: { json: schemas.traceInput },
    answers: { 200: answers.tracing },
    problems: { ...noDevice, 409: 'Too many devices are traced' },
    run: async (input, { fleet }) => {
      const { id } = await fleet.devices.row(param(input));
      const { on } = input.body as { on: boolean };
      await fleet.clusterMemory.trace(id, on);
      return ok({ device: id, on });
    },
  },
  {
    name: 'getTrace',
    summary: 'The last sessions of a traced device, oldest first, with the XML, secrets masked',
    method: 'GET',
    path: '/devices/:id/trace',
    role: 'operator',
    answers: { 200: answers.trace },
    problems: noDevice,
    run: async (input, { fleet }) => {
      const { id } = await fleet.devices.row(param(input));
      return ok(traceView(id, await fleet.clusterMemory.traced(id)));
    },
  },
  {
    name: 'getTraceLadder',
    summary: 'The last sessions of a traced device as text: a ladder a session, an arrow a message',
    method: 'GET',
    path: '/devices/:id/trace/ladder',
    role: 'operator',
    answers: { 200: 'text' },
    problems: noDevice,
    run: async (input, { fleet }) => {
      const { id } = await fleet.devices.row(param(input));
      const headers = { 'content-type': 'text/plain; charset=utf-8' };
      return { body: Buffer.from(ladder(id, (await fleet.clusterMemory.traced(id)).sessions)), headers };
    },
  },
  {
    name: 'deleteTrace',
    summary: 'Forgets the kept sessions of a device and keeps no more',
    method: 'DELETE',
    path: '/devices/:id/trace',
    role: 'operator',
    answers: { 204: 'nothing' },
    problems: noDevice,
    run: async (input, { fleet }) => {
      await fleet.clusterMemory.untrace((await fleet.devices.row(param(input))).id);
      return none;
    },
  },
];
