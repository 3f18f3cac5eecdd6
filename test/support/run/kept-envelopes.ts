// The envelopes that our encoders made during a test run: one of each shape, bounded, but for those of tests that say wrong things on purpose.
// Where a run has several processes, each leaves its envelopes in one folder, and the last part of the run reads all of them.
import { subscribe } from 'node:diagnostics_channel';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Kept {
  xml: string;
  /** The test that had it made. */
  test: string;
}

const MAX_KEPT = 4000;
const MAX_LENGTH = 300_000;
/** Values that the schemas restrict one by one. */
const listed = new Set(
  (
    'FileType EventCode FaultCode OUI Notification Status State WindowMode CurrentState OperationPerformed MaxEnvelopes ' +
    'HoldRequests UUID InstanceNumber faultcode'
  ).split(' '),
);

/** Tests whose envelopes are wrong by intent, by file and title; each with the reason. */
const hostile: readonly { file: RegExp; title?: RegExp; why: string }[] = [
  { file: /shared\/cwmp\/[\w-]+\.test/, why: 'any text at all stands in the fields' },
  {
    file: /cpe\/agent\/rpc/,
    title: /one entry per wrong parameter|unknown entities/,
    why: 'the ACS asks for what is no value',
  },
  {
    file: /conformance\/A\.3\.2-parameters/,
    title: /takes the boolean|text that is no time/,
    why: 'the ACS sends what the schemas do not allow, and the unit has to cope',
  },
  { file: /south\/strangers/, title: /long body/, why: 'a serial number is longer than the schemas allow' },
  { file: /conformance\/mutations\.test|long\//, why: 'envelopes are damaged' },
];

const kept = new Map<string, Kept>();
/** Envelopes that the other processes of the run have not been given yet. */
const unshared: [shape: string, envelope: Kept][] = [];
let current: string | undefined;
let listening = false;

/** Keeps what is encoded from now on; while no test runs, with no title. */
export function keepEnvelopes(): void {
  current = '';
  if (listening) return;
  listening = true;
  subscribe('tandem.envelope', message => keep((message as { xml: string }).xml));
}

export function nowRunning(file: string, title: string): void {
  const judged = !hostile.some(entry => entry.file.test(file) && (entry.title?.test(title) ?? true));
  current = judged ? title : undefined;
}

/** The folder that the processes of a run share; undefined where one process is the whole run. */
const shared = process.env.TANDEM_TEST_RUN;
const SUFFIX = '.envelopes.json';

/** Those of all processes of the run, one of each shape. */
export function keptEnvelopes(): Kept[] {
  const all = new Map(kept);
  for (const name of shared === undefined ? [] : readdirSync(shared).filter(file => file.endsWith(SUFFIX))) {
    const others = JSON.parse(readFileSync(join(shared ?? '', name), 'utf8')) as [string, Kept][];
    for (const [shape, envelope] of others) if (!all.has(shape)) all.set(shape, envelope);
  }
  return [...all.values()];
}

/** Leaves what this process has kept since the last call to the other processes of the run, and keeps nothing while files are loaded. */
export function shareEnvelopes(): void {
  current = undefined;
  if (shared === undefined || unshared.length === 0) return;
  writeFileSync(join(shared, `${process.pid}-${kept.size}${SUFFIX}`), JSON.stringify(unshared.splice(0)));
}

function keep(xml: string): void {
  if (current === undefined || kept.size >= MAX_KEPT || xml.length > MAX_LENGTH) return;
  const shape = shapeOf(xml);
  if (kept.has(shape)) return;
  const envelope = { xml, test: current };
  kept.set(shape, envelope);
  if (shared !== undefined) unshared.push([shape, envelope]);
}

/** The shape that the schemas see of an envelope: elements, attributes and kinds of values, each once. */
function shapeOf(xml: string): string {
  const parts = new Set<string>();
  for (const [, name = '', attributes = '', text = ''] of xml.matchAll(/<([\w:-]+)([^>]*)>([^<]*)/g)) {
    parts.add(`${name}${attributes.replace(/\d+/g, '0')}>${listed.has(name) ? text.slice(0, 70) : kindOf(text)}`);
  }
  return [...parts].sort().join('<');
}

function kindOf(text: string): string {
  if (text === '') return '';
  if (/^-?\d+$/.test(text)) return text.length > 9 ? 'long' : text.startsWith('-') ? '-' : '0';
  if (/^\d{4}-\d\d-\d\dT/.test(text)) return 'time';
  const room = [32, 64, 256, 1024].find(length => text.length <= length);
  return `text ${room ?? 'long'}`;
}
