// Operations on traces: the messages between a device and the ACS.
import { ladder } from '../../../fleet/tracing/ladder.ts';
import type { Operation } from '../../operation.ts';
import { noDevice, none, ok, param } from '../../operation.ts';
import * as schemas from '../../schemas/monitoring/traces.ts';
import { runningTrace } from '../../versions/entity.ts';
import { isoMaybe, traceView } from '../../views/core.ts';

export const traces: readonly Operation[] = [
  {
    name: 'traceDevice',
    summary: 'Starts or stops tracing: the sessions of the device are kept in memory, message by message',
    method: 'PUT',
    path: '/devices/:id/trace',
    role: 'operator',
    scope: 'device',
    parameters: 'none',
    audit: 'answer',
    entity: { kind: 'trace' },
    body: { json: schemas.traceInput },
    answers: { 200: schemas.tracing },
    problems: { ...noDevice, 409: 'Too many devices are being traced' },
    run: async (input, { fleet, clock, edit }) => {
      const { id } = await fleet.devices.row(param(input));
      const { on, seconds } = input.body as { on: boolean; seconds?: number };
      const until = on && seconds !== undefined ? clock.now() + seconds * 1000 : undefined;
      await fleet.clusterMemory.trace(id, on, until);
      if (on) edit.wrote(runningTrace(until));
      return ok({ device: id, on, ...isoMaybe('until', until) });
    },
  },
  {
    name: 'getTrace',
    summary: 'Reads the last sessions of a traced device, oldest first, with the XML; secrets are masked',
    method: 'GET',
    path: '/devices/:id/trace',
    role: 'operator',
    scope: 'device',
    parameters: 'shows-any',
    entity: { kind: 'trace' },
    answers: { 200: schemas.trace },
    problems: noDevice,
    run: async (input, { fleet }) => {
      const { id } = await fleet.devices.row(param(input));
      return ok(traceView(id, await fleet.clusterMemory.traced(id)));
    },
  },
  {
    name: 'getTraceLadder',
    summary: 'Reads the last sessions of a traced device as ladder diagrams in text: one arrow per message',
    method: 'GET',
    path: '/devices/:id/trace/ladder',
    role: 'operator',
    scope: 'device',
    parameters: 'shows-any',
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
    summary: 'Stops tracing and deletes the kept sessions',
    method: 'DELETE',
    path: '/devices/:id/trace',
    role: 'operator',
    scope: 'device',
    parameters: 'none',
    audit: 'answer',
    entity: { kind: 'trace' },
    answers: { 204: 'nothing' },
    problems: noDevice,
    run: async (input, { fleet }) => {
      await fleet.clusterMemory.untrace((await fleet.devices.row(param(input))).id);
      return none;
    },
  },
];
