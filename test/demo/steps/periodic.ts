// Periodic Informs at the interval that a preset sets.
import { type Detail, eventText, mark, seconds, settled, until, wakeSoon } from '../observe.ts';
import { type DemoWorld, informsOf } from '../world.ts';

export async function periodic(world: DemoWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  await world.api('PUT', '/presets/watch', {
    when: `tag = "demo"`,
    weight: 1,
    set: { 'Device.X_0090F8_Cwmp.PeriodicInformInterval': 2 },
  });
  await wakeSoon(world, world.a, signal);
  await settled(world, world.a, signal);
  const start = mark(world);
  const times: number[] = [];
  const informs = await until('no two periodic Informs', signal, () => {
    const found = informsOf(world, world.a).filter(
      ({ number, args }) => number > start && args.Event.some(event => event.EventCode === '2 PERIODIC'),
    );
    while (times.length < found.length) times.push(performance.now());
    return found.length >= 2 && found;
  });
  detail.informs = informs
    .slice(0, 2)
    .map(({ args }) => ({ events: args.Event.map(eventText), currentTime: args.CurrentTime }));
  const apart = (times[1] ?? 0) - (times[0] ?? 0);
  detail.interval = { asked: 2, observedMs: Math.round(apart) };
  return `two 2 PERIODIC, ${seconds(apart)} apart (interval 2 s)`;
}
