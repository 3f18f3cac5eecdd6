// Quirks: the deviations of devices from the standard, in one table, each with its reason and how the device is recognised. No other code
// looks at the maker of a device.
import type { Namespace } from '../../../shared/cwmp/versions.ts';

/** The ways in which a device is treated differently. */
export interface Quirks {
  /** The device has a data model that is known here, and not the plain one of its root. */
  model?: 'dgw';
  /** The device refuses an empty ParameterPath: the root is named instead (TR-069 A.3.2.3 allows both). */
  namesRoot?: boolean;
  /** Booleans go out as `true` and `false`, not as `1` and `0` (TR-069 A.2 allows both). */
  booleans?: 'words';
  /** Values of type dateTime go out with milliseconds (XML Schema allows both). */
  dateTimes?: 'milliseconds';
  /** Names that one GetParameterValues or GetParameterAttributes may hold. */
  namesAtOnce?: number;
  /** The device does not understand the UseCWMPVersion header though it lists its versions (TR-069 3.7.4). */
  useVersion?: false;
  /** The device understands this namespace only, whatever its Inform says. */
  namespace?: Namespace;
}

/** The marks by which a device is recognised: all that are given must fit. */
export interface Recognised {
  oui?: readonly string[];
  manufacturer?: RegExp;
  productClass?: RegExp;
  softwareVersion?: RegExp;
  root?: string;
}

export interface QuirkRule extends Recognised {
  reason: string;
  quirks: Quirks;
}

export interface Subject {
  oui: string;
  manufacturer: string;
  productClass: string;
  softwareVersion: string;
  root: string;
}

/** Where several rules fit, the later ones win. */
export const quirkRules: readonly QuirkRule[] = [
  {
    reason:
      'DGW gateways, by Media5 (vendor prefix X_0090F8) and under the Mitel brand, have a model of their own, below the root they are set to',
    oui: ['0090F8', '08000F'],
    quirks: { model: 'dgw' },
  },
  {
    reason: 'the F@st 2764 answers GetParameterNames with an empty path by an error of its SOAP parser',
    manufacturer: /^sagemcom/i,
    productClass: /2764/,
    quirks: { namesRoot: true },
  },
];

const fits = (rule: Recognised, subject: Subject): boolean =>
  (rule.oui?.includes(subject.oui.toUpperCase()) ?? true) &&
  (rule.manufacturer?.test(subject.manufacturer) ?? true) &&
  (rule.productClass?.test(subject.productClass) ?? true) &&
  (rule.softwareVersion?.test(subject.softwareVersion) ?? true) &&
  (rule.root === undefined || rule.root === subject.root);

export function quirksOf(subject: Subject, rules: readonly QuirkRule[] = quirkRules): Quirks {
  const found: Quirks = {};
  for (const rule of rules) if (fits(rule, subject)) Object.assign(found, rule.quirks);
  return found;
}
