// A page of the unit as data: its place in the menu, its parts, and its actions beside changes of settings.
import type { Unit } from '../../services/service.ts';
import type { Action } from '../forms/action.ts';
import type { Part } from '../render/part.ts';
import type { View } from '../render/view.ts';

/** The menu in the vendor's order. A unit has POTS or ISDN, by its product. */
export const menus = ['System', 'Network', 'POTS', 'ISDN', 'SIP', 'Media', 'Call Router', 'Management'] as const;
export type Menu = (typeof menus)[number];

export interface Page {
  /** `/sip/gateways` */
  path: string;
  menu: Menu;
  /** `Gateways` */
  tab: string;
  parts: readonly Part[];
  /** Text of the button below the settings; `Apply` by default. */
  button?: string;
  /** Where it is given and false, the unit has no such page. */
  isShown?(unit: Unit): boolean;
  /** A sentence above the parts, where one applies. */
  warning?(view: View): string | undefined;
  /** Actions of the forms of custom parts, by name; see `actionForm`. */
  actions?: Readonly<Record<string, Action>>;
  /** Bytes that an upload on this page may have; absent: it takes none. */
  maxUpload?: number;
  /** Seconds after which the page is loaded again; undefined: it is not. */
  refresh?(view: View): number | undefined;
}
