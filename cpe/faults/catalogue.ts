// The faults that a simulated fleet can have: their names, what each does, profiles of them, and how `--faults` is read.
// Imports nothing, so that --help costs nothing.

interface FaultSpec {
  /** The event for which one draw is made. */
  per: 'request' | 'file' | 'image' | 'session' | 'boot' | 'knock' | 'order' | 'unit';
  /** The source of the fault: network and power are bad luck, protocol is a unit that departs from the standard. */
  kind: 'network' | 'power' | 'protocol';
  help: string;
}

export const faults = {
  'request-lost': { per: 'request', kind: 'network', help: 'the request never arrives' },
  'answer-lost': { per: 'request', kind: 'network', help: 'the server acts, and its answer is lost' },
  delay: { per: 'request', kind: 'network', help: 'the request is late by up to 3 s' },
  truncate: { per: 'file', kind: 'network', help: 'the file ends in the middle' },
  alter: { per: 'file', kind: 'network', help: 'some bytes of the file are flipped' },
  'transfer-reboot': { per: 'file', kind: 'power', help: 'the unit reboots in mid-transfer' },
  'power-session': { per: 'request', kind: 'power', help: 'power fails within a session' },
  'power-idle': { per: 'session', kind: 'power', help: 'power fails after a session' },
  'power-commit': {
    per: 'image',
    kind: 'power',
    help: 'power fails while firmware is committed, just before or just after',
  },
  'old-version': {
    per: 'image',
    kind: 'protocol',
    help: 'takes the image, says success, comes back with the old version',
  },
  'false-success': { per: 'file', kind: 'protocol', help: 'TransferComplete says success, nothing was installed' },
  'false-fault': { per: 'file', kind: 'protocol', help: 'TransferComplete says fault, the file was installed' },
  'wrong-fault': { per: 'order', kind: 'protocol', help: 'answers an RPC with a fault that has nothing to do with it' },
  poison: { per: 'order', kind: 'protocol', help: 'answers an RPC with a control character, which is no XML' },
  bloat: {
    per: 'order',
    kind: 'protocol',
    help: 'GetParameterValuesResponse has 1,000 values more than were asked for',
  },
  'late-post': { per: 'session', kind: 'protocol', help: 'one more empty POST after the 204 that ended the session' },
  'old-login': { per: 'unit', kind: 'protocol', help: 'says Status 0 to a new login at the ACS and keeps the old one' },
  'close-401': { per: 'unit', kind: 'protocol', help: 'closes its connection at each 401 and answers over a new one' },
  folded: {
    per: 'unit',
    kind: 'protocol',
    help: 'breaks the header lines of its requests into folded ones (RFC 9112 5.2)',
  },
  'no-clock': { per: 'boot', kind: 'protocol', help: 'no time for up to 10 minutes: validating TLS levels refuse' },
  deaf: { per: 'knock', kind: 'protocol', help: 'a good connection request is answered 503, or 200 and forgotten' },
  slow: { per: 'unit', kind: 'protocol', help: 'takes 1 to 15 s before each request' },
  'no-cookie': { per: 'unit', kind: 'protocol', help: 'never sends cookies back' },
  'single-post': { per: 'unit', kind: 'protocol', help: 'a TCP connection for each POST' },
} as const satisfies Record<string, FaultSpec>;

export type FaultName = keyof typeof faults;
/** Probabilities from 0 to 1 by fault; an absent fault never strikes. */
export type FaultRates = Readonly<Partial<Record<FaultName, number>>>;

export const faultNames = Object.keys(faults) as FaultName[];

export const faultProfiles = {
  none: {},
  mild: { 'request-lost': 0.01, 'answer-lost': 0.01, delay: 0.1, 'power-idle': 0.005 },
  harsh: {
    'request-lost': 0.08,
    'answer-lost': 0.08,
    delay: 0.3,
    truncate: 0.1,
    alter: 0.05,
    'transfer-reboot': 0.05,
    'power-session': 0.01,
    'power-idle': 0.05,
    'power-commit': 0.1,
    'old-version': 0.03,
    'false-success': 0.02,
    'false-fault': 0.02,
    'wrong-fault': 0.01,
    'no-clock': 0.05,
    deaf: 0.1,
    slow: 0.05,
    'single-post': 0.05,
  },
  rollout: {
    'request-lost': 0.01,
    'answer-lost': 0.01,
    truncate: 0.03,
    alter: 0.02,
    'transfer-reboot': 0.02,
    'power-commit': 0.03,
    'power-idle': 0.002,
    'old-version': 0.01,
    'false-success': 0.01,
    'false-fault': 0.01,
  },
  lies: { 'old-version': 0.1, 'false-success': 0.1, 'false-fault': 0.1, 'wrong-fault': 0.02 },
  odd: { 'no-clock': 0.1, deaf: 0.2, slow: 0.1, 'no-cookie': 0.1, 'single-post': 0.1 },
} as const satisfies Record<string, FaultRates>;

const isFault = (name: string): name is FaultName => Object.hasOwn(faults, name);
const profileOf = (name: string): FaultRates | undefined =>
  Object.hasOwn(faultProfiles, name) ? faultProfiles[name as keyof typeof faultProfiles] : undefined;

/**
 * `mild`, `truncate=0.03,old-version=0.01` or both mixed: later entries win.
 * @throws Error that names the wrong entry and the valid ones
 */
export function parseFaults(text: string): FaultRates {
  const rates: Partial<Record<FaultName, number>> = {};
  for (const entry of text.split(',').map(part => part.trim())) {
    const [name = '', rate, ...rest] = entry.split('=').map(part => part.trim());
    const profile = profileOf(name);
    if (profile && rate === undefined) Object.assign(rates, profile);
    else if (profile) throw new Error(`'${entry}': ${name} is a profile and takes no rate`);
    else if (!isFault(name))
      throw new Error(
        `'${entry}' is no profile (${Object.keys(faultProfiles).join(', ')}) and no fault (${faultNames.join(', ')})`,
      );
    else if (rate === undefined || rest.length > 0 || !/^(0|1|0?\.\d+|1\.0*|0\.)$/.test(rate))
      throw new Error(`'${entry}': a rate from 0 to 1 is due, as in ${name}=0.05`);
    else rates[name] = Number(rate);
  }
  return rates;
}

/** Text of `--help` below the options. */
export function faultsHelp(): string {
  const width = Math.max(...faultNames.map(name => name.length)) + 2;
  const rows = faultNames.map(name => `  ${name.padEnd(width)}${faults[name].help} (per ${faults[name].per})`);
  const profiles = Object.entries(faultProfiles).map(([name, rates]) => {
    const list = Object.entries(rates).map(([fault, rate]) => `${fault}=${rate}`);
    return `  ${name.padEnd(width)}${list.length > 0 ? list.join(' ') : 'no fault at all'}`;
  });
  return `\nFaults, each with its chance:\n${rows.join('\n')}\n\nProfiles:\n${profiles.join('\n')}\n`;
}
