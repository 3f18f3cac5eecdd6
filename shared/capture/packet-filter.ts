// The filter of a capture: the part of the pcap filter language that names protocols, hosts and ports, with and, or, not and parentheses.
import { isIP } from 'node:net';
import { readPort } from '../net/port.ts';
import type { Endpoint, Packet } from './packet.ts';

export type PacketFilter = (packet: Packet) => boolean;

const MAX_WORDS = 200;
const MAX_DEPTH = 40;

/** @throws Error that says what is wrong with the filter */
export function readFilter(text: string): PacketFilter {
  const words = text.toLowerCase().match(/[()!]|&&|\|\||[^\s()!&|]+/g) ?? [];
  if (words.length > MAX_WORDS) throw new Error(`a filter has at most ${MAX_WORDS} words`);
  if (words.length === 0) return () => true;
  const reader = new FilterReader(words);
  const filter = reader.either(0);
  reader.end();
  return filter;
}

const ends = ({ isSent, local, remote }: Packet): { src: Endpoint; dst: Endpoint } =>
  isSent ? { src: local, dst: remote } : { src: remote, dst: local };

type Side = 'src' | 'dst' | undefined;

const atSide =
  (side: Side, matches: (end: Endpoint) => boolean): PacketFilter =>
  packet => {
    const { src, dst } = ends(packet);
    if (side) return matches(side === 'src' ? src : dst);
    return matches(src) || matches(dst);
  };

const protocols: Readonly<Record<string, PacketFilter>> = {
  udp: packet => packet.protocol === 'udp',
  tcp: packet => packet.protocol === 'tcp',
  ip: packet => isIP(packet.remote.host) === 4,
  ip6: packet => isIP(packet.remote.host) === 6,
};

class FilterReader {
  readonly #words: readonly string[];
  #at = 0;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  end(): void {
    if (this.#at < this.#words.length) throw new Error(`'${this.#words[this.#at]}' is not expected there`);
  }

  either(depth: number): PacketFilter {
    const parts = [this.#both(depth)];
    while (this.#take('or', '||')) parts.push(this.#both(depth));
    return packet => parts.some(part => part(packet));
  }

  #both(depth: number): PacketFilter {
    const parts = [this.#one(depth)];
    while (this.#take('and', '&&')) parts.push(this.#one(depth));
    return packet => parts.every(part => part(packet));
  }

  #one(depth: number): PacketFilter {
    if (depth > MAX_DEPTH) throw new Error('the filter is nested too deep');
    if (this.#take('not', '!')) {
      const negated = this.#one(depth + 1);
      return packet => !negated(packet);
    }
    if (!this.#take('(')) return this.#term();
    const inner = this.either(depth + 1);
    if (!this.#take(')')) throw new Error("')' is missing");
    return inner;
  }

  #term(): PacketFilter {
    const named = protocols[this.#peek()];
    if (named) {
      this.#at++;
      // `udp port 5060` means both.
      if (!/^(src|dst|port|portrange|host)$/.test(this.#peek())) return named;
    }
    const rest = this.#endTerm();
    return named ? packet => named(packet) && rest(packet) : rest;
  }

  #endTerm(): PacketFilter {
    const side: Side = this.#take('src') ? 'src' : this.#take('dst') ? 'dst' : undefined;
    const word = this.#next();
    if (word === 'port') {
      const port = portOf(this.#next());
      return atSide(side, end => end.port === port);
    }
    if (word === 'portrange') {
      const [first = '', last = ''] = this.#next().split('-');
      const [from, to] = [portOf(first), portOf(last)];
      return atSide(side, end => end.port >= from && end.port <= to);
    }
    const host = word === 'host' ? this.#next() : word;
    if (isIP(host) === 0) throw new Error(`'${host}' is no protocol, address or port`);
    return atSide(side, end => end.host === host);
  }

  #peek(): string {
    return this.#words[this.#at] ?? '';
  }
  #next(): string {
    const word = this.#words[this.#at++];
    if (word === undefined) throw new Error('the filter ends too early');
    return word;
  }
  #take(...words: string[]): boolean {
    if (!words.includes(this.#peek())) return false;
    this.#at++;
    return true;
  }
}

function portOf(text: string): number {
  const port = readPort(text);
  if (port === undefined) throw new Error(`'${text}' is no port`);
  return port;
}
