// An exchange on loopback with its data in memory, whose state a test sets as it wants it, and its shell over a control socket.
import { type Pbx, startPbx } from '../../../pbx/app.ts';
import type { Change, Extension, PolicyNumber } from '../../../pbx/exchange/data.ts';
import { Exchange } from '../../../pbx/exchange/exchange.ts';
import type { RegisteredTerminal } from '../../../pbx/exchange/terminals.ts';
import { VOIP_SECURITY } from '../../../pbx/policy/licenses.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { silentLog } from '../../../shared/log.ts';
import { createCa } from '../../../shared/pki/authority.ts';
import { ExchangeShell, type Printed } from './exchange-shell.ts';
import { exchangeDomain } from './terminals.ts';

const clock = systemClock();
const random = systemRandom();

interface NumberState {
  hasException: boolean;
  thirdPartyClient?: boolean;
  /** Individual authorization code. */
  code?: string | undefined;
}

/** An extension with terminal type SIP and its code, as commands would make it. */
function extensionOf(dir: string, state: NumberState): Change[] {
  const row: Extension = {
    ...{ dir, lim: 1, csp: 1, customer: 0, maxTerminals: 1 },
    ...{ securityException: state.hasException, thirdPartyClient: state.thirdPartyClient ?? false },
  };
  const { code } = state;
  return [
    { table: 'extensions', key: dir, row },
    { table: 'ipExtensions', key: dir, row: { dir, protocol: 'SIP' } },
    code === undefined
      ? { table: 'authorizationCodes', key: `dir:${dir}` }
      : {
          table: 'authorizationCodes',
          key: `dir:${dir}`,
          row: { code, dir, customer: 0, csp: 1, cil: dir, isRestricted: true },
        },
  ];
}

export class ExchangeLab {
  readonly pbx: Pbx;
  /** PEM of the authority that issued its certificate. */
  readonly root: string;
  readonly #shell: ExchangeShell;

  private constructor(pbx: Pbx, root: string, shell: ExchangeShell) {
    this.pbx = pbx;
    this.root = root;
    this.#shell = shell;
  }

  /** @param ports where it listens; free ones by default */
  static async start(ports: { tls?: number; plain?: number } = {}): Promise<ExchangeLab> {
    const ca = await createCa({ name: 'Exchange test CA', key: 'rsa', clock, random });
    const issued = await ca.issue({ commonName: exchangeDomain, ips: ['127.0.0.1'], usage: ['server'], key: 'rsa' });
    const exchange = Exchange.inMemory([{ table: 'licenses', key: VOIP_SECURITY, row: { tag: VOIP_SECURITY } }]);
    const pbx = await startPbx({
      ...{ host: '127.0.0.1', tlsPort: ports.tls ?? 0, port: ports.plain ?? 0 },
      ...{ cert: issued.chain, key: issued.key, domain: exchangeDomain, users: [], exchange },
      ...{ clock, random, log: silentLog },
    });
    return new ExchangeLab(pbx, ca.cert, await ExchangeShell.open(pbx));
  }

  /** Runs a line as `pbx COMMAND` does. */
  command(line: string): Promise<Printed> {
    return this.#shell.command(line);
  }

  /** Runs lines that are executed, one after the other. */
  executed(...lines: string[]): Promise<void> {
    return this.#shell.executed(...lines);
  }

  /** Sets the policy as it is, past the checks of its command: some rows hold for states that no command makes. */
  async setPolicy(policy: PolicyNumber): Promise<void> {
    const { exchange } = this.pbx;
    await exchange.commit([{ table: 'settings', key: 'system', row: { ...exchange.settings, policy } }]);
  }

  async setNumber(dir: string, state: NumberState): Promise<void> {
    await this.pbx.exchange.commit(extensionOf(dir, state));
  }

  /** The terminals of a number, or all. */
  terminals(dir?: string): RegisteredTerminal[] {
    return this.pbx.sources.flatMap(source => source.terminals(dir));
  }

  terminal(dir: string): RegisteredTerminal | undefined {
    return this.terminals(dir)[0];
  }

  /** Rows that refused the number so far. */
  refusalsOf(dir: string): string[] {
    return this.pbx.refusals
      .all()
      .filter(one => one.dir === dir)
      .map(({ row }) => row);
  }

  async stop(): Promise<void> {
    await this.#shell.close();
    await this.pbx.stop();
  }
}
