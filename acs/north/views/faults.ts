// Faults and groups of them as the API shows them.
import { clip } from '../../../shared/clip.ts';
import type { DeviceFault } from '../../device/fault.ts';
import { hintFor } from '../../fleet/monitoring/fault-hints.ts';
import type { NamedGroup } from '../../fleet/monitoring/faults.ts';
import { limitedFault, type Shown } from './limited.ts';
import { iso } from './times.ts';

type View = Record<string, unknown>;

/** Characters of a device's text that a group shows. */
const MAX_MESSAGE = 200;

export const faultView = ({ basis: _basis, ...fault }: DeviceFault, caller: Shown['caller']): View => ({
  ...limitedFault(fault, caller),
  hint: hintFor(fault),
  first: iso(fault.first),
  last: iso(fault.last),
  retryAt: iso(fault.retryAt),
});

export function faultGroupView({ name, by, fault, ...group }: NamedGroup, caller: Shown['caller']): View {
  const { message } = fault ? limitedFault(fault, caller) : { message: '' };
  const isOneKind = 'code' in by || 'cause' in by;
  return {
    key: name,
    ...by,
    ...('code' in by && fault ? { code: fault.code } : {}),
    ...('parameter' in by ? { parameter: by.parameter || null } : {}),
    message: clip(message, MAX_MESSAGE),
    hint: fault && isOneKind ? hintFor(fault) : '',
    count: group.count,
    devices: group.devices,
    first: iso(group.first),
    last: iso(group.last),
    spread: group.spread,
    examples: group.examples,
  };
}
