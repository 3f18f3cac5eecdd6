// Operations on alerts.
import type { AlertGroup } from '../../fleet/monitoring/alert-groups.ts';
import type { AlertRule } from '../../fleet/monitoring/alert-rule.ts';
import type { AlertTrial, AlertView } from '../../fleet/monitoring/alerts.ts';
import type { Operation } from '../operation.ts';
import { none, ok, param } from '../operation.ts';
import { alert, alertInput, alerts as alertList, alertOrTrial, alertQuery } from '../schemas/alerts.ts';
import { iso, isoOrNull } from '../views/times.ts';

const alertView = ({ evaluated, groups, ...alert }: AlertView): Record<string, unknown> => ({
  ...alert,
  evaluated: isoOrNull(evaluated),
  groups: groups.map(groupView),
});

const groupView = ({ since, firing, ...group }: AlertGroup): Record<string, unknown> => ({
  ...group,
  since: iso(since),
  ...(firing === undefined ? {} : { firing: iso(firing) }),
});

const trialView = ({ groups, ...trial }: AlertTrial): Record<string, unknown> => ({
  dryRun: true,
  ...trial,
  groups: groups.map(groupView),
});

export const alerts: readonly Operation[] = [
  {
    name: 'listAlerts',
    summary: 'Lists alerts with their state (ok, pending or firing) and their groups',
    method: 'GET',
    path: '/alerts',
    role: 'viewer',
    scope: 'fleet',
    parameters: 'none',
    answers: { 200: alertList },
    run: async (_input, { fleet }) => ok({ items: (await fleet.alerts.list()).map(alertView) }),
  },
  {
    name: 'getAlert',
    summary: 'Reads an alert',
    method: 'GET',
    path: '/alerts/:name',
    role: 'viewer',
    scope: 'fleet',
    parameters: 'none',
    entity: { kind: 'alert' },
    answers: { 200: alert },
    problems: { 404: 'No such alert' },
    run: async (input, { fleet }) => ok(alertView(await fleet.alerts.get(param(input, 'name')))),
  },
  {
    name: 'putAlert',
    summary: 'Creates or replaces an alert and evaluates it at once; or tries it out with dryRun',
    method: 'PUT',
    path: '/alerts/:name',
    role: 'operator',
    scope: 'fleet',
    parameters: 'shows-any',
    entity: { kind: 'alert' },
    query: alertQuery,
    body: { json: alertInput },
    answers: { 200: alertOrTrial, 201: alert },
    run: async (input, { fleet, edit }) => {
      const name = param(input, 'name');
      const rule = input.body as AlertRule;
      if (input.query.dryRun === true) return ok(trialView(await fleet.alerts.trial(name, rule)));
      const isNew = await fleet.alerts.put(name, rule, edit);
      return { status: isNew ? 201 : 200, body: alertView(await fleet.alerts.get(name)) };
    },
  },
  {
    name: 'deleteAlert',
    summary: 'Deletes an alert; its firing groups are reported as resolved',
    method: 'DELETE',
    path: '/alerts/:name',
    role: 'operator',
    scope: 'fleet',
    parameters: 'none',
    entity: { kind: 'alert' },
    answers: { 204: 'nothing' },
    problems: { 404: 'No such alert' },
    run: async (input, { fleet, edit }) => {
      await fleet.alerts.remove(param(input, 'name'), edit);
      return none;
    },
  },
];
