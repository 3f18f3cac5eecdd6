// Lookups of a name (TR-181 DNS.Diagnostics.NSLookupDiagnostics): real queries at the server that is named, or at those of the unit.
import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { dnsServersOf } from '../hoc.ts';
import { addressOf, numberIn, type Probe } from './probe.ts';

const MAX_REPETITIONS = 100;

/** The words of the resolver for a name without an address; any other failure is one of the server. */
const nameless = new Set(['ENOTFOUND', 'ENODATA', 'ENONAME']);
const late = new Set(['ETIMEOUT', 'ETIMEDOUT']);

export const lookup: Probe = async ({ unit, setting, signal }) => {
  const asked = setting('DNSServer').trim();
  const server = asked === '' ? dnsServersOf(unit)[0] : await serverAt(asked, name => addressOf(unit, name));
  if (server === undefined) return { states: asked === '' ? ['Error_Other'] : ['Error_DNSServerNotResolved'] };
  const name = setting('HostName').trim();
  const repetitions = numberIn(setting('NumberOfRepetitions'), 1, MAX_REPETITIONS);
  const resolver = new Resolver({ timeout: numberIn(setting('Timeout'), 5000, 60_000), tries: 1 });
  const cancel = (): void => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  const rows: Record<string, string>[] = [];
  try {
    resolver.setServers([server]);
    for (let at = 0; at < repetitions; at++) {
      signal.throwIfAborted();
      const began = unit.clock.monotonic();
      const row = await query(resolver, name);
      const ms = Math.round(unit.clock.monotonic() - began);
      rows.push({ ...row, DNSServerIP: hostOf(server), ResponseTime: String(ms) });
    }
  } finally {
    signal.removeEventListener('abort', cancel);
  }
  signal.throwIfAborted();
  const succeeded = rows.filter(({ Status }) => Status === 'Success').length;
  return { states: ['Complete'], values: { SuccessCount: String(succeeded) }, rows };
};

/** @returns the server with its port as a resolver takes it; undefined where its name has no address */
async function serverAt(
  text: string,
  addressOfName: (name: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  if (isIP(text) || /^\d{1,3}(?:\.\d{1,3}){3}:\d{1,5}$/.test(text) || /^\[[0-9a-f:]+\]:\d{1,5}$/i.test(text))
    return text;
  return /^[\w.-]{1,253}$/.test(text) ? await addressOfName(text) : undefined;
}

const hostOf = (server: string): string =>
  isIP(server) ? server : server.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');

async function query(resolver: Resolver, name: string): Promise<Record<string, string>> {
  try {
    const addresses = await resolver.resolve4(name);
    // The resolver does not tell whether an answer is authoritative.
    return {
      ...{ Status: 'Success', AnswerType: 'NonAuthoritative', HostNameReturned: name },
      IPAddresses: addresses.slice(0, 10).join(','),
    };
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const Status = nameless.has(code)
      ? 'Error_HostNameNotResolved'
      : late.has(code)
        ? 'Error_Timeout'
        : 'Error_DNSServerNotAvailable';
    return { Status, AnswerType: 'None', HostNameReturned: '', IPAddresses: '' };
  }
}
