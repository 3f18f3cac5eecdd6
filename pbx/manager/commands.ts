// The forms of the manager: each stands for one command of the shell, and is carried out as its line.
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { encryptionTypes } from '../exchange/data.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { Shell } from '../mdsh/shell.ts';
import { lineText } from '../mdsh/syntax/parse.ts';
import { commandTable } from '../mdsh/table.ts';
import type { LastCommand, Session, WantedCommand } from './sessions.ts';

interface FormAction {
  /** Path of the page that the form is on. */
  page(form: URLSearchParams): string;
  /** @returns undefined for values that the form does not offer */
  command(form: URLSearchParams, exchange: Exchange): WantedCommand | undefined;
}

export interface CommandRunner {
  exchange: Exchange;
  run: Shell['run'];
  clock: Clock;
  log: Log;
}

/** Lines of an answer that are kept. */
const MAX_LINES = 50;
/** The answer to the browser waits so long for that of the shell. */
const MAX_WAIT_MS = 8000;

const value = (form: URLSearchParams, name: string): string => form.get(name) ?? '';
const numberOf = (form: URLSearchParams): string | undefined => /^\d{2,20}$/.exec(value(form, 'dir'))?.[0];
const extensionPage = (form: URLSearchParams): string => `/extensions/${numberOf(form) ?? ''}`;

function changeOf(form: URLSearchParams): WantedCommand | undefined {
  const dir = numberOf(form);
  const [option, state] = [value(form, 'option'), value(form, 'state')];
  const isOffered = ['security-exception', 'third-party-client'].includes(option) && ['yes', 'no'].includes(state);
  return dir !== undefined && isOffered
    ? { name: 'extension', options: { change: undefined, dir, [option]: state } }
    : undefined;
}

/** A new code keeps what else the number's code or extension says. */
function newPin(form: URLSearchParams, exchange: Exchange): WantedCommand | undefined {
  const dir = numberOf(form);
  const pin = value(form, 'pin');
  if (dir === undefined || !/^[!-~]{2,64}$/.test(pin)) return undefined;
  const before = exchange.get('authorizationCodes', `dir:${dir}`);
  const { csp, customer } = before ?? exchange.get('extensions', dir) ?? { csp: 0, customer: 0 };
  const options = {
    ...{ initiate: undefined, dir, 'auth-code': pin, csp: String(csp), cil: before?.cil || dir },
    ...(customer !== 0 && { customer: String(customer) }),
    ...(before?.isRestricted && { restricted: undefined }),
    ...(before?.isHidden && { 'hash-type': 'md5a1' }),
  };
  return { name: 'auth_code', options };
}

/** The forms by their path. */
const formActions: Readonly<Record<string, FormAction>> = {
  'set-policy': {
    page: () => '/',
    command: form => {
      const policy = value(form, 'policy');
      if (policy === '0') return { name: 'sec_policy', options: { remove: undefined } };
      return /^[123]$/.test(policy) ? { name: 'sec_policy', options: { set: policy } } : undefined;
    },
  },
  'switch-media-encryption': {
    page: () => '/',
    command: form => {
      const type = encryptionTypes.find(one => one === value(form, 'type'));
      const state = value(form, 'state');
      if (type === undefined || !['enable', 'disable'].includes(state)) return undefined;
      return { name: `media_encryption_${state}`, options: { type } };
    },
  },
  'change-extension': { page: extensionPage, command: changeOf },
  'set-pin': { page: extensionPage, command: newPin },
  'remove-pin': {
    page: extensionPage,
    command: form => {
      const dir = numberOf(form);
      return dir === undefined ? undefined : { name: 'auth_code', options: { erase: undefined, dir } };
    },
  },
  unregister: {
    page: extensionPage,
    command: form => {
      const dir = numberOf(form);
      return dir === undefined ? undefined : { name: 'extension_unregistration', options: { dir } };
    },
  },
  'unregister-all': {
    page: () => '/extensions',
    command: () => ({ name: 'extension_unregistration', options: {} }),
  },
  'back-up': { page: () => '/backups', command: () => ({ name: 'data_backup', options: {} }) },
};

function lineOf({ name, options }: WantedCommand, hideSecrets = false): string {
  const command = commandTable.get(name);
  if (command === undefined) throw new Error(`the shell has no command ${name}`);
  const given = Object.entries(options).map(([option, text]) => ({
    ...{ name: option, at: 0, valueAt: 0 },
    ...(text !== undefined && { value: text }),
  }));
  return lineText(command, given, hideSecrets);
}

/** @returns the page to go on with; undefined for a form that there is not */
export async function carryOutForm(
  runner: CommandRunner,
  session: Session,
  name: string,
  form: URLSearchParams,
): Promise<string | undefined> {
  const action = Object.hasOwn(formActions, name) ? formActions[name] : undefined;
  const wanted = action?.command(form, runner.exchange);
  if (!action || !wanted) return undefined;
  const page = action.page(form);
  await carryOut(runner, session, { ...wanted, page });
  return page;
}

/** The operator's answer to a question of the shell, where it is the one that stands there still. @returns as `carryOutForm` */
export async function answerQuestion(
  runner: CommandRunner,
  session: Session,
  form: URLSearchParams,
): Promise<string | undefined> {
  const { last } = session;
  if (!last?.question || form.get('shown') !== last.shown) return undefined;
  const { wanted } = last.question;
  if (form.get('answer') === 'yes') await carryOut(runner, session, wanted, true);
  else delete session.last;
  return wanted.page;
}

/** Carries the command out. Its answer stands in the session, at once or, where it takes long, when it has come. */
async function carryOut(
  { run, clock, log }: CommandRunner,
  session: Session,
  wanted: WantedCommand & { page: string },
  isConfirmed = false,
): Promise<void> {
  const line = lineOf(wanted);
  const shown = lineOf(wanted, true);
  const last: LastCommand = { shown, lines: [] };
  session.last = last;
  const write = (lines: readonly string[]): void => {
    last.lines.push(...lines.slice(0, MAX_LINES - last.lines.length));
  };
  const work = async (): Promise<void> => {
    try {
      const { exit, question } = await run({ line, canAsk: true, isConfirmed }, write);
      // The text of a syntax error repeats the line.
      if (exit === 2 && line !== shown) last.lines.splice(0, MAX_LINES, 'WRONG SYNTAX');
      if (question === undefined) last.exit = exit;
      else last.question = { text: question, wanted };
    } catch (error) {
      log.error('manager command failed', { error });
      last.lines.push('NOT EXECUTED', 'INTERNAL ERROR');
      last.exit = 1;
    }
  };
  await new Promise<void>(resolve => {
    const timer = clock.after(MAX_WAIT_MS, resolve);
    void work().then(() => {
      timer.cancel();
      resolve();
    });
  });
}

/** Lines of a command that prints. */
export async function printed({ run }: Pick<CommandRunner, 'run'>, name: string): Promise<string[]> {
  const all: string[] = [];
  await run({ line: lineOf({ name, options: {} }) }, lines => void all.push(...lines.slice(0, MAX_LINES - all.length)));
  return all;
}
