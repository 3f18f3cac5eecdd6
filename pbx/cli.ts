// The operator's commands against a running server: one table of their actions.
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
  refusals: {
    help: 'registrations and calls that were refused, with the row of the policy',
    run: pbx => pbx.refusals.all().map(({ time, ...rest }) => ({ time: new Date(time).toISOString(), ...rest })),
  },
  routes: { help: 'SIP routes: where they lead, and whether the other side answers', run: pbx => pbx.routes() },
  connections: { help: 'open TCP and TLS connections', run: pbx => pbx.connections() },
};

/** @throws UserError for an unknown command */
export function runCommand(pbx: Pbx, name: string, args: readonly string[]): unknown {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) throw new UserError(404, 'unknown-command', `'${name}' is none of ${Object.keys(commands).join(', ')}`);
  if (args.length > 0) throw new UserError(400, 'arguments', `${name} takes no arguments`);
  return command.run(pbx, args);
}
