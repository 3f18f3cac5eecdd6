// Reachability of the SIP servers: the keep-alive over each connection, and the notifications about it.
import { isAbort } from '../../../shared/errors.ts';
import { type Address, addressText, type Flow } from '../../../shared/sip/flow-types.ts';
import { createRequest } from '../../../shared/sip/message.ts';
import type { TransactionLayer } from '../../../shared/sip/transaction.ts';
import type { UserAgentConfig, UserAgentEnv } from '../settings.ts';
import type { Link } from './link.ts';

export interface ReachabilityOptions {
  config: UserAgentConfig;
  env: UserAgentEnv;
  layer: TransactionLayer;
  /** Ends the keep-alives. */
  working: AbortSignal;
  onChange: () => void;
}

export class Reachability {
  readonly #options: ReachabilityOptions;
  /** Servers that left a keep-alive without an answer, and have sent none since. */
  readonly #unreachable = new Set<Link>();
  /** Connections over which the server has answered. */
  readonly #answered = new WeakSet<Flow>();

  constructor(options: ReachabilityOptions) {
    this.#options = options;
  }

  isUnreachable(link: Link): boolean {
    return this.#unreachable.has(link);
  }

  /** The server answered a request: DGW notification 310, once per connection, and after each time that it was unreachable. */
  answered(link: Link): void {
    const { config, env, onChange } = this.#options;
    const isBack = this.#unreachable.delete(link);
    if (isBack) onChange();
    const { flow } = link;
    if (!flow || (this.#answered.has(flow) && !isBack)) return;
    this.#answered.add(flow);
    env.notify('serverReachable', { server: addressText(link.target), gateway: config.gateway });
  }

  /** DGW `SipKeepAliveMethod`. "Ping" on the wire is not published: the CRLF of RFC 5626 is our choice. */
  async keepAlive(link: Link): Promise<void> {
    const { config, env, working } = this.#options;
    const { method, interval } = config.keepAlive;
    if (method !== 'SipOptions' && method !== 'Ping') return;
    try {
      for (;;) {
        const { flow } = await link.whenUp(working);
        const alive = method === 'Ping' ? await flow.ping() : await answersOptions(this.#options, link.target, flow);
        if (alive) this.answered(link);
        else if (!flow.closed && !link.failOver(flow, 'no answer to the keep-alive')) this.#noteUnreachable(link);
        await env.clock.sleep(1000 * interval, working);
      }
    } catch (error) {
      if (!isAbort(error)) env.log.error('SIP keep-alive ended', { error });
    }
  }

  #noteUnreachable(link: Link): void {
    if (this.#unreachable.has(link)) return;
    this.#unreachable.add(link);
    const { config, env, onChange } = this.#options;
    const server = addressText(link.target);
    env.log.warn('SIP server unreachable', { server });
    env.notify('serverUnreachable', { server, gateway: config.gateway, reason: 'no answer to the keep-alive' });
    onChange();
  }
}

/** True when the server answers OPTIONS with any status. */
async function answersOptions(options: ReachabilityOptions, target: Address, flow: Flow): Promise<boolean> {
  const { config, env, layer } = options;
  const server = `sip:${addressText(target)}`;
  const user = config.accounts[0]?.user;
  const us = user === undefined ? config.domain : `${user}@${config.domain}`;
  const headers: [string, string][] = [
    ['Max-Forwards', '70'],
    ['From', `<sip:${us}>;tag=${env.random.bytes(5).toString('hex')}`],
    ['To', `<${server}>`],
    ['Call-ID', env.random.bytes(8).toString('hex')],
    ['CSeq', `${env.random.int(1, 2 ** 30)} OPTIONS`],
    ['User-Agent', config.userAgent],
  ];
  const { cause } = await layer.request(flow, createRequest('OPTIONS', server, { headers })).final;
  return cause === undefined;
}
