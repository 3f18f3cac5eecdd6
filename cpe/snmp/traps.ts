// Traps: a notification of the unit, sent to Snmp.TrapDest in the highest version that is on.
import snmp from 'net-snmp';
import { messageOf } from '../../shared/errors.ts';
import { hostPort, type TrapFacts, type Unit, uptimeSeconds } from '../services/service.ts';
import { ARC, FACTS, NOTIFICATIONS } from './numbering.ts';
import { communityOf, speaks, usersOf } from './users.ts';
import { types } from './values.ts';

const TRAP_PORT = 162;
const FACTORY_HOST = '192.168.10.10';

interface Sender {
  engine: Buffer;
  localAddress: string;
}

export function sendTrap(unit: Unit, facts: TrapFacts, sender: Sender): void {
  const { config, log } = unit;
  const { host, port } = hostPort(config.variable('Snmp.TrapDest') ?? '');
  if (config.variable('Snmp.EnableTrap') !== 'Enable' || host === '' || !unit.services.started('Snmp')) return;
  // The factory's address is a host of a private network (--lan).
  if (host === FACTORY_HOST && !unit.lab.lan) return;
  const failed = (error: unknown): void => log.warn('SNMP trap not sent', { host, reason: messageOf(error) });
  try {
    const session = sessionTo(unit, host, { port: port || TRAP_PORT, sender });
    if (!session) return;
    session.on('error', failed);
    const oid = [...ARC, NOTIFICATIONS, facts.serviceId, facts.id].join('.');
    session.trap(oid, factsOf(facts), { upTime: (uptimeSeconds(unit) * 100) % 2 ** 31 }, error => {
      if (error) failed(error);
      session.close();
    });
  } catch (error) {
    failed(error);
  }
}

function sessionTo(
  unit: Unit,
  host: string,
  { port, sender }: { port: number; sender: Sender },
): snmp.Session | undefined {
  const options = { trapPort: port, engineID: sender.engine.toString('hex'), sourceAddress: sender.localAddress };
  const [user] = usersOf(unit);
  if (user && speaks(unit, 3)) return snmp.createV3Session(host, user, options as object);
  if (speaks(unit, 1))
    return snmp.createSession(host, communityOf(unit), { ...options, version: snmp.Version2c } as object);
  if (speaks(unit, 0))
    return snmp.createSession(host, communityOf(unit), { ...options, version: snmp.Version1 } as object);
  return undefined;
}

const factsOf = ({ service, severity, message }: TrapFacts): snmp.Varbind[] =>
  [service, severity, message].map((value, at) => ({
    oid: [...ARC, FACTS, at + 1, 0].join('.'),
    type: types.string as number,
    value,
  }));
