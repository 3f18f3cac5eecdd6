// One line of the console: a statement of the script language, a name to read, or one of the console's own words.
import { messageOf } from '../../shared/errors.ts';
import { parseScript, type Statement } from '../script/parse.ts';
import { runStatement } from '../script/run.ts';
import { allowsChange, type Rights } from '../services/aaa.ts';
import { type Unit, uptimeSeconds } from '../services/service.ts';
import { listing } from './listing.ts';

/** 0 done, 1 failed, 2 not understood. */
export type Exit = 0 | 1 | 2;

export interface LineAnswer {
  exit: Exit;
  /** Absent: there is nothing to say. */
  text?: string;
  /** The session ends. */
  ends?: true;
}

interface Place {
  readonly unit: Unit;
  readonly rights: Rights;
  /** Characters in a line. */
  readonly width: number;
}

interface OwnCommand {
  readonly help: string;
  run(place: Place): LineAnswer;
}

const done = (text?: string): LineAnswer => ({ exit: 0, ...(text !== undefined && { text }) });
const failed = (text: string): LineAnswer => ({ exit: 1, text: `Error: ${text}` });
const leave = (): LineAnswer => ({ ...done(), ends: true });

export const ownCommands: Readonly<Record<string, OwnCommand>> = {
  help: {
    help: 'shows this text; help SERVICE lists the variables and tables of a service',
    run: () => done(helpText()),
  },
  sysinfo: { help: 'shows the model, the serial number and the firmware', run: ({ unit }) => done(systemText(unit)) },
  reboot: { help: 'restarts the unit; the session ends', run: reboot },
  exit: { help: 'ends the session, as quit and Ctrl-D do', run: leave },
  quit: { help: 'ends the session', run: leave },
};

/** Carries a line out. */
export async function runLine(place: Place, line: string): Promise<LineAnswer> {
  const words = line.trim().split(/\s+/);
  const [first = '', second] = words;
  if (first === '' || first.startsWith('#')) return done();
  const own = ownCommands[first.toLowerCase()];
  if (own && Object.hasOwn(ownCommands, first.toLowerCase())) {
    if (second === undefined) return own.run(place);
    if (first.toLowerCase() === 'help' && words.length === 2) return serviceHelp(place.unit, second);
    return { exit: 2, text: `Error: ${first} takes no ${second}` };
  }
  const name = first.toLowerCase() === 'get' && words.length === 2 ? (second ?? '') : line.trim();
  const listed = listing(place.unit, name, place.width);
  if (listed !== undefined) return done(listed);
  const { statements, problems } = parseScript(line);
  const [problem] = problems;
  if (problem) return { exit: 2, text: `Error: column ${problem.column}: ${problem.message}` };
  const [statement] = statements;
  return statement ? await carryOut(place, statement) : done();
}

async function carryOut({ unit, rights }: Place, statement: Statement): Promise<LineAnswer> {
  const service = statement.name.split('.')[0] ?? '';
  const known = unit.model.services.find(({ name }) => name.toLowerCase() === service.toLowerCase())?.name;
  if (known === undefined) return failed(`there is no service ${service}`);
  if (!allowsChange(rights, known)) return failed('your access rights do not allow this change');
  const reason = await runStatement(unit, statement, 'cli');
  if (reason !== undefined) return failed(reason);
  const waits = unit.config.pending.services().has(known);
  return done(waits ? `${known} must be restarted for this to take effect (Scm.RestartRequiredServices)` : undefined);
}

function reboot({ unit, rights }: Place): LineAnswer {
  if (!allowsChange(rights)) return failed('your access rights do not allow this');
  unit.power
    .reboot({ reason: 'console' })
    .catch((error: unknown) => unit.log.error('reboot from the console failed', { reason: messageOf(error) }));
  return leave();
}

function helpText(): string {
  const own = Object.entries(ownCommands).map(([name, { help }]) => `  ${name.padEnd(34)}${help}`);
  return [
    'Lines are those of the script language:',
    '  Service.Variable                  shows a value',
    '  Service.Table                     lists a table',
    '  Service.Table[Key=value].Column   shows a cell',
    '  NAME = value                      changes it',
    '  Service.Command argument=value    carries a command out',
    'And:',
    ...own,
  ].join('\n');
}

function serviceHelp({ model }: Unit, text: string): LineAnswer {
  const service = model.services.find(({ name }) => name.toLowerCase() === text.toLowerCase());
  if (!service) return failed(`there is no service ${text}`);
  const names = [...model.parameters.values()]
    .filter(def => def.service === service.name && def.script !== undefined && !def.script.includes('['))
    .map(def => `  ${def.script}${def.writable ? '' : '  (read-only)'}`);
  const tables = [...model.objects.values()]
    .filter(def => def.multi && def.service === service.name && def.script !== undefined)
    .map(def => `  ${def.script}[${def.keys.map(key => `${key}=`).join(' ')}]`);
  return done([`${service.name}: ${service.title}`, ...names, ...tables].join('\n'));
}

function systemText(unit: Unit): string {
  const { manufacturer, productClass, serialNumber, mac } = unit.identity;
  return [
    `Model: ${manufacturer} ${productClass}`,
    `Serial number: ${serialNumber}`,
    `MAC address: ${mac}`,
    `Firmware: ${unit.softwareVersion}`,
    `Uptime: ${uptimeSeconds(unit)} s`,
  ].join('\n');
}
