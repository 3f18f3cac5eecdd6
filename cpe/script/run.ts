// Runs a configuration script on a unit: line by line and in order. A syntax error runs nothing; a line that fails is
// logged and the rest runs (the vendor does not say; so an old script still does what it can on a newer unit).
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import { UserError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Model, ObjectDef } from '../../shared/model/definitions.ts';
import { tableOf } from '../../shared/model/path.ts';
import type { Source } from '../state/changes.ts';
import type { Configuration } from '../state/configuration.ts';
import type { SnapshotStore } from '../state/snapshot.ts';
import { formatName, type Keys, parseScript, type Statement, type SyntaxProblem } from './parse.ts';

/** The unit as a script may change it. */
interface ScriptTarget {
  readonly model: Model;
  readonly log: Log;
  readonly config: Pick<Configuration, 'pathOf' | 'set' | 'insert' | 'edit'>;
  readonly state: Pick<SnapshotStore, 'together'>;
  readonly services: {
    /** Runs a command of a service. @param name lower case: `scm.restartrequiredservices`. @returns false when there is none */
    runCommand(name: string): Promise<boolean>;
  };
}

interface LineFailure {
  line: number;
  message: string;
}

type ScriptOutcome =
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

/** Insert commands whose table does not follow from their name. */
const insertTables: Readonly<Record<string, string>> = {
  'bni.addnetwork': 'Bni.NetworkInterfaces',
};

export async function runScript(target: ScriptTarget, script: string | Buffer): Promise<ScriptOutcome> {
  const { statements, problems } = parseScript(script);
  if (problems.length > 0) return { ran: false, problems };
  const failures: LineFailure[] = [];
  await target.state.together(async () => {
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
export async function runStatement(
  target: ScriptTarget,
  statement: Statement,
  source: Source = 'script',
): Promise<string | undefined> {
  const name = renamed[statement.name.toLowerCase()] ?? statement.name;
  try {
    if (statement.kind === 'assign') await assign(target, formatName(name, statement.keys), statement.value, source);
    else await command(target, name, statement, source);
    return undefined;
  } catch (error) {
    if (error instanceof CwmpFault) return error.parameters[0]?.message ?? error.message;
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

async function assign(target: ScriptTarget, name: string, value: string, source: Source): Promise<void> {
  const path = target.config.pathOf(name);
  if (path === undefined) throw new UserError(404, 'no-variable', `${name} does not exist`);
  await target.config.set([{ name: path, value }], source);
}

async function command(
  target: ScriptTarget,
  name: string,
  { keys, args }: { keys: Keys; args: Keys },
  source: Source,
): Promise<void> {
  if (keys.length > 0) return rowCommand(target, formatName(name, keys), args, source);
  if (await target.services.runCommand(name.toLowerCase())) return;
  const all = /^(.+)\.deleteallrows$/i.exec(name);
  if (all) {
    const table = target.model.table(all[1]!);
    if (!table) throw new UserError(404, 'no-table', `${all[1]} is not a table`);
    await deleteAllRows(target, tableOf(table.path), source);
    return;
  }
  const table = insertTableOf(target.model, name);
  if (!table) throw new UserError(404, 'no-command', `there is no command ${name}`);
  await target.config.insert(tableOf(table.path), columnsOf(table, target.model, args), source);
}

/** @param table `Device.A.` */
async function deleteAllRows(target: ScriptTarget, table: string, source: Source): Promise<void> {
  await target.config.edit(draft => {
    for (const row of draft.rows(table)) draft.removeRow(`${table}${row}.`);
  }, source);
}

/** `Scm.ServiceCommands[Name=SipEp].Restart` without a value fires the command. */
async function rowCommand(target: ScriptTarget, name: string, args: Keys, source: Source): Promise<void> {
  const path = target.config.pathOf(name);
  const def = target.model.variable(name)?.parameter;
  if (path === undefined || !def) throw new UserError(404, 'no-variable', `${name} does not exist`);
  const idle = def.default ?? def.enumeration?.[0]?.label;
  const label = def.enumeration?.find(entry => entry.label !== idle)?.label;
  if (!def.rowCommand || label === undefined || args.length > 0) {
    throw new UserError(400, 'no-command', `${name} is not a command`);
  }
  await target.config.set([{ name: path, value: label }], source);
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
