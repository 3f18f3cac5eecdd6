// npm run demo: the whole story on loopback. One line a step: tick, time, evidence. Exit code 1 if a step fails.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { helpText, type OptionSpecs, type OptionValues, readOptions, UsageError } from '../../shared/config.ts';
import { messageOf } from '../../shared/errors.ts';
import { settled } from '../../shared/program.ts';
import type { Detail } from './observe.ts';
import { type StepReport, story } from './story.ts';
import { type DemoWorld, openDemoWorld } from './world.ts';

const specs = {
  'mx-one': { kind: 'boolean', help: 'play the security policies of MX-ONE instead: docs/mx-one.md' },
  json: { kind: 'string', value: 'FILE', help: 'write the report' },
  wire: { kind: 'string', value: 'DIR', help: 'write each CWMP envelope as NNNN-cpe.xml / NNNN-acs.xml' },
  stay: { kind: 'boolean', help: 'keep everything up and print the addresses' },
  verbose: { kind: 'boolean', help: "print the programs' own log lines too" },
} as const satisfies OptionSpecs;

/** Longer than any step should take, shorter than a person's patience. */
const STEP_LIMIT_MS = 20_000;

const tty = process.stdout.isTTY;
const paint = (code: number, text: string): string => (tty ? `\u001b[${code}m${text}\u001b[0m` : text);

function line(step: StepReport, about: string): void {
  const tick = step.ok ? paint(32, '✔') : paint(31, '✘');
  const time = `${(step.ms / 1000).toFixed(2)} s`.padStart(8);
  process.stdout.write(`${tick} ${step.name.padEnd(19)}${time}  ${about}\n`);
}

interface Play {
  about: string;
  close(): Promise<void>;
  steps: readonly { name: string; run(detail: Detail, signal: AbortSignal): Promise<string> }[];
  addresses(): Promise<[string, string][]>;
}

async function runStory({ steps }: Play): Promise<StepReport[]> {
  const reports: StepReport[] = [];
  for (const { name, run } of steps) {
    const started = performance.now();
    const report: StepReport = { name, ok: false, ms: 0, detail: {} };
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(new Error(`not done after ${STEP_LIMIT_MS / 1000} s`)), STEP_LIMIT_MS);
    let about: string;
    try {
      about = await run(report.detail, stop.signal);
      report.ok = true;
    } catch (error) {
      about = messageOf(error);
      report.detail.error = about;
    } finally {
      clearTimeout(timer);
    }
    report.ms = Math.round(performance.now() - started);
    reports.push(report);
    line(report, about);
    // Later steps build on earlier ones: after a failure they would only repeat it.
    if (!report.ok) break;
  }
  return reports;
}

/** The story of the ACS and its gateways, or that of MX-ONE. */
async function open(folder: string, { wire, verbose, mxOne }: OptionValues<typeof specs>): Promise<Play> {
  if (mxOne) {
    const [{ openMxOneWorld }, { mxOneStory }] = await Promise.all([
      import('./mx-one/world.ts'),
      import('./mx-one/story.ts'),
    ]);
    const world = await openMxOneWorld({ folder, verbose });
    const steps = mxOneStory.map(({ name, run }) => ({ name, run: run.bind(undefined, world) }));
    const { addresses, close } = world;
    return { about: 'An exchange with security policies, a gateway, its ACS and telephones', steps, addresses, close };
  }
  const world = await openDemoWorld({ folder, ...(wire ? { wire } : {}), verbose });
  return {
    about: 'Two gateways, their ACS, a SIP server, DHCP, SNTP and syslog',
    steps: story.map(({ name, run }) => ({ name, run: run.bind(undefined, world) })),
    addresses: async () => [['pages', await viewerLink(world.api)], ...world.addresses()],
    close: () => world.close(),
  };
}

async function main(argv: string[]): Promise<number> {
  if (argv.includes('--help')) {
    process.stdout.write(
      helpText(
        'npm run demo -- [options]',
        'Plays the whole story on loopback: no root, free ports, a temporary folder of its own.',
        specs,
      ),
    );
    return 0;
  }
  const { values, positionals } = readOptions(specs, { argv });
  if (positionals.length) throw new UsageError(`'${positionals[0]}' is not expected; options begin with --`);
  const folder = await mkdtemp(join(tmpdir(), 'tandem-demo-'));
  const started = performance.now();
  const play = await open(folder, values);
  process.stdout.write(`${play.about}, all on loopback.\n\n`);
  try {
    const steps = await runStory(play);
    const ok = steps.length === play.steps.length && steps.every(step => step.ok);
    if (values.json) await writeFile(values.json, `${JSON.stringify({ ok, steps }, null, 2)}\n`);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(
      ok
        ? `\nAll ${steps.length} steps in ${seconds} s.\n`
        : `\nFailed at '${steps.at(-1)?.name}' after ${seconds} s: ${String(steps.at(-1)?.detail.error)}\n`,
    );
    if (values.stay && ok) await stay(play);
    return ok ? 0 : 1;
  } finally {
    await play.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A link by which a newcomer looks on, once. */
async function viewerLink(api: DemoWorld['api']): Promise<string> {
  await api('POST', '/users', { name: 'viewer', role: 'viewer' });
  return String((await api('POST', '/users/viewer/link')).url);
}

async function stay(play: Play): Promise<void> {
  const addresses = await play.addresses();
  process.stdout.write(
    `\nStill up, until Ctrl-C:\n${addresses.map(([what, where]) => `  ${what.padEnd(14)}${where}`).join('\n')}\n`,
  );
  await new Promise<void>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

settled(process, 'demo', main(process.argv.slice(2))).then(
  code => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(
      `${error instanceof UsageError ? `usage: ${error.message}` : ((error as Error)?.stack ?? messageOf(error))}\n`,
    );
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
