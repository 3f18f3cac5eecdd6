// The shapes of the TLS preflight: links and their verdicts, servers, CAs on devices.
import { type TProperties, type TSchema, Type } from 'typebox';
import { tlsVersions } from '../../../shared/tls/profiles.ts';

const { Optional: optional } = Type;
const text = (description: string): ReturnType<typeof Type.String> => Type.String({ description });
const closed = <P extends TProperties>(properties: P): ReturnType<typeof Type.Object<P>> =>
  Type.Object(properties, { additionalProperties: false });
const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const time = Type.String({ format: 'date-time' });
const pem = Type.String({ minLength: 1, maxLength: 1 << 20, description: 'PEM' });
const chains = Type.Array(pem, {
  minItems: 1,
  maxItems: 4,
  description: "A chain for each kind of key, the server's own certificate first",
});

export const force = optional(Type.Boolean({ description: 'Also where enrolled devices would lose the ACS' }));
export const forceQuery = closed({ force });

export const serverInput = closed({
  chains,
  suites: optional(
    Type.Array(Type.String(), { maxItems: 200, description: "IANA names in the server's order; all unless told" }),
  ),
  versions: optional(
    Type.Array(Type.Union(tlsVersions.map(version => Type.Literal(version))), {
      minItems: 1,
      description: 'TLSv1_2 and TLSv1_3 unless told',
    }),
  ),
});
export const trustInput = closed({
  when: optional(text('Filter over what a device durably is; absent: every device')),
  certificates: pem,
});
export const certificateInput = closed({ certificate: Type.Union([pem, chains]) });
export const limitQuery = closed({ limit: optional(Type.Integer({ minimum: 0, maximum: 500 })) });

const verdict = Type.Object({
  verdict: Type.Union([Type.Literal('keeps'), Type.Literal('loses'), Type.Literal('unknown')]),
  reason: optional(
    text(
      'Of a loss: no-ca, untrusted, self-signed, expired, name-mismatch, clock-not-set, no-common-suite, below-floor, …; of what is unknown: server-unknown, name-unknown, ca-unknown',
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
    assumed: Type.Array(Type.String(), { description: "Variables that are not known, taken at the vendor's default" }),
  }),
);
const totals = Type.Record(
  Type.String(),
  Type.Object({
    keeps: Type.Integer(),
    loses: Type.Integer(),
    unknown: Type.Integer(),
    breaks: Type.Integer({ description: 'Of those that lose it, who does not lose it as things stand' }),
  }),
);
const breaks = Type.Array(
  Type.Object({ device: Type.String(), link: linkName, server, reason: Type.String(), message: Type.String() }),
  { description: 'The first of those that would lose what they have' },
);
export const report = Type.Object({ totals, breaks });

const serverView = Type.Object({
  server,
  source: Type.Union([Type.Literal('told'), Type.Literal('probed'), Type.Literal('failed')]),
  time,
  reason: optional(Type.String()),
  versions: optional(Type.Array(Type.String())),
  suites: optional(Type.Array(Type.String())),
  certificates: optional(
    Type.Array(
      Type.Object({
        subject: Type.String(),
        issuer: Type.String(),
        key: Type.String(),
        notAfter: time,
        names: Type.Array(Type.String()),
      }),
    ),
  ),
});
const trust = Type.Object({
  name: Type.String(),
  when: optional(Type.String()),
  certificates: Type.String(),
  subjects: Type.Array(Type.String()),
  changed: time,
});
const list = (items: TSchema) => Type.Object({ items: Type.Array(items) });

export const answers = {
  server: serverView,
  servers: list(serverView),
  trust,
  trusts: list(trust),
  certificate: Type.Object({ devices: Type.Integer(), totals, breaks }),
  device: Type.Object({ device: Type.String(), links }),
} as const;
