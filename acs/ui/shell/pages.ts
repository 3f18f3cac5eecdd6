// The pages of the navigation, with the operation that a caller needs for each.
import type { PageName } from './routes.ts';

export interface PageEntry {
  name: PageName;
  path: string;
  /** The operation without which the page is not shown. */
  needs: string;
  /** Behind "more" on a phone. */
  isRest?: boolean;
  /** Below the line. */
  isLower?: boolean;
}

export const pages: readonly PageEntry[] = [
  { name: 'overview', path: '', needs: 'getSummary' },
  { name: 'devices', path: '/devices', needs: 'listDevices' },
  { name: 'faults', path: '/faults', needs: 'listFaults' },
  { name: 'rollouts', path: '/rollouts', needs: 'listJobs' },
  { name: 'presets', path: '/presets', needs: 'listPresets', isRest: true },
  { name: 'enrolment', path: '/enrolment', needs: 'listDevices', isRest: true },
  { name: 'files', path: '/files', needs: 'listFiles', isRest: true },
  { name: 'alerts', path: '/alerts', needs: 'listAlerts', isRest: true },
  { name: 'audit', path: '/audit', needs: 'listAudit', isRest: true, isLower: true },
  { name: 'admin', path: '/admin', needs: 'getSession', isRest: true, isLower: true },
];
