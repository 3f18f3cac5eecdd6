// The next night at the site of a device.

const HOUR = 2;
const HOUR_MS = 3_600_000;

/** Falls back to the zone of the reader where the site's is unknown to the browser. */
export function isZone(zone: string | undefined): zone is string {
  if (!zone) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** @returns the next two o'clock in the morning, in milliseconds. @param zone undefined for that of the reader */
export function nextNight(nowMs: number, zone: string | undefined): number {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ hour: '2-digit', hourCycle: 'h23' },
    ...(isZone(zone) ? { timeZone: zone } : {}),
  });
  // Zones are whole quarters of an hour apart from UTC; a night without this hour has the one after it.
  const quarter = HOUR_MS / 4;
  let at = Math.floor(nowMs / quarter) * quarter + quarter;
  const end = at + 26 * HOUR_MS;
  const hourAt = (time: number): number => Number(format.format(time));
  while (at < end && !(hourAt(at) === HOUR && hourAt(at - quarter) !== HOUR)) at += quarter;
  return at;
}
