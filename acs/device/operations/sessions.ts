// Operations of a session on its device: the Inform that claims it, the release, credentials; and the watch for devices that are late.
import { suspicion } from '../clone-detection.ts';
import { type Credentials, KEPT_OLD } from '../credentials.ts';
import { suspectedBy } from '../drift-suspicion.ts';
import { withInform, withKnown } from '../inform.ts';
import { dueAt, livenessOf } from '../liveness.ts';
import type { DeviceOperations } from '../operation-types.ts';
import { positionAfterInform, positionAfterSession } from '../rollout-transitions.ts';
import { type DeviceRow, withPair } from '../row.ts';
import { afterInform, afterSession } from '../task-evidence.ts';
import { withApplied } from './applied.ts';
import { newRow } from './new-row.ts';
import { changed, existing, isStale, type Operation, unchanged } from './operation.ts';

export const informed: Operation<'informed'> = (row, facts, id) => {
  if (!row && facts.admission === 'refuse') return unchanged(row, { outcome: 'refused' });
  if (row?.state === 'replaced') return unchanged(row, { outcome: 'refused', replacedBy: row.replacedBy?.id ?? '' });
  const claim = row?.claim;
  if (claim && claim.owner !== facts.owner && claim.token !== facts.takeOver)
    return unchanged(row, { outcome: 'busy', claim });

  const known =
    row ?? newRow(id, facts.identity, facts.admission === 'enrolled' ? 'enrolled' : 'quarantine', facts.now);
  const token = known.fence + 1;
  // A copy, which may be changed here.
  const next = withInform(known, facts);
  const { tasks, ended } = afterInform(known.tasks, facts);
  next.tasks = tasks;
  next.applied = withApplied(next.applied, ended);
  if (next.rollout) next.rollout = positionAfterInform(next, next.rollout, ended, codesOf(facts), facts.now);
  next.fence = token;
  next.claim = { token, owner: facts.owner };
  if (next.openUntil !== undefined) delete next.openUntil;
  if (facts.lift && next.state === 'quarantine') next.state = 'enrolled';
  if (row) Object.assign(next, suspicion(row, facts));
  else if (facts.certificate !== undefined) next.certificate = facts.certificate;
  noteLogin(next, facts);
  const reconciled = suspectedBy(next.reconciled, facts.events);
  if (reconciled && reconciled !== next.reconciled) next.reconciled = reconciled;
  const first = known.lastInform === undefined;
  const lifted = known.state === 'quarantine' && next.state === 'enrolled' ? { lifted: true as const } : {};
  const claimed = { outcome: 'claimed' as const, row: next, token, first, settled: ended, ...lifted };
  if (next.absence === undefined) return changed(next, claimed, ended);
  const back = next.absence;
  delete next.absence;
  return changed(next, { ...claimed, back }, ended);
};

/** A login of its own, or the factory state, ends what is known of logins that it accepted and did not use. */
function noteLogin(row: DeviceRow, facts: DeviceOperations['informed']['args']): void {
  const { login } = facts;
  if (login !== undefined && row.login !== login) row.login = login;
  if (!row.unusedLogins) return;
  if (login !== 'own' && login !== 'certificate' && !codesOf(facts).includes('0 BOOTSTRAP')) return;
  delete row.unusedLogins;
  row.faults = row.faults.filter(fault => fault.code !== KEPT_OLD);
}

const codesOf = ({ events }: DeviceOperations['informed']['args']): string[] => events.map(event => event.EventCode);

export const released: Operation<'released'> = (row, { token, complete, now }, id) => {
  const known = existing(row, id);
  if (isStale(known, token)) return unchanged(row, 'stale');
  const { claim: _claim, ...free } = known;
  if (!complete) return changed(free, 'ok');
  if (free.unfinished) delete free.unfinished;
  const { tasks, ended } = afterSession(free.tasks, token, now);
  const next: DeviceRow = { ...free, tasks };
  if (next.rollout) next.rollout = positionAfterSession(next, next.rollout, now);
  return changed(next, 'ok', ended);
};

export const missed: Operation<'missed'> = (row, { now, blindSpot }) => {
  const at = blindSpot && (row?.lastInform ?? 0) < blindSpot.until ? now - blindSpot.ms : now;
  // It was removed, or has informed meanwhile.
  if (!row || dueAt(row) === 0 || dueAt(row) >= at) return unchanged(row, undefined);
  const absence = livenessOf(row, at);
  if (absence === undefined || absence === 'online') return unchanged(row, undefined);
  return changed({ ...row, absence }, { absence, lastInform: row.lastInform ?? 0 });
};

export const intervalLearned: Operation<'intervalLearned'> = (row, { informInterval }, id) => {
  const known = existing(row, id);
  const { informInterval: before = 0, isIntervalDue, ...rest } = known;
  const after = informInterval ?? before;
  if (after === before && !isIntervalDue) return unchanged(known, known);
  const next: DeviceRow = after > 0 ? { ...rest, informInterval: after } : rest;
  return changed(next, next);
};

export const valuesKnown: Operation<'valuesKnown'> = (row, { values, replaceBelow }) => {
  const next = row && withKnown(row, values, replaceBelow);
  return next && next !== row ? changed(next, undefined) : unchanged(row, undefined);
};

export const credentialsOffered: Operation<'credentialsOffered'> = (row, { token, next, connectionRequest }, id) => {
  const known = existing(row, id);
  if (isStale(known, token)) return unchanged(row, 'stale');
  // The current pair stays valid: the offer may never arrive.
  const { username = '', password = '' } = known.credentials ?? {};
  const credentials: Credentials = { username, password, next };
  return changed({ ...withPair(known, connectionRequest), credentials }, 'ok');
};

export const pairRefused: Operation<'pairRefused'> = (row, { password }) => {
  const access = row?.connectionRequest;
  if (!access || access.password !== password || access.refused) return unchanged(row, undefined);
  return changed({ ...row, connectionRequest: { ...access, refused: true } }, undefined);
};

export const credentialsTaken: Operation<'credentialsTaken'> = (row, { token, now }, id) => {
  const known = existing(row, id);
  if (isStale(known, token)) return unchanged(row, 'stale');
  const { taken = 0, since = now } = known.unusedLogins ?? {};
  return changed({ ...known, unusedLogins: { taken: taken + 1, since, last: now } }, 'ok');
};
