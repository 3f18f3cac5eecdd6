// Shapes of the TLS preflight: links and their verdicts, servers, CAs on devices.
import { Type } from 'typebox';
import { tlsVersions } from '../../../shared/tls/profiles.ts';
import { choice, closed, list, nullable, optional, text, texts, time } from './common.ts';

const pem = Type.String({ minLength: 1, maxLength: 1 << 20, description: 'PEM' });
const chains = Type.Array(pem, {
  minItems: 1,
  maxItems: 4,
  description: 'One chain per kind of key, each beginning with the certificate of the server',
});

export const serverInput = closed({
  chains,
  suites: optional(
    Type.Array(Type.String(), { maxItems: 200, description: 'IANA names in the order of the server; default: all' }),
  ),
  versions: optional(Type.Array(choice(tlsVersions), { minItems: 1, description: 'Default: TLSv1_2 and TLSv1_3' })),
});
export const trustInput = closed({
  when: optional(text('Filter on lasting properties; default: all devices')),
  certificates: pem,
});
export const certificateInput = closed({ certificate: Type.Union([pem, chains]) });
export const limitQuery = closed({ limit: optional(Type.Integer({ minimum: 0, maximum: 500 })) });

const verdict = Type.Object({
  verdict: choice(['keeps', 'loses', 'unknown']),
  reason: optional(
    text(
      'For a lost connection: no-ca, untrusted, self-signed, expired, name-mismatch, clock-not-set, no-common-suite, below-floor, …; for an unknown verdict: server-unknown, name-unknown, ca-unknown, revocation-unknown',
    ),
  ),
  message: optional(Type.String()),
  version: optional(Type.String()),
  suite: optional(Type.String()),
});
const linkName = text('acs, firmware, scripts, certificates, script-server or sip');
const server = text('host:port');
export const links = Type.Array(
  Type.Object({
    link: linkName,
    service: Type.String(),
    server,
    before: nullable(verdict),
    after: nullable(verdict),
    assumed: Type.Array(Type.String(), {
      description: 'Parameters whose values are unknown; the default of the vendor is assumed',
    }),
  }),
);
const totals = Type.Record(
  Type.String(),
  Type.Object({
    keeps: Type.Integer(),
    loses: Type.Integer(),
    unknown: Type.Integer(),
    breaks: Type.Integer({ description: 'Devices that would lose the connection and have it now' }),
  }),
);
const breaks = Type.Array(
  Type.Object({ device: Type.String(), link: linkName, server, reason: Type.String(), message: Type.String() }),
  { description: 'The first devices that would lose a connection which they have now' },
);
export const report = Type.Object({ totals, breaks });

const serverView = Type.Object({
  server,
  source: choice(['told', 'probed', 'failed']),
  time,
  reason: optional(Type.String()),
  versions: optional(texts),
  suites: optional(texts),
  certificates: optional(
    Type.Array(
      Type.Object({
        subject: Type.String(),
        issuer: Type.String(),
        key: Type.String(),
        notAfter: time,
        names: texts,
      }),
    ),
  ),
});
const trust = Type.Object({
  name: Type.String(),
  when: optional(Type.String()),
  certificates: Type.String(),
  subjects: texts,
  changed: time,
});

export const answers = {
  server: serverView,
  servers: list(serverView),
  trust,
  trusts: list(trust),
  certificate: Type.Object({ devices: Type.Integer(), totals, breaks }),
  device: Type.Object({ device: Type.String(), links }),
} as const;
