// The plan of a rollout: its devices, firmware, waves and limits; how input becomes a plan, and how waves are sized.
import { createHash } from 'node:crypto';
import type { RolloutState } from '../../device/rollout-position.ts';
import { UserError } from '../../errors.ts';
import type { Filter } from '../../query/filter.ts';
import { parseFilter } from '../../query/parser.ts';
import type { Author } from '../access/principal.ts';
import { checkWindow, checkZone, type Window } from '../common/time-window.ts';
import type { StoredFile } from '../files/stored-file.ts';

/** `rolling-back`: devices that were flashed go back to what they ran before. `deleting`: shown nowhere any more. */
export type RolloutPhase = (typeof livePhases)[number] | 'done' | 'rolled-back' | 'deleting';
/** Phases that a rollout may have before it has ended. */
export const livePhases = ['waiting-for-approval', 'planning', 'running', 'paused', 'aborted', 'rolling-back'] as const;

/** A number of devices, a share of them (`"10%"`), or all that are left. */
export type Share = number | string;

/** The part that the inputs of rollouts and of jobs have in common. */
export interface PlanInput {
  /** Devices by filter or by id: one of the two. */
  filter?: string;
  /** The filter as it is read, where it names presets or jobs: it counts as they were then. */
  where?: Filter;
  devices?: string[];
  /** Devices of each wave; the rest are one more. A list of devices is taken in its order, the devices of a filter by chance. */
  waves?: Share[];
  window?: Window;
  /** Time zone of devices without a `site.timezone`. */
  timezone?: string;
  /** Devices that have an offer or are flashing at the same time. */
  parallelism?: number;
  /** Devices get a connection request with their offer. */
  wake?: boolean;
  /** Seconds of silence after which a device that has begun has failed. */
  timeout?: number;
  /** Seconds after the opening of a wave after which devices that stay away no longer hold it up; they are updated when they return. */
  after?: number;
  success?: { soak?: number; online?: boolean; noFault?: boolean; filter?: string };
  failure?: { perWave?: Share; total?: Share; action?: 'pause' | 'rollback' };
  /** It waits until somebody else than its author approves it. */
  approval?: boolean;
}

export interface RolloutInput extends PlanInput {
  id?: string;
  /** A stored firmware file. */
  firmware: string;
}

/** A count of the devices that had ended by a time, milliseconds. */
export interface Sample {
  time: number;
  ended: number;
}

export type Totals = Record<RolloutState, number>;

/** The part of rollouts and jobs, as they are stored, that both have. Times in milliseconds. */
export interface Plan {
  id: string;
  created: number;
  /** The principal with whose rights it is carried out; absent in rollouts of an older version. */
  author?: Author;
  /** Filter that the rights of its author had; absent: every device. */
  scope?: string;
  phase: RolloutPhase;
  /** It needs an approval: by whom and when it got it, once it has. */
  approval?: { by?: string; time?: number };
  /** Reason of a phase that it entered by itself. */
  reason?: string;
  filter?: string;
  /** Its filter as it was read, until its devices are planned; absent where the text tells it. */
  where?: Filter;
  /** Ids as they were given; absent once the devices are assigned, as their positions name them then. */
  devices?: string[];
  waves: Share[];
  window?: Window;
  timezone: string;
  parallelism: number;
  wake: boolean;
  timeoutMs: number;
  /** Absent in rollouts of an older version. */
  afterMs?: number;
  /** The current wave, or the way back, began then. */
  opened?: number;
  /** Devices that had stayed away when it ended, and are still updated when they return. */
  waiting?: number;
  success: { soakMs: number; online: boolean; noFault: boolean; filter?: string };
  failure: { perWave?: Share; total?: Share; action: 'pause' | 'rollback' };
  /** All devices were assigned to waves then. */
  planned?: number;
  /** Devices of each wave. */
  sizes: number[];
  /** Time zones of its devices, '' for the rollout's own. */
  zones: string[];
  /** The wave that is open, from 1. */
  wave: number;
  /** Devices that had ended by some times, for its pace. */
  samples?: Sample[];
  /** Failures that an operator has accepted by resuming. */
  pardoned: { total: number; wave: number; ofWave: number };
  log: { time: number; text: string; by?: string }[];
  ended?: number;
}

/** A rollout as it is stored, kind `rollout`. */
export interface Rollout extends Plan {
  firmware: { file: string; sha256: string; version: string; productClass: string };
  /** Devices that another rollout had under way when this one was planned; the first of them by id. */
  elsewhere: { count: number; devices: string[] };
  /** Each device has been rolled back. */
  turned?: true;
  /** Images that devices go back to, by name. */
  back: string[];
  /** Devices by wave and state when it ended; wave 0 holds those that were skipped before they had one. */
  totals?: Totals[];
}

const MAX_LOG = 200;
/** A week, in seconds: the default of `after`. */
const AFTER_S = 7 * 86_400;
/** The default of `success.soak` of rollouts, in seconds. */
const SOAK_S = 600;

/** Devices that stay away no longer hold up the current wave. */
export const isWaitOver = (plan: Plan, now: number): boolean =>
  now >= (plan.opened ?? plan.planned ?? plan.created) + waitMsOf(plan);

/** Milliseconds for which a wave waits for absent devices. */
export const waitMsOf = ({ afterMs = AFTER_S * 1000 }: Plan): number => afterMs;

/** The devices that a plan by filter is for. */
export const filterOf = ({ filter = '', where }: Pick<Plan, 'filter' | 'where'>): Filter =>
  where ?? parseFilter(filter);

export const isEnded = ({ phase, ended }: Pick<Plan, 'phase' | 'ended'>): boolean =>
  ended !== undefined || phase === 'deleting';

/** @param by the actor, where it was one */
export const logged = (plan: Plan, time: number, text: string, by?: string): Plan['log'] =>
  [...plan.log, { time, text, ...(by === undefined ? {} : { by }) }].slice(-MAX_LOG);

type Bad = (text: string) => UserError;
const bad: Bad = text => new UserError(400, 'bad-rollout', text);

/** @throws UserError 400 */
function checkShare(place: string, share: Share, zero: boolean, bad: Bad): void {
  const text = String(share);
  const number = Number(text.replace('%', ''));
  const isGood = /^\d{1,9}$/.test(text) || (/^\d{1,3}(\.\d{1,3})?%$/.test(text) && number <= 100);
  if (!isGood || (!zero && number === 0))
    throw bad(`${place}: '${text}' is neither a number of devices nor a share such as "10%"`);
}

/** @throws what `bad` makes, with the place; UserError 400 */
export function checkInput(input: PlanInput, bad: Bad): void {
  const { filter, devices, waves, window, timezone, success, failure } = input;
  if ((filter === undefined) === (devices === undefined))
    throw bad('"filter" or "devices", and not both, says whom it is for; all are: state = "enrolled"');
  if (filter !== undefined && !input.where) parseFilter(filter);
  if (success?.filter !== undefined) parseFilter(success.filter);
  for (const [at, share] of (waves ?? []).entries()) checkShare(`waves: ${at + 1}`, share, false, bad);
  for (const name of ['perWave', 'total'] as const) {
    const share = failure?.[name];
    if (share !== undefined) checkShare(`failure: ${name}`, share, true, bad);
  }
  if (window) checkWindow(window);
  if (timezone !== undefined) checkZone('timezone', timezone);
}

interface PlanFacts {
  id: string;
  now: number;
  author?: Author | undefined;
  scope?: string | undefined;
}

/** @param input that was checked @param soak seconds by default */
export function planOf(input: PlanInput, { id, now, author, scope }: PlanFacts, soak: number): Plan {
  const { filter, devices, waves = [], window, timezone = 'UTC', success = {}, failure = {} } = input;
  return {
    id,
    created: now,
    ...(author ? { author } : {}),
    ...(scope === undefined ? {} : { scope }),
    ...(input.approval ? { phase: 'waiting-for-approval', approval: {} } : { phase: 'planning' }),
    ...(filter === undefined ? {} : { filter }),
    ...(input.where ? { where: input.where } : {}),
    ...(devices === undefined ? {} : { devices: [...new Set(devices)] }),
    waves,
    ...(window ? { window } : {}),
    timezone,
    parallelism: input.parallelism ?? 50,
    wake: input.wake ?? true,
    timeoutMs: (input.timeout ?? 86_400) * 1000,
    afterMs: (input.after ?? AFTER_S) * 1000,
    success: {
      soakMs: (success.soak ?? soak) * 1000,
      online: success.online ?? true,
      noFault: success.noFault ?? true,
      ...(success.filter === undefined ? {} : { filter: success.filter }),
    },
    failure: { ...failure, action: failure.action ?? 'pause' },
    sizes: [],
    zones: [],
    wave: 1,
    pardoned: { total: 0, wave: 0, ofWave: 0 },
    log: [{ time: now, text: 'created', ...(author ? { by: author.name } : {}) }],
  };
}

/** @throws UserError 400 that names the place */
export function rolloutPlanOf(input: RolloutInput, file: StoredFile, facts: PlanFacts): Rollout {
  checkInput(input, bad);
  if (file.type !== 'firmware' || file.version === undefined)
    throw new UserError(400, 'wrong-file-type', `firmware: '${file.name}' is a ${file.type} file, not a firmware`);
  const { sha256, version, productClass = '' } = file;
  return {
    ...planOf(input, facts, SOAK_S),
    firmware: { file: file.name, sha256, version, productClass },
    elsewhere: { count: 0, devices: [] },
    back: [],
  };
}

/** @returns the devices that a share of `whole` is: rounded up, at least 1 (waves), or rounded down (failures) */
export function amountOf(share: Share, whole: number, round: 'up' | 'down'): number {
  const text = String(share);
  if (!text.endsWith('%')) return Number(text);
  const exact = (Number(text.slice(0, -1)) * whole) / 100;
  // 10 % of 30 is 3, also in binary fractions.
  return round === 'up' ? Math.max(1, Math.ceil(exact - 1e-9)) : Math.floor(exact + 1e-9);
}

/** @returns the sizes of the waves: as asked, as far as there are devices, and one more for the rest */
export function sizesOf(waves: readonly Share[], whole: number): number[] {
  const sizes: number[] = [];
  let left = whole;
  for (const share of waves) {
    if (left === 0) break;
    sizes.push(Math.min(left, amountOf(share, whole, 'up')));
    left -= sizes.at(-1) ?? 0;
  }
  if (left > 0) sizes.push(left);
  return sizes;
}

/** A random number that is the same each time, to sort by: devices with close serial numbers are often at one site. */
export const chanceOf = (rollout: string, device: string): number =>
  createHash('sha1').update(`${rollout} ${device}`).digest().readUIntBE(0, 6);
