// Shapes of enrolment rules.
import { Type } from 'typebox';
import { closed, list, optional, text } from './core.ts';

const pattern = (what: string) => optional(text(`${what}: % any run, _ one character`));
const choice = <T extends string>(...values: T[]) => Type.Union(values.map(value => Type.Literal(value)));
const fields = {
  description: optional(Type.String({ maxLength: 1000 })),
  filter: optional(
    text('Over the device as it comes: oui, productClass, serial, firmware, address, parameters of its Inform'),
  ),
  provisioningCode: pattern('What it reports as ProvisioningCode'),
  credential: optional(choice('enrolment', 'certificate', 'none')),
  subject: pattern('Subject of its client certificate, CN=…, O=…'),
  issuer: pattern('Issuer of its client certificate'),
  action: choice('enrol', 'quarantine', 'refuse'),
  weight: optional(Type.Number({ description: 'Higher is asked first; equal weights by name' })),
};
export const ruleInput = closed(fields);
export const rule = Type.Object({ name: Type.String(), ...fields });
export const rules = list(rule);
