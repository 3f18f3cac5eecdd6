// Calls about enrolment: rules, trials, CPEs without valid credentials, approval and refusal.
import type { Static } from 'typebox';
import type * as devices from '../../../north/schemas/devices.ts';
import type * as schemas from '../../../north/schemas/enrolment.ts';
import type { jobAnswers } from '../../../north/schemas/jobs/jobs.ts';
import { type Answer, call, callTagged } from '../call.ts';
import { devicePath } from '../devices.ts';
import type { Device } from '../shapes.ts';

export type Rule = Static<typeof schemas.rule>;
export type RuleInput = Static<typeof schemas.ruleInput>;
export type TrialInput = Static<typeof schemas.trialInput>;
export type Trial = Static<typeof schemas.trial>;
export type Knocking = Static<typeof devices.answers.knocking>;
export type ImportReport = Static<typeof devices.answers.dryRun>;
export type JobTrial = Static<typeof jobAnswers.dryRun>;

/** The outcome of an import: the lines that failed, with their reasons. */
export interface Imported {
  created?: string[];
  updated?: string[];
  failed: { line: number; reason: string }[];
}

export const listRules = async (signal?: AbortSignal): Promise<{ items: Rule[] }> =>
  await call('GET', '/enrolment/rules', { signal });

export const rulePath = (name: string): string => `/enrolment/rules/${encodeURIComponent(name)}`;

export const getRule = async (name: string, signal?: AbortSignal): Promise<Answer<Rule>> =>
  await callTagged('GET', rulePath(name), { signal });

/** @param etag of the rule that is replaced; without it the rule has to be new */
export const putRule = async (name: string, rule: RuleInput, etag?: string): Promise<Rule> =>
  await call('PUT', rulePath(name), {
    body: rule,
    headers: etag === undefined ? { 'if-none-match': '*' } : { 'if-match': etag },
  });

export const deleteRule = async (name: string): Promise<void> => await call('DELETE', rulePath(name));

export const tryEnrolment = async (input: TrialInput, signal?: AbortSignal): Promise<Trial> =>
  await call('POST', '/enrolment/test', { body: input, signal });

export const listKnocking = async (cursor?: string, signal?: AbortSignal): Promise<Knocking> =>
  await call('GET', '/knocking', { query: { limit: 100, cursor }, signal });

/** Takes a device out of quarantine or hold; one that only knocks may come in once. */
export const approveDevice = async (id: string): Promise<Device> => await call('POST', devicePath(id, '/approve'));

export const forgetDevice = async (id: string): Promise<void> => await call('DELETE', devicePath(id));

/** The decision over all devices of a filter. */
export type Decision = 'approve' | 'forget';

const decisionJob = (filter: string, decision: Decision): Record<string, unknown> => ({
  devices: { filter },
  do: [decision === 'approve' ? { approve: true } : { forget: true }],
});

export const tryDecision = async (filter: string, decision: Decision, signal?: AbortSignal): Promise<JobTrial> =>
  await call('POST', '/jobs', { query: { dryRun: true }, body: decisionJob(filter, decision), signal });

/** @param expect the number of devices that was shown: the server refuses when it has moved */
export const decideAll = async (filter: string, decision: Decision, expect: number): Promise<{ id: string }> =>
  await call('POST', '/jobs', { body: { ...decisionJob(filter, decision), expect } });

/** Devices as CSV: new ones are announced, known ones are changed. */
export type ImportMode = 'new' | 'known';

const csvCall = (mode: ImportMode): string => (mode === 'new' ? 'POST' : 'PATCH');
const csvHeaders = { 'content-type': 'text/csv' };

export const tryImport = async (mode: ImportMode, csv: string, signal?: AbortSignal): Promise<ImportReport> =>
  await call(csvCall(mode), '/devices', { query: { dryRun: true }, body: csv, headers: csvHeaders, signal });

export const importDevices = async (mode: ImportMode, csv: string): Promise<Imported> =>
  await call(csvCall(mode), '/devices', { body: csv, headers: csvHeaders });
