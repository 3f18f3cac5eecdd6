// Runs a configuration script on a unit: line by line and in order. A syntax error runs nothing; a line that fails is
// logged and the rest goes on (the vendor does not say; so an old script still does what it can on a newer unit).
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import { UserError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Model, ObjectDef } from '../../shared/model/definitions.ts';
import { formatName, type Keys, parseScript, type Statement, type SyntaxProblem } from './parse.ts';

/** What a script may do to a unit. */
export interface ScriptTarget {
  readonly model: Model;
  readonly log: Log;
  pathOf(name: string): string | undefined;
  set(items: { name: string; value: string }[], source: 'script'): Promise<unknown>;
  /** @param table `Device.A.` @param columns by column name, any case */
  insertRow(table: string, columns: Record<string, string>): Promise<unknown>;
  deleteAllRows(table: string): Promise<unknown>;
  /** Runs a command of a service. @param name lower case: `scm.restartrequiredservices`. @returns false when there is none */
  command(name: string, args: Keys): Promise<boolean>;
  /** Makes everything done inside one durable write. */
  together<T>(work: () => Promise<T>): Promise<T>;
}

export interface LineFailure {
  line: number;
  message: string;
}

export type ScriptOutcome =
  | { ran: false; problems: SyntaxProblem[] }
  | { ran: true; statements: number; failures: LineFailure[] };

/** Names of v2.0 firmware that later firmware calls otherwise, lower case. The pairs are inferred from equal values. */
const renamed: Readonly<Record<string, string>> = {
  'sipep.transporttlspersistentbaseport': 'SipEp.TransportPersistentBasePort',
  'sipep.transporttlspersistentretryinterval': 'SipEp.TransportFailbackInterval',
  'sipep.authentication.applyto': 'SipEp.Authentication.CriteriaSelection',
  'sipep.defaultuserregistrationunregisteredbehavior': 'SipEp.DefaultUnitRegistrationUnregisteredBehavior',
  'sipep.registrationusers.username': 'SipEp.UnitRegistrations.Username',
  'sipep.registrationusers.gatewayname': 'SipEp.UnitRegistrations.GatewayName',
  'sipep.registrationusers.deleteallrows': 'SipEp.UnitRegistrations.DeleteAllRows',
  'sipep.insertregistrationuser': 'SipEp.InsertUnitRegistration',
};

/** Insert commands whose table cannot be told from their name. */
const insertTables: Readonly<Record<string, string>> = {
  'bni.addnetwork': 'Bni.NetworkInterfaces',
};

export async function runScript(target: ScriptTarget, script: string | Buffer): Promise<ScriptOutcome> {
  const { statements, problems } = parseScript(script);
  if (problems.length > 0) return { ran: false, problems };
  const failures: LineFailure[] = [];
  await target.together(async () => {
    for (const statement of statements) {
      const message = await runStatement(target, statement);
      if (message === undefined) continue;
      failures.push({ line: statement.line, message });
      target.log.warn('script line failed', { line: statement.line, reason: message });
    }
  });
  return { ran: true, statements: statements.length, failures };
}

/** @returns why it failed */
async function runStatement(target: ScriptTarget, statement: Statement): Promise<string | undefined> {
  const name = renamed[statement.name.toLowerCase()] ?? statement.name;
  try {
    if (statement.kind === 'assign') await assign(target, formatName(name, statement.keys), statement.value);
    else await command(target, name, statement.keys, statement.args);
    return undefined;
  } catch (error) {
    if (error instanceof CwmpFault) return error.parameters[0]?.message ?? error.message;
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

async function assign(target: ScriptTarget, name: string, value: string): Promise<void> {
  const path = target.pathOf(name);
  if (path === undefined) throw new UserError(404, 'no-variable', `${name} does not exist`);
  await target.set([{ name: path, value }], 'script');
}

async function command(target: ScriptTarget, name: string, keys: Keys, args: Keys): Promise<void> {
  if (keys.length > 0) return rowCommand(target, formatName(name, keys), args);
  if (await target.command(name.toLowerCase(), args)) return;
  const all = /^(.+)\.deleteallrows$/i.exec(name);
  if (all) {
    const table = target.model.table(all[1]!);
    if (!table) throw new UserError(404, 'no-table', `${all[1]} is not a table`);
    await target.deleteAllRows(table.path.slice(0, -4));
    return;
  }
  const table = insertTableOf(target.model, name);
  if (!table) throw new UserError(404, 'no-command', `there is no command ${name}`);
  await target.insertRow(table.path.slice(0, -4), columnsOf(table, target.model, args));
}

/** `Scm.ServiceCommands[Name=SipEp].Restart` without a value fires the command. */
async function rowCommand(target: ScriptTarget, name: string, args: Keys): Promise<void> {
  const path = target.pathOf(name);
  const def = target.model.variable(name)?.parameter;
  if (path === undefined || !def) throw new UserError(404, 'no-variable', `${name} does not exist`);
  const idle = def.default ?? def.enumeration?.[0]?.label;
  const label = def.enumeration?.find(entry => entry.label !== idle)?.label;
  if (!def.rowCommand || label === undefined || args.length > 0) {
    throw new UserError(400, 'no-command', `${name} is not a command`);
  }
  await target.set([{ name: path, value: label }], 'script');
}

/**
 * The table that `Service.Insert<Row>` (or `Service.<Prefix>Insert<Row>`, `Service.Add<Row>`) puts a row into: the
 * command's name without that word, as it is or in the plural.
 */
export function insertTableOf(model: Model, command: string): ObjectDef | undefined {
  const special = insertTables[command.toLowerCase()];
  if (special) return model.table(special);
  const match = /^(\w+)\.(\w*?)(?:Insert|Add)(\w+)$/i.exec(command);
  if (!match) return undefined;
  const name = `${match[1]}.${match[2]}${match[3]}`;
  return model.table(name) ?? model.table(`${name}s`) ?? model.table(`${name}es`);
}

/** Arguments are columns; a lone one that is none (`UserName=` of Aaa.InsertUser) names the only key. */
function columnsOf(table: ObjectDef, model: Model, args: Keys): Record<string, string> {
  const known = (column: string): boolean =>
    model.children(table.path).parameters.some(def => def.name.toLowerCase() === column.toLowerCase());
  const only = args.length === 1 && table.keys.length === 1 ? args[0] : undefined;
  if (only && !known(only[0])) return { [table.keys[0]!]: only[1] };
  return Object.fromEntries(args);
}
