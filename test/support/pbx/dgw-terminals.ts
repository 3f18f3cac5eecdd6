// Gateways of ours as terminals of the exchange: a user agent of the DGW for each number, in this process.
import type { SipTap } from '../../../shared/sip/flow-types.ts';
import { startUnit, tlsSettings, type Unit, unitConfig } from '../cpe/voice.ts';
import { exchangeDomain, type Logon, type LogonReport, type TerminalMaker } from './terminals.ts';

const settled = ['Registered', 'AuthFailed', 'Rejected', 'Unreachable', 'ConfigError', 'InvalidResponse'];

export class DgwTerminals implements TerminalMaker {
  readonly product = 'Mediatrix 4102S/v2.0.26.451 4102-MX-D2000-28';
  readonly #units = new Map<string, Unit>();
  readonly #roots: readonly string[];
  #addresses = 0;

  /** @param roots PEM of the authorities that they trust */
  constructor(roots: readonly string[]) {
    this.#roots = roots;
  }

  async logOn({ number, pin, protocol, port }: Logon): Promise<LogonReport> {
    const account = { user: number, register: true, ...(pin === undefined ? {} : { password: pin }) };
    const config = unitConfig(
      number,
      { host: '127.0.0.1', port },
      { address: this.#newAddress(), domain: exchangeDomain, transport: protocol, accounts: [account] },
    );
    let wasChallenged = false;
    const tap: SipTap = (direction, message) => {
      if (direction === 'received' && 'status' in message && message.status === 401) wasChallenged = true;
    };
    const unit = startUnit(config, () => tlsSettings([...this.#roots]), { tap });
    this.#units.set(number, unit);
    const state = (): string => unit.agent.registrations()[0]?.state ?? '';
    await unit.until(() => settled.includes(state()), `the gateway ${number} is answered`);
    return { isRegistered: state() === 'Registered', wasChallenged };
  }

  async logOff(number: string): Promise<void> {
    await this.#units.get(number)?.agent.stop();
    this.#units.delete(number);
  }

  /** Each has an address of its own, for its listening port. */
  #newAddress(): string {
    this.#addresses += 1;
    return `127.71.${1 + (process.pid % 250)}.${this.#addresses}`;
  }

  async stop(): Promise<void> {
    for (const number of [...this.#units.keys()]) await this.logOff(number);
  }
}
