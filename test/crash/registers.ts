// Registers: values that one operator or device writes and all may read, such as tags, presets, files, the last Inform. Each has one
// writer with one write at a time; a reading must be a value that the register can have had while it was read.
import type { Fact, FileRead } from './journal.ts';

/** A broken promise. */
export interface Finding {
  rule: string;
  what: string;
}

interface Register {
  /** Values that it may have now: the last that was acknowledged or read, and those written since without an answer. */
  possible: Set<string>;
  /** Writes under way. */
  open: number;
  /** Readings under way, each with all the values that the register may have had since it began. */
  readings: Set<{ seen: Set<string>; disturbed: boolean }>;
}

/** Nothing exists under that name. */
export const ABSENT = 'absent';

/** The same text for the same data, whatever the order of its members. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

interface Write {
  name: string;
  value: string;
  before: Set<string>;
}

/** All registers at one point of the journal. */
class Registers {
  readonly findings: Finding[] = [];
  readonly #coming: readonly string[];
  readonly #known = new Map<string, Register>();
  /** Writes and readings under way, by whose they are. */
  readonly #writes = new Map<string, Write[]>();
  readonly #readings = new Map<string, Map<string, Reading>>();

  constructor(coming: readonly string[]) {
    this.#coming = coming;
  }

  write(whose: string, writes: [name: string, value: string][]): void {
    // The same once more: the outcome of the first attempt is unknown.
    this.written(whose, 'unknown');
    this.#writes.set(
      whose,
      writes.map(([name, value]) => {
        const register = this.#of(name);
        const before = new Set(register.possible);
        register.possible.add(value);
        register.open++;
        for (const reading of register.readings) {
          reading.seen.add(value);
          reading.disturbed = true;
        }
        return { name, value, before };
      }),
    );
  }

  written(whose: string, how: 'done' | 'refused' | 'unknown'): void {
    for (const { name, value, before } of this.#writes.get(whose) ?? []) {
      const register = this.#of(name);
      register.open--;
      if (how === 'done') register.possible = new Set([value]);
      if (how === 'refused') register.possible = before;
    }
    this.#writes.delete(whose);
  }

  read(whose: string, names: string[]): void {
    const readings = new Map<string, Reading>();
    for (const name of names) {
      const register = this.#of(name);
      const reading = { seen: new Set(register.possible), disturbed: register.open > 0 };
      register.readings.add(reading);
      readings.set(name, reading);
    }
    this.#readings.set(whose, readings);
  }

  /** @param values what was read, of those that the answer shows */
  hasRead(whose: string, values: ReadonlyMap<string, string>): void {
    for (const [name, reading] of this.#readings.get(whose) ?? []) {
      const register = this.#of(name);
      register.readings.delete(reading);
      const value = values.get(name);
      if (value === undefined) continue;
      if (!reading.seen.has(value)) {
        const only = [...reading.seen].join(' or ');
        this.findings.push({ rule: 'register', what: `${name} reads ${value}, and can only be ${only}` });
      } else if (!reading.disturbed && register.open === 0) register.possible = new Set([value]);
    }
    this.#readings.delete(whose);
  }

  #of(name: string): Register {
    const register = this.#known.get(name) ?? {
      possible: new Set([initialOf(name, this.#coming)]),
      open: 0,
      readings: new Set(),
    };
    this.#known.set(name, register);
    return register;
  }
}

/** @param coming devices that come by themselves: they are there from their first Inform on, with nothing written of them */
export function registers(facts: readonly Fact[], coming: readonly string[]): Finding[] {
  const all = new Registers(coming);
  const calls = new Map<number, Extract<Fact, { kind: 'asked' }>>();
  for (const fact of facts) {
    if ('call' in fact) followCall(all, calls, fact);
    else if (fact.kind === 'inform')
      all.write(`session ${fact.session}`, [[`inform ${fact.device}`, informText(fact.marker, fact.events)]]);
    else if (fact.kind === 'informed') all.written(`session ${fact.session}`, 'done');
    else if (fact.kind === 'lost') all.written(`session ${fact.session}`, 'unknown');
    else if (fact.kind === 'uploading') all.write(`upload ${fact.file}`, [[`file ${fact.file}`, fact.value]]);
    else if (fact.kind === 'uploaded') all.written(`upload ${fact.file}`, 'done');
  }
  return all.findings;
}

function followCall(
  all: Registers,
  calls: Map<number, Extract<Fact, { kind: 'asked' }>>,
  fact: Extract<Fact, { call: number }>,
): void {
  const whose = `call ${fact.call}`;
  if (fact.kind === 'asked') {
    calls.set(fact.call, fact);
    all.write(whose, writesOf(fact));
    all.read(whose, namesRead(fact));
    return;
  }
  const asked = calls.get(fact.call);
  const status = fact.kind === 'answered' ? fact.status : fact.unheard ? 400 : 500;
  all.written(whose, status < 300 ? 'done' : status < 500 ? 'refused' : 'unknown');
  all.hasRead(whose, fact.kind === 'answered' && asked ? readOf(asked, fact) : new Map());
}

type Reading = Register['readings'] extends Set<infer R> ? R : never;

const informText = (marker: string, events: string[]): string =>
  canonical([marker, events.map(event => event.split('|')[0])]);

/** Before anything was written. */
function initialOf(name: string, coming: readonly string[]): string {
  const [kind, ...rest] = name.split(' ');
  if (!coming.includes(rest.join(' '))) return ABSENT;
  if (kind === 'tags') return canonical([]);
  return kind === 'site' || kind === 'overrides' ? canonical({}) : ABSENT;
}

const DEVICE_PARTS = ['tags', 'site', 'overrides'] as const;

/** The register that a path names. */
function placeOf(path: string): { kind: string; name: string } {
  const [, kind = '', name = '', more] = path.split('?')[0]?.split('/') ?? [];
  return { kind: more === undefined ? kind : '', name: decodeURIComponent(name) };
}

interface DeviceBody {
  id?: string;
  tags?: string[];
  site?: Record<string, string>;
  overrides?: Record<string, unknown>;
}

/** The registers that a call may change, and their new values. */
function writesOf({ method, path, body, value }: Extract<Fact, { kind: 'asked' }>): [string, string][] {
  const { kind, name } = placeOf(path);
  if (kind === 'presets' && method === 'PUT') return [[`preset ${name}`, canonical(body)]];
  if (kind === 'presets' && method === 'DELETE') return [[`preset ${name}`, ABSENT]];
  if (kind === 'files' && method === 'PUT') return [[`file ${name}`, value ?? '']];
  if (kind === 'files' && method === 'DELETE') return [[`file ${name}`, ABSENT]];
  if (kind !== 'devices') return [];
  const device = (body ?? {}) as DeviceBody;
  if (method === 'POST' && name === '')
    return DEVICE_PARTS.map(part => [`${part} ${device.id}`, canonical(device[part] ?? (part === 'tags' ? [] : {}))]);
  if (method === 'PATCH')
    return DEVICE_PARTS.filter(part => device[part] !== undefined).map(part => [
      `${part} ${name}`,
      part === 'overrides' ? overridesText(device.overrides) : canonical(device[part]),
    ]);
  if (method === 'DELETE') return DEVICE_PARTS.map(part => [`${part} ${name}`, ABSENT]);
  return [];
}

/** The operator writes one path only, so what is written is all there is; null takes it away. */
const overridesText = (overrides: Record<string, unknown> = {}): string =>
  canonical(
    Object.fromEntries(
      Object.entries(overrides)
        .filter(([, value]) => value !== null)
        .map(([path, value]) => [path, String((value as { value?: unknown }).value ?? value)]),
    ),
  );

function namesRead({ method, path }: Extract<Fact, { kind: 'asked' }>): string[] {
  const { kind, name } = placeOf(path);
  if (method !== 'GET' || name === '') return [];
  if (kind === 'presets') return [`preset ${name}`];
  if (kind === 'files') return [`file ${name}`];
  return kind === 'devices' ? [...DEVICE_PARTS.map(part => `${part} ${name}`), `inform ${name}`] : [];
}

/** Bytes that are not what the server says of them are the value of no write. */
const fileText = ({ value, said }: FileRead): string => (value === said ? value : `${value} said to be ${said}`);

/** The values that an answer shows; none for one that says nothing of them. */
function readOf(
  { method, path }: Extract<Fact, { kind: 'asked' }>,
  { status, body }: Extract<Fact, { kind: 'answered' }>,
): Map<string, string> {
  const { kind, name } = placeOf(path);
  if (method !== 'GET' || name === '' || (status !== 200 && status !== 404)) return new Map();
  if (kind === 'presets') {
    const { name: _name, ...preset } = (body ?? {}) as Record<string, unknown>;
    return new Map([[`preset ${name}`, status === 404 ? ABSENT : canonical(preset)]]);
  }
  if (kind === 'files') return new Map([[`file ${name}`, status === 404 ? ABSENT : fileText(body as FileRead)]]);
  if (kind !== 'devices') return new Map();
  // A device that comes by itself is not there before its first Inform; that one is a register of its own.
  if (status === 404) return new Map([...DEVICE_PARTS, 'inform'].map(part => [`${part} ${name}`, ABSENT]));
  const device = body as DeviceBody & { provisioningCode: string; lastEvents: string[] };
  return new Map([
    [`tags ${name}`, canonical(device.tags)],
    [`site ${name}`, canonical(device.site)],
    [`overrides ${name}`, overridesText(device.overrides)],
    [`inform ${name}`, device.lastEvents.length ? informText(device.provisioningCode, device.lastEvents) : ABSENT],
  ]);
}
