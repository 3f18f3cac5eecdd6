// The SNMP agent of the unit of the command `run`: its code is loaded when it is opened for the first time.
import { messageOf, UserError } from '../shared/errors.ts';
import { splitHostPort } from './options.ts';
import type { SnmpServer, TrapFacts, Unit } from './services/service.ts';
import type { SnmpAgent } from './snmp/agent.ts';

const nothing = { get: 0, getNext: 0, set: 0 };

export class UnitSnmp implements SnmpServer {
  readonly #listen: string;
  #agent: SnmpAgent | undefined;
  #problem: string | undefined;

  /** @param listen `127.0.0.1:1161` */
  constructor(listen: string) {
    this.#listen = listen;
  }

  get counts(): SnmpServer['counts'] {
    return this.#agent?.counts ?? nothing;
  }

  /** `host:port`; '' while it is closed. */
  get address(): string {
    return this.#agent?.address ?? '';
  }

  async open(unit: Unit): Promise<void> {
    const { SnmpAgent } = await import('./snmp/agent.ts');
    this.#agent ??= new SnmpAgent(unit, splitHostPort(this.#listen));
    try {
      await this.#agent.open();
      this.#problem = undefined;
    } catch (error) {
      this.#problem = messageOf(error);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#agent?.close();
  }

  /** @throws UserError where the address could not be had */
  check(): void {
    if (this.#problem !== undefined) throw new UserError(400, 'no-snmp', `--snmp ${this.#listen}: ${this.#problem}`);
  }

  trap(unit: Unit, facts: TrapFacts): void {
    this.#agent?.trap(unit, facts);
  }
}
