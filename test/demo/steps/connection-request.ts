// Connection requests: refused without credentials, accepted with digest.
import { type Detail, eventText, expect, informWith, mark, wake } from '../observe.ts';
import { type DemoWorld, informsOf } from '../world.ts';

export async function connectionRequest(world: DemoWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  const url = world.b.gateway.agent?.connectionRequestUrl ?? '';
  const bare = mark(world);
  const refused = await fetch(url);
  await refused.arrayBuffer();
  detail.without = {
    status: refused.status,
    challenge: /^Digest/.test(refused.headers.get('www-authenticate') ?? '') ? 'Digest' : null,
  };
  expect(refused.status === 401, `without credentials: ${refused.status}`);
  await new Promise(resolve => setTimeout(resolve, 300));
  expect(
    !informsOf(world, world.b).some(
      ({ number, args }) => number > bare && args.Event.some(event => event.EventCode === '6 CONNECTION REQUEST'),
    ),
    'a session began without credentials',
  );
  const start = mark(world);
  const accepted = await wake(world, world.b);
  const inform = await informWith(world, world.b, '6 CONNECTION REQUEST', start, signal);
  detail.with = accepted;
  detail.events = inform.Event.map(eventText);
  return `without credentials ${refused.status}; with digest accepted: ${inform.Event.map(eventText).join(', ')}`;
}
