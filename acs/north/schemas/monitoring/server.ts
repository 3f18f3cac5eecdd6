// The shape of what a server tells of itself.
import { Type } from 'typebox';
import { choice, nullable, text, texts, time } from '../common.ts';

export const server = Type.Object({
  started: time,
  cwmp: Type.Array(Type.String(), { description: 'URLs at which it takes CPEs' }),
  publicUrl: nullable(text('The URL that CPEs use, where it is not one of those')),
  stun: nullable(text('host:port of its STUN server')),
  cpeAuth: choice(['required', 'none'], 'The login of CPEs'),
  enrol: choice(['approve', 'auto'], 'The way of CPEs that no rule knows'),
  enrolmentUser: nullable(text('The name in the credential that factory-new CPEs share')),
  ca: nullable(text('The certificate of its own CA (PEM), which CPEs must trust')),
  certificates: Type.Array(
    Type.Object({
      subject: Type.String(),
      issuer: Type.String(),
      names: texts,
      from: time,
      until: time,
      sha256: Type.String(),
    }),
    { description: 'Those that it shows to CPEs' },
  ),
  workers: Type.Boolean({ description: 'Processes of their own serve the CPEs' }),
});
