// npm run demo:fleet: an operator's fleet in virtual time, one line a step. Enrol, own credentials, configure, monitor a day, roll
// firmware out in waves, play a job over all, and both sides reconciled; with faults, and from one seed. Exit code 1 if a step fails.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseFaults } from '../../cpe/faults/catalogue.ts';
import { helpText, type OptionSpecs, type OptionValues, readOptions, UsageError } from '../../shared/config.ts';
import { messageOf } from '../../shared/errors.ts';
import { openVirtualWorld } from '../support/worlds/virtual-world.ts';
import { fleetStory, type StoryStep } from './fleet-story.ts';
import { openLiveFleet } from './live/fleet.ts';

const specs = {
  count: { kind: 'number', value: 'N', default: 100, min: 1, max: 20_000, help: 'how many gateways' },
  seed: { kind: 'number', value: 'S', default: 1, min: 0, max: 2 ** 31, help: 'same seed, same run' },
  faults: {
    kind: 'string',
    value: 'LIST',
    default: 'rollout',
    help: 'faults of the units, as `npm run cpe -- fleet --help` lists them',
    check: text => {
      parseFaults(text);
    },
  },
  json: { kind: 'string', value: 'FILE', help: 'write the report' },
  stay: { kind: 'boolean', help: 'then run a live fleet of three products, and print links to its pages' },
  verbose: { kind: 'boolean', help: 'print what both sides log from warnings on' },
} as const satisfies OptionSpecs;

const tty = process.stdout.isTTY;
const paint = (code: number, text: string): string => (tty ? `\u001b[${code}m${text}\u001b[0m` : text);

export interface StepReport {
  name: string;
  ok: boolean;
  /** Of real time. */
  ms: number;
  detail: Record<string, unknown>;
}

function tell(step: StepReport, about: string): void {
  const tick = step.ok ? paint(32, '✔') : paint(31, '✘');
  process.stdout.write(`${tick} ${step.name.padEnd(13)}${(step.ms / 1000).toFixed(2).padStart(7)} s  ${about}\n`);
}

async function runStory(options: OptionValues<typeof specs>, signal: AbortSignal): Promise<StepReport[]> {
  const { count, seed, faults, verbose } = options;
  const world = await openVirtualWorld({
    ...fleetStory.world,
    count,
    seed,
    ...(verbose ? { write: (line: string) => process.stdout.write(`${line}\n`) } : {}),
  });
  const reports: StepReport[] = [];
  try {
    for (const { name, run } of fleetStory.steps) {
      const report = await runStep(name, async detail => await run(world, { count, faults }, detail));
      reports.push(report);
      // Later steps build on earlier ones.
      if (!report.ok || signal.aborted) break;
    }
  } finally {
    await world.close();
  }
  return reports;
}

async function runStep(
  name: string,
  run: (detail: Record<string, unknown>) => ReturnType<StoryStep['run']>,
): Promise<StepReport> {
  const started = performance.now();
  const report: StepReport = { name, ok: false, ms: 0, detail: {} };
  let about: string;
  try {
    about = await run(report.detail);
    report.ok = true;
  } catch (error) {
    about = messageOf(error);
    report.detail.error = about;
  }
  report.ms = Math.round(performance.now() - started);
  tell(report, about);
  return report;
}

async function main(argv: string[]): Promise<number> {
  if (argv.includes('--help')) {
    const about = 'Plays the story of a fleet in virtual time: days in seconds, the same for the same seed.';
    process.stdout.write(helpText('npm run demo:fleet -- [options]', about, specs));
    return 0;
  }
  const { values, positionals } = readOptions(specs, { argv });
  if (positionals.length) throw new UsageError(`'${positionals[0]}' is not expected; options begin with --`);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const started = performance.now();
  process.stdout.write(`${values.count} gateways and their ACS in virtual time, seed ${values.seed}.\n\n`);
  const steps = await runStory(values, stop.signal);
  const ok = steps.length === fleetStory.steps.length && steps.every(step => step.ok);
  if (values.json) await writeFile(values.json, `${JSON.stringify({ ok, steps }, null, 2)}\n`);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(ok ? `\nAll ${steps.length} steps in ${seconds} s.\n` : `\nNot all well after ${seconds} s.\n`);
  if (ok && values.stay) await stay(stop.signal);
  return ok ? 0 : 1;
}

/** A fleet in real time until the signal, to be watched in the browser. */
async function stay(signal: AbortSignal): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-live-'));
  const fleet = await openLiveFleet(folder);
  const links = `  to look  ${await fleet.viewerLink()}\n  to act   ${await fleet.adminLink()}\n`;
  process.stdout.write(`\nA live fleet of three products, until Ctrl-C. Each link signs in once:\n${links}`);
  await new Promise<void>(resolve => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });
  await fleet.close();
  await rm(folder, { recursive: true, force: true });
}

main(process.argv.slice(2)).then(
  code => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const isUsage = error instanceof UsageError;
    process.stderr.write(`${isUsage ? `usage: ${error.message}` : ((error as Error)?.stack ?? messageOf(error))}\n`);
    process.exitCode = isUsage ? 2 : 1;
  },
);
