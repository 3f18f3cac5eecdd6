// Operations on configuration backups: rules, the versions of a device, their difference, and the way back.
import { UserError } from '../../../errors.ts';
import type { RuleView } from '../../../fleet/backups/backups.ts';
import type { BackupRule } from '../../../fleet/backups/rule.ts';
import type { BackupVersion } from '../../../fleet/backups/versions.ts';
import type { CallContext, Operation, OperationInput, OperationOutput } from '../../operation.ts';
import { noDevice, none, ok, param } from '../../operation.ts';
import * as schemas from '../../schemas/device-work/backups.ts';
import { task, waitQuery } from '../../schemas/tasks.ts';
import { taskView } from '../../views/core.ts';
import { iso } from '../../views/times.ts';
import { outcomeWithin } from './task-outcome.ts';

const ruleView = ({ round, ...rule }: RuleView): Record<string, unknown> => ({
  ...rule,
  ...(round
    ? {
        round: {
          began: iso(round.round),
          total: round.total,
          asked: round.asked,
          ...(round.ended === undefined ? {} : { ended: iso(round.ended) }),
        },
      }
    : {}),
});

const versionView = ({ n, time, size, sha256, fileType, rule, seen }: BackupVersion): Record<string, unknown> => ({
  ...{ n, time: iso(time), size, sha256, fileType },
  ...(rule === undefined ? {} : { rule }),
  ...(seen === undefined ? {} : { seen: iso(seen) }),
});

/** @throws UserError 404 */
function numberOf(input: OperationInput): number {
  const text = param(input, 'n');
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UserError(404, 'no-such-backup', `'${text}' is no number of a backup`);
}

/** Carries out a transfer of backups as a task, and waits for it where `wait` says so. */
async function transfer(
  input: OperationInput,
  context: CallContext,
  begin: (id: string) => Promise<Parameters<typeof taskView>[0]>,
): Promise<OperationOutput> {
  const id = param(input);
  const { fleet, show } = context;
  const added = await begin(id);
  const isInSession = await fleet.sessions.notice(id);
  const wait = input.query.wait as number | undefined;
  if (wait === undefined) return { status: 201, body: taskView(added, show) };
  const awaited = await outcomeWithin(context, { task: added, ms: wait * 1000, isInSession });
  return { status: awaited.isEnded ? 200 : 202, body: { ...taskView(awaited.task, show), ...awaited.failure } };
}

const rules: readonly Operation[] = [
  {
    name: 'listBackupRules',
    summary: 'Lists the rules of configuration backups',
    method: 'GET',
    path: '/backups',
    role: 'viewer',
    scope: 'fleet',
    parameters: 'none',
    answers: { 200: schemas.backupRules },
    run: async (_input, { fleet }) => ok({ items: (await fleet.backups.list()).map(ruleView) }),
  },
  {
    name: 'getBackupRule',
    summary: 'Reads a rule of configuration backups',
    method: 'GET',
    path: '/backups/:name',
    role: 'viewer',
    scope: 'fleet',
    parameters: 'none',
    entity: { kind: 'backupRule' },
    answers: { 200: schemas.backupRule },
    problems: { 404: 'No such rule' },
    run: async (input, { fleet }) => ok(ruleView(await fleet.backups.get(param(input, 'name')))),
  },
  {
    name: 'putBackupRule',
    summary: 'Creates or replaces a rule: devices that fit send their configuration once in each interval',
    method: 'PUT',
    path: '/backups/:name',
    role: 'operator',
    scope: 'fleet',
    parameters: 'shows-any',
    entity: { kind: 'backupRule' },
    body: { json: schemas.backupRuleInput },
    answers: { 200: schemas.backupRule, 201: schemas.backupRule },
    problems: { 409: 'There are too many rules' },
    run: async (input, { fleet, edit }) => {
      const name = param(input, 'name');
      const isNew = await fleet.backups.put(name, input.body as BackupRule, edit);
      return { status: isNew ? 201 : 200, body: ruleView(await fleet.backups.get(name)) };
    },
  },
  {
    name: 'deleteBackupRule',
    summary: 'Deletes a rule; the backups that it has made stay',
    method: 'DELETE',
    path: '/backups/:name',
    role: 'operator',
    scope: 'fleet',
    parameters: 'none',
    entity: { kind: 'backupRule' },
    answers: { 204: 'nothing' },
    problems: { 404: 'No such rule' },
    run: async (input, { fleet, edit }) => {
      await fleet.backups.remove(param(input, 'name'), edit);
      return none;
    },
  },
];

const ofDevice: readonly Operation[] = [
  {
    name: 'listBackups',
    summary: 'Lists the configuration backups of a device, the newest first',
    method: 'GET',
    path: '/devices/:id/backups',
    role: 'viewer',
    scope: 'device',
    parameters: 'none',
    answers: { 200: schemas.backups },
    problems: noDevice,
    run: async (input, { fleet }) => {
      const { id } = await fleet.devices.row(param(input));
      return ok({ items: [...(await fleet.backups.versions.of(id))].reverse().map(versionView) });
    },
  },
  {
    name: 'backUpDevice',
    summary:
      'Asks a device for its configuration now; with `wait`, sends a connection request and answers with the outcome',
    method: 'POST',
    path: '/devices/:id/backups',
    role: 'operator',
    scope: 'device',
    parameters: 'shows-any',
    audit: 'answer',
    query: waitQuery,
    body: { json: schemas.backupInput, optional: true },
    answers: { 200: task, 201: task, 202: task },
    problems: { ...noDevice, 429: 'The device has too many open tasks' },
    run: async (input, context) => {
      const { fileType } = (input.body ?? {}) as { fileType?: string };
      return await transfer(input, context, id => context.fleet.backups.transfers.begin(id, fileType));
    },
  },
  {
    name: 'compareBackups',
    summary: 'Compares two configuration backups of a device: a unified diff of texts',
    method: 'GET',
    path: '/devices/:id/backups/diff',
    role: 'operator',
    scope: 'device',
    parameters: 'shows-any',
    query: schemas.differenceQuery,
    answers: { 200: schemas.difference },
    problems: { 404: 'No such device or backup' },
    run: async (input, { fleet }) => {
      const found = await fleet.backups.compare(param(input), input.query as { from?: number; to?: number });
      const side = (of: typeof found.from) => ({ ...of, time: iso(of.time) });
      return ok({ ...found, from: side(found.from), to: side(found.to) });
    },
  },
  {
    name: 'getBackup',
    summary: 'Reads the content of a configuration backup',
    method: 'GET',
    path: '/devices/:id/backups/:n',
    role: 'operator',
    scope: 'device',
    parameters: 'shows-any',
    answers: { 200: 'bytes' },
    problems: { 404: 'No such device or backup' },
    run: async (input, { fleet }) => {
      const version = await fleet.backups.versions.get(param(input), numberOf(input));
      const headers = {
        'content-type': 'application/octet-stream',
        'content-length': String(version.size),
        etag: `"${version.sha256}"`,
      };
      return { bytes: await fleet.backups.versions.open(version), headers };
    },
  },
  {
    name: 'restoreBackup',
    summary: 'Gives a device one of its configuration backups back, by a Download',
    method: 'POST',
    path: '/devices/:id/backups/:n/restore',
    role: 'operator',
    scope: 'device',
    parameters: 'sets-any',
    audit: 'answer',
    query: waitQuery,
    answers: { 200: task, 201: task, 202: task },
    problems: {
      404: 'No such device or backup',
      409: 'It is no configuration',
      429: 'The device has too many open tasks',
    },
    run: async (input, context) =>
      await transfer(input, context, id => context.fleet.backups.transfers.restore(id, numberOf(input))),
  },
];

export const backups: readonly Operation[] = [...rules, ...ofDevice];
