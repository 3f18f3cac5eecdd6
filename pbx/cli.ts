// The operator's commands against a running server: one table of their actions and the text form of their answers.
import { UserError } from '../shared/errors.ts';
import type { Pbx } from './app.ts';

export interface Command {
  help: string;
  /** Runs inside the server; the result crosses the control socket as JSON. */
  run(pbx: Pbx, args: readonly string[]): unknown;
}

export const commands: Readonly<Record<string, Command>> = {
  status: {
    help: 'ports, security policy, and how many connections, registrations and calls there are',
    run: pbx => ({
      domain: pbx.domain,
      ports: pbx.ports,
      policy: pbx.policy,
      connections: pbx.connections().length,
      registrations: pbx.registrations().length,
      calls: pbx.calls().length,
    }),
  },
  registrations: { help: 'who is registered, where, over what', run: pbx => pbx.registrations() },
  calls: { help: 'the calls there are', run: pbx => pbx.calls() },
  connections: { help: 'open TCP and TLS connections', run: pbx => pbx.connections() },
};

/** @throws UserError for an unknown command */
export function runCommand(pbx: Pbx, name: string, args: readonly string[]): unknown {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) throw new UserError(404, 'unknown-command', `'${name}' is none of ${Object.keys(commands).join(', ')}`);
  if (args.length > 0) throw new UserError(400, 'arguments', `${name} takes no arguments`);
  return command.run(pbx, args);
}

const cell = (value: unknown): string => {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'object') return String(value);
  return Object.entries(value)
    .map(([name, inner]) => `${name}=${String(inner)}`)
    .join(' ');
};

/** A list as a table with its field names on top, an object as `name  value` lines. */
export function asText(result: unknown): string {
  if (!Array.isArray(result)) {
    const rows = Object.entries(result ?? {}).map(([name, value]) => [name, cell(value)]);
    return columns(rows);
  }
  if (result.length === 0) return 'none';
  const names = [...new Set(result.flatMap((item: object) => Object.keys(item)))];
  return columns([names, ...result.map((item: Record<string, unknown>) => names.map(name => cell(item[name])))]);
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map(row => row[at]?.length ?? 0)));
  return rows
    .map(row =>
      row
        .map((text, at) => text.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
