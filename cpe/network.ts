// The network around simulated units, as their diagnostics find it: the hosts that answer, with round-trip time, loss and route. It is one
// object for all units of a process.

export interface ReachableHost {
  /** Name or address, in small letters. */
  host: string;
  /** Milliseconds there and back. */
  roundTrip: number;
  /** Share of packets without an answer, 0 to 1. */
  loss: number;
  /** Addresses of the routers on the way. */
  hops: readonly string[];
}

export type Network = ReadonlyMap<string, ReachableHost>;

const FORM = 'HOST=MS, HOST=MS,LOSS% or HOST=MS,LOSS%,HOP/HOP…';
const MAX_MS = 60_000;
const MAX_HOPS = 63;

/** Reads `HOST=MS[,LOSS%[,HOP/HOP…]]`. @throws Error that says what is wrong */
export function parseHost(text: string): ReachableHost {
  const equals = text.indexOf('=');
  const host = text.slice(0, Math.max(0, equals)).trim().toLowerCase();
  const [time = '', share = '0%', route = ''] = text
    .slice(equals + 1)
    .split(',')
    .map(part => part.trim());
  if (!/^[\w.:-]{1,253}$/.test(host)) throw new Error(`'${text}' is not ${FORM}`);
  const roundTrip = /^\d{1,5}(?:\.\d{1,3})?(?:ms)?$/.test(time) ? Number.parseFloat(time) : Number.NaN;
  const loss = /^\d{1,3}(?:\.\d{1,3})?%$/.test(share) ? Number.parseFloat(share) / 100 : Number.NaN;
  if (!(roundTrip <= MAX_MS)) throw new Error(`'${time}' is no time up to ${MAX_MS} ms (${FORM})`);
  if (!(loss <= 1)) throw new Error(`'${share}' is no share from 0% to 100% (${FORM})`);
  const hops = route === '' ? [] : route.split('/');
  if (hops.length > MAX_HOPS || !hops.every(hop => /^[\w.:-]{1,253}$/.test(hop)))
    throw new Error(`'${route}' is no list of at most ${MAX_HOPS} hosts with a / between them (${FORM})`);
  return { host, roundTrip, loss, hops };
}

export const networkOf = (texts: readonly string[]): Network =>
  new Map(texts.map(parseHost).map(entry => [entry.host, entry]));
