// Shapes of enrolment rules.
import { Type } from 'typebox';
import { choice, closed, list, optional, text } from './common.ts';

const pattern = (subject: string) => optional(text(`${subject}; % matches any text, _ one character`));
const fields = {
  description: optional(Type.String({ maxLength: 1000 })),
  filter: optional(
    text('Filter on the Inform of the device: oui, productClass, serial, firmware, address, and its parameters'),
  ),
  provisioningCode: pattern('Pattern for the ProvisioningCode that the device reports'),
  credential: optional(choice(['enrolment', 'certificate', 'none'])),
  subject: pattern('Pattern for the subject of the client certificate, CN=…, O=…'),
  issuer: pattern('Pattern for the issuer of the client certificate'),
  action: choice(['enrol', 'quarantine', 'refuse']),
  weight: optional(
    Type.Number({ description: 'Rules with a higher weight are evaluated first, equal weights by name' }),
  ),
};
const short = (description: string) => optional(Type.String({ maxLength: 1000, description }));
export const trialInput = closed({
  id: Type.String({ maxLength: 500, description: 'OUI-ProductClass-Serial of the CPE' }),
  credential: optional(choice(['enrolment', 'certificate', 'own', 'none'], 'Default: enrolment')),
  provisioningCode: short('As it reports it'),
  manufacturer: short('As it reports it'),
  softwareVersion: short('As it reports it'),
  address: short('Its address'),
  subject: short('Of its client certificate, CN=…, O=…'),
  issuer: short('Of its client certificate'),
  parameters: optional(
    Type.Record(Type.String({ maxLength: 256 }), Type.String({ maxLength: 1000 }), {
      maxProperties: 100,
      description: 'Other parameters of its Inform',
    }),
  ),
});
export const trial = Type.Object({
  rules: Type.Array(
    Type.Object({
      name: Type.String(),
      action: choice(['enrol', 'quarantine', 'refuse']),
      fits: Type.Boolean(),
      why: Type.Array(Type.String(), { description: 'Conditions that it does not meet' }),
    }),
    { description: 'In the order of evaluation' },
  ),
  outcome: choice(['enrolled', 'quarantine', 'held', 'refused']),
  rule: optional(text('The rule that decides')),
  reason: Type.String(),
});
export const ruleInput = closed(fields);
export const rule = Type.Object({ name: Type.String(), ...fields });
export const rules = list(rule);
