// The operators of a crash run: each has things of its own, so that the last value it wrote must be there. One call at a time.
import { createHash } from 'node:crypto';
import type { Random } from '../../shared/clock.ts';
import type { FileRead, Journal } from './journal.ts';
import { canonical } from './registers.ts';

export interface Api {
  /** One call, in the journal; undefined when no answer came. */
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown } | undefined>;
}

export const shaOf = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** @param body an object goes as JSON, a text as the bytes of a file */
export function createApi(journal: Journal, place: () => { url: string; token: string }): Api {
  return {
    call: async (method, path, body) => {
      const { url, token } = place();
      const call = journal.next();
      const what = typeof body === 'string' ? { value: shaOf(body) } : body === undefined ? {} : { body };
      journal.add({ kind: 'asked', call, method, path, ...what });
      try {
        const answer = await ask(`${url}/api/v1${path}`, token, method, body);
        journal.add({ kind: 'answered', call, ...answer });
        return answer;
      } catch (error) {
        // Killed before, or while it answered.
        const cause = (error as { cause?: { code?: string } }).cause;
        const unheard = cause?.code === 'ECONNREFUSED';
        journal.add({ kind: 'unanswered', call, reason: String(cause ?? error), ...(unheard ? { unheard } : {}) });
        return undefined;
      }
    },
  };
}

async function ask(
  url: string,
  token: string,
  method: string,
  body: unknown,
): Promise<{ status: number; body: unknown }> {
  const headers: Record<string, string> = { authorization: `Bearer ${token}` };
  const init: RequestInit = { method, headers };
  if (typeof body === 'string') init.body = body;
  else if (body !== undefined) {
    headers['content-type'] = 'application/json';
    init.body = JSON.stringify(body);
  }
  const answer = await fetch(url, init);
  if (/json/.test(answer.headers.get('content-type') ?? ''))
    return { status: answer.status, body: (await answer.json()) as unknown };
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return { status: answer.status, body: bytesRead(bytes, answer.headers.get('etag')) };
}

/** The SHA-256 of the bytes of a file, and the one that the server states. */
const bytesRead = (bytes: Uint8Array, etag: string | null): FileRead => ({
  value: shaOf(bytes),
  said: (etag ?? '').replaceAll('"', ''),
});

export interface OperatorSettings {
  name: string;
  api: Api;
  random: Random;
  /** Devices whose tags and overrides are this operator's; tasks go to any of `all`. */
  own: readonly string[];
  all: readonly string[];
  /** True once the device has informed. */
  isKnown(device: string): boolean;
  next(): number;
}

interface Job {
  method: string;
  args?: Record<string, unknown>;
  file?: string;
}

export const PRESET_ROOT = 'Device.X_Crash.';
export const OVERRIDE = 'Device.X_Crash.Override';

type Deed = () => Promise<unknown>;

const pathOf = (device: string): string => `/devices/${encodeURIComponent(device)}`;
/** A device that is announced and never comes. */
const paperOf = (name: string): string => `00C0DE-Paper-${name}`;

/** An operator: each call of what is returned does one thing, by chance. */
export function operator(settings: OperatorSettings): () => Promise<void> {
  const pick = picker(settings.random);
  const deeds = [...taskDeeds(settings), ...deviceDeeds(settings), ...documentDeeds(settings)];
  return async () => {
    await pick(deeds)();
  };
}

const picker =
  (random: Random) =>
  <T>(list: readonly T[]): T =>
    list[random.int(0, list.length - 1)]!;

/** Tasks of every kind: answered or refused, with a CommandKey of the operator's own or one that is made for it. */
const jobsOf = ({ name, next }: OperatorSettings): (() => Job)[] => [
  () => ({ method: 'Reboot' }),
  () => ({ method: 'Reboot', args: { CommandKey: `own${next()}` } }),
  () => ({ method: 'FactoryReset' }),
  () => ({ method: 'Download', file: `${name}.bin`, args: { FileType: '3 Vendor Configuration File' } }),
  () => ({ method: 'Download', file: `${name}.bin`, args: { CommandKey: `own${next()}` } }),
  () => ({ method: 'Upload', file: `upload${next()}` }),
  () => ({ method: 'ScheduleInform', args: { DelaySeconds: 1 } }),
  () => ({ method: 'SetParameterValues', args: { ParameterList: { [`Device.X_Set.N${next()}`]: 'set' } } }),
  () => ({
    method: 'SetParameterValues',
    args: { ParameterList: [{ Name: `Device.X_Set.N${next()}`, Value: 'typed', Type: 'xsd:string' }] },
  }),
  () => ({ method: 'SetParameterValues', args: { ParameterList: { [`Device.X_Refuse.N${next()}`]: 'no' } } }),
  () => ({ method: 'GetParameterValues', args: { ParameterNames: [`Device.X_Read.N${next()}`] } }),
  () => ({ method: 'GetParameterNames', args: { ParameterPath: `Device.X_Names${next()}.`, NextLevel: true } }),
  () => ({ method: 'GetParameterAttributes', args: { ParameterNames: [`Device.X_Read.N${next()}`] } }),
  () => ({
    method: 'SetParameterAttributes',
    args: { ParameterList: [{ Name: `Device.X_Set.N${next()}`, NotificationChange: true, Notification: 2 }] },
  }),
  () => ({ method: 'AddObject', args: { ObjectName: `Device.X_Add${next()}.` } }),
  () => ({ method: 'DeleteObject', args: { ObjectName: `Device.X_Delete.${next()}.` } }),
  () => ({ method: 'GetRPCMethods' }),
  () => ({ method: 'GetAllQueuedTransfers' }),
  () => ({ method: 'GetOptions', args: { OptionName: `option${next()}` } }),
  () => ({ method: 'CancelTransfer', args: { CommandKey: `none${next()}` } }),
  () => ({ method: 'SetVouchers', args: { VoucherList: [Buffer.from(`voucher ${next()}`).toString('base64')] } }),
  () => ({
    method: 'ChangeDUState',
    args: { Operations: [{ Type: 'UninstallOpStruct', UUID: '0f9f1a2e-77aa-5bcd-9012-3456789abcde' }] },
  }),
  () => ({
    method: 'ScheduleDownload',
    file: `${name}.bin`,
    args: {
      FileType: '3 Vendor Configuration File',
      TimeWindowList: [{ WindowStart: 0, WindowEnd: 60, WindowMode: '1 At Any Time' }],
    },
  }),
];

/** Adds tasks more often than it cancels or reads them. */
function taskDeeds(settings: OperatorSettings): Deed[] {
  const { name, api, random, all, isKnown } = settings;
  const pick = picker(random);
  const jobs = jobsOf(settings);
  const tasks: string[] = [];
  const addTask = async (): Promise<void> => {
    const known = all.filter(isKnown);
    const device = random.int(1, 12) === 1 || known.length === 0 ? paperOf(name) : pick(known);
    const wait = random.int(1, 8) === 1 ? '?wait=0.2' : '';
    const answer = await api.call('POST', `${pathOf(device)}/tasks${wait}`, pick(jobs)());
    const id = (answer?.body as { id?: string } | undefined)?.id;
    if (answer && answer.status < 300 && id) tasks.push(id);
  };
  return [
    addTask,
    addTask,
    addTask,
    addTask,
    async () => {
      const id = tasks.at(-random.int(1, 3));
      if (id) await api.call('DELETE', `/tasks/${id}`);
    },
    async () => {
      const id = tasks.at(-random.int(1, 6));
      if (id) await api.call('GET', `/tasks/${id}`);
    },
  ];
}

/** Tags, site fields and overrides of the operator's own devices. */
function deviceDeeds({ api, random, own, isKnown, next }: OperatorSettings): Deed[] {
  const pick = picker(random);
  return [
    async () => {
      const device = pick(own);
      if (isKnown(device))
        await api.call('PATCH', pathOf(device), { tags: [`tag${next()}`], site: { room: `r${next()}` } });
    },
    async () => {
      const device = pick(own);
      if (isKnown(device)) await api.call('PATCH', pathOf(device), { overrides: { [OVERRIDE]: `own${next()}` } });
    },
    async () => {
      const device = pick(own);
      if (isKnown(device)) await api.call('GET', pathOf(device));
    },
  ];
}

/** A preset, a file and a device that are the operator's own, and the script that every device fetches. */
function documentDeeds({ name, api, random, next }: OperatorSettings): Deed[] {
  const paper = paperOf(name);
  return [
    () => api.call('PUT', `/presets/${name}`, { set: { [`${PRESET_ROOT}${name}`]: `wanted${next()}` } }),
    () => api.call('GET', `/presets/${name}`),
    () => (random.int(1, 3) === 1 ? api.call('DELETE', `/presets/${name}`) : api.call('GET', `/presets/${name}`)),
    () => api.call('PUT', `/files/${name}.bin?type=script`, contentOf(random, next())),
    () => api.call('GET', `/files/${name}.bin`),
    () => api.call('POST', '/devices', { id: paper, tags: [`paper${next()}`], site: { room: `r${next()}` } }),
    () => api.call('PATCH', pathOf(paper), { tags: [`paper${next()}`] }),
    () => api.call('GET', pathOf(paper)),
    () => (random.int(1, 4) === 1 ? api.call('DELETE', pathOf(paper)) : api.call('GET', pathOf(paper))),
    // The script that every device fetches.
    async () => {
      if (name === 'op0' && random.int(1, 3) === 1)
        await api.call('PUT', '/files/site.cfg?type=script', contentOf(random, next()));
    },
  ];
}

/** Of all sizes: a few bytes to some hundred kilobytes. */
const contentOf = (random: Random, number: number): string => `content ${number} `.repeat(4 ** random.int(0, 7));

/** The values that the presets want of every device in the end. */
export function wantedBy(presets: { set?: Record<string, unknown> }[]): Record<string, string> {
  return Object.fromEntries(
    presets.flatMap(({ set = {} }) =>
      Object.entries(set).map(([path, value]) => [path, typeof value === 'object' ? canonical(value) : String(value)]),
    ),
  );
}
