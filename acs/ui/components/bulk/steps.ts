// The actions on many devices: what each does, what it needs, and what of it has to be filled in.
import type { JobStep } from '../../api/jobs.ts';

export const bulkActions = ['tag', 'wake', 'set', 'file', 'reboot', 'hold', 'approve', 'forget'] as const;
export type BulkAction = (typeof bulkActions)[number];

/** The operation, beside that of jobs, that its caller needs. */
export const needs: Readonly<Record<BulkAction, string>> = {
  tag: 'patchDevice',
  wake: 'connectionRequest',
  set: 'addTask',
  file: 'addTask',
  reboot: 'addTask',
  hold: 'approveDevice',
  approve: 'approveDevice',
  forget: 'deleteDevice',
};

export const isDangerous = (action: BulkAction): boolean => action === 'reboot' || action === 'forget';

export interface Filled {
  add: string;
  remove: string;
  values: readonly { path: string; value: string }[];
  keep: boolean;
  file: string;
}

export const unfilled: Filled = { add: '', remove: '', values: [{ path: '', value: '' }], keep: false, file: '' };

const tagsIn = (text: string): string[] => text.split(/[\s,]+/).filter(tag => tag !== '');

const steps: Readonly<Record<BulkAction, (filled: Filled) => JobStep | undefined>> = {
  tag: ({ add, remove }) => {
    const [added, removed] = [tagsIn(add), tagsIn(remove)];
    if (added.length + removed.length === 0) return undefined;
    return {
      tags: { ...(added.length > 0 ? { add: added } : {}), ...(removed.length > 0 ? { remove: removed } : {}) },
    };
  },
  wake: () => ({ connectionRequest: true }),
  set: ({ values, keep }) => {
    const named = values.filter(({ path }) => path.trim() !== '');
    if (named.length === 0) return undefined;
    const set = Object.fromEntries(named.map(({ path, value }) => [path.trim(), value]));
    return { set, ...(keep ? { keep } : {}) };
  },
  file: ({ file }) => (file === '' ? undefined : { file }),
  reboot: () => ({ task: { method: 'Reboot' } }),
  hold: () => ({ hold: true }),
  approve: () => ({ approve: true }),
  forget: () => ({ forget: true }),
};

/** Undefined while something is not filled in. */
export const stepOf = (action: BulkAction, filled: Filled): JobStep | undefined => steps[action](filled);
