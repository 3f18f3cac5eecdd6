// Bootstrap: the first Inform of both gateways, enrolment, and logins of their own.
import { type Detail, eventText, informWith, installCa, until } from '../observe.ts';
import type { DemoWorld } from '../world.ts';

export async function bootstrap(world: DemoWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  const inform = await informWith(world, world.a, '0 BOOTSTRAP', 0, signal);
  // The other gateway comes with the CA in its factory memory: zero touch.
  await installCa(world, world.b);
  await world.b.gateway.boot();
  const other = await informWith(world, world.b, '0 BOOTSTRAP', 0, signal);
  detail.events = inform.Event.map(eventText);
  detail.eventsB = other.Event.map(eventText);
  const devices = await Promise.all(
    world.units.map(unit =>
      until('not enrolled', signal, async () => {
        const device = await world.api('GET', `/devices/${unit.id}`);
        return device.state === 'enrolled' && device.username === unit.id && device;
      }),
    ),
  );
  detail.enrolled = devices.map(device => ({ id: device.id, state: device.state, username: device.username }));
  return `${inform.Event.map(eventText).join(', ')}; enrolled as ${world.a.id}, own credentials given`;
}
