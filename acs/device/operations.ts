// Every operation on a device: a pure function of its row and plain data, without clock, chance and store. The same arguments give the
// same change, so an operation can be replayed and can cross to the thread or process that owns the store.
import type { DeviceOperation, DeviceOperations } from './operation-types.ts';
import { faultCleared, faultRaised } from './operations/faults.ts';
import { sessionLost } from './operations/lost-sessions.ts';
import type { Change, Operation } from './operations/operation.ts';
import {
  addingNoted,
  drifted,
  moveConfirmed,
  moveNoted,
  reconciled,
  restartNoted,
} from './operations/reconciliation.ts';
import { announced, approved, heldBack, patched, removed } from './operations/registration.ts';
import { replaced, replacementReturned, replacementTaken, replacementUndone } from './operations/replacements.ts';
import {
  rolloutAssigned,
  rolloutJudged,
  rolloutOffered,
  rolloutReleased,
  rolloutRolledBack,
} from './operations/rollouts.ts';
import {
  credentialsOffered,
  credentialsTaken,
  informed,
  intervalLearned,
  missed,
  pairRefused,
  released,
  valuesKnown,
} from './operations/sessions.ts';
import {
  diagnosticBegun,
  taskAdded,
  taskCancelled,
  taskSent,
  taskSettled,
  taskUnreadable,
  transferCompleted,
} from './operations/tasks.ts';
import type { DeviceRow } from './row.ts';

/** Carries out one operation on one row. @throws UserError what the caller can mend; then nothing changed */
export function operate<N extends DeviceOperation>(
  name: N,
  id: string,
  row: DeviceRow | undefined,
  args: DeviceOperations[N]['args'],
): Change<DeviceOperations[N]['result']> {
  const operation: Operation<N> | undefined = Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (!operation) throw new Error(`no device operation ${name}`);
  return operation(row, args, id);
}

const operations: { [N in DeviceOperation]: Operation<N> } = {
  informed,
  released,
  sessionLost,
  missed,
  intervalLearned,
  valuesKnown,
  announced,
  patched,
  approved,
  replaced,
  replacementTaken,
  replacementReturned,
  replacementUndone,
  heldBack,
  credentialsOffered,
  credentialsTaken,
  pairRefused,
  taskAdded,
  taskSent,
  taskSettled,
  diagnosticBegun,
  taskUnreadable,
  taskCancelled,
  transferCompleted,
  reconciled,
  restartNoted,
  addingNoted,
  moveNoted,
  moveConfirmed,
  drifted,
  faultRaised,
  faultCleared,
  rolloutAssigned,
  rolloutOffered,
  rolloutJudged,
  rolloutRolledBack,
  rolloutReleased,
  removed,
};
