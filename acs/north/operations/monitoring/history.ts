// Operations on history: events of devices, and their parameters over time.
import { UserError } from '../../../errors.ts';
import type { HistoryRule } from '../../../fleet/monitoring/history-setting.ts';
import { noDevice, none, type Operation, ok, param } from '../../operation.ts';
import * as schemas from '../../schemas/monitoring/history.ts';
import { timeAt } from '../../time-input.ts';
import { limitedEvent } from '../../views/limited.ts';
import { iso } from '../../views/times.ts';

export const history: readonly Operation[] = [
  {
    name: 'getHistorySetting',
    summary: 'Reads which parameters of which devices are recorded',
    method: 'GET',
    path: '/settings/history',
    role: 'viewer',
    scope: 'none',
    parameters: 'none',
    entity: { kind: 'setting', name: 'history' },
    answers: { 200: schemas.historyRule },
    problems: { 404: 'No history is configured' },
    run: async (_input, { fleet }) => {
      const rule = await fleet.history.setting.rule();
      if (!rule) throw new UserError(404, 'no-such-setting', 'no history is configured');
      return ok(rule);
    },
  },
  {
    name: 'putHistorySetting',
    summary: 'Sets the devices whose Informs are recorded, and the parameters that are recorded',
    method: 'PUT',
    path: '/settings/history',
    role: 'operator',
    scope: 'fleet',
    parameters: 'none',
    entity: { kind: 'setting', name: 'history' },
    body: { json: schemas.historyInput },
    answers: { 200: schemas.historyRule },
    run: async ({ body }, { fleet, edit }) => {
      await fleet.history.setting.put(body as HistoryRule, edit);
      return ok(body);
    },
  },
  {
    name: 'deleteHistorySetting',
    summary: 'Ends the recording; recorded data stays until its retention time is over',
    method: 'DELETE',
    path: '/settings/history',
    role: 'operator',
    scope: 'fleet',
    parameters: 'none',
    entity: { kind: 'setting', name: 'history' },
    answers: { 204: 'nothing' },
    problems: { 404: 'No history is configured' },
    run: async (_input, { fleet, edit }) => {
      await fleet.history.setting.remove(edit);
      return none;
    },
  },
  {
    name: 'getHistory',
    summary:
      'Reads a parameter of a device over time: average, minimum and maximum; steps of 30 s for a day, 5 min for a week, 1 h for a year',
    method: 'GET',
    path: '/devices/:id/history',
    role: 'viewer',
    scope: 'device',
    parameters: 'checked',
    query: schemas.historyQuery,
    answers: { 200: schemas.history },
    problems: noDevice,
    run: async (input, { fleet, caller }) => {
      const { id } = await fleet.devices.row(param(input));
      const { path, from, to, points: limit = 300 } = input.query as Record<string, string | undefined>;
      if (path === undefined) return ok({ paths: (await fleet.history.paths(id)).filter(caller.mayRead) });
      caller.assertReads([path]);
      const start = timeAt('query.from', from);
      const end = timeAt('query.to', to);
      const span = { ...(start === undefined ? {} : { from: start }), ...(end === undefined ? {} : { to: end }) };
      const { step, points } = await fleet.history.points(id, path, span, Number(limit));
      return ok({
        path,
        step: step / 1000,
        points: points.map(({ time, ...point }) => ({ time: iso(time), ...point })),
      });
    },
  },
  {
    name: 'listDeviceEvents',
    summary: 'Lists the last events of a device, newest first; for recorded devices including Informs and tasks',
    method: 'GET',
    path: '/devices/:id/events',
    role: 'viewer',
    scope: 'device',
    parameters: 'checked',
    query: schemas.eventQuery,
    answers: { 200: schemas.deviceEvents },
    problems: noDevice,
    run: async (input, { fleet, caller }) => {
      const { id } = await fleet.devices.row(param(input));
      const found = await fleet.history.events(id, Number(input.query.limit ?? 100));
      const shown = found.flatMap(event => limitedEvent(event, caller) ?? []);
      return ok({ items: shown.map(({ time, ...event }) => ({ time: iso(time), ...event })) });
    },
  },
];
