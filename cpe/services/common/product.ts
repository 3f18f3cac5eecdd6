// The names of the product as the unit writes them into User-Agent, paths and logs (macros %product% and %profile%).
import type { Unit } from '../service.ts';

/** Customer profiles that the vendor's notes print, by product class. */
const profiles: Readonly<Record<string, string>> = {
  '4102S': '4102-MX-D2000-28',
  '4402 plus': '44XX-MX-D2000-36',
  TA7102i: '4102-AS-D2000-1',
};

/** `Mediatrix 4102S`: Media5 sells its units by this brand. */
export function productName({ identity: { manufacturer, productClass } }: Unit): string {
  return `${manufacturer === 'Media5' ? 'Mediatrix' : manufacturer} ${productClass}`;
}

/** `4102-MX-D2000-28`: as the option says, else as the notes print it for this product; the profile of other products is ours. */
export const profileName = ({ profileName: chosen, identity: { productClass } }: Unit): string =>
  chosen ?? profiles[productClass] ?? `${productClass}-TANDEM`;
