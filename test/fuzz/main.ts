// npm run fuzz: valid conversations, mutated by seed, over live sockets against the ACS, the gateway and the PBX.
import { writeFile } from 'node:fs/promises';
import { helpText, type OptionSpecs, readOptions, UsageError } from '../../shared/config.ts';
import { settled } from '../../shared/program.ts';
import { digestOf, planOf } from './plan.ts';
import { failureText, lineOf } from './report.ts';
import { type Outcome, runTarget } from './run.ts';
import { chosenTargets, targets } from './targets.ts';

const MAX_SEED = 2 ** 32 - 1;

const options = {
  seconds: { kind: 'number', default: 60, min: 1, help: 'time for all targets together' },
  seed: { kind: 'number', min: 0, max: MAX_SEED, help: 'the seed; another one each day unless given' },
  case: { kind: 'string', value: 'N|N-M', help: 'plays these cases of the seed only', check: checkCases },
  show: { kind: 'boolean', help: 'prints what the cases of --case send, and sends nothing' },
  json: { kind: 'string', value: 'FILE', help: 'writes the figures there' },
  help: { kind: 'boolean', help: 'this text' },
} as const satisfies OptionSpecs;

function checkCases(text: string): void {
  if (!/^\d+(-\d+)?$/.test(text)) throw new Error(`'${text}' is neither a number nor N-M`);
}

function casesOf(text: string | undefined): { from?: number; to?: number } {
  if (text === undefined) return {};
  const [from = 0, to = from] = text.split('-').map(Number);
  return { from, to };
}

function help(): string {
  const names = targets.map(({ name, about }) => `  ${name.padEnd(16)}${about}`).join('\n');
  const about = `Sends mutated conversations to running programs and watches them. A target, or acs, gateway, pbx for several:\n${names}`;
  return helpText('npm run fuzz -- [TARGET …] [options]', about, options);
}

async function main(argv: string[]): Promise<number> {
  const { values, positionals } = readOptions(options, { argv });
  if (values.help) {
    process.stdout.write(help());
    return 0;
  }
  const { chosen, unknown } = chosenTargets(positionals);
  if (unknown.length > 0)
    throw new UsageError(`'${unknown[0]}' is not one of ${targets.map(({ name }) => name).join(', ')}`);
  const seed = values.seed ?? Math.floor(Date.now() / 86_400_000);
  const cases = casesOf(values.case);
  if (values.show) {
    for (const { conversations } of chosen) show(seed, cases, conversations);
    return 0;
  }
  const outcomes: Outcome[] = [];
  for (const target of chosen) {
    const outcome = await runTarget(target, { seed, seconds: values.seconds / chosen.length, ...cases });
    process.stdout.write(`${lineOf(outcome)}\n${failureText(outcome)}`);
    outcomes.push(outcome);
  }
  if (values.json) await writeFile(values.json, `${JSON.stringify(outcomes, null, 2)}\n`);
  const failed = outcomes.filter(({ failure }) => failure).length;
  process.stdout.write(`${outcomes.length - failed} of ${outcomes.length} targets held\n`);
  return failed > 0 ? 1 : 0;
}

function show(
  seed: number,
  { from = 0, to = from }: { from?: number; to?: number },
  conversations: Parameters<typeof planOf>[2],
): void {
  for (let index = from; index <= to; index++) {
    const plan = planOf(seed, index, conversations);
    process.stdout.write(
      `case ${index} ${digestOf(plan)}: ${plan.conversation}, ${plan.protocol}, ${plan.changes.join(', ')}\n`,
    );
    for (const { bytes } of plan.sends)
      process.stdout.write(`${JSON.stringify(bytes.toString('latin1').slice(0, 4000))}\n`);
  }
}

settled(process, 'fuzz', main(process.argv.slice(2))).then(
  code => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const isUsage = error instanceof UsageError;
    process.stderr.write(`${isUsage ? `usage: ${error.message}` : ((error as Error).stack ?? String(error))}\n`);
    process.exitCode = isUsage ? 2 : 1;
  },
);
