// npm run demo: the whole story on loopback. One line a step: tick, time, evidence. Exit code 1 if a step fails.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { helpText, type OptionSpecs, readOptions, UsageError } from '../../shared/config.ts';
import { messageOf } from '../../shared/errors.ts';
import { settled } from '../../shared/program.ts';
import { type StepReport, story } from './story.ts';
import { type DemoWorld, openDemoWorld } from './world.ts';

const specs = {
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

async function runStory(world: DemoWorld): Promise<StepReport[]> {
  const reports: StepReport[] = [];
  for (const { name, run } of story) {
    const started = performance.now();
    const report: StepReport = { name, ok: false, ms: 0, detail: {} };
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(new Error(`not done after ${STEP_LIMIT_MS / 1000} s`)), STEP_LIMIT_MS);
    let about: string;
    try {
      about = await run(world, report.detail, stop.signal);
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
  process.stdout.write('Two gateways, their ACS, a SIP server, DHCP, SNTP and syslog, all on loopback.\n\n');
  const world = await openDemoWorld({ folder, ...(values.wire ? { wire: values.wire } : {}), verbose: values.verbose });
  let steps: StepReport[] = [];
  try {
    steps = await runStory(world);
    const ok = steps.length === story.length && steps.every(step => step.ok);
    if (values.json) await writeFile(values.json, `${JSON.stringify({ ok, steps }, null, 2)}\n`);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(
      ok
        ? `\nAll ${steps.length} steps in ${seconds} s.\n`
        : `\nFailed at '${steps.at(-1)?.name}' after ${seconds} s: ${String(steps.at(-1)?.detail.error)}\n`,
    );
    if (values.stay && ok) await stay(world);
    return ok ? 0 : 1;
  } finally {
    await world.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A link by which a newcomer looks on, once. */
async function viewerLink(api: DemoWorld['api']): Promise<string> {
  await api('POST', '/users', { name: 'viewer', role: 'viewer' });
  return String((await api('POST', '/users/viewer/link')).url);
}

async function stay(world: DemoWorld): Promise<void> {
  const addresses = [['pages', await viewerLink(world.api)], ...world.addresses()] as const;
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
