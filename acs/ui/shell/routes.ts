// The screens by their addresses. Each is loaded when it is first shown.
import type { ComponentType } from 'preact';
import type { frame } from '../words/en/frame.ts';

export type PageName = keyof typeof frame.pages;

/** The parts of the address that its pattern names, decoded. */
export interface ScreenProps {
  params: Readonly<Record<string, string>>;
}

export interface Route {
  /** Below /ui; `:name` stands for one part. */
  pattern: string;
  /** The entry of the navigation that is marked. */
  page: PageName;
  load: () => Promise<ComponentType<ScreenProps>>;
}

const deviceScreen = async (): Promise<ComponentType<ScreenProps>> =>
  (await import('../screens/device/device.tsx')).DeviceScreen;

export const routes: readonly Route[] = [
  {
    pattern: '',
    page: 'overview',
    load: async () => (await import('../screens/overview/overview.tsx')).OverviewScreen,
  },
  {
    pattern: '/faults',
    page: 'faults',
    load: async () => (await import('../screens/faults/faults.tsx')).FaultsScreen,
  },
  {
    pattern: '/devices',
    page: 'devices',
    load: async () => (await import('../screens/devices/devices.tsx')).DevicesScreen,
  },
  ...['/devices/:id', '/devices/:id/:tab'].map(pattern => ({ pattern, page: 'devices' as const, load: deviceScreen })),
  {
    pattern: '/connect',
    page: 'enrolment',
    load: async () => (await import('../screens/connect/connect.tsx')).ConnectScreen,
  },
  ...['/enrolment', '/enrolment/:part'].map(pattern => ({
    pattern,
    page: 'enrolment' as const,
    load: async () => (await import('../screens/enrolment/enrolment.tsx')).EnrolmentScreen,
  })),
  {
    pattern: '/presets',
    page: 'presets',
    load: async () => (await import('../screens/presets/presets.tsx')).PresetsScreen,
  },
  {
    pattern: '/presets/:name',
    page: 'presets',
    load: async () => (await import('../screens/presets/preset.tsx')).PresetScreen,
  },
  {
    pattern: '/rollouts',
    page: 'rollouts',
    load: async () => (await import('../screens/rollouts/rollouts.tsx')).RolloutsScreen,
  },
  {
    pattern: '/rollouts/new',
    page: 'rollouts',
    load: async () => (await import('../screens/rollouts/wizard.tsx')).WizardScreen,
  },
  {
    pattern: '/rollouts/:id',
    page: 'rollouts',
    load: async () => (await import('../screens/rollouts/rollout.tsx')).RolloutScreen,
  },
  {
    pattern: '/files',
    page: 'files',
    load: async () => (await import('../screens/files/files.tsx')).FilesScreen,
  },
  ...['/alerts', '/alerts/:part'].map(pattern => ({
    pattern,
    page: 'alerts' as const,
    load: async () => (await import('../screens/alerts/alerts.tsx')).AlertsScreen,
  })),
  {
    pattern: '/audit',
    page: 'audit',
    load: async () => (await import('../screens/audit/audit.tsx')).AuditScreen,
  },
  ...['/admin', '/admin/:part'].map(pattern => ({
    pattern,
    page: 'admin' as const,
    load: async () => (await import('../screens/admin/admin.tsx')).AdminScreen,
  })),
  {
    pattern: '/help',
    page: 'help',
    load: async () => (await import('../screens/help/help.tsx')).HelpScreen,
  },
];

export interface Match {
  route: Route;
  params: Readonly<Record<string, string>>;
}

/** @param path below /ui, as the address has it */
export function matchOf(path: string): Match | undefined {
  for (const route of routes) {
    const params = paramsOf(route.pattern, path);
    if (params) return { route, params };
  }
  return undefined;
}

function paramsOf(pattern: string, path: string): Record<string, string> | undefined {
  const names = pattern.split('/');
  const parts = path.split('/');
  if (names.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, name] of names.entries()) {
    const part = parts[at] ?? '';
    if (!name.startsWith(':')) {
      if (name !== part) return undefined;
    } else {
      const decoded = decodedPart(part);
      if (!decoded) return undefined;
      params[name.slice(1)] = decoded;
    }
  }
  return params;
}

/** Undefined for a part that is no encoded text. */
function decodedPart(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
