// The table of all error codes, and UserError with its codes and statuses checked against that table.
import { UserError as PlainUserError } from '../shared/errors.ts';
import { accessErrors } from './errors/access.ts';
import { configurationErrors } from './errors/configuration.ts';
import { deviceErrors } from './errors/devices.ts';
import type { ErrorEntries } from './errors/entry.ts';
import { jobErrors } from './errors/jobs.ts';
import { monitoringErrors } from './errors/monitoring.ts';
import { otherProgramErrors } from './errors/other-programs.ts';
import { programErrors } from './errors/programs.ts';
import { requestErrors } from './errors/requests.ts';
import { storeErrors } from './errors/store.ts';

/** By topic, as in docs/errors.md. */
export const errorTopics: readonly { title: string; entries: ErrorEntries }[] = [
  { title: 'Requests', entries: requestErrors },
  { title: 'Users, roles, tokens and rights', entries: accessErrors },
  { title: 'Devices, tasks and enrolment', entries: deviceErrors },
  { title: 'Presets, files and rollouts', entries: configurationErrors },
  { title: 'Jobs', entries: jobErrors },
  { title: 'Alerts, webhooks and history', entries: monitoringErrors },
  { title: 'Store', entries: storeErrors },
  { title: 'Start, command line, keys and certificates', entries: programErrors },
  { title: 'Gateway and PBX', entries: otherProgramErrors },
];

type ErrorTable = typeof requestErrors &
  typeof accessErrors &
  typeof deviceErrors &
  typeof configurationErrors &
  typeof jobErrors &
  typeof monitoringErrors &
  typeof storeErrors &
  typeof programErrors;

export type ErrorCode = keyof ErrorTable;

type StatusOf<Code extends ErrorCode> = ErrorTable[Code]['status'] extends infer Status
  ? Status extends readonly number[]
    ? Status[number]
    : Status extends number
      ? Status
      : number
  : never;

/** Codes that are used with this status. */
export type CodeOf<Status extends number> = {
  [Code in ErrorCode]: Status extends StatusOf<Code> ? Code : never;
}[ErrorCode];

/** A UserError whose code is in the table, with a status that the table has for it. */
export const UserError: {
  new <Code extends ErrorCode>(
    status: StatusOf<Code>,
    code: Code,
    message: string,
    detail?: Record<string, unknown>,
  ): PlainUserError;
  readonly prototype: PlainUserError;
} = PlainUserError;
export type UserError = PlainUserError;
