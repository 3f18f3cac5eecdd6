// The SNMP agent of the unit of the command `run`.
import { UserError } from '../shared/errors.ts';
import { LateServer } from './late-server.ts';
import { splitHostPort } from './options.ts';
import type { SnmpServer, TrapFacts, Unit } from './services/service.ts';
import type { SnmpAgent } from './snmp/agent.ts';

const nothing = { get: 0, getNext: 0, set: 0 };

export class UnitSnmp extends LateServer<SnmpAgent> implements SnmpServer {
  readonly #listen: string;

  /** @param listen `127.0.0.1:1161` */
  constructor(listen: string) {
    super(async unit => {
      const { SnmpAgent } = await import('./snmp/agent.ts');
      return new SnmpAgent(unit, splitHostPort(listen));
    });
    this.#listen = listen;
  }

  get counts(): SnmpServer['counts'] {
    return this.server?.counts ?? nothing;
  }

  /** @throws UserError where the address could not be had */
  check(): void {
    if (this.problem !== undefined) throw new UserError(400, 'no-snmp', `--snmp ${this.#listen}: ${this.problem}`);
  }

  trap(unit: Unit, facts: TrapFacts): void {
    this.server?.trap(unit, facts);
  }
}
