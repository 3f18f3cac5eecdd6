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
export const ruleInput = closed(fields);
export const rule = Type.Object({ name: Type.String(), ...fields });
export const rules = list(rule);
