// The ACS's view of the units of a fleet, read from its REST API.
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../shared/clock.ts';
import { messageOf, UserError } from '../../shared/errors.ts';
import { createHttp } from '../../shared/net/http.ts';
import { readCertificates } from '../../shared/pki/certificates.ts';
import { plainPolicy } from '../../shared/tls/profiles.ts';
import { type AcsView, compareFleet, type DeviceBelief, type Difference, type TaskBelief } from './compare.ts';
import type { UnitReport } from './report.ts';

/** Reads one path below the API's base. @throws UserError for an unusable answer */
export type Ask = (path: string) => Promise<unknown>;

const PAGE = 500;
/** Most open and ended tasks of one device that are read. */
const TASKS = 500;

/** @param parameters true fetches the known values of the parameters that the units report */
export async function acsViewOf(ask: Ask, units: readonly UnitReport[]): Promise<AcsView> {
  const devices = await everyDevice(ask);
  const serials = new Map(units.map(unit => [unit.serial, unit]));
  const tasks: TaskBelief[] = [];
  const parameters: Record<string, Record<string, string>> = {};
  for (const { id, serialNumber } of devices) {
    const unit = serials.get(serialNumber);
    if (!unit) continue;
    const query = `device=${encodeURIComponent(id)}&limit=${TASKS}`;
    tasks.push(...((await ask(`/tasks?${query}`)) as { items: TaskBelief[] }).items);
    if (unit.parameters) parameters[id] = await knownValues(ask, id, Object.keys(unit.parameters));
  }
  return { devices, tasks, parameters };
}

async function everyDevice(ask: Ask): Promise<DeviceBelief[]> {
  const devices: DeviceBelief[] = [];
  let cursor: string | undefined;
  do {
    const more: string = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = (await ask(`/devices?limit=${PAGE}${more}`)) as { items: DeviceBelief[]; next?: string | null };
    devices.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return devices;
}

/** By full path: an ACS has no script names. */
async function knownValues(ask: Ask, id: string, names: readonly string[]): Promise<Record<string, string>> {
  const known: Record<string, string> = {};
  for (const name of names) {
    const answer = await ask(`/devices/${encodeURIComponent(id)}/parameters?path=${encodeURIComponent(name)}`);
    for (const { path, value } of (answer as { items: { path: string; value: string }[] }).items) known[path] = value;
  }
  return known;
}

interface CompareTarget {
  /** Base URL of the API, without /api/v1. */
  api: string;
  tokenFile: string;
  /** PEM or DER, for https. */
  ca: readonly string[];
  clock: Clock;
}

/** @throws UserError when the API cannot be read */
export async function compareWithAcs(target: CompareTarget, units: readonly UnitReport[]): Promise<Difference[]> {
  const { clock } = target;
  const token = (await readGiven('--token', target.tokenFile)).toString('utf8').trim();
  const files = await Promise.all(target.ca.map(file => readGiven('--ca', file)));
  const roots = files.flatMap(bytes => readCertificates(bytes));
  const http = createHttp({ clock, tls: () => ({ policy: plainPolicy, roots, now: clock.now() }) });
  const ask: Ask = async path => {
    const url = `${target.api.replace(/(?<!\/)\/+$/, '')}/api/v1${path}`;
    const { status, body } = await http
      .send({ method: 'GET', url, headers: { Authorization: `Bearer ${token}` } })
      .catch((error: unknown) => {
        throw new UserError(400, 'no-compare', `--compare: ${messageOf(error)}`);
      });
    if (status !== 200) throw new UserError(400, 'no-compare', `--compare: ${url} answers ${status}`);
    return JSON.parse(body.toString('utf8'));
  };
  try {
    return compareFleet(units, await acsViewOf(ask, units));
  } finally {
    await http.close();
  }
}

async function readGiven(option: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new UserError(400, 'no-file', `${option}: ${messageOf(error)}`);
  }
}
