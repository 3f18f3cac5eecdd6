// Calls in progress on a device, as far as it reports them: a restart that may wait waits for their end.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { Model } from '../../../shared/model/definitions.ts';
import type { Cpe } from '../common/ports.ts';
import { isZone, openUntil } from '../common/time-window.ts';
import type { Reconciliation } from './reconciliation.ts';

/** A device that does not report calls is restarted at night (our choice), in the time of its `site.timezone`. */
const night = { from: '02:00', to: '05:00' };
const ZONE = 'UTC';

/** @returns why a restart has to wait; undefined when nothing speaks against it */
export async function reasonToWait(
  { row, cpe, context }: Reconciliation,
  model: Model | undefined,
): Promise<string | undefined> {
  const { root, id, site } = row;
  const usage = `${root}X_0090F8_EpAdm.UnitUsageState`;
  if (model?.parameters.has(usage)) {
    // A DGW: Idle and IdleUnusable have no call; Active and Busy have.
    const [state] = await read(cpe, [usage]);
    if (state !== undefined) return /^idle/i.test(state) ? undefined : 'a call is up';
  }
  // TR-104: each line reports its calls, in parameters that the device has been read for before.
  const known = await context.store.parameters(id, `${root}Services.VoiceService.`);
  const lines = known.map(({ path }) => path).filter(path => /\.(CallState|CallStatus)$/.test(path));
  const states = lines.length > 0 ? await read(cpe, lines) : [];
  if (states.length > 0)
    return states.every(state => /^(idle|disconnected|)$/i.test(state)) ? undefined : 'a call is up';
  const zone = site.timezone !== undefined && isZone(site.timezone) ? site.timezone : ZONE;
  if (openUntil(night, zone, context.clock.now()) !== undefined) return undefined;
  return `it cannot tell whether a call is up: it is restarted between ${night.from} and ${night.to} (${zone})`;
}

/** @returns the values; none where the device does not know a name */
async function read(cpe: Cpe, names: string[]): Promise<string[]> {
  try {
    return (await cpe.call('GetParameterValues', { ParameterNames: names })).ParameterList.map(({ Value }) => Value);
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    return [];
  }
}
