// SIP terminals as the rest of the exchange sees them: listed, and unregistered after they were told to read their configuration.
import type { Clock, Random } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { Address, Flow } from '../../shared/sip/flow-types.ts';
import { createRequest, type SipRequest, SipSyntaxError } from '../../shared/sip/message.ts';
import type { TransactionLayer } from '../../shared/sip/transaction.ts';
import type { RegisteredTerminal, TerminalSource } from '../exchange/terminals.ts';
import type { Binding } from './bindings.ts';
import type { Location } from './location.ts';

interface SipTerminalsOptions {
  location: Location;
  layer: () => TransactionLayer;
  domain: string;
  /** Our address towards that flow's peer. */
  nameOn: (flow: Flow) => Address;
  clock: Clock;
  random: Random;
  log: Log;
}

/** A terminal has this long to answer that it will read its configuration. */
const TOLD_MS = 2000;

export class SipTerminals implements TerminalSource {
  readonly #options: SipTerminalsOptions;

  constructor(options: SipTerminalsOptions) {
    this.#options = options;
  }

  terminals(dir?: string): RegisteredTerminal[] {
    const { location } = this.#options;
    return (dir === undefined ? location.all() : location.find(dir)).map(terminalOf);
  }

  /** The bindings end after the terminal has answered, so that it can register again; a binding that it makes meanwhile stays. */
  async unregister(dir: string): Promise<number> {
    const { location } = this.#options;
    const bindings = location.find(dir);
    await Promise.all(bindings.map(binding => this.#tell(binding)));
    return location.end(dir, binding => bindings.includes(binding));
  }

  async #tell(binding: Binding): Promise<void> {
    const { clock, layer, log } = this.#options;
    const { user, flow, uri } = binding;
    try {
      const transaction = layer().request(flow, this.#checkSync(binding));
      const timer = clock.after(TOLD_MS, () => transaction.abandon());
      const { response, cause } = await transaction.final;
      timer.cancel();
      log.info('SIP terminal told to read its configuration', { user, contact: uri, status: cause ?? response.status });
    } catch (error) {
      // A contact that cannot be written into a request.
      if (!(error instanceof SipSyntaxError)) throw error;
      log.warn('SIP terminal not told to read its configuration', { user, contact: uri, reason: error.message });
    }
  }

  #checkSync({ user, flow, uri }: Binding): SipRequest {
    const { domain, nameOn, random } = this.#options;
    const { host, port } = nameOn(flow);
    const name = host.includes(':') ? `[${host}]` : host;
    const id = (): string => random.bytes(8).toString('hex');
    return createRequest('NOTIFY', uri, {
      headers: [
        ['Max-Forwards', '70'],
        ['From', `<sip:${domain}>;tag=${id()}`],
        ['To', `<sip:${encodeURIComponent(user)}@${domain}>`],
        ['Call-ID', id()],
        ['CSeq', '1 NOTIFY'],
        ['Contact', `<sip:${name}:${port};transport=${flow.protocol}>`],
        ['Event', 'check-sync'],
        ['Subscription-State', 'terminated'],
      ],
    });
  }
}

function terminalOf({
  user,
  uri,
  flow,
  userAgent,
  instance,
  row,
  isSecureTerminal,
  since,
  expires,
}: Binding): RegisteredTerminal {
  // As in Contact, `"<urn:uuid:…>"`, with what tells several flows of one terminal apart.
  const urn = /<([^<>"\s]{1,100})>/.exec(instance ?? '')?.[1];
  return {
    dir: user,
    kind: 'SIP',
    protocol: flow.protocol,
    port: flow.local.port,
    remote: flow.remote,
    contact: uri,
    ...(flow.tls ? { tls: { version: flow.tls.version, cipher: flow.tls.cipher } } : {}),
    ...(urn === undefined ? {} : { instance: urn }),
    ...(userAgent === undefined ? {} : { product: userAgent }),
    isSecure: isSecureTerminal,
    row,
    since,
    expires,
  };
}
