// TLS as data: for each service of the unit the suites, the floor, the validation of the server, and the script names
// that say so. Suites have their IANA names, with OpenSSL's beside them.

/** A part of the unit that opens or accepts TLS and has its own settings for it. */
export type TlsService = 'Cwmp' | 'Conf' | 'ConfImage' | 'Fpu' | 'SipEp' | 'File' | 'Cert' | 'Web' | 'Nlm';

/** Oldest first. SSLv3 exists as a setting only: no TLS library here still speaks it. */
export const tlsVersions = ['SSLv3', 'TLSv1', 'TLSv1_1', 'TLSv1_2', 'TLSv1_3'] as const;
export type TlsVersion = (typeof tlsVersions)[number];

export type Validation = 'NoValidation' | 'TrustedCertificate' | 'DnsSrvResponse' | 'HostName';

/** Revocation of a server's certificate: not asked, asked with silence as good, asked with silence as bad. */
export type TrustLevel = 'LocallyTrusted' | 'OcspOptional' | 'OcspMandatory';

export interface TlsPolicy {
  validation: Validation;
  /** IANA names in order of preference. */
  suites: readonly string[];
  /** The oldest version the server may choose. */
  floor: Exclude<TlsVersion, 'TLSv1_3'>;
  /** The newest version offered. */
  ceiling: 'TLSv1_2' | 'TLSv1_3';
  /**
   * The comparison of names. `vendor` (default): SAN or CN, wildcards as RFC 6125. `sip`: SAN (DNS, IP, sip URI) or CN,
   * never a wildcard (RFC 5922 7.2). `rfc6125`: the CN counts only where the certificate has no SAN of the kind.
   */
  names?: 'vendor' | 'sip' | 'rfc6125';
  /** A plain TR-069 device without absolute time ignores the validity dates, and only them (TR-069 3.3). */
  ignoreDatesWithoutClock?: boolean;
  /** Waits for the clock even where nothing is validated. */
  refuseWithoutClock?: boolean;
  /** Revocation of the server's certificate; LocallyTrusted by default. */
  trust?: TrustLevel;
}

export interface Suite {
  openssl: string;
  exchange: 'RSA' | 'DHE' | 'ECDHE' | 'ECDH' | 'any';
  /** The kind of key the server must hold. */
  key: 'RSA' | 'EC' | 'DSS' | 'any';
  /** The versions that can carry it. */
  from: TlsVersion;
  to: TlsVersion;
  /** The reason why OpenSSL 3 in Node cannot negotiate it; absent where it can (DSS at security level 0 only). */
  lacking?: 'static ECDH' | '3DES' | 'RC4';
}

function suite(
  openssl: string,
  exchange: Suite['exchange'],
  key: Suite['key'],
  from: TlsVersion,
  lacking?: Suite['lacking'],
): Suite {
  const to = from === 'TLSv1_3' ? 'TLSv1_3' : 'TLSv1_2';
  return { openssl, exchange, key, from, to, ...(lacking && { lacking }) };
}

/** Every suite a list below names, by IANA name (RFC 5246 A.5, 5288, 5289, 8446 B.4). */
export const suites: Readonly<Record<string, Suite>> = {
  TLS_RSA_WITH_AES_128_CBC_SHA: suite('AES128-SHA', 'RSA', 'RSA', 'SSLv3'),
  TLS_RSA_WITH_AES_256_CBC_SHA: suite('AES256-SHA', 'RSA', 'RSA', 'SSLv3'),
  TLS_RSA_WITH_3DES_EDE_CBC_SHA: suite('DES-CBC3-SHA', 'RSA', 'RSA', 'SSLv3', '3DES'),
  TLS_RSA_WITH_RC4_128_SHA: suite('RC4-SHA', 'RSA', 'RSA', 'SSLv3', 'RC4'),
  TLS_RSA_WITH_RC4_128_MD5: suite('RC4-MD5', 'RSA', 'RSA', 'SSLv3', 'RC4'),
  TLS_RSA_WITH_AES_128_CBC_SHA256: suite('AES128-SHA256', 'RSA', 'RSA', 'TLSv1_2'),
  TLS_RSA_WITH_AES_256_CBC_SHA256: suite('AES256-SHA256', 'RSA', 'RSA', 'TLSv1_2'),
  TLS_RSA_WITH_AES_128_GCM_SHA256: suite('AES128-GCM-SHA256', 'RSA', 'RSA', 'TLSv1_2'),
  TLS_RSA_WITH_AES_256_GCM_SHA384: suite('AES256-GCM-SHA384', 'RSA', 'RSA', 'TLSv1_2'),
  TLS_DHE_RSA_WITH_AES_128_CBC_SHA: suite('DHE-RSA-AES128-SHA', 'DHE', 'RSA', 'SSLv3'),
  TLS_DHE_RSA_WITH_AES_256_CBC_SHA: suite('DHE-RSA-AES256-SHA', 'DHE', 'RSA', 'SSLv3'),
  TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA: suite('EDH-RSA-DES-CBC3-SHA', 'DHE', 'RSA', 'SSLv3', '3DES'),
  TLS_DHE_RSA_WITH_AES_128_CBC_SHA256: suite('DHE-RSA-AES128-SHA256', 'DHE', 'RSA', 'TLSv1_2'),
  TLS_DHE_RSA_WITH_AES_256_CBC_SHA256: suite('DHE-RSA-AES256-SHA256', 'DHE', 'RSA', 'TLSv1_2'),
  TLS_DHE_RSA_WITH_AES_128_GCM_SHA256: suite('DHE-RSA-AES128-GCM-SHA256', 'DHE', 'RSA', 'TLSv1_2'),
  TLS_DHE_RSA_WITH_AES_256_GCM_SHA384: suite('DHE-RSA-AES256-GCM-SHA384', 'DHE', 'RSA', 'TLSv1_2'),
  TLS_DHE_DSS_WITH_AES_128_CBC_SHA: suite('DHE-DSS-AES128-SHA', 'DHE', 'DSS', 'SSLv3'),
  TLS_DHE_DSS_WITH_AES_256_CBC_SHA: suite('DHE-DSS-AES256-SHA', 'DHE', 'DSS', 'SSLv3'),
  TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA: suite('EDH-DSS-DES-CBC3-SHA', 'DHE', 'DSS', 'SSLv3', '3DES'),
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256: suite('ECDHE-RSA-AES128-SHA256', 'ECDHE', 'RSA', 'TLSv1_2'),
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384: suite('ECDHE-RSA-AES256-SHA384', 'ECDHE', 'RSA', 'TLSv1_2'),
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: suite('ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE', 'RSA', 'TLSv1_2'),
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: suite('ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE', 'RSA', 'TLSv1_2'),
  TLS_ECDH_RSA_WITH_AES_128_CBC_SHA256: suite('ECDH-RSA-AES128-SHA256', 'ECDH', 'EC', 'TLSv1_2', 'static ECDH'),
  TLS_ECDH_RSA_WITH_AES_256_CBC_SHA384: suite('ECDH-RSA-AES256-SHA384', 'ECDH', 'EC', 'TLSv1_2', 'static ECDH'),
  TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256: suite('ECDH-RSA-AES128-GCM-SHA256', 'ECDH', 'EC', 'TLSv1_2', 'static ECDH'),
  TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384: suite('ECDH-RSA-AES256-GCM-SHA384', 'ECDH', 'EC', 'TLSv1_2', 'static ECDH'),
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: suite('ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE', 'EC', 'TLSv1_2'),
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: suite('ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE', 'EC', 'TLSv1_2'),
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: suite('ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE', 'EC', 'TLSv1_2'),
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: suite('ECDHE-RSA-CHACHA20-POLY1305', 'ECDHE', 'RSA', 'TLSv1_2'),
  TLS_AES_128_GCM_SHA256: suite('TLS_AES_128_GCM_SHA256', 'any', 'any', 'TLSv1_3'),
  TLS_AES_256_GCM_SHA384: suite('TLS_AES_256_GCM_SHA384', 'any', 'any', 'TLSv1_3'),
  TLS_CHACHA20_POLY1305_SHA256: suite('TLS_CHACHA20_POLY1305_SHA256', 'any', 'any', 'TLSv1_3'),
};

type SuiteSet = 'CS1' | 'CS2' | 'CS3';

const cs2: readonly string[] = [
  'TLS_RSA_WITH_AES_128_CBC_SHA',
  'TLS_RSA_WITH_AES_256_CBC_SHA',
  'TLS_RSA_WITH_3DES_EDE_CBC_SHA',
  'TLS_DHE_RSA_WITH_AES_128_CBC_SHA',
  'TLS_DHE_RSA_WITH_AES_256_CBC_SHA',
  'TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA',
];

/** Every member needs TLS 1.2. */
const cs3: readonly string[] = [
  'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384',
  'TLS_DHE_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_DHE_RSA_WITH_AES_256_CBC_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256',
  'TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDH_RSA_WITH_AES_256_CBC_SHA384',
  'TLS_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_RSA_WITH_AES_256_CBC_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_DHE_RSA_WITH_AES_128_CBC_SHA256',
  'TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDH_RSA_WITH_AES_128_CBC_SHA256',
  'TLS_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_RSA_WITH_AES_128_CBC_SHA256',
];

/** The unit's lists, in its order of preference. CS1 of the SIP endpoint is shorter: RSA key exchange only. */
export const suiteLists: Readonly<Record<'https' | 'sip', Readonly<Record<SuiteSet, readonly string[]>>>> = {
  https: {
    CS1: [
      'TLS_DHE_RSA_WITH_AES_256_CBC_SHA',
      'TLS_DHE_DSS_WITH_AES_256_CBC_SHA',
      'TLS_RSA_WITH_AES_256_CBC_SHA',
      'TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA',
      'TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA',
      'TLS_RSA_WITH_3DES_EDE_CBC_SHA',
      'TLS_DHE_RSA_WITH_AES_128_CBC_SHA',
      'TLS_DHE_DSS_WITH_AES_128_CBC_SHA',
      'TLS_RSA_WITH_AES_128_CBC_SHA',
      'TLS_RSA_WITH_RC4_128_SHA',
      'TLS_RSA_WITH_RC4_128_MD5',
    ],
    CS2: cs2,
    CS3: cs3,
  },
  sip: {
    CS1: [
      'TLS_RSA_WITH_AES_256_CBC_SHA',
      'TLS_RSA_WITH_AES_128_CBC_SHA',
      'TLS_RSA_WITH_3DES_EDE_CBC_SHA',
      'TLS_RSA_WITH_RC4_128_SHA',
    ],
    CS2: cs2,
    CS3: cs3,
  },
};

/** The suites of a plain TR-069 device: RFC 9325 4.2, and the one that TR-069 3.3 makes mandatory last. */
const modernSuites: readonly string[] = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
  'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
  'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_DHE_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_RSA_WITH_AES_128_CBC_SHA',
];

interface ServiceSettings {
  /** Script names of the variables; no `validation` where the unit has no such variable. */
  validation?: string;
  /** The variable of the trust level, where there is one. */
  trust?: string;
  suite: string;
  version: string;
  /** The levels that the validation variable can take. */
  levels: readonly Validation[];
  lists: 'https' | 'sip';
}

const https: readonly Validation[] = ['NoValidation', 'HostName'];

/** The variables that decide each service's TLS. */
export const services: Readonly<Record<TlsService, ServiceSettings>> = {
  Cwmp: {
    validation: 'Cwmp.TransportCertificateValidation',
    suite: 'Cwmp.TransportHttpsCipherSuite',
    version: 'Cwmp.TransportHttpsTlsVersion',
    levels: https,
    lists: 'https',
  },
  Conf: {
    validation: 'Conf.ScriptsTransferCertificateValidation',
    trust: 'Conf.ScriptsTransferCertificateTrustLevel',
    suite: 'Conf.ScriptsTransferCipherSuite',
    version: 'Conf.ScriptsTransferTlsVersion',
    levels: https,
    lists: 'https',
  },
  ConfImage: {
    suite: 'Conf.ImageTransferCipherSuite',
    version: 'Conf.ImageTransferTlsVersion',
    levels: https,
    lists: 'https',
  },
  Fpu: {
    validation: 'Fpu.MfpTransferCertificateValidation',
    trust: 'Fpu.MfpTransferCertificateTrustLevel',
    suite: 'Fpu.MfpTransferCipherSuite',
    version: 'Fpu.MfpTransferTlsVersion',
    levels: https,
    lists: 'https',
  },
  SipEp: {
    validation: 'SipEp.InteropTlsCertificateValidation',
    trust: 'SipEp.TransportTlsCertificateTrustLevel',
    suite: 'SipEp.TransportTlsCipherSuite',
    version: 'SipEp.TransportTlsVersion',
    levels: ['NoValidation', 'TrustedCertificate', 'DnsSrvResponse', 'HostName'],
    lists: 'sip',
  },
  File: {
    suite: 'File.TransferHttpsCipherSuite',
    version: 'File.TransferHttpsTlsVersion',
    levels: https,
    lists: 'https',
  },
  Cert: {
    suite: 'Cert.TransferHttpsCipherSuite',
    version: 'Cert.TransferHttpsTlsVersion',
    levels: https,
    lists: 'https',
  },
  Web: { suite: 'Web.HttpsCipherSuite', version: 'Web.TlsVersion', levels: https, lists: 'https' },
  Nlm: {
    validation: 'Nlm.PCaptureTransferCertificateValidation',
    trust: 'Nlm.PCaptureTransferCertificateTrustLevel',
    suite: 'Nlm.PCaptureTransferCipherSuite',
    version: 'Nlm.PCaptureTransferTlsVersion',
    levels: https,
    lists: 'https',
  },
};

/** The vendor's defaults, the same for every service. */
export const defaults = { validation: 'HostName', suite: 'CS1', version: 'TLSv1' } as const;

const trusts = ['LocallyTrusted', 'OcspOptional', 'OcspMandatory'] as const satisfies readonly TrustLevel[];
const floors: readonly TlsPolicy['floor'][] = ['SSLv3', 'TLSv1', 'TLSv1_1', 'TLSv1_2'];

const pick = <T extends string>(allowed: readonly T[], text: string | undefined, fallback: T): T =>
  allowed.find(value => value.toLowerCase() === text?.toLowerCase()) ?? fallback;

/**
 * The policy that a service's variables amount to. A variable that is missing or holds no known label counts as its
 * vendor default. File, Cert, Web and Conf image transfers have no validation variable: they validate the host name
 * (our choice; the vendor says nothing).
 * @param read value of a variable by script name, as its label (`TLSv1_1`, `CS3`, `HostName`)
 */
export function policyFor(service: TlsService, read: (scriptName: string) => string | undefined): TlsPolicy {
  const settings = services[service];
  const set = pick<SuiteSet>(['CS1', 'CS2', 'CS3'], read(settings.suite), defaults.suite);
  const trust = settings.trust === undefined ? trusts[0] : pick(trusts, read(settings.trust), trusts[0]);
  return {
    validation: settings.validation
      ? pick(settings.levels, read(settings.validation), defaults.validation)
      : defaults.validation,
    suites: suiteLists[settings.lists][set],
    floor: pick(floors, read(settings.version), defaults.version),
    ceiling: 'TLSv1_2',
    names: settings.lists === 'sip' ? 'sip' : 'vendor',
    ...(trust !== 'LocallyTrusted' && { trust }),
    // The unit opens no TLS port for SIP before its clock is set, whatever the validation level.
    ...(settings.lists === 'sip' && { refuseWithoutClock: true }),
  };
}

/** The policy of a plain TR-069 device (TR-069 3.3): TLS 1.2 and 1.3, RFC 6125 names, dates ignored until it knows the time. */
export const plainPolicy: TlsPolicy = {
  validation: 'HostName',
  suites: modernSuites,
  floor: 'TLSv1_2',
  ceiling: 'TLSv1_3',
  names: 'rfc6125',
  ignoreDatesWithoutClock: true,
};

/**
 * The oldest version that a hello of this policy offers. The DGW offers everything it has and looks at the server's choice
 * afterwards, so its hello starts at TLS 1.0 whatever the floor (SSL 3.0 no longer exists in OpenSSL); other devices name
 * their floor in it.
 */
export const offeredFrom = ({ floor, ceiling }: Pick<TlsPolicy, 'floor' | 'ceiling'>): TlsPolicy['floor'] =>
  ceiling === 'TLSv1_2' || floor === 'SSLv3' ? 'TLSv1' : floor;

/** True when `version` is older than `floor`. */
export const isOlder = (version: TlsVersion, floor: TlsVersion): boolean =>
  tlsVersions.indexOf(version) < tlsVersions.indexOf(floor);

/** `TLSv1.2` (Node, OpenSSL) as `TLSv1_2`; undefined for any other text. */
export const versionOf = (protocol: string | null | undefined): TlsVersion | undefined =>
  tlsVersions.find(version => version === protocol?.replace('.', '_'));

/** `TLSv1_2` as Node and OpenSSL spell it: `TLSv1.2`. */
export const protocolOf = (version: TlsVersion): string => version.replace('_', '.');

const ianaByOpenssl = new Map(Object.entries(suites).map(([iana, { openssl }]) => [openssl, iana]));
/** The IANA name of a suite that OpenSSL names; its own name where the table has none. */
export const ianaName = (openssl: string): string => ianaByOpenssl.get(openssl) ?? openssl;

/** The members of a list that OpenSSL as built into Node can really negotiate, as OpenSSL names, order kept. */
export const usable = (list: readonly string[]): string[] =>
  list.flatMap(name => {
    const known = suites[name];
    return known && !known.lacking ? [known.openssl] : [];
  });
