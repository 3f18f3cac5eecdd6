// All pages, in the order of the menu and of the tabs below it.
import type { Unit } from '../../services/service.ts';
import { callRouterPages } from './call-router.ts';
import { managementPages } from './management.ts';
import { mediaPages } from './media.ts';
import { modelPage } from './model.ts';
import { networkPages } from './network.ts';
import type { Page } from './page.ts';
import { portPages } from './ports.ts';
import { sipPages } from './sip.ts';
import { systemPages } from './system.ts';

const allPages: readonly Page[] = [
  ...systemPages,
  ...networkPages,
  ...portPages,
  ...sipPages,
  ...mediaPages,
  ...callRouterPages,
  ...managementPages,
];

export const pagesOf = (unit: Unit): readonly Page[] => allPages.filter(({ isShown }) => isShown?.(unit) ?? true);

/** The page at an address; undefined where the unit has none. */
export const pageAt = (unit: Unit, path: string): Page | undefined =>
  pagesOf(unit).find(page => page.path === path) ?? modelPage(unit, path);
