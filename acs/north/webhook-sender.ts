// Sends messages to webhooks over HTTP, to permitted addresses only. The address is checked when the name is resolved for the
// connection, so a changing DNS record cannot lead elsewhere; redirects are not followed.
import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction, type Socket } from 'node:net';
import { Agent, buildConnector, request } from 'undici';
import { retryAfterOf } from '../../shared/retry-after.ts';
import type { KeyLogger } from '../../shared/tls/keylog.ts';
import type { JudgePost, Post } from '../fleet/common/ports.ts';

export interface Poster {
  post: Post;
  judge: JudgePost;
  close(): Promise<void>;
}

/** Private and special networks (RFC 6890), which are closed to webhooks unless --webhook-allow names them. */
const privateNetworks: readonly [network: string, bits: number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
  ['::', 127],
  ['64:ff9b::', 96],
  ['100::', 64],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
];

/** The bytes that are read of an answer. */
const MAX_ANSWER = 64 * 1024;

/** @returns why a message must not go to an address; undefined when it may */
type AddressRule = (address: string, isPlain: boolean) => string | undefined;

function addressRule(allowed: BlockList): AddressRule {
  const closed = new BlockList();
  for (const [network, bits] of privateNetworks) closed.addSubnet(network, bits, isIP(network) === 6 ? 'ipv6' : 'ipv4');
  const isIn = (list: BlockList, address: string): boolean =>
    list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return (address, isPlain) => {
    if (isIn(allowed, address)) return undefined;
    if (isPlain) return `http:// is allowed only to networks of --webhook-allow, and ${address} is in none of them`;
    return isIn(closed, address) ? `${address} is in a private network, and in none of --webhook-allow` : undefined;
  };
}

/** Judges a URL whose host is an address: a name is judged when it is resolved. */
const urlRule =
  (refusal: AddressRule): JudgePost =>
  ({ hostname, protocol }) => {
    const host = hostname.replace(/^\[|\]$/g, '');
    return isIP(host) ? refusal(host, protocol === 'http:') : undefined;
  };

/** @param allowed as for `createPoster` */
export const postJudge = (allowed: BlockList): JudgePost => urlRule(addressRule(allowed));

/**
 * @param allowed private networks that messages may go to, also over plain HTTP
 * @param keylog receives the keys of TLS connections
 */
export function createPoster(allowed: BlockList, keylog?: KeyLogger): Poster {
  const refusal = addressRule(allowed);
  const judge = urlRule(refusal);

  const agentOf = (isPlain: boolean): Agent => {
    const judged: LookupFunction = (host, options, done) => {
      lookup(host, { ...options, all: true }, (error, found) => {
        const addresses = found ?? [];
        const good = addresses.filter(({ address }) => refusal(address, isPlain) === undefined);
        const [first] = good;
        if (error) return done(error, '');
        if (!first)
          return done(new Error(refusal(addresses[0]?.address ?? '', isPlain) ?? `${host} has no address`), '');
        if (options.all) return done(null, good);
        done(null, first.address, first.family);
      });
    };
    const connect = connectorWith({ lookup: judged, timeout: 10_000 }, keylog);
    return new Agent({ connect, pipelining: 1, keepAliveTimeout: 10_000 });
  };
  const agents = { 'http:': agentOf(true), 'https:': agentOf(false) };

  return {
    judge,
    post: async (url, { headers, body, signal }) => {
      const target = new URL(url);
      const reason = judge(target);
      if (reason) throw new Error(reason);
      const dispatcher = agents[target.protocol === 'http:' ? 'http:' : 'https:'];
      const answer = await request(target, { method: 'POST', headers, body, signal, dispatcher });
      // The status counts, also where the body is long or never ends.
      await answer.body.dump({ limit: MAX_ANSWER, signal }).catch(() => undefined);
      const seconds = retryAfterOf(answer.headers);
      return { status: answer.statusCode, ...(seconds === undefined ? {} : { retryAfterMs: seconds * 1000 }) };
    },
    close: async () => {
      await Promise.all(Object.values(agents).map(agent => agent.destroy()));
    },
  };
}

/** The connector of undici returns its socket before the handshake, which its types leave out. */
function connectorWith(options: buildConnector.BuildOptions, keylog: KeyLogger | undefined): buildConnector.connector {
  const connect = buildConnector(options) as (...args: Parameters<buildConnector.connector>) => Socket | undefined;
  return (target, done) => {
    const socket = connect(target, done);
    if (keylog) socket?.on('keylog', keylog);
  };
}
