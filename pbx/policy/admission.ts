// Judges each logon of a terminal, SIP or H.323: number, terminal type, maker, then the tables of the security policy. Keeps
// what it refuses.
import type { Exchange } from '../exchange/exchange.ts';
import { decide, needsPin, type TerminalFacts } from './decide.ts';
import { type Product, type ProductRow, terminalOf } from './products.ts';
import type { Refusal, Refusals } from './refusals.ts';
import type { Subscriber, Subscribers } from './subscribers.ts';

export interface Logon extends Pick<TerminalFacts, 'kind' | 'dir' | 'encrypted'> {
  /** Name that the terminal gives itself: User-Agent, or H.323 vendor and product. */
  product: string | undefined;
}

export interface Judgement {
  allowed: boolean;
  /** Row of the policy's table, or rule beside the tables, that decided. */
  row: string;
  /** Present where it is not allowed. */
  reason?: string;
  /** PINs that the terminal may prove; none: it is not asked. */
  pins: readonly string[];
  product: Product;
  /** Terminals of that number at a time; undefined: bounded by the registrar alone. */
  maxTerminals: number | undefined;
}

interface AdmissionOptions {
  exchange: Exchange;
  subscribers: Subscribers;
  refusals: Refusals;
  /** `builtInProducts` by default. */
  products?: readonly ProductRow[] | undefined;
}

export class Admission {
  readonly #options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Undefined where there is no such number. The PIN is the caller's to check. */
  judge({ kind, dir, encrypted, product: name }: Logon): Judgement | undefined {
    const { exchange, subscribers, products } = this.#options;
    const subscriber = subscribers.find(dir);
    if (!subscriber) return undefined;
    const { hasException, code, maxTerminals } = subscriber;
    const product = terminalOf(name, products);
    const { isSecure: isSecureTerminal } = product;
    const facts = { kind, dir, encrypted, hasException, hasPin: code !== undefined, isSecureTerminal };
    const pins = needsPin(facts) ? [code ?? dir] : [];
    const { allowed, row, reason } = barrier(subscriber, kind, product) ?? decide(exchange.settings.policy, facts);
    return { allowed, row, pins, product, maxTerminals, ...(reason === undefined ? {} : { reason }) };
  }

  /** Keeps a refusal. */
  refused({ kind, dir, encrypted, product }: Logon, facts: Pick<Refusal, 'what' | 'remote' | 'row' | 'reason'>): void {
    this.#options.refusals.add({ kind, dir, encrypted, ...(product === undefined ? {} : { product }), ...facts });
  }
}

/** The rules beside the tables: the extension has an IP terminal type of that kind, and takes telephones of that maker. */
function barrier(
  { protocol, thirdPartyClient }: Subscriber,
  kind: Logon['kind'],
  { isThirdParty }: Product,
): { allowed: false; row: string; reason: string } | undefined {
  if (protocol === undefined)
    return { allowed: false, row: 'ip_extension', reason: 'the extension has no terminal type' };
  if (kind === 'H.323' && protocol === 'SIP')
    return { allowed: false, row: 'ip_extension', reason: 'the extension is for SIP terminals' };
  if (kind === 'SIP' && isThirdParty && !thirdPartyClient)
    return { allowed: false, row: 'third-party client', reason: 'the extension takes no telephone of another maker' };
  return undefined;
}
