// The tabs of a device, in their order. Each is loaded when it is first shown.
import type { ComponentType } from 'preact';
import type { Lazy } from '../../state/lazy.ts';
import type { device } from '../../words/en/device/device.ts';
import type { TabProps } from './props.ts';

export type TabName = keyof typeof device.tabs;

export interface Tab extends Lazy<TabProps> {
  name: TabName;
  load: () => Promise<ComponentType<TabProps>>;
}

export const tabs: readonly Tab[] = [
  { name: 'summary', load: async () => (await import('./summary/summary.tsx')).SummaryTab },
  { name: 'parameters', load: async () => (await import('./parameters/parameters.tsx')).ParametersTab },
  { name: 'wanted', load: async () => (await import('./wanted/wanted.tsx')).WantedTab },
  { name: 'tasks', load: async () => (await import('./tasks/tasks.tsx')).TasksTab },
  { name: 'faults', load: async () => (await import('./faults/faults.tsx')).FaultsTab },
  { name: 'sessions', load: async () => (await import('./sessions/sessions.tsx')).SessionsTab },
  { name: 'history', load: async () => (await import('./history/history.tsx')).HistoryTab },
  { name: 'files', load: async () => (await import('./files/files.tsx')).FilesTab },
];
