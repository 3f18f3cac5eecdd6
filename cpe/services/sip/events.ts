// The unit's answer to `check-sync` and `reboot` of its SIP servers, by its settings (DGW `SipEp.GwEventHandling`).
import type { UnitEvent } from '../../voice/settings.ts';
import { fetchConfigured } from '../conf.ts';
import type { Unit } from '../service.ts';

/** The code of an Inform that a SIP server asked for is not published: it is that of a connection request here. */
const INFORM_EVENT = '6 CONNECTION REQUEST';

/** The work that the event stands for, or undefined where the unit rejects it. */
export function workOf(unit: Unit, gateway: string, event: UnitEvent): (() => Promise<void>) | undefined {
  const read = (column: string): string | undefined =>
    unit.config.running(`SipEp.GwEventHandling[GatewayName="${gateway}"].${column}`);
  if (event === 'reboot')
    return read('Reboot') === 'Restart' ? () => unit.power.reboot({ reason: 'SIP server' }) : undefined;
  const action = read('CheckSync');
  if (action === 'TransferScript') return () => fetchConfigured(unit);
  return action === 'CwmpInform' ? async () => unit.power.agent?.inform(INFORM_EVENT) : undefined;
}
