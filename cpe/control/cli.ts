// The commands for a running unit on the command line: asks it over its control socket, prints the answer, gives the exit code.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import { type OptionValues, UsageError } from '../../shared/config.ts';
import { askControl } from '../../shared/control/client.ts';
import { asText } from '../../shared/control/text.ts';
import { messageOf, UserError } from '../../shared/errors.ts';
import { conversationText } from '../../shared/sip/trace/trace.ts';
import type { callOptions, controlOptions } from '../options.ts';
import type { NamedValue } from '../services/common/named-values.ts';
import type { CallInfo, CallOutcome } from './calls.ts';
import { type CommandName, SOCKET, usageOf } from './commands.ts';
import type { NumberedConversation } from './ladder.ts';
import { statusText, type UnitStatus } from './status.ts';

interface Surroundings {
  clock: Clock;
  write(text: string): void;
  /** Aborts at a signal: the command is given up, and a call that it placed ends. */
  signal: AbortSignal;
}

type Options = OptionValues<typeof callOptions> | OptionValues<typeof controlOptions>;

/** @returns exit code @throws UsageError; UserError when the unit does not run or refuses */
export async function ask(
  name: CommandName,
  args: readonly string[],
  options: Options,
  { clock, write, signal }: Surroundings,
): Promise<number> {
  const usage = usageOf(name, args);
  if (usage !== undefined) throw new UsageError(`usage: ${usage} --state DIR; ${args.length} arguments are given`);
  if (options.state === undefined)
    throw new UsageError('--state DIR is needed: the directory that the unit was started with (run --state DIR)');
  const { state, json, ...others } = options;
  const sent = name === 'script' ? [await scriptIn(args[0] ?? '')] : args;
  const result = await askControl(join(state, SOCKET), name, sent, clock, {
    name: 'unit',
    signal,
    options: given(others),
    timeoutMs: name === 'call' || name === 'fax' ? 0 : 60_000,
    ...(json ? {} : { onProgress: value => write(progressText(value as CallInfo)) }),
  });
  if (json) write(`${JSON.stringify(result, null, 2)}\n`);
  else write(`${result === null ? 'done' : textOf(name, result)}\n`);
  if (name !== 'call') return 0;
  const problem = unexpected(result as CallOutcome, 'expect' in options ? options.expect : undefined);
  if (problem === undefined) return 0;
  throw new UserError(409, 'unexpected', problem);
}

const progressText = ({ id, peer, codec, suite }: CallInfo): string =>
  `call ${id} to ${peer} is up: codec ${codec}, suite ${suite}\n`;

function textOf(name: CommandName, result: unknown): string {
  if (name === 'pack-profile') return JSON.stringify(result, null, 2);
  if (name === 'status') return statusText(result as UnitStatus);
  if (name === 'get') return valuesText(result as NamedValue[]);
  if (name === 'log') return (result as string[]).join('\n') || 'none';
  if (name !== 'ladder') return asText(result);
  return (result as NumberedConversation[])
    .map(one => `${one.call === undefined ? '' : `call ${one.call}  `}${conversationText(one)}`)
    .join('\n')
    .trimEnd();
}

/** One line for each, as a script has it. */
const valuesText = (values: readonly NamedValue[]): string =>
  values.map(({ name, value }) => `${name} = ${JSON.stringify(value)}`).join('\n') || 'none';

/** Characters of a script, which crosses the socket as one request. */
const MAX_SCRIPT = 60_000;

/** @throws UserError for a file that cannot be read, or is too large */
async function scriptIn(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new UserError(400, 'no-file', messageOf(error));
  });
  if (JSON.stringify(text).length <= MAX_SCRIPT) return text;
  throw new UserError(413, 'too-large', `${file} has more than ${MAX_SCRIPT} characters: have an ACS download it`);
}

/** The options that were given. */
const given = (
  options: Readonly<Record<string, string | number | boolean | undefined>>,
): Record<string, string | number | boolean> =>
  Object.fromEntries(
    Object.entries(options).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
  );

/** The way in which a call is not what was expected; without an expectation any call that was established is right. */
export function unexpected(report: CallOutcome, expect: string | undefined): string | undefined {
  if (!report.established) {
    const text = `the call failed with ${report.status || 'no status'}: ${report.reason}`;
    return expect === String(report.status) ? undefined : text;
  }
  const isSecure = report.suite !== 'none';
  if (expect === 'secure' && !isSecure) return 'the call was expected to be secure; its media was not protected';
  if (expect === 'secure' && report.authFailures > 0)
    return `the call was expected to be secure; ${report.authFailures} packets failed authentication`;
  if (expect === 'plain' && isSecure)
    return `the call was expected to be plain; its media was protected with ${report.suite}`;
  if (expect !== undefined && /^\d/.test(expect))
    return `the call was expected to fail with ${expect}; it was established`;
  return undefined;
}
