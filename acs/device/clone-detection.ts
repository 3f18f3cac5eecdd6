// Detection of a second unit under one id: pure, from the row and the Inform. It looks closer only when the Inform comes from another
// address, or with another certificate, than the one before.
import type { InformFacts } from './operation-types.ts';
import type { DeviceRow, Hold, Sighting } from './row.ts';

/** The fields of the row that change; empty without a suspicion. */
type Suspicion = Partial<Pick<DeviceRow, 'certificate' | 'sources' | 'clashes' | 'hold' | 'state'>>;

const MAX_SOURCES = 4;
/** Signs of a second unit that together hold the device. */
const ENOUGH = 3;
/** A unit informs once an interval: a periodic Inform that comes before this part of it has passed is from another unit. */
const EARLY = 0.95;
/** Boot times are computed from whole seconds, and include the delay of the network. */
const BOOT_TOLERANCE_MS = 120_000;

const isPeriodic = (codes: readonly string[]): boolean => codes.includes('2 PERIODIC');

export function suspicion(before: DeviceRow, facts: InformFacts): Suspicion {
  const found: Suspicion = { ...changedCertificate(before, facts), ...secondUnit(before, facts) };
  if (!found.hold || before.state !== 'enrolled') {
    delete found.hold;
    return found;
  }
  return { ...found, state: 'held' };
}

function changedCertificate(before: DeviceRow, facts: InformFacts): Suspicion {
  const { certificate, now } = facts;
  if (certificate === undefined || certificate === before.certificate) return {};
  if (before.state === 'held' && before.hold)
    return before.hold.certificate === certificate ? {} : { hold: { ...before.hold, certificate } };
  if (before.certificate === undefined || before.state !== 'enrolled') return { certificate };
  const hold: Hold = {
    reason: 'certificate-changed',
    since: now,
    detail: `its client certificate has SHA-256 ${certificate} instead of ${before.certificate}: approve the device if the certificate was renewed or the unit replaced`,
    certificate,
    sightings: sightingsOf(before, facts),
  };
  return { hold };
}

function secondUnit(before: DeviceRow, facts: InformFacts): Suspicion {
  const { address, report, now } = facts;
  if (before.lastInform === undefined) return {};
  const url = report.connectionRequestUrl ?? before.connectionRequest.url;
  const codes = facts.events.map(event => event.EventCode);
  const gap = now - before.lastInform;
  const early = gap < (before.informInterval ?? 0) * 1000 * EARLY && isPeriodic(codes) && isPeriodic(before.lastEvents);
  if (address === before.address && url === before.connectionRequest.url)
    return before.clashes && !early && isPeriodic(codes) ? { clashes: 0 } : {};
  const [here, there] = [`${address} ${url}`, `${before.address} ${before.connectionRequest.url}`];
  const known = before.sources?.includes(here) === true;
  const sources = [...(before.sources ?? []).filter(source => source !== here && source !== there), there, here].slice(
    -MAX_SOURCES,
  );
  const signs = (startedBefore(before, facts) ? 2 : 0) + (early && known ? 1 : 0);
  const clashes = (before.clashes ?? 0) + signs;
  if (clashes < ENOUGH) return { sources, clashes };
  const hold: Hold = {
    reason: 'cloned',
    since: now,
    detail: `Informs under this id alternate between two units, at ${before.address} and ${address}: find the one with the wrong serial number, then approve`,
    sightings: sightingsOf(before, facts),
  };
  return { sources, clashes: 0, hold };
}

/** The two Informs that cannot be of one unit. */
const sightingsOf = (before: DeviceRow, { now, address, report, certificate }: InformFacts): [Sighting, Sighting] => [
  {
    time: before.lastInform ?? before.created,
    address: before.address,
    connectionRequestUrl: before.connectionRequest.url,
    softwareVersion: before.softwareVersion,
    ...(before.certificate === undefined ? {} : { certificate: before.certificate }),
  },
  {
    time: now,
    address,
    connectionRequestUrl: report.connectionRequestUrl ?? before.connectionRequest.url,
    softwareVersion: report.softwareVersion ?? before.softwareVersion,
    ...(certificate === undefined ? {} : { certificate }),
  },
];

/** True when the unit that informs now has run since before the last one had started: one unit cannot. */
function startedBefore(before: DeviceRow, { report, now }: InformFacts): boolean {
  const [then, here] = [upTime(before.told), upTime(report.values)];
  if (then === undefined || here === undefined) return false;
  return now - here < (before.lastInform ?? 0) - then - BOOT_TOLERANCE_MS;
}

/** `DeviceInfo.UpTime` in milliseconds. */
function upTime(values: string): number | undefined {
  const found = /"(?:Device|InternetGatewayDevice)\.DeviceInfo\.UpTime":"(\d{1,10})"/.exec(values)?.[1];
  return found === undefined ? undefined : Number(found) * 1000;
}
