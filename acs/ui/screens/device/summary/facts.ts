// Facts of a device by their names.
import type { Fact } from '../../../api/device/device.ts';
import type { Resource } from '../../../state/resource.ts';

export interface FactProps {
  facts: Resource<Fact[]>;
}

/** The facts of a name, in the order of their rows. */
export const factsNamed = ({ value }: Resource<Fact[]>, name: string): Fact[] =>
  (value ?? []).filter(fact => fact.name === name);

export const factNamed = (facts: Resource<Fact[]>, name: string): Fact | undefined => factsNamed(facts, name)[0];

/** A fact as text. What is no such value is shown as the device has written it. */
export const textOf = ({ value, told }: Fact): string => (value === null ? (told ?? '') : String(value));

/** A number of a fact; undefined where the device has told none. */
export const numberOf = (fact: Fact | undefined): number | undefined =>
  typeof fact?.value === 'number' ? fact.value : undefined;
